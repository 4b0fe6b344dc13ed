"""The watch: how often it errs, how soon it sees, and how it goes on from one day to the next."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zoo.errors import DataError
from zoo.evaluation import Watch, WatchState, advance, begin, run_length

YEAR = 252


def history(seed=0, bars=300):
    return 0.01 * np.random.default_rng(seed).normal(size=bars)


@pytest.mark.parametrize("baseline", [0.0, 1.0])
def test_a_champion_that_earns_what_it_should_alarms_after_five_years_or_more(baseline):
    found = run_length(Watch(baseline=baseline), baseline, limit=30 * YEAR, paths=300)
    assert found.mean >= 5 * YEAR
    assert found.alarmed > 0.9  # the mean is no artefact of the limit


def test_one_that_earns_more_alarms_much_later():
    found = run_length(Watch(baseline=0.0), 1.0, limit=10 * YEAR)
    assert found.alarmed < 0.25
    assert found.median == math.inf


@pytest.mark.parametrize("bars", [YEAR, 3 * YEAR])
def test_the_chance_of_a_false_alarm_within_some_bars_is_below_their_share_of_the_threshold(bars):
    assert 0.0 < run_length(Watch(threshold=500.0), 0.0, limit=bars).alarmed < min(bars / 500.0, 1.0)


def test_the_worse_it_gets_the_sooner_it_shows():
    watch = Watch(baseline=1.0)
    lost, losing = run_length(watch, 0.0), run_length(watch, -1.0)
    assert losing.mean < 1.5 * YEAR < lost.mean < 2.5 * YEAR
    assert (lost.alarmed, losing.alarmed) == (1.0, 1.0)


def wild(rng, bars):
    """Returns without mean or memory of it, with tails, skew and a volatility that wanders."""
    log_risk = np.cumsum(rng.normal(scale=0.03, size=bars))
    shocks = np.where(rng.uniform(size=bars) < 0.05, -4.0, 4.0 / 19.0) + rng.standard_t(4, bars)
    return 0.01 * np.exp(log_risk - log_risk.mean()) * shocks


def test_the_evidence_is_fair_whatever_the_volatility_and_the_shape():
    bars, paths = 250, 300
    rng = np.random.default_rng(8)
    past = history()
    ends = np.array([advance(begin(Watch(), past), wild(rng, bars)).value for _ in range(paths)])
    # R_t - t is a supermartingale: the mean is at most t, up to what chance does
    assert ends.mean() <= bars + 3.0 * ends.std() / math.sqrt(paths)


def test_overlapping_labels_break_it_and_one_bar_returns_do_not():
    rng = np.random.default_rng(4)
    past, alarms = history(), [0, 0]
    for _ in range(30):
        daily = 0.01 * rng.normal(size=3 * YEAR + 20)
        overlapping = np.convolve(daily, np.ones(21) / math.sqrt(21), mode="valid")
        for place, net in enumerate((daily[20:], overlapping)):
            alarms[place] += advance(begin(Watch(), past), net).alarm is not None
    assert alarms[0] <= 15 < 20 <= alarms[1]


def test_day_by_day_or_all_at_once_is_the_same_through_json():
    net = history(1, 60) - 0.01
    at_once = advance(begin(Watch(baseline=0.5), history()), net)
    state = begin(Watch(baseline=0.5), history())
    for value in net:
        state = WatchState.from_dict(json.loads(json.dumps(advance(state, value).as_dict())))
    assert state == at_once
    assert state.bars == 60


def test_a_champion_that_loses_every_day_is_found_and_the_alarm_stays():
    state = advance(begin(Watch(), history()), np.full(400, -0.01))
    assert state.alarm is not None
    assert state.alarm < 200
    recovered = advance(state, np.full(2_000, 0.01))
    assert recovered.value < Watch().threshold
    assert recovered.alarm == state.alarm


def test_the_alarm_is_on_the_first_bar_at_the_threshold():
    state, bars = begin(Watch(), history()), 0
    while state.value < Watch().threshold:
        assert state.alarm is None
        state, bars = advance(state, -0.02), bars + 1
    assert state.alarm == bars


def test_a_bar_without_a_return_proves_nothing_and_is_counted():
    state = advance(begin(Watch(), history()), history(2, 30))
    after = advance(state, [math.nan, math.inf, -math.inf])
    assert after.missing == 3
    assert (after.evidence, after.bars, after.risk) == (state.evidence, state.bars, state.risk)


def test_no_gain_hides_losses_for_long():
    losses = np.full(150, -0.01)
    plain = advance(begin(Watch(), history()), losses)
    hidden = advance(begin(Watch(), history()), np.r_[1e9, losses])
    assert plain.alarm is not None
    assert plain.alarm <= hidden.alarm <= plain.alarm + 40


def test_returns_of_zero_do_not_make_the_risk_vanish():
    state = advance(begin(Watch(), history()), np.zeros(5_000))
    assert state.risk == state.quietest > 0
    assert state.value == pytest.approx(5_000)  # a fair bet each: R_t = t


@given(net=st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=40))
@settings(max_examples=200, deadline=None)
def test_whatever_comes_the_state_stays_sound(net):
    state = advance(begin(Watch(baseline=0.3), history()), net)
    assert state.bars + state.missing == len(net)
    assert WatchState.from_dict(json.loads(json.dumps(state.as_dict()))) == state


@pytest.mark.parametrize(
    "values",
    [
        {"threshold": 0.0},
        {"threshold": math.nan},
        {"baseline": math.nan},
        {"most": -1.0},
        {"shortfalls": ()},
        {"shortfalls": (0.0,)},
        {"shortfalls": (5.0,)},
        {"halflife": math.inf},
        {"baseline": 500.0},
    ],
)
def test_a_watch_that_cannot_be_is_refused(values):
    with pytest.raises(DataError, match=r"^watch: "):
        Watch(**values)


@pytest.mark.parametrize("past", [[], [0.01], [0.0] * 30, [0.01, math.nan], np.zeros((3, 2))])
def test_a_past_without_risk_begins_nothing(past):
    with pytest.raises(DataError, match="no risk can be told"):
        begin(Watch(), past)


@pytest.mark.parametrize(
    "change",
    [
        {"evidence": [1.0]},
        {"evidence": [math.nan] * 3},
        {"evidence": [-1.0] * 3},
        {"risk": 0.0},
        {"bars": -1},
        {"bars": 1.5},
        {"alarm": "yes"},
        {"extra": 1},
        {"watch": None},
        {"watch": {"baselin": 1.0}},
    ],
)
def test_a_state_that_no_watch_comes_to_is_refused(change):
    values = begin(Watch(), history()).as_dict()
    with pytest.raises(DataError, match="a watch that stands at"):
        WatchState.from_dict({**values, **change})
