import ast
import importlib
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import zoo

PACKAGE = Path(zoo.__file__).parent
MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages([str(PACKAGE)], "zoo.")
    if not module.name.endswith("__main__")
)


def test_every_public_name_is_there_and_dir_lists_exactly_them():
    assert dir(zoo) == sorted(zoo.__all__)
    for name in zoo.__all__:
        assert getattr(zoo, name) is not None


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'Zoo'"):
        _ = zoo.Zoo


def test_importing_the_package_imports_nothing_heavy():
    heavy = {"numpy", "pandas", "sklearn", "scipy", "sqlalchemy", "pyarrow", "skops", "skfolio", "rich"}
    code = (
        "import sys, zoo, zoo.errors, zoo.spec, zoo.roster, zoo.settings, zoo.trust, zoo.manifest\n"
        f"found = {heavy} & set(sys.modules)\n"
        "assert not found, found\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("name", MODULES)
def test_all_is_declared_and_exact(name):
    module = importlib.import_module(name)
    path = Path(module.__file__)
    declared = getattr(module, "__all__", None)
    defined = {
        node.name
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
    }
    if declared is None:
        assert not defined, f"{name} defines {sorted(defined)} and has no __all__"
        return
    assert len(set(declared)) == len(declared)
    assert all(hasattr(module, public) for public in declared)
