"""Bars are formed, required columns looked for, and a selector applied, before anything else is computed."""

import numpy as np
import pandas as pd
import pytest

from tests.manifest import lab
from zoo.data import Dataset, Table, random_window, time_bars
from zoo.errors import DataError, ManifestError
from zoo.manifest import Manifest
from zoo.manifest.workbench import Workbench


def of_ticks(manifest=None):
    started = Manifest(seed=7, trust=lab.HERE, where="lab.yaml") if manifest is None else manifest
    return (
        started.add_feature("zoo.features.momentum", lookback=5, skip=1)
        .with_target("zoo.targets.forward_return", horizon=2)
        .set_split_config(6, 2, 2)
        .with_model("sklearn.linear_model.Ridge")
        .set_portfolio(lab.long_when_positive)
    )


BARS = {
    "time": lambda m: m.set_bar_formation("zoo.data.time_bars", every="30min"),
    "volume": lambda m: m.set_bar_formation("zoo.data.volume_bars", volume=500),
    "trade count": lambda m: m.set_bar_formation("zoo.data.trade_count_bars", count=20),
    "dollar": lambda m: m.set_bar_formation("zoo.data.dollar_bars", dollars=50_000),
}


@pytest.mark.parametrize("kind", BARS)
def test_bars_of_every_kind_are_formed_of_trades_and_trained_on(kind, ticks, done):
    manifest = BARS[kind](of_ticks()).set_required_bar_columns("open", "high", "low", "volume", "vwap")
    prepared = manifest.prepare_data(ticks, {})
    bars = prepared.bench.data
    assert 50 < len(bars.dates) < len(ticks.dates) / 5
    assert bars.dates[-1] <= ticks.dates[-1]
    out = done(manifest, ticks)
    assert out["n_obs"] == prepared.test.labelled.sum() > 0
    assert np.isfinite(out["net_sharpe"])
    assert prepared.alignment["dates"] == [
        d.isoformat() for d in bars.dates[prepared.cuts.test : prepared.cuts.last + 1]
    ]


def test_features_and_labels_are_those_of_the_bars(ticks):
    prepared = BARS["time"](of_ticks()).prepare_data(ticks, {})
    close = time_bars(ticks, every="30min").close.to_numpy()[:, 0]
    first = int(prepared.test.position[0])
    assert prepared.test.y[0] == pytest.approx(close[first + 2] / close[first] - 1, abs=1e-15)
    assert prepared.test.X[0, 0] == pytest.approx(np.log(close[first - 1] / close[first - 5]), abs=1e-15)


def test_a_required_column_that_the_bars_lack_is_named_with_those_that_there_are(panel):
    manifest = lab.base().set_required_bar_columns("close", "open", "vwap")
    with pytest.raises(
        ManifestError, match=r"lab\.yaml: the bars have no open, vwap; .*there are close, high"
    ):
        manifest.prepare_data(panel, {})


def test_columns_are_required_of_the_bars_and_not_of_what_they_are_formed_of(panel):
    formed = lab.base().set_bar_formation("zoo.data.time_bars", every="1D").set_required_bar_columns("vwap")
    assert "vwap" not in panel.fields
    assert "vwap" in formed.prepare_data(panel, {}).bench.data.fields


@pytest.mark.parametrize(
    ("step", "error", "message"),
    [
        (
            lambda m: m.set_bar_formation(lab.frame_alone),
            ManifestError,
            "frame_alone gave a DataFrame; expected a Dataset",
        ),
        (lambda m: m.set_selector(lab.frame_alone), ManifestError, "frame_alone gave a DataFrame"),
        (
            lambda m: m.set_bar_formation("zoo.data.time_bars"),
            ManifestError,
            "zoo.data.time_bars needs 'every'",
        ),
        (
            lambda m: m.set_bar_formation("zoo.data.volume_bars", volume=1e9),
            DataError,
            "which would have a calendar each",
        ),
        (lambda m: m.set_bar_formation(lab.unsorted), DataError, "dates are not in order"),
        (lambda m: m.set_selector(lab.repeated), DataError, "2015-12-30 occurs twice"),
        (lambda m: m.set_selector(lab.failing), ManifestError, "failing needs 'prices'"),
        (
            lambda m: m.set_selector("zoo.data.between", first="2030-01-01"),
            DataError,
            "no bar from 2030-01-01",
        ),
    ],
)
def test_what_forms_no_panel_is_refused(panel, step, error, message):
    with pytest.raises(error, match=message):
        step(lab.base()).prepare_data(panel, {})


@pytest.mark.parametrize(
    "step", [BARS["time"], lambda m: m.set_selector("zoo.data.between", first="2015-02-02")]
)
def test_a_table_has_no_bars(step):
    table = Table(pd.DataFrame({"a": [1.0, 2.0], "target": [0.0, 1.0]}))
    manifest = step(Manifest().with_target("zoo.targets.column").with_model("sklearn.linear_model.Ridge"))
    with pytest.raises(ManifestError, match="need a time axis"):
        manifest.prepare_data(table, {})


def test_a_selector_is_applied_before_the_split(panel):
    chosen = lab.base().set_selector("zoo.data.between", first="2015-03-02", last="2015-10-30")
    prepared = chosen.prepare_data(panel, {})
    assert prepared.bench.data.dates[0] == pd.Timestamp("2015-03-02")
    assert prepared.bench.data.dates[-1] == pd.Timestamp("2015-10-30")
    cut = lab.base().prepare_data(panel.between("2015-03-02", "2015-10-30"), {})
    assert prepared.boundaries == cut.boundaries
    assert np.array_equal(prepared.train.X, cut.train.X)
    assert np.array_equal(prepared.test.y, cut.test.y)


def test_a_selected_window_knows_nothing_of_the_bars_around_it(panel):
    chosen = lab.base().set_selector("zoo.data.random_window", bars=150, seed=3)
    before = chosen.prepare_data(panel, {})
    dates = random_window(panel, bars=150, seed=3).dates
    close = panel.close.copy()
    outside = ~panel.dates.isin(dates)
    assert outside.sum() == 110
    close.loc[outside] *= 3.0
    after = chosen.prepare_data(Dataset({**panel.fields, "close": close}, panel.factors), {})
    assert np.array_equal(before.train.X, after.train.X)
    assert np.array_equal(before.test.y, after.test.y)


def test_a_selector_of_assets_changes_what_a_label_is_compared_with(panel):
    chosen = lab.base().set_selector("zoo.data.assets", names=["A3", "A1"]).prepare_data(panel, {})
    assert chosen.test.keys["assets"] == ["A1", "A3"]
    first = int(chosen.test.position[0])
    pair = chosen.test.y[chosen.test.position == first]
    assert pair.sum() == pytest.approx(0, abs=1e-15)


def test_bars_and_selector_may_be_chosen_by_parameters(panel):
    manifest = (
        lab.base()
        .set_rows(every=1)
        .set_bar_formation(lab.thinned, every="every")
        .set_selector("zoo.data.assets", without="without")
    )
    bench = Workbench(panel)
    one = manifest.prepare_data(panel, {"every": 2, "without": "A0"}, bench=bench)
    two = manifest.prepare_data(panel, {"every": 3, "without": ["A0", "A1"]}, bench=bench)
    assert len(one.bench.data.dates) == 130
    assert len(two.bench.data.dates) == 87
    assert two.bench.data.assets == ["A2", "A3", "A4"]
    assert manifest.prepare_data(panel, {"every": 2, "without": "A0"}, bench=bench) is one


def test_bars_that_are_formed_count_in_the_caches_and_the_oldest_go(panel, monkeypatch):
    monkeypatch.setattr("zoo.manifest.workbench.LEAST_BUDGET", 3 * 8 * panel.close.size * 4)
    manifest = lab.base().set_selector("zoo.data.random_window", bars=200, seed="seed")
    bench = Workbench(panel)
    for seed in range(6):
        manifest.prepare_data(panel, {"seed": seed}, bench=bench)
    assert len(bench._formations._entries) < 6
    assert bench.nbytes > sum(frame.size * 8 for frame in panel.fields.values())


def test_bars_that_are_only_checked_are_the_data_itself(panel):
    bench = Workbench(panel)
    required = lab.base().set_required_bar_columns("volume")
    assert required.prepare_data(panel, {}, bench=bench).bench is bench


def test_the_test_bars_reach_to_the_last_that_a_label_uses(panel, ticks):
    prepared = lab.base().prepare_data(panel, {})
    found = lab.base().compute_test_bars(panel, {})
    assert found.dates[0] == panel.dates[prepared.cuts.test]
    assert found.dates[-1] == panel.dates[prepared.cuts.last + 5]
    assert set(found.fields) == set(panel.fields)
    formed = BARS["dollar"](of_ticks())
    bars = formed.compute_test_bars(ticks, {})
    assert bars.dates[0].isoformat() == formed.prepare_data(ticks, {}).boundaries["test"]
    assert len(bars.assets) == 1


def test_there_are_no_test_bars_without_a_test_part_or_a_time_axis(panel):
    whole = lab.base().set_split_config(1, 0, 0)
    with pytest.raises(ManifestError, match="there are no test bars"):
        whole.compute_test_bars(panel, {})
    table = Table(pd.DataFrame({"a": np.arange(20.0), "target": np.arange(20.0)}))
    tabular = Manifest().with_target("zoo.targets.column").with_model("sklearn.linear_model.Ridge")
    with pytest.raises(ManifestError, match="there are no test bars"):
        tabular.compute_test_bars(table, {})
