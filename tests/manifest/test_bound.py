import json

import pytest

from tests.manifest import lab
from tests.manifest.test_builder import WORDS, rest
from zoo.errors import ManifestError
from zoo.manifest import Manifest
from zoo.manifest.bound import Bound, key_of


@pytest.mark.parametrize("method", WORDS)
def test_what_is_bound_survives_being_stored(method):
    step, tree = WORDS[method]
    bound = step(Manifest.from_config(rest(*tree), seed=7, trust=lab.HERE)).bind({})
    stored = json.loads(json.dumps(bound.as_dict()))
    back = Bound.from_dict(stored, lab.HERE, "sensor.skops")
    assert back.as_dict() == bound.as_dict()
    assert back.features == bound.features
    assert back.split == bound.split
    assert back.where == "sensor.skops"


def test_what_was_stored_before_there_were_bars_is_read_without_them():
    stored = lab.base().bind({}).as_dict()
    old = {
        k: stored[k]
        for k in ("data", "features", "target", "rows", "split", "scaler", "model", "deterministic", "seed")
    }
    back = Bound.from_dict(old, lab.HERE, "sensor.skops")
    assert back.bars is back.selector is back.causal is back.pca is back.calibration is None
    assert back.required == ()
    assert back.indicators == 0


CHANGES = {
    "features": lambda m: m.add_feature("zoo.features.roc", lookback=3),
    "an indicator": lambda m: m.add_indicator("zoo.features.roc", lookback=3),
    "the target": lambda m: m.with_target("zoo.targets.forward_return", horizon=6, demean=True),
    "rows": lambda m: m.set_rows(every=4),
    "bars": lambda m: m.set_bar_formation(lab.thinned, every=2),
    "a selector": lambda m: m.set_selector("zoo.data.assets", without="A1"),
    "required columns": lambda m: m.set_required_bar_columns("volume"),
    "a causal scaler": lambda m: m.set_scaler("rolling_robust"),
}
SHARED = {
    "a fitted scaler": lambda m: m.set_scaler("robust"),
    "components": lambda m: m.set_pca(1),
    "the model": lambda m: m.with_model("zoo.models.Ridge", alpha=3),
    "the portfolio": lambda m: m.set_portfolio(False),
    "the split": lambda m: m.set_split_config(8, 1, 1),
    "what is fitted to labels": lambda m: m.with_target(
        "zoo.targets.forward_return",
        horizon=5,
        demean=True,
        fit_params={"cutoff": "zoo.targets.median"},
        transform_params="zoo.targets.above",
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_changes_rows_or_labels_changes_the_key_of_a_preparation(change):
    assert key_of(CHANGES[change](lab.base()).bind({}).shape) != key_of(lab.base().bind({}).shape)


@pytest.mark.parametrize("change", SHARED)
def test_what_comes_after_the_rows_shares_their_preparation(change):
    assert key_of(SHARED[change](lab.base()).bind({}).shape) == key_of(lab.base().bind({}).shape)


def test_a_key_does_not_depend_on_the_order_of_arguments():
    one = Manifest().add_feature("zoo.features.momentum", lookback=5, skip=1)
    two = Manifest().add_feature("zoo.features.momentum", skip=1, lookback=5)
    assert key_of(one.to_config()) == key_of(two.to_config())


def test_two_columns_of_one_name_are_refused_wherever_they_stand():
    twice = lab.base().add_indicator("zoo.features.momentum", lookback=5, skip=1)
    with pytest.raises(ManifestError, match="two features are called 'momentum'"):
        twice.bind({})


def test_an_indicator_is_no_target_either():
    with pytest.raises(ManifestError, match="feature 'forward_direction' is a target: it looks ahead"):
        lab.base().add_indicator("zoo.targets.forward_direction", horizon=5).bind({})
