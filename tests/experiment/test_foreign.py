import csv
import importlib.util
import json
import sys

import pytest

from zoo.errors import (
    CodeDriftError,
    ExperimentCorrupt,
    ForeignCodeError,
    Interrupted,
    ManifestError,
    TrustError,
)
from zoo.experiment.directory import ExperimentDirectory
from zoo.experiment.foreign import calling, foreign_pipeline, lacks
from zoo.trust import Trust, file_hash, source_of

DECODER = """
class Manifest:
    architecture_function = None
    made = 0
    def prepare_data(self, data, round_params): ...
    def run_model(self, data, round_params): ...
    def with_params_override(self, **overrides): ...
    def resolve_model_kwargs(self, round_params): ...

def params():
    return {"C": [1]}

def manifest():
    return Manifest()
"""
LOCAL = Trust(local=True)


@pytest.fixture
def directory(tmp_path):
    (tmp_path / "theirs.py").write_text(DECODER)
    return tmp_path


@pytest.fixture
def package(tmp_path, monkeypatch):
    """An importable package with a decoder."""
    lab = tmp_path / "site" / "their_lab"
    lab.mkdir(parents=True)
    (lab / "__init__.py").write_text("")
    (lab / "decoder.py").write_text(DECODER)
    monkeypatch.syspath_prepend(str(lab.parent))
    yield lab
    for name in [name for name in sys.modules if name.partition(".")[0] == "their_lab"]:
        del sys.modules[name]


def found(path, name="theirs", trust=LOCAL, **metadata):
    return foreign_pipeline({"sfd_module": name, **metadata}, path, trust)


def test_a_manifest_counts_by_what_it_offers(directory):
    assert found(directory).parameters() == {"C"}


def test_every_run_gets_a_manifest_of_its_own(directory):
    pipeline = found(directory)
    assert pipeline.current() is not pipeline.current()


def test_a_pipeline_of_ours_is_none_of_theirs(directory):
    assert foreign_pipeline({"manifest": {}}, directory, LOCAL) is None
    (directory / "ours.py").write_text(
        "from zoo import Manifest\ndef params(): return {'a': [1]}\ndef manifest(): return Manifest()\n"
    )
    assert found(directory, "ours") is None


def test_a_manifest_that_offers_nothing_is_left_to_the_reader_of_ours(directory):
    (directory / "nothing.py").write_text("def params(): return {}\ndef manifest(): return 3\n")
    assert found(directory, "nothing") is None


def test_a_manifest_that_lacks_something_is_told_what(directory):
    (directory / "half.py").write_text(DECODER.replace("run_model", "run").replace("architecture_f", "f"))
    with pytest.raises(ManifestError, match="Manifest, which lacks run_model, architecture_function"):
        found(directory, "half").current()
    assert lacks(object())[-1] == "architecture_function"


@pytest.mark.parametrize(
    ("params", "message"),
    [("return [1]", "gave list; expected a mapping"), ("raise KeyError('x')", "raised KeyError: 'x'")],
)
def test_parameters_that_are_none_are_refused(directory, params, message):
    (directory / "odd.py").write_text(DECODER.replace('return {"C": [1]}', params))
    with pytest.raises((ManifestError, ForeignCodeError), match=message):
        found(directory, "odd").parameters()


def test_its_code_is_the_decoders_and_the_models(package, directory):
    (package / "models.py").write_text("from their_lab import parts\nclass Model: pass\n")
    (package / "parts.py").write_text("")
    trust = Trust(("their_lab.",), local=True)
    from their_lab.models import Model

    before = found(directory, trust=trust).code(Model)
    assert sorted(before["modules"]) == ["their_lab", "their_lab.models", "their_lab.parts", "theirs"]
    (package / "parts.py").write_text("x = 1\n")
    assert found(directory, trust=trust).code(Model)["content"] != before["content"]


def test_installed_libraries_count_by_their_versions(directory):
    versions = found(directory).libraries(["polars", "sklearn.linear_model", "their_lab"])
    assert {"polars", "scikit-learn", "numpy", "python"} <= set(versions)
    assert "their_lab" not in versions


def test_what_their_code_raises_is_our_error_and_our_own_pass():
    expected = r"here: run_model of the other library raised OSError: gone"
    with pytest.raises(ForeignCodeError, match=expected), calling("run_model", "here"):
        raise OSError("gone")
    for own in (Interrupted("asked"), ExperimentCorrupt("torn")):
        with pytest.raises(type(own)), calling("run_model", "here"):
            raise own


# --- nothing is imported before name, trust list and hash agree ------------------------------------


@pytest.mark.parametrize("name", ["../x", "their_lab/decoder", "their_lab.__init__", "", 7, "a b"])
def test_a_malformed_name_imports_nothing(package, name):
    with pytest.raises(TrustError, match="not a module or object name"):
        found(package, name, Trust(("their_lab.",)))
    assert "their_lab" not in sys.modules


def test_a_package_outside_the_trust_list_is_not_imported(package):
    with pytest.raises(TrustError, match=r"'their_lab\.decoder' is not trusted"):
        found(package, "their_lab.decoder", Trust())
    assert "their_lab" not in sys.modules


def test_a_module_that_differs_from_the_recorded_one_is_not_imported(package):
    trust = Trust(("their_lab.",))
    for recorded, error in ((file_hash(package / "decoder.py"), None), ("0" * 64, CodeDriftError)):
        fingerprints = {"code": {"modules": {"their_lab.decoder": recorded}}}
        if error is None:
            assert found(package, "their_lab.decoder", trust, fingerprints=fingerprints)
            for name in ("their_lab.decoder", "their_lab"):
                del sys.modules[name]
        else:
            with pytest.raises(error, match="was not imported"):
                found(package, "their_lab.decoder", trust, fingerprints=fingerprints)
            assert "their_lab" not in sys.modules


def test_a_local_module_that_differs_from_the_recorded_one_is_not_run(directory):
    (directory / "theirs.py").write_text("raise RuntimeError('must not run')\n")
    with pytest.raises(TrustError, match="differs from the module that the experiment recorded"):
        found(directory, fingerprints={"code": {"modules": {"theirs": "0" * 64}}})


def test_a_modules_file_is_found_without_importing_its_packages(package):
    deep = package / "deep"
    deep.mkdir()
    (deep / "__init__.py").write_text("raise RuntimeError('imported')")
    (deep / "module.py").write_text("")
    assert source_of("their_lab.deep.module") == deep / "module.py"
    assert source_of("their_lab.deep") == deep / "__init__.py"
    assert source_of("their_lab.none") is None
    assert source_of("their_lab.decoder.inside") is None
    assert source_of("no_such_package_at_all") is None
    assert source_of("math") is None
    assert "their_lab" not in sys.modules


def test_a_modules_file_is_found_in_packages_without_init_and_by_an_editable_installations_finder(
    tmp_path, monkeypatch
):
    leaf = tmp_path / "their_outer" / "inner" / "leaf.py"
    leaf.parent.mkdir(parents=True)
    leaf.write_text("raise RuntimeError('imported')")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert source_of("their_outer.inner.leaf") == leaf
    assert source_of("their_outer.inner") is None
    away = tmp_path / "elsewhere" / "__init__.py"
    away.parent.mkdir()
    away.write_text("raise RuntimeError('imported')")
    (away.parent / "module.py").write_text("")

    class Editable:  # as setuptools installs one: it knows where one package lies
        @staticmethod
        def find_spec(name, path=None, target=None):
            if name != "their_edited":
                return None
            places = [str(away.parent)]
            return importlib.util.spec_from_file_location(name, away, submodule_search_locations=places)

    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, Editable])
    assert source_of("their_edited.module") == away.parent / "module.py"
    assert source_of("their_edited") == away


# --- what such a library writes ---------------------------------------------------------------------


@pytest.fixture
def written(tmp_path):
    """Write a directory as `csv.writer` and `json.dump` do it, and read its only round."""

    def write(params, line=(), results=True):
        (tmp_path / "metadata.json").write_text(json.dumps({"sfd_module": "theirs"}))
        (tmp_path / "round_data.jsonl").write_text(
            json.dumps({"round_id": 0, "round_params": params, **dict(line)}) + "\n"
        )
        if results:
            with (tmp_path / "results.csv").open("w", newline="") as file:
                row = {"accuracy": "0.50", **params, "id": 0}
                csv.writer(file).writerows([row, ["" if v is None else v for v in row.values()]])
        return ExperimentDirectory(tmp_path)

    return write


def test_parameters_are_recognised_as_str_writes_them(written):
    params = {"flag": True, "none": None, "text": "007", "list": [1, 2], "float": 1e-5, "word": "True"}
    assert written(params).round(0).params == params


@pytest.mark.parametrize(("cell", "other"), [(True, False), ("a", "b"), (1, 2), (0.1, 0.2), (None, 0)])
def test_a_parameter_that_two_files_tell_differently_is_refused(written, cell, other):
    directory = written({"p": cell})
    (directory.path / "round_data.jsonl").write_text(
        json.dumps({"round_id": 0, "round_params": {"p": other}}) + "\n"
    )
    with pytest.raises(ExperimentCorrupt, match="other parameters"):
        directory.round(0)


def test_a_round_without_predictions_says_so(written):
    found = written({"a": 1}).round(0)
    assert found.preds == []
    assert "round's preds" in found.unchecked
    assert "round's preds" not in written({"a": 1}, {"preds": [1]}).round(0).unchecked


def test_cells_are_kept_as_they_were_written(written):
    assert written({"a": 1}).cells == {0: {"accuracy": "0.50", "a": "1", "id": "0"}}


def test_a_round_is_read_without_results_where_nothing_is_compared(written):
    directory = written({"a": 1}, {"preds": [1]}, results=False)
    assert directory.round(0, results=False).metrics == {}
    with pytest.raises(ExperimentCorrupt, match="is missing"):
        directory.round(0)
