import json
import subprocess
import sys
import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoo.errors import TrustError
from zoo.trust import Trust, check_form, check_targets, file_hash, import_module, load_local, resolve


def test_what_a_trusted_module_merely_imported_is_not_trusted_by_its_name_there(tmp_path, monkeypatch):
    (tmp_path / "borrowing_lab.py").write_text("from os import system\ndef own(): ...\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert callable(resolve("borrowing_lab.own", ["borrowing_lab."]))
    with pytest.raises(TrustError, match=r"'borrowing_lab\.system' is builtin_function_or_method from"):
        resolve("borrowing_lab.system", ["borrowing_lab."])


def test_one_text_is_no_list_of_prefixes():
    with pytest.raises(TrustError, match=r"expected a list of prefixes, such as \['my_lab\.'\]"):
        Trust.of("my_lab.")


def test_an_object_under_a_trusted_prefix_is_resolved():
    from sklearn.linear_model import Ridge

    assert resolve("sklearn.linear_model.Ridge") is Ridge


@pytest.mark.parametrize(
    "path",
    [
        "os.system",
        "builtins.eval",
        "sklearn.datasets._base.os.system",
        "sklearn.datasets._base.Path",
        "zoo.trust.importlib.import_module",
        "zoo.errors.difflib.get_close_matches",
        "zoo.errors.ZooError.__init__.__globals__",
        "zoo.errors.USAGE_EXIT",
        "zoo.errors.ZooError",
        "zoo.manifest.construct.call",
        "zoo.trust.import_module",
        "zoo.driver.process.run_job",
        "sklearn.utils._testing.assert_run_python_script_without_output",
        "sklearn.utils._testing._delete_folder",
        "sklearn.utils.Bunch",
        "sklearn.linear_model._ridge.Ridge",
        "sklearn.datasets.fetch_openml",
        "sklearn.externals._arff.load",
        "sklearn.config_context",
        "sklearn.base.clone",
        "sklearn",
        "sklearn.linear_model",
        "sklearn.linear_model.Rige",
        "sklearnx.linear_model.Ridge",
    ],
)
def test_what_is_not_trusted_is_refused_by_name(path):
    with pytest.raises(TrustError) as caught:
        resolve(path, where="metadata.json")
    assert path in str(caught.value)
    assert "metadata.json" in str(caught.value)


@pytest.mark.parametrize(
    "name", ["../x", "a/b", ".x", "x.", "", "os;x", "a..b", "a b", "x\n", "é", None, 3, ["a"]]
)
def test_a_name_that_is_no_dotted_identifier_is_refused(name):
    with pytest.raises(TrustError, match="not a module or object name"):
        check_form(name)


def test_nothing_is_imported_before_every_nested_target_is_checked():
    code = """
        import sys
        from zoo.errors import TrustError
        from zoo.trust import Trust, check_targets
        tree = {"model": {"_target_": "sklearn.ensemble.VotingRegressor",
                          "estimators": [["a", {"_target_": "antigravity.run"}]]}}
        try:
            check_targets(tree, Trust())
        except TrustError as error:
            assert "antigravity.run" in str(error), error
        else:
            raise SystemExit("was not refused")
        assert "antigravity" not in sys.modules and "sklearn" not in sys.modules
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=True)


def test_a_prefix_trusts_whole_packages_only():
    trust = Trust(prefixes=("my_lab",))
    assert trust.covers("my_lab")
    assert trust.covers("my_lab.train.main")
    assert not trust.covers("my_lab_evil.train")
    assert not Trust(prefixes=("",)).covers("os")


def test_every_target_of_a_tree_is_found():
    tree = {"_target_": "zoo.data.a", "x": [{"_target_": "zoo.models.b"}, {"y": {"_target_": "sklearn.c"}}]}
    assert check_targets(tree, Trust()) == ["zoo.data.a", "zoo.models.b", "sklearn.c"]


@pytest.mark.parametrize(
    "path",
    [
        "sklearn.gaussian_process.kernels.RBF",
        "sklearn.model_selection.KFold",
        "sklearn.metrics.make_scorer",
        "sklearn.pipeline.Pipeline",
        "sklearn.compose.ColumnTransformer",
    ],
)
def test_what_estimators_are_made_of_is_offered(path):
    assert callable(resolve(path))


def test_a_target_of_zoos_own_machinery_runs_nothing(tmp_path):
    marker = tmp_path / "ran"
    text = json.dumps({"_target_": "os.system", "command": f"touch {marker}"})
    tree = {
        "_target_": "zoo.manifest.construct.call",
        "trust": ["os", "posix"],
        "tree": {"_target_": "zoo.experiment.format.loads", "where": "x", "text": text},
    }
    from zoo.manifest.construct import call

    with pytest.raises(TrustError, match="not offered"):
        check_targets(tree, Trust())
    with pytest.raises(TrustError, match="not offered"):
        call(tree, Trust())
    assert not marker.exists()


def test_a_module_outside_the_list_is_not_imported():
    with pytest.raises(TrustError, match="not trusted"):
        import_module("antigravity", Trust())
    assert "antigravity" not in sys.modules


def test_a_local_module_needs_trust_or_its_hash(tmp_path):
    path = tmp_path / "my_decoder.py"
    path.write_text("VALUE = 3\n")
    with pytest.raises(TrustError, match=file_hash(path)):
        load_local(path, Trust())
    assert load_local(path, Trust(local=True)).VALUE == 3
    assert load_local(path, Trust(hashes=frozenset({file_hash(path)}))).VALUE == 3


def test_a_local_module_leaves_no_bare_name_and_no_path_behind(tmp_path):
    path = tmp_path / "my_decoder.py"
    path.write_text("VALUE = 3\n")
    before = list(sys.path)
    load_local(path, Trust(local=True))
    assert "my_decoder" not in sys.modules
    assert sys.path == before


def test_a_local_module_that_raises_leaves_nothing_in_sys_modules(tmp_path):
    path = tmp_path / "my_broken_decoder.py"
    path.write_text("raise RuntimeError('boom')\n")
    before = set(sys.modules)
    with pytest.raises(RuntimeError, match="boom"):
        load_local(path, Trust(local=True))
    assert not {name for name in set(sys.modules) - before if "my_broken_decoder" in name}


def test_a_local_module_that_differs_from_the_recorded_one_is_not_run(tmp_path):
    path = tmp_path / "my_decoder.py"
    path.write_text("raise RuntimeError('must not run')\n")
    with pytest.raises(TrustError, match="differs"):
        load_local(path, Trust(local=True), recorded="0" * 64)


def test_a_local_module_never_shadows_an_installed_one(tmp_path):
    path = tmp_path / "colorsys.py"
    path.write_text("raise RuntimeError('must not run')\n")
    with pytest.raises(TrustError, match="colorsys"):
        load_local(path, Trust(local=True))


def test_line_endings_do_not_change_a_hash(tmp_path):
    (tmp_path / "a.py").write_bytes(b"x = 1\ny = 2\n")
    (tmp_path / "b.py").write_bytes(b"x = 1\r\ny = 2\r\n")
    assert file_hash(tmp_path / "a.py") == file_hash(tmp_path / "b.py")


@given(st.text(max_size=40))
def test_no_text_leads_out_of_the_trusted_packages(text):
    with pytest.raises(TrustError):
        resolve(text, ["no_such_package."])
