import numpy as np
import pandas as pd
import pytest

from tests.manifest import lab
from zoo.data import Dataset
from zoo.errors import ManifestError
from zoo.manifest.bound import Feature
from zoo.manifest.manifest import Manifest
from zoo.manifest.workbench import SettingsCache, Workbench, horizon_of
from zoo.settings import overrides, recorded, settings
from zoo.trust import Trust


def frame_of(values):
    return pd.DataFrame(values, index=pd.bdate_range("2020-01-01", periods=len(values)), columns=["A", "B"])


def wrong_shape(prices):
    return prices.iloc[1:]


def infinite(prices):
    return prices * np.where(prices.index == prices.index[2], np.inf, 1.0)[:, None]


def scaled(prices):
    return prices * settings.forward_days


def vandal(prices):
    prices.iloc[:, :] = 1.0
    return prices


def banded(prices, *, low=-3.0, close=None):
    return prices * low + (0 if close is None else close)


HERE = Trust(prefixes=("zoo.", "tests."))


def feature(function):
    return Feature(function.__name__, {"_target_": f"{__name__}.{function.__name__}"})


@pytest.fixture
def bench():
    return Workbench(Dataset({"close": frame_of(np.arange(1.0, 21.0).reshape(10, 2))}))


def test_a_feature_of_the_wrong_length_is_refused(bench):
    with pytest.raises(ManifestError, match=r"wrong_shape gave \(9, 2\)"):
        bench.feature(feature(wrong_shape), HERE, None)


def test_an_infinite_feature_names_its_date_and_asset(bench):
    with pytest.raises(ManifestError, match="infinite is infinite at 2020-01-03 for A"):
        bench.feature(feature(infinite), HERE, None)


def test_a_feature_is_computed_once(bench):
    first = bench.feature(feature(scaled), HERE, None)
    assert bench.feature(feature(scaled), HERE, None) is first
    assert bench.cache.computed == 1


def test_a_cached_value_is_keyed_by_the_settings_that_it_read(bench):
    base = bench.feature(feature(scaled), HERE, None)
    with overrides(settings, {"forward_days": 42}):
        other = bench.feature(feature(scaled), HERE, None)
    assert np.array_equal(other, 2 * base)
    with overrides(settings, {"residual_momentum_enabled": True}):
        assert bench.feature(feature(scaled), HERE, None) is base


def test_a_hit_counts_as_the_reads_of_the_computation(bench):
    bench.feature(feature(scaled), HERE, None)
    with recorded() as reads:
        bench.feature(feature(scaled), HERE, None)
    assert reads.names == {"forward_days"}


def test_a_computation_that_raises_is_not_cached():
    cache = SettingsCache()
    with pytest.raises(ZeroDivisionError):
        cache.get("k", lambda: 1 / 0)
    assert cache.get("k", lambda: 5) == 5


def test_a_target_without_a_horizon_is_refused():
    manifest = Manifest(
        {"target": {"_target_": "zoo.targets.column"}, "model": {"_target_": "sklearn.linear_model.Ridge"}}
    )
    with pytest.raises(ManifestError, match="has no horizon"):
        horizon_of(manifest.bind({}))


def test_a_function_that_writes_into_its_argument_changes_only_its_own_copy(bench):
    before = bench.data.fingerprint()
    bench.feature(feature(vandal), HERE, None)
    assert bench.data.fingerprint() == before


def test_what_the_manifest_declares_is_never_replaced_by_data_of_the_same_name():
    data = Dataset({"close": frame_of(np.ones((4, 2))), "low": frame_of(np.full((4, 2), 9.0))})
    declared = Feature("banded", {"_target_": f"{__name__}.banded", "low": -1.0})
    assert Workbench(data).feature(declared, HERE, None)[0, 0] == 0.0
    undeclared = Feature("banded", {"_target_": f"{__name__}.banded"})
    assert Workbench(data).feature(undeclared, HERE, None)[0, 0] == -2.0


# --- indicators that features ask for by name ---------------------------------------------------------


def asking():
    return (
        lab.base()
        .add_indicator(lab.smooth, name="level", group="levels", window="${params.window}")
        .add_feature(lab.spread, group="levels")
    )


def test_a_feature_is_given_the_indicator_that_it_names(panel):
    prepared = asking().prepare_data(panel, {"window": 10})
    level = panel.close.rolling(10).mean()
    assert prepared.cube.names == ("level", "momentum", "reversal", "spread")
    assert np.array_equal(prepared.cube.F[:, :, 0], level.to_numpy()[::5], equal_nan=True)
    assert np.array_equal(prepared.cube.F[:, :, 3], (panel.close / level - 1).to_numpy()[::5], equal_nan=True)


def test_another_indicator_of_the_same_name_gives_another_feature(panel):
    bench = Workbench(panel)
    spreads = [
        asking().prepare_data(panel, {"window": window}, bench=bench).cube.F[:, :, 3] for window in (10, 20)
    ]
    assert not np.array_equal(*spreads, equal_nan=True)
    again = asking().prepare_data(panel, {"window": 10}, bench=bench).cube.F[:, :, 3]
    assert np.array_equal(again, spreads[0], equal_nan=True)


def test_an_indicator_may_ask_for_those_before_it(panel):
    manifest = (
        lab.base()
        .add_indicator(lab.smooth, name="level", window=5)
        .add_indicator(lab.smoother, name="smoother", window=4)
        .add_feature(lab.of_smoother)
    )
    cube = manifest.prepare_data(panel, {}).cube
    by_hand = panel.close.rolling(5).mean().rolling(4).mean().to_numpy()[::5]
    assert np.array_equal(cube.F[:, :, cube.names.index("smoother")], by_hand, equal_nan=True)
    assert np.array_equal(cube.F[:, :, cube.names.index("of_smoother")], -by_hand, equal_nan=True)


def test_an_indicator_does_not_see_those_after_it(panel):
    manifest = (
        lab.base().add_indicator(lab.smoother, window=4).add_indicator(lab.smooth, name="level", window=5)
    )
    with pytest.raises(
        ManifestError, match="smoother needs 'level', which neither the manifest nor the data has"
    ):
        manifest.prepare_data(panel, {})


def test_an_indicator_that_is_left_out_is_missed_by_name(panel):
    ablated = asking().add_feature("zoo.features.roc", lookback=3).set_ablation("levels")
    assert ablated.prepare_data(panel, {"window": 5}).cube.names == ("momentum", "reversal", "roc")
    alone = (
        lab.base().add_indicator(lab.smooth, name="level", include_if=False, window=5).add_feature(lab.spread)
    )
    with pytest.raises(ManifestError, match="spread needs 'level'"):
        alone.prepare_data(panel, {})


def test_a_feature_may_do_without_an_indicator(panel):
    manifest = (
        lab.base()
        .add_indicator(lab.smooth, name="level", include_if="with_level", window=5)
        .add_feature(lab.optional)
    )
    bench = Workbench(panel)
    found = [
        manifest.prepare_data(panel, {"with_level": on}, bench=bench).cube.F[:, :, -1] for on in (True, False)
    ]
    assert np.nanmax(np.abs(found[0])) > 0
    assert np.nanmax(np.abs(found[1])) == 0


def test_a_name_that_the_data_has_too_is_refused_where_it_is_asked_for(panel):
    manifest = lab.base().add_indicator(lab.smooth, name="volume", window=5)
    assert "volume" in manifest.prepare_data(panel, {}).cube.names
    with pytest.raises(
        ManifestError, match=r"feature 'of_volume' asks for 'volume', which is an indicator and data"
    ):
        manifest.add_feature(lab.of_volume).prepare_data(panel, {})


def test_a_function_that_writes_into_an_indicator_changes_only_its_own_copy(panel):
    manifest = lab.base().add_indicator(lab.smooth, name="level", window=5).add_feature(lab.vandal)
    cube = manifest.prepare_data(panel, {}).cube
    assert cube.names[0] == "level"
    assert np.nanmax(cube.F[:, :, 0]) > 1
    assert np.nanmax(cube.F[:, :, -1]) == 1


def test_an_indicator_is_computed_once_for_all_who_ask(panel):
    bench = Workbench(panel)
    manifest = asking().add_feature(lab.spread, name="again")
    manifest.prepare_data(panel, {"window": 5}, bench=bench)
    counted = bench.cache.computed
    # level, momentum, reversal, spread (once for both names), target, cube, days, prepared
    assert counted == 8


def test_indicators_are_asked_for_before_they_are_scaled(panel):
    manifest = asking().set_scaler("zoo.features.rolling_robust", window=20)
    from zoo.features import rolling_robust

    cube = manifest.prepare_data(panel, {"window": 10}).cube
    spread = panel.close / panel.close.rolling(10).mean() - 1
    assert np.array_equal(cube.F[:, :, 3], rolling_robust(spread, window=20).to_numpy()[::5], equal_nan=True)


# --- groups -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("without", "left"),
    [
        (None, ["level", "momentum", "reversal", "spread", "roc"]),
        ("levels", ["momentum", "reversal", "roc"]),
        (["levels", "speed"], ["momentum", "reversal"]),
        (["speed"], ["level", "momentum", "reversal", "spread"]),
        ([], ["level", "momentum", "reversal", "spread", "roc"]),
    ],
)
def test_groups_are_left_out_by_a_parameter(panel, without, left):
    manifest = asking().add_feature("zoo.features.roc", group="speed", lookback=3).set_ablation("without")
    params = {"window": 5, "without": without}
    prepared = manifest.prepare_data(panel, params)
    assert list(prepared.cube.names) == left
    assert list(prepared["x_test"].columns) == left
    assert np.isfinite(manifest.run_model(prepared, params)["rank_ic"])


def test_what_is_left_out_is_neither_bound_nor_computed(panel):
    manifest = (
        lab.base()
        .add_feature(lab.failing, group="broken")
        .add_feature("zoo.features.reversal", name="missing", group="broken", lookback="${params.nowhere}")
        .set_ablation("without")
    )
    assert manifest.prepare_data(panel, {"without": "broken"}).cube.names == ("momentum", "reversal")
    with pytest.raises(ManifestError, match="nowhere"):
        manifest.prepare_data(panel, {"without": None})


def test_a_function_that_raises_is_named_with_what_it_raised(panel):
    with pytest.raises(ManifestError, match=r"lab\.yaml: .*failing failed: KeyError: 'cvarage'") as caught:
        lab.base().add_feature(lab.failing).prepare_data(panel, {})
    assert isinstance(caught.value.__cause__, KeyError)


def test_a_target_that_knows_the_last_bars_future_is_refused(panel):
    manifest = lab.base().with_target(lab.up_or_zero, horizon=5)
    with pytest.raises(
        ManifestError, match="up_or_zero labels the last bar of A0, after which nothing is known"
    ):
        manifest.prepare_data(panel, {})


def test_a_target_that_is_infinite_is_refused(panel):
    manifest = lab.base().with_target(lab.infinite_return, horizon=5)
    with pytest.raises(ManifestError, match=r"infinite_return is infinite at 2015-01-01 for A0"):
        manifest.prepare_data(panel, {})


@pytest.mark.parametrize("data", [pd.DataFrame({"a": [1.0]}), np.ones((3, 2)), None, {"close": 1}])
def test_what_is_neither_panel_nor_table_is_refused_with_the_way_to_make_one(data):
    with pytest.raises(
        ManifestError, match=r"the data is a .*; expected a Dataset or a Table; zoo\.data\.Dataset"
    ):
        lab.base().prepare_data(data, {})


def test_a_bench_of_other_data_is_refused(panel):
    with pytest.raises(ManifestError, match="the bench holds other data"):
        lab.base().prepare_data(panel, {}, bench=Workbench(lab.panel(seed=9)))
