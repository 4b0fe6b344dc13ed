import numpy as np
import pandas as pd
import pytest

from tests.manifest import lab
from zoo.data import Dataset, tabular
from zoo.errors import ManifestError
from zoo.manifest import Manifest
from zoo.manifest.prepare import prepare
from zoo.manifest.workbench import Workbench
from zoo.settings import overrides, settings

PARAMS = {"lookback": 20, "alpha": 1}


@pytest.fixture
def manifest(definition):
    return Manifest.from_config(definition["manifest"], seed=7)


@pytest.fixture
def table_manifest():
    return (
        Manifest(seed=7)
        .set_data_source("zoo.data.tabular", name="diabetes")
        .with_target("zoo.targets.column")
        .with_model("sklearn.linear_model.Ridge", alpha=1)
    )


def test_rows_are_every_nth_bar_and_parts_are_in_time_order(manifest, prices):
    prepared = manifest.prepare_data(prices, PARAMS)
    for part in (prepared.train, prepared.validation, prepared.test):
        assert (part.position % 21 == 0).all()
    assert prepared.train.position.max() + 21 < prepared.validation.position.min()
    assert prepared.validation.position.max() + 21 < prepared.test.position.min()


def test_labels_are_the_demeaned_return_over_the_horizon(manifest, prices):
    prepared = manifest.prepare_data(prices, PARAMS)
    close = prices.close.to_numpy()
    first = int(prepared.test.position[0])
    future = close[first + 21] / close[first] - 1
    rows = prepared.test.position == first
    assert np.allclose(prepared.test.y[rows], future - future.mean(), rtol=0, atol=1e-15)


def test_a_longer_horizon_purges_more_and_keeps_the_rounds_dates(manifest, prices):
    bench = Workbench(prices)
    base = manifest.prepare_data(prices, PARAMS, bench=bench)
    with overrides(settings, {"forward_days": 60}):
        variant = manifest.prepare_data(prices, PARAMS, bench=bench, boundaries=base.boundaries)
    assert variant.boundaries == base.boundaries
    starts = {k: prices.dates.get_loc(pd.Timestamp(base.boundaries[k])) for k in ("validation", "test")}
    assert variant.train.position.max() + 60 < starts["validation"] <= variant.train.position.max() + 60 + 21
    assert variant.validation.position.max() + 60 < starts["test"]
    assert variant.test.position.min() == base.test.position.min()


def test_a_refit_trains_on_every_usable_row(manifest, prices):
    prepared = manifest.with_params_override(split_config=(1, 0, 0)).prepare_data(prices, PARAMS)
    assert prepared.train.position.max() == prepared.cube.usable[-1]
    assert prepared.test.X.shape[0] == prepared.validation.X.shape[0] == 0


def test_a_mapping_offers_what_decoders_know(manifest, prices):
    prepared = manifest.prepare_data(prices, PARAMS)
    assert list(prepared["x_train"].columns) == ["momentum"]
    assert len(prepared["x_train"]) == len(prepared["y_train"])
    assert {"x_train", "y_train", "x_val", "y_val", "x_test", "y_test"} <= set(prepared)
    with pytest.raises(KeyError):
        _ = prepared["x_tset"]


def test_an_asset_that_starts_late_is_left_out_while_it_has_no_window(manifest, prices):
    close = prices.close.copy()
    close.iloc[:1500, 0] = np.nan
    late = Dataset({"close": close}, prices.factors)
    prepared = manifest.prepare_data(late, PARAMS)
    early = prepared.train.position < 1500
    assert 0 not in set(prepared.train.grid.asset[early])
    assert np.isfinite(prepared.train.X).all()


def test_too_few_bars_for_the_window_are_an_error(manifest, prices):
    short = Dataset({"close": prices.close.iloc[:30]}, prices.factors.iloc[:30])
    with pytest.raises(ManifestError, match="no cross-section of 30 bars"):
        manifest.prepare_data(short, PARAMS)


def test_a_table_is_split_after_a_seeded_shuffle(table_manifest):
    data = tabular("diabetes")
    one, two = (table_manifest.prepare_data(data, {}) for _ in range(2))
    assert one["_alignment"]["rows"] == two["_alignment"]["rows"]
    assert one["_alignment"]["rows"] != sorted(one["_alignment"]["rows"])
    assert [len(p.X) for p in (one.train, one.validation, one.test)] == [321, 40, 81]
    held = {*one.train.keys["rows"], *one.validation.keys["rows"], *one.test.keys["rows"]}
    assert held == set(range(442))
    assert "target" not in one.train.names


def test_a_table_with_missing_values_is_refused_with_the_column(table_manifest):
    from zoo.data import Table

    frame = tabular("diabetes").frame.copy()
    frame.loc[3, "bmi"] = np.nan
    with pytest.raises(ManifestError, match="column 'bmi'"):
        table_manifest.prepare_data(Table(frame), {})


def test_a_boundary_that_is_no_bar_is_refused(manifest, prices):
    base = manifest.prepare_data(prices, PARAMS)
    moved = {**base.boundaries, "test": "1996-01-06T00:00:00"}  # a Saturday
    with pytest.raises(ManifestError, match="no bar of the data"):
        prepare(manifest.bind(PARAMS), Workbench(prices), moved)


def test_what_a_caller_does_to_a_part_changes_no_later_fit(manifest, prices):
    prepared = manifest.prepare_data(prices, PARAMS)
    before = prepared.train.X.copy(), prepared.train.y.copy()
    frame, labels = prepared["x_train"], prepared["y_train"]
    frame.iloc[:, :] = 0.0
    labels[:] = 0.0
    assert np.array_equal(prepared.train.X, before[0])
    assert np.array_equal(prepared.train.y, before[1], equal_nan=True)


def test_what_is_asked_for_later_counts_in_the_caches(manifest, prices):
    bench = Workbench(prices)
    prepared = manifest.prepare_data(prices, PARAMS, bench=bench)
    before = bench.cache.held
    assert prepared.folds
    bars, F, Y = prepared.held_out
    assert bench.cache.held - before > F.nbytes + Y.nbytes > len(bars)


def test_bars_within_a_day_are_all_called_by_their_times():
    hours = pd.date_range("2020-01-01", periods=260, freq="6h")
    data = Dataset({"close": lab.panel().close.set_axis(hours, axis=0)})
    dates = lab.base().set_rows(every=1).prepare_data(data, {})["_alignment"]["dates"]
    assert "2020-02-22T00:00:00" in dates
    assert all(len(date) == len("2020-02-22T00:00:00") for date in dates)
