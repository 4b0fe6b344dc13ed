import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoo.metrics import mean_with_error
from zoo.report.line.calibration import bucketed, slope_of


def panel(seed=0, dates=200, names=15, slope=2.0, noise=0.0):
    chance = np.random.default_rng(seed)
    x = chance.normal(0, 0.01, (dates, names))
    x -= x.mean(axis=1, keepdims=True)
    y = slope * x + noise * chance.normal(0, 0.01, (dates, names))
    return x, y - y.mean(axis=1, keepdims=True)


def test_a_slope_is_what_came_for_what_was_predicted():
    found = slope_of(*panel(slope=2.0), 0)
    assert found["slope"] == pytest.approx(2.0)
    assert found["slope_se"] == pytest.approx(0.0, abs=1e-12)
    assert found["dates"] == 200


def test_a_slope_without_noise_in_dates_is_least_squares_and_its_error_driscoll_kraay_s():
    x, y = panel(slope=0.5, noise=3.0)
    x[3, 2] = y[3, 2] = x[7] = y[7] = np.nan
    known = np.isfinite(x)
    found = slope_of(x, y, 4)
    slope = np.linalg.lstsq(x[known][:, None], y[known], rcond=None)[0][0]
    assert found["slope"] == pytest.approx(slope)
    moments = np.nansum(x * (y - slope * x), axis=1)
    moments[7] = np.nan
    long_run = mean_with_error(moments, 4).se * 199  # the root of the long-run variance of the sum
    assert found["slope_se"] == pytest.approx(long_run / np.nansum(x * x))
    assert found["dates"] == 199


def test_the_error_of_a_slope_covers_it():
    inside = 0
    for seed in range(200):
        found = slope_of(*panel(seed, slope=1.0, noise=2.0), 0)
        inside += abs(found["slope"] - 1.0) <= 1.96 * found["slope_se"]
    assert 0.88 <= inside / 200 <= 0.99


@pytest.mark.parametrize("rows", [0, 5])
def test_equal_predictions_have_no_slope_and_say_why(rows):
    x, y = np.zeros((rows, 4)), np.ones((rows, 4))
    found = slope_of(x, y, 0)
    assert math.isnan(found["slope"])
    assert found["reason"] == (
        "all its predictions of a date are equal" if rows else "no prediction has an outcome yet"
    )
    assert bucketed(x, y, 0).empty


def test_the_spread_is_what_the_highest_returned_more_than_the_lowest():
    x = np.array([[-1.0, 0.0, 1.0], [1.0, 0.0, -1.0], [0.5, -0.5, np.nan]])
    y = np.array([[-3.0, 0.0, 3.0], [2.0, 0.0, -2.0], [1.0, -1.0, np.nan]])
    found = slope_of(x, y, 0)
    assert found["spread"] == pytest.approx(np.mean([6.0, 4.0, 2.0]))
    assert found["spread_se"] == pytest.approx(np.std([6.0, 4.0, 2.0]) / math.sqrt(3))


@given(st.integers(0, 1_000), st.integers(2, 30), st.integers(2, 12))
def test_buckets_hold_every_pair_once_and_rise(seed, dates, names):
    x, y = panel(seed, dates, names, noise=1.0)
    found = bucketed(x, y, 0)
    assert found["pairs"].sum() == x.size
    assert found["predicted"].is_monotonic_increasing
    assert np.average(found["realised"], weights=found["pairs"]) == pytest.approx(y.mean(), abs=1e-12)


def test_the_calibration_of_a_line_keeps_live_and_replayed_dates_apart(report, setting):
    slopes = report.slopes.set_index(["name", "evidence"])
    first = setting.world.first.version_id
    both = slopes.loc[first]
    assert set(both.index) == {"replayed", "live"}
    whole = slopes.loc[(setting.world.third.version_id, "replayed"), "dates"]
    assert both["dates"].sum() == whole
    assert set(report.frames["calibration"]["name"]) == {
        one.name for one in report.tracks if one.kind != "baseline" and not one.name.startswith("flat")
    }


def test_a_version_that_says_the_same_of_all_is_not_drawn_and_says_why(report, setting):
    flat = report.slopes[report.slopes["name"] == setting.world.flat.version_id].iloc[0]
    assert flat["reason"] == "all its predictions of a date are equal"
    assert math.isnan(flat["slope"])
    assert setting.world.flat.version_id not in set(report.frames["calibration"]["name"])


def test_what_predicts_no_returns_is_held_against_none(empty):
    world = empty.world
    direction = {"manifest": {"target": {"_target_": "zoo.targets.forward_direction"}}}
    other = world.register("other", ("trend", {"window": 20}), number=1, more=direction)
    silent = world.register("silent", ("trend", {"window": 30}), number=2, more={"manifest": {}})
    world.shadow()
    report = empty.report(judge=False)
    reasons = report.slopes.set_index("name")["reason"].to_dict()
    assert reasons[other.version_id] == "it predicts zoo.targets.forward_direction: its scores are no returns"
    assert reasons[silent.version_id] == "what it predicts is not recorded"
    assert sum(isinstance(reason, str) for reason in reasons.values()) == 2  # the others do predict returns
