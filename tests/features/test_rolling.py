"""Window sums against sums of the windows themselves, in exact arithmetic."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from zoo.features.rolling import Span, chunks


@settings(max_examples=100, deadline=None)
@given(
    dates=st.integers(1, 40),
    window=st.integers(1, 45),
    columns=st.integers(1, 3),
    seed=st.integers(0, 2**32 - 1),
    offset=st.sampled_from([0.0, 1.0, 1e6, -1e9]),
)
def test_means_and_comoments_are_those_of_the_windows(dates, window, columns, seed, offset):
    rng = np.random.default_rng(seed)
    values, other = rng.normal(offset, 1, (dates, columns)), rng.normal(-offset, 1, (dates, 1))
    span, paired = Span.of(values, window), Span.of(other, window)
    means, own, cross = span.mean(), span.comoment(span), span.comoment(paired)
    assert means.shape == own.shape == cross.shape == (max(dates - window + 1, 0), columns)
    for row in range(len(means)):
        y = [Fraction(v) for v in other[row : row + window, 0]]
        for column in range(columns):
            x = [Fraction(v) for v in values[row : row + window, column]]
            mean_x, mean_y = sum(x) / window, sum(y) / window
            exact = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True))
            square = sum((a - mean_x) ** 2 for a in x)
            assert abs(means[row, column] - float(mean_x)) <= 1e-14 * max(1, abs(offset))
            assert abs(own[row, column] - float(square)) <= 1e-12 * max(1, float(square))
            assert abs(cross[row, column] - float(exact)) <= 1e-12 * window


def test_a_value_reaches_only_the_windows_that_hold_it():
    values = np.random.default_rng(0).normal(size=(60, 2))
    broken = values.copy()
    broken[30, 0] = np.nan
    clean, found = Span.of(values, 7).mean(), Span.of(broken, 7).mean()
    assert np.isnan(found[24:31, 0]).all()
    np.testing.assert_array_equal(
        np.delete(found[:, 0], range(24, 31)), np.delete(clean[:, 0], range(24, 31))
    )
    np.testing.assert_array_equal(found[:, 1], clean[:, 1])


def test_a_column_of_a_span_is_the_span_of_the_column():
    values = np.random.default_rng(1).normal(size=(50, 3))
    whole, alone = Span.of(values, 8).column(1), Span.of(values[:, [1]], 8)
    np.testing.assert_array_equal(whole.comoment(whole), alone.comoment(alone))
    np.testing.assert_array_equal(whole.mean(), alone.mean())


def test_chunks_cover_every_column_once():
    for columns in (0, 1, 15, 16, 17, 500):
        covered = [column for some in chunks(columns) for column in range(columns)[some]]
        assert covered == list(range(columns))
