from __future__ import annotations

import subprocess
import sys

import zoo.registry


def test_the_public_names_are_exact() -> None:
    public = {name for name, value in vars(zoo.registry).items() if isinstance(value, type)}
    assert public == set(zoo.registry.__all__)


def test_importing_the_registry_and_reading_an_empty_one_loads_no_heavy_library() -> None:
    code = (
        "import sys; from zoo.registry import Registry\n"
        "Registry.open('sqlite:////nowhere/r.db', read_only=True).versions()\n"
        "print({'pandas', 'numpy', 'pyarrow', 'sklearn', 'scipy', 'skops'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
