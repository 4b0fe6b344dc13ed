import os
import subprocess
import sys
import textwrap

import pytest

from zoo.manifest.libraries import changed, library_versions, major
from zoo.manifest.source import source_files, source_hash
from zoo.trust import Trust


def test_a_feature_brings_what_it_imports_from_the_house():
    files = source_files(["zoo.features.residual_momentum"], Trust())
    assert "zoo.features.residual" in files
    assert "zoo.features.rolling" in files
    assert "zoo.errors" not in files
    assert "zoo.features.trend" not in files


def test_installed_libraries_are_not_hashed():
    assert source_files(["sklearn.linear_model.Ridge"], Trust()) == {}


def test_a_library_that_another_environment_lends_is_installed_too(tmp_path):
    lent = tmp_path / "site-packages"
    mine = tmp_path / "mine"
    for place, text in ((lent / "lent_library", "VALUE = 1\n"), (mine / "my_lab", "import lent_library\n")):
        place.mkdir(parents=True)
        (place / "__init__.py").write_text(text + "def signal(prices):\n    return prices\n")
    code = """
        from zoo.manifest.source import source_files
        from zoo.trust import Trust
        print(sorted(source_files(["my_lab.signal"], Trust(prefixes=("my_lab.",)))))
    """
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (mine, lent)))},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout == "['my_lab']\n"


@pytest.fixture
def package(tmp_path, monkeypatch):
    root = tmp_path / "their_lab"
    root.mkdir()
    (root / "__init__.py").write_text("")
    (root / "signals.py").write_text(
        "from their_lab.maths import twice\nfrom . import other\n\n"
        "def signal(prices):\n    return twice(prices)\n"
    )
    (root / "maths.py").write_text("import numpy\n\ndef twice(x):\n    return 2 * x\n")
    (root / "other.py").write_text("")
    (root / "unused.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield root
    for name in [n for n in sys.modules if n.partition(".")[0] == "their_lab"]:
        del sys.modules[name]


def hashed():
    return source_hash(source_files(["their_lab.signals.signal"], Trust(prefixes=("their_lab.",))))


def test_a_users_package_counts_with_what_it_imports_from_itself(package):
    assert set(hashed()["modules"]) == {
        "their_lab",
        "their_lab.signals",
        "their_lab.maths",
        "their_lab.other",
    }


def test_a_change_in_an_imported_module_changes_the_hash(package):
    before = hashed()["content"]
    (package / "maths.py").write_text("import numpy\n\ndef twice(x):\n    return 2.0 * x\n")
    assert hashed()["content"] != before


def test_a_change_in_a_module_that_nobody_imports_does_not(package):
    before = hashed()["content"]
    (package / "unused.py").write_text("X = 1\n")
    assert hashed()["content"] == before


def test_line_endings_do_not_count(package):
    before = hashed()["content"]
    path = package / "maths.py"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert hashed()["content"] == before


def test_the_hash_is_the_same_from_another_directory(tmp_path):
    code = """
        from zoo.manifest.source import *
        from zoo.trust import Trust
        print(source_hash(source_files(["zoo.features.beta", "zoo.data.sp500"], Trust()))["content"])
    """
    runs = [
        subprocess.run(
            [sys.executable, "-c", textwrap.dedent(code)], cwd=cwd, capture_output=True, text=True, check=True
        ).stdout
        for cwd in (tmp_path, "/")
    ]
    assert runs[0] == runs[1] != ""


def test_versions_name_python_the_core_and_the_targets_packages():
    versions = library_versions(
        ["sklearn.linear_model.Ridge", "skfolio.x", "zoo.data.sp500", "no_such_lab.x"]
    )
    assert {"python", "numpy", "pandas", "scipy", "scikit-learn", "skfolio"} == set(versions)


def test_changed_libraries_are_named_with_both_versions():
    assert changed({"a": "1.0", "b": "2"}, {"a": "1.1", "b": "2"}) == {"a": ("1.0", "1.1")}
    assert changed({"a": "1.0"}, {}) == {"a": ("1.0", "absent")}
    assert major({"a": "1.10.2"}) == {"a": "1"}
