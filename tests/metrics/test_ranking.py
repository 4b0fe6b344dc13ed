from __future__ import annotations

import inspect
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

import zoo.metrics
from zoo.metrics import mean_with_error, rank_ic_by_date

# Few different values, so that ties are common, and some that are not finite.
panels = hnp.arrays(
    np.float64,
    st.tuples(st.integers(1, 5), st.integers(0, 12)),
    elements=st.sampled_from([-2.0, -1.0, -0.0, 0.0, 0.5, 1.0, 3.0, 1e300, np.nan, np.inf, -np.inf]),
)


def test_the_package_offers_exactly_what_it_says():
    assert zoo.metrics.__all__ == sorted(zoo.metrics.__all__)
    public = {
        name
        for name, value in vars(zoo.metrics).items()
        if inspect.isfunction(value) or inspect.isclass(value)
    }
    assert public == set(zoo.metrics.__all__)


@settings(max_examples=200, deadline=None)
@given(panels, st.randoms(use_true_random=False))
def test_rank_ic_is_spearman_s_correlation_of_the_finite_pairs(scores, random):
    labels = scores.copy().ravel()
    random.shuffle(labels)
    labels = labels.reshape(scores.shape)
    found = rank_ic_by_date(scores, labels)
    for date, (x, y) in enumerate(zip(scores, labels, strict=True)):
        both = np.isfinite(x) & np.isfinite(y)
        if both.sum() < 3 or np.ptp(x[both]) == 0 or np.ptp(y[both]) == 0:
            assert np.isnan(found[date])
        else:
            assert found[date] == pytest.approx(stats.spearmanr(x[both], y[both]).statistic, abs=1e-12)


@given(panels)
def test_foresight_has_a_rank_ic_of_one_and_its_opposite_of_minus_one(labels):
    known = np.isfinite(rank_ic_by_date(labels, labels))
    with np.errstate(all="ignore"):
        assert (rank_ic_by_date(labels, labels)[known] == 1.0).all()
        assert (rank_ic_by_date(-labels, labels)[known] == -1.0).all()


@given(panels)
def test_only_ranks_count(labels):
    scores = np.roll(labels, 1, axis=1)
    with np.errstate(all="ignore"):
        stretched = np.where(np.abs(scores) < 1e200, 7 * scores**3 - 2, scores)  # the same order
        np.testing.assert_array_equal(rank_ic_by_date(stretched, labels), rank_ic_by_date(scores, labels))


def test_noise_over_twenty_names_has_the_published_deviation():
    rng = np.random.default_rng(0)
    found = rank_ic_by_date(rng.normal(size=(40_000, 20)), rng.normal(size=(40_000, 20)))
    assert found.std() == pytest.approx(1 / np.sqrt(19), rel=0.01)  # Kendall: variance 1 / (N - 1)
    assert abs(found.mean()) < 4 / np.sqrt(19 * 40_000)


def test_a_date_does_not_see_the_others():
    rng = np.random.default_rng(1)
    scores, labels = rng.integers(0, 4, (30, 9)).astype(float), rng.normal(size=(30, 9))
    found = rank_ic_by_date(scores, labels)
    assert [rank_ic_by_date(scores[i], labels[i])[0] for i in range(30)] == found.tolist()


def test_too_few_pairs_or_a_constant_side_have_no_rank_ic_and_no_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = rank_ic_by_date(
            [[1, 2, np.nan, 4], [1, 1, 1, 1], [1, 2, 3, 4], [np.nan] * 4],
            [[1, 2, 3, np.nan], [1, 2, 3, 4], [5] * 4, [1] * 4],
        )
    assert np.isnan(found).all()
    assert rank_ic_by_date(np.empty((0, 5)), np.empty((0, 5))).shape == (0,)
    assert np.isnan(rank_ic_by_date(np.empty((3, 0)), np.empty((3, 0)))).all()


def test_scores_and_labels_of_different_shape_are_refused():
    with pytest.raises(ValueError, match=r"scores of shape \(2, 3\) and labels of shape \(3, 2\)"):
        rank_ic_by_date(np.zeros((2, 3)), np.zeros((3, 2)))
    with pytest.raises(ValueError, match="expected the same dates × assets"):
        rank_ic_by_date(np.zeros((2, 3, 4)), np.zeros((2, 3, 4)))


def test_without_lags_the_error_is_the_ordinary_one_with_n():
    series = np.random.default_rng(2).normal(0.1, 1, 50)
    mean, error, t = mean_with_error(series, 0)
    assert mean == pytest.approx(series.mean(), rel=1e-14)
    assert error == pytest.approx(series.std(ddof=0) / np.sqrt(50), rel=1e-12)
    assert t == mean / error


@pytest.mark.parametrize("lags", [0, 1, 2, 5, 20])
def test_the_error_is_newey_west_s(lags):
    series = np.convolve(np.random.default_rng(3).normal(size=120), np.ones(3), "valid")
    deviation, n = series - series.mean(), len(series)
    near = np.abs(np.subtract.outer(np.arange(n), np.arange(n)))
    weights = np.clip(1 - near / (lags + 1), 0, None)  # Bartlett's, as one quadratic form
    found = mean_with_error(series, lags)
    assert found.se == pytest.approx(np.sqrt(deviation @ weights @ deviation) / n, rel=1e-10)


def test_the_error_of_a_short_series_by_hand():
    # Deviations 1, -1, 1, -1: γ0 = 1, γ1 = -3/4; with one lag 1 + 2 · 1/2 · (-3/4) = 1/4.
    assert mean_with_error([3.0, 1.0, 3.0, 1.0], 1) == pytest.approx((2.0, np.sqrt(0.25 / 4), 8.0))


def test_overlapping_labels_have_a_larger_error_than_they_seem_to():
    series = np.convolve(np.random.default_rng(4).normal(size=3000), np.ones(21), "valid")
    assert mean_with_error(series, 20).se > 3 * mean_with_error(series, 0).se


def test_a_missing_value_keeps_its_place_in_time():
    full = np.array([1.0, 2.0, 4.0, 3.0, 7.0])
    holed = np.array([1.0, 2.0, np.nan, 4.0, 3.0, 7.0])
    assert mean_with_error(holed, 0) == pytest.approx(mean_with_error(full, 0))
    assert mean_with_error(holed, 1).se != pytest.approx(mean_with_error(full, 1).se)
    assert mean_with_error([np.nan, np.inf, *full, np.nan], 1) == pytest.approx(mean_with_error(full, 1))


@given(
    hnp.arrays(np.float64, st.integers(0, 30), elements=st.floats(-1e3, 1e3) | st.just(np.nan)),
    st.integers(0, 40),
)
def test_an_error_is_never_negative_and_t_is_its_ratio(series, lags):
    mean, error, t = mean_with_error(series, lags)
    n = int(np.isfinite(series).sum())
    assert np.isnan(mean) == (n == 0)
    assert np.isnan(error) == (n < 2)
    assert n < 2 or error >= 0
    assert np.isnan(t) == (n < 2 or error == 0)


@pytest.mark.parametrize("lags", [-1, True, 1.0, None, "2"])
def test_lags_are_a_count(lags):
    with pytest.raises(ValueError, match="lags is "):
        mean_with_error([1.0, 2.0], lags)


def test_a_panel_is_no_series():
    with pytest.raises(ValueError, match="expected one dimension"):
        mean_with_error(np.zeros((2, 2)), 0)
