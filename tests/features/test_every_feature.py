"""What holds for every feature: shape, causality to the bit, and NaN that is forgotten."""

from __future__ import annotations

import inspect

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import zoo.features
from zoo.errors import DataError

WRONG = {
    "NaN": np.nan,
    "huge": 1e300,
    "tiny": 1e-300,
    "zero": 0.0,
    "negative": -5.0,
    "infinite": np.inf,
    "one": 1.0,
}


def bits(frame):
    """The frame's values as integers, so that NaN equals NaN and nothing else is forgiven."""
    return np.ascontiguousarray(frame.to_numpy()).view(np.int64)


def test_the_features_under_test_leave_none_out(feature_names):
    assert feature_names == set(zoo.features.__all__)


def test_the_package_offers_exactly_what_it_says():
    assert all(inspect.isfunction(getattr(zoo.features, name)) for name in zoo.features.__all__)
    assert zoo.features.__all__ == sorted(zoo.features.__all__)


@pytest.mark.parametrize("name", zoo.features.__all__)
def test_data_comes_first_and_parameters_are_named(name):
    parameters = inspect.signature(getattr(zoo.features, name)).parameters.values()
    kinds = [parameter.kind for parameter in parameters]
    data = [p.name for p in parameters if p.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD]
    assert set(data) <= {"prices", "factors", "open", "high", "low", "close", "volume", "values"}
    assert kinds == sorted(kinds)
    assert set(kinds) <= {inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY}


def test_a_feature_is_aligned_with_its_prices_and_starts_when_it_has_enough(feature, prices, factors):
    found = feature(prices, factors)
    assert found.index.equals(prices.index)
    assert found.columns.equals(prices.columns)
    assert (found.dtypes == np.float64).all()
    assert found.iloc[: feature.reach - 1].isna().all(axis=None)
    assert found.iloc[feature.reach - 1 :].notna().all(axis=None)


def test_a_feature_changes_nothing_that_it_was_given(feature, prices, factors):
    given_prices, given_factors = prices.copy(), factors.copy()
    feature(given_prices, given_factors)
    assert given_prices.equals(prices)
    assert given_factors.equals(factors)


@pytest.mark.parametrize("value", WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("date", [60, 83, 84, 125, 200, 258])
def test_changing_every_later_bar_changes_no_bit_of_what_came_before(feature, prices, factors, date, value):
    before = bits(feature(prices, factors))
    later_prices, later_factors = prices.copy(), factors.copy()
    later_prices.iloc[date + 1 :] = value
    later_factors.iloc[date + 1 :] = value
    np.testing.assert_array_equal(bits(feature(later_prices, later_factors))[: date + 1], before[: date + 1])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32 - 1), date=st.integers(0, 258))
def test_noise_in_every_later_bar_changes_no_bit_of_what_came_before(feature, prices, factors, seed, date):
    rng = np.random.default_rng(seed)
    later_prices, later_factors = prices.copy(), factors.copy()
    shape = later_prices.iloc[date + 1 :].shape
    noise = np.where(rng.random(shape) < 0.1, np.nan, rng.lognormal(0, 3, shape))
    later_prices.iloc[date + 1 :] *= noise
    later_factors.iloc[date + 1 :] += rng.normal(size=(shape[0], 3))
    changed, before = feature(later_prices, later_factors), feature(prices, factors)
    np.testing.assert_array_equal(bits(changed)[: date + 1], bits(before)[: date + 1])


def test_bars_that_do_not_exist_yet_change_no_bit(feature, prices, factors):
    whole = bits(feature(prices, factors))
    for length in (1, 2, 42, 43, 44, 84, 85, 100, 259):
        part = bits(feature(prices.iloc[:length], factors.iloc[:length]))
        np.testing.assert_array_equal(part, whole[:length])


def test_other_assets_change_no_bit(feature, prices, factors):
    whole = feature(prices, factors)
    alone = feature(prices[["XOM"]], factors)
    np.testing.assert_array_equal(bits(alone)[:, 0], bits(whole[["XOM"]])[:, 0])
    many = pd.concat([prices.add_suffix(f" {i}") for i in range(3)], axis=1)
    np.testing.assert_array_equal(bits(feature(many, factors)), np.tile(bits(whole), 3))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e300, 0.0, -3.0])
def test_a_broken_price_never_poisons_later_dates(feature, prices, factors, value):
    clean = feature(prices, factors).to_numpy()
    broken_prices = prices.copy()
    broken_prices.iloc[100, 3] = value
    broken = feature(broken_prices, factors).to_numpy()
    others = np.arange(prices.shape[1]) != 3
    np.testing.assert_array_equal(broken[:, others], clean[:, others])
    np.testing.assert_array_equal(broken[:100, 3], clean[:100, 3])
    assert not np.isinf(broken).any()
    if feature.recursive:
        assert np.isfinite(broken[100 + feature.reach :, 3]).all()
        return
    np.testing.assert_allclose(
        broken[100 + feature.reach :, 3], clean[100 + feature.reach :, 3], rtol=1e-12, atol=1e-14
    )


@pytest.mark.parametrize("value", [np.nan, np.inf, 0.0, -3.0])
@pytest.mark.parametrize("feature", ["rsi", "ppo", "atr"], indirect=True)
def test_a_recursive_feature_starts_anew_after_what_is_no_price(feature, prices, factors, value):
    broken, older = prices.copy(), prices.copy()
    broken.iloc[100, 3] = older.iloc[100, 3] = value
    older.iloc[:100, 3] *= 2.0  # what came before is forgotten
    found, other = feature(broken, factors).iloc[100:], feature(older, factors).iloc[100:]
    np.testing.assert_array_equal(bits(found), bits(other))
    assert found.iloc[:, 3].notna().tolist() == [row >= feature.reach for row in range(160)]


def test_a_missing_price_makes_the_values_that_use_it_missing(feature, prices, factors):
    broken_prices = prices.copy()
    broken_prices.iloc[100, 3] = np.nan
    broken = feature(broken_prices, factors).iloc[:, 3]
    assert np.isnan(broken.iloc[100 + feature.reach - 1])
    if feature.name not in (
        "momentum",
        "reversal",
        "roc",
    ):  # these use two prices, the others all of the window
        assert broken.iloc[100 : 100 + feature.reach].isna().all()
    assert int(broken.iloc[100:].isna().sum()) in (2, feature.reach)


@pytest.mark.parametrize("feature", ["beta", "residual_momentum"], indirect=True)
def test_a_missing_factor_return_is_forgotten_too(feature, prices, factors):
    broken_factors = factors.copy()
    broken_factors.iloc[100] = np.nan
    clean, broken = feature(prices, factors), feature(prices, broken_factors)
    window = slice(100, 100 + feature.reach - 1)
    assert broken.iloc[window].isna().all(axis=None)
    pd.testing.assert_frame_equal(
        broken.drop(broken.index[window]), clean.drop(clean.index[window]), rtol=1e-12
    )


def test_a_price_that_never_moves_gives_no_score_but_no_error(feature, prices, factors):
    still = prices.assign(AAPL=50.0)
    found = feature(still, factors)["AAPL"].iloc[60:]
    if feature.name in ("residual_momentum", "rsi", "volume_imbalance"):
        assert found.isna().all()
    elif feature.name in ("atr", "vwap", "fractional_difference"):
        assert np.isfinite(found).all()
    else:
        assert (found.abs() < 1e-15).all()


def test_an_asset_that_is_missing_throughout_stays_missing(feature, prices, factors):
    assert feature(prices.assign(AAPL=np.nan), factors)["AAPL"].isna().all()


def test_memory_order_and_width_of_the_input_do_not_matter(feature, prices, factors):
    wanted = bits(feature(prices, factors))
    for order in ("C", "F"):
        stored = pd.DataFrame(np.array(prices, order=order), prices.index, prices.columns)
        np.testing.assert_array_equal(bits(feature(stored, factors)), wanted)
    whole = prices.round().astype("int64")
    np.testing.assert_array_equal(bits(feature(whole, factors)), bits(feature(whole.astype(float), factors)))


@pytest.mark.parametrize("given_prices", [None, [1.0, 2.0], np.ones((300, 2)), "prices"])
def test_what_is_no_frame_is_refused(feature, given_prices, factors):
    with pytest.raises(DataError, match=r"(prices|values) are a "):
        feature(given_prices, factors)


def test_text_is_refused(feature, prices, factors):
    with pytest.raises(DataError, match=r"(prices|values) hold something that is no number"):
        feature(prices.astype(object).replace(prices.iloc[0, 0], "n/a"), factors)
