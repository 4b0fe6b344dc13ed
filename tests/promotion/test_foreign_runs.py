"""Another library's manifest or model that is not trusted, or that breaks its word."""

import sys

import numpy as np
import pandas as pd
import polars as pl
import pytest

from zoo.errors import (
    CodeDriftError,
    ForeignCodeError,
    ManifestError,
    ReconstructionError,
    ReferenceModelError,
    TrustError,
)
from zoo.promotion import Trainer
from zoo.promotion.foreign_runs import own_copy
from zoo.trust import Trust, load_local

from .their_files import drop_columns, edit_round, local, set_cell


def test_a_module_outside_the_trust_list_is_not_imported(theirs, train):
    for name in [n for n in sys.modules if n.startswith("other_library")]:
        del sys.modules[name]
    with pytest.raises(TrustError, match=r"'other_library\.decoders\.direction' is not trusted"):
        train(theirs(), trusted=Trust())
    assert not any(name.startswith("other_library") for name in sys.modules)


def test_a_module_that_differs_from_the_recorded_one_is_not_imported(theirs, train, edit_json):
    path = theirs()
    recorded = {"code": {"modules": {"other_library.decoders.direction": "0" * 64}}}
    edit_json(path / "metadata.json", lambda m: m.update(fingerprints=recorded))
    with pytest.raises(CodeDriftError, match="was not imported"):
        train(path)
    assert "other_library.decoders.direction" not in sys.modules


def test_a_trusted_decoder_with_an_architecture_that_is_not_trusted_is_refused(theirs, train, library):
    path = theirs()
    local(path, (library / "decoders" / "direction.py").read_text())
    with pytest.raises(TrustError, match=r"'other_library\.architectures\.logistic' is not trusted"):
        train(path, trusted=Trust(local=True))


def test_an_architecture_that_does_more_than_its_model_is_refused(theirs, train, library):
    path = theirs()
    source = (library / "decoders" / "direction.py").read_text()
    local(path, source.replace("logistic", "calibrated"))
    drop_columns(path, "accuracy", "brier", "hits", "precision_of_nothing", "threshold", "balanced", "solver")
    with pytest.raises(ReferenceModelError, match="does not predict what run_model does"):
        train(path, trusted=Trust(("zoo.", "sklearn.", "other_library."), local=True))


DECODER = """
    from other_library.architectures.logistic import logistic
    from other_library.bars import polars_bars
    from other_library.decoders.direction import params, prepare
    from other_library.manifest import Manifest

    class Own(Manifest):
        {method}

    def manifest():
        return Own(polars_bars, prepare, logistic)
"""


@pytest.mark.parametrize(
    ("method", "error", "message"),
    [
        ("def fetch_data(self): return None", ForeignCodeError, r"fetch_data\(\) gave None"),
        ("fetch_data = None", ForeignCodeError, r"no fetch_data\(\); .*Trainer\(experiment_dir, data\)"),
        ("def fetch_data(self): 1 / 0", ForeignCodeError, r"fetch_data\(\) .*raised ZeroDivisionError"),
        ("def prepare_data(self, d, p): return None", ForeignCodeError, "gave no rows to train on"),
        ("def prepare_data(self, d, p): return {'x_train': [1]}", ForeignCodeError, "no rows to test on"),
        ("def run_model(self, d, p): return 3", ForeignCodeError, "run_model gave int"),
        ("def run_model(self, d, p): raise KeyError('C')", ForeignCodeError, "run_model .*KeyError: 'C'"),
        (
            "def with_params_override(self, **_): return self",
            ForeignCodeError,
            r"split_config=\(1, 0, 0\) trains on 286 rows",
        ),
        (
            "def resolve_model_kwargs(self, p): "
            "return {'C': p['C'] if self.split_config != (1, 0, 0) else 1e-4}",
            ForeignCodeError,
            r"would train Logistic with .*0\.0001.* was reproduced; expected with_params_override to change",
        ),
        ("def resolve_model_kwargs(self, p): return {'D': 1}", ForeignCodeError, "unexpected keyword"),
        ("resolve_model_kwargs = None", ManifestError, "lacks resolve_model_kwargs"),
        ("run_model = None; prepare_data = None", ManifestError, "lacks prepare_data, run_model"),
    ],
)
def test_a_manifest_that_breaks_its_word_is_named(theirs, train, method, error, message):
    path = theirs()
    local(path, DECODER.format(method=method))
    with pytest.raises(error, match=message):
        train(path, trusted=Trust(("zoo.", "sklearn.", "other_library."), local=True))


THEIRS = Trust(("zoo.", "sklearn.", "other_library."), local=True)
CARELESS = """
    from other_library.architectures.ridge import ridge
    from other_library.decoders.returns import params
    from other_library.manifest import Manifest, cut
    import numpy as np

    def bars():
        return np.random.RandomState(0).standard_normal((300, 3))

    class Own(Manifest):
        def run_model(self, data, params):
            for part in ("x_train", "x_test"):
                RUN_MODEL
            return super().run_model(data, params)

    def prepare(bars, params, split):
        PREPARE
        first, second = cut(300, split)
        parts = {"train": bars[:first], "val": bars[first:second], "test": bars[second:]}
        return {f"{side}_{name}": part[:, 1:] if side == "x" else Column(part[:, 0])
                for name, part in parts.items() for side in "xy"}

    class Column(np.ndarray):
        def __new__(cls, values): return np.asarray(values).view(cls)
        def to_numpy(self): return np.asarray(self)

    def manifest():
        return Own(bars, prepare, ridge)
"""


def careless(path, prepare="pass", run_model="pass"):
    """Make an experiment of a decoder that works in place, as its own library would have run it."""
    source = CARELESS.replace("RUN_MODEL", run_model).replace("PREPARE", prepare)
    local(path, source)
    from other_library import loop

    loop.run(load_local(path / "their_decoder.py", THEIRS), path, name="their_decoder")


def test_a_preparation_that_works_in_place_changes_nothing_of_the_next_pass(theirs, library):
    path = theirs("returns")
    careless(path, prepare="bars[:, 1] += bars[:, 0] ** 2")
    found = Trainer(path, trusted=THEIRS).outcomes([0, 1, 2, 3])
    assert [outcome.error for outcome in found] == [None] * 4
    alone = Trainer(path, trusted=THEIRS).outcome(3)
    assert alone.predictions.equals(found[3].predictions)


def test_what_run_model_does_in_place_to_its_rows_would_be_lost_by_a_refit(theirs, library):
    path = theirs("returns")
    careless(path, run_model="data[part][:, 1] *= 100.0")
    error = Trainer(path, trusted=THEIRS).outcome(0).error
    assert isinstance(error, ReferenceModelError)
    assert "does not predict what run_model does" in str(error)


def test_without_predictions_of_run_model_those_of_its_model_are_compared(theirs, train):
    path = theirs()
    local(path, DECODER.format(method="def run_model(self, d, p): return {'hits': 12}"))
    trust = Trust(("zoo.", "sklearn.", "other_library."), local=True)
    validation = train(path, trusted=trust).metadata["validation"]
    assert (validation["metrics"], validation["predictions"]) == (1, 73)
    assert "column accuracy" in validation["not_checked"]
    edit_round(path, 0, lambda r: r["preds"].__setitem__(0, 1 - r["preds"][0]))
    with pytest.raises(ReconstructionError, match="preds"):
        train(path, trusted=trust)


def test_what_is_nobodys_manifest_is_still_refused(theirs, train):
    path = theirs()
    local(path, "def params(): return {'a': [1]}\ndef manifest(): return 3\n")
    with pytest.raises(ManifestError, match="gave int"):
        train(path, trusted=Trust(local=True))


def test_one_failing_permutation_leaves_the_others(theirs, their_trust):
    path = theirs()
    set_cell(path, 1, "hits", "13")
    errors = [o.error for o in Trainer(path, trusted=their_trust).outcomes([0, 1, 2])]
    assert [type(e) for e in errors] == [type(None), ReconstructionError, type(None)]


@pytest.mark.parametrize(
    ("make", "spoil"),
    [
        (pd.DataFrame, lambda d: d.__setitem__("a", 7.0)),
        (lambda d: pd.Series(d["a"]), lambda d: d.__setitem__(0, 7.0)),
        (pl.DataFrame, lambda d: d.__setitem__((0, "a"), 7.0)),
        (lambda d: pl.DataFrame(d)["a"], lambda d: d.__setitem__(0, 7.0)),
        (dict, lambda d: d["a"].__setitem__(0, 7.0)),
        (lambda d: [d["a"]], lambda d: d[0].__setitem__(0, 7.0)),
    ],
)
def test_what_a_library_is_given_is_its_own_to_change(make, spoil):
    given = make({"a": np.ones(3)})
    before, mine = repr(given), own_copy(given)
    assert repr(mine) == before
    spoil(mine)
    assert repr(mine) != before
    assert repr(given) == before
