from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from zoo.features.smoothing import exponential, smoothed, wilder


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 12), st.floats(0.01, 1), st.integers(0, 2**32 - 1))
def test_an_average_is_seeded_with_a_mean_and_starts_anew_after_a_gap(window, weight, seed):
    rng = np.random.default_rng(seed)
    values = np.where(rng.random((60, 2)) < 0.05, np.nan, rng.normal(size=(60, 2)))
    found = smoothed(values, window, weight)
    for column in range(2):
        run: list[float] = []
        average = float("nan")
        for value, got in zip(values[:, column], found[:, column], strict=True):
            run = [] if np.isnan(value) else [*run, value]
            if len(run) == window:
                average = sum(run) / window
            elif len(run) > window:
                average = (1 - weight) * average + weight * value
            wanted = average if len(run) >= window else np.nan
            np.testing.assert_allclose(got, wanted, rtol=1e-10, atol=1e-12)


def test_wilder_s_weight_is_one_over_the_window_and_an_exponential_one_s_two_over_the_span_and_one():
    values = np.array([[0.0], [0.0], [0.0], [1.0]])
    assert wilder(values, 3)[-1, 0] == 1 / 3
    assert exponential(values, 3)[-1, 0] == 1 / 2


def test_where_data_starts_is_forgotten_after_ten_windows():
    values = np.random.default_rng(0).normal(size=(400, 1))
    whole, late = wilder(values, 14), wilder(values[200:], 14)
    assert abs(whole[-1, 0] - late[-1, 0]) < 1e-6
