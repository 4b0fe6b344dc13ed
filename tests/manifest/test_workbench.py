import numpy as np
import pandas as pd
import pytest

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
