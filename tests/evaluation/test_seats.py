import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoo.errors import ShadowError
from zoo.evaluation.rules import ShadowRules
from zoo.evaluation.seats import Candidate, check_reachable, seated

DAY = dt.timedelta(days=1)
START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def candidate(name, day=0, live=0):
    return Candidate(name, START + day * DAY, live)


def test_without_a_cap_everybody_has_a_seat():
    assert seated([candidate("b", 1), candidate("a", 2)], ShadowRules()) == ["b", "a"]


def test_no_newcomer_takes_a_seat_from_somebody_who_is_soaking():
    rules = ShadowRules(cap=2, soak_days=42)
    soaking = [candidate("first", 0, live=10), candidate("second", 1, live=3)]
    newcomers = [candidate(f"new{n}", 10 + n) for n in range(5)]
    assert seated([*newcomers, *soaking], rules) == ["first", "second"]


def test_who_is_through_makes_room_for_who_waits():
    rules = ShadowRules(cap=2, soak_days=42)
    found = seated(
        [candidate("through", 0, live=42), candidate("soaking", 1, live=9), candidate("new", 5)], rules
    )
    assert found == ["soaking", "new"]


def test_free_seats_go_to_the_newest_of_those_who_are_through():
    rules = ShadowRules(cap=2, soak_days=5)
    through = [candidate(name, day, live=9) for name, day in (("old", 0), ("newer", 3), ("newest", 7))]
    assert seated(through, rules) == ["newest", "newer"]


@given(
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 100)), max_size=20),
    st.integers(1, 25),
    st.integers(1, 80),
)
def test_seats_are_never_more_than_the_cap_and_nobody_sits_twice(found, cap, soak):
    candidates = [candidate(f"v{n}", day, live) for n, (day, live) in enumerate(found)]
    names = seated(candidates, ShadowRules(cap=cap, soak_days=soak))
    assert len(names) == len(set(names)) == min(cap, len(candidates))
    assert names == seated(candidates[::-1], ShadowRules(cap=cap, soak_days=soak))


def run_for(days, *, cap, soak, arrivals):
    """Register challengers on some days and shadow on every day; return who filled the soak, and when."""
    rules = ShadowRules(cap=cap, soak_days=soak)
    registered, live, through = {}, {}, {}
    for day in range(days):
        for name in arrivals.get(day, ()):
            registered[name], live[name] = day, 0
        candidates = [candidate(name, at, live[name]) for name, at in registered.items()]
        check_reachable(candidates, rules, START + day * DAY)
        for name in seated(candidates, rules):
            live[name] = day - registered[name]  # it catches up with every bar since
            if live[name] >= soak:
                through.setdefault(name, day)
    return registered, through


def test_three_seats_judge_five_a_week_within_42_days_and_little_more():
    """The zoo that seated the three newest could never judge anybody."""
    arrivals = {day: [f"{day}-{n}" for n in range(5)] for day in range(0, 210, 7)}
    registered, through = run_for(300, cap=3, soak=42, arrivals=arrivals)
    assert set(through) == set(registered)
    assert max(through[name] - registered[name] for name in through) <= 45


@given(
    st.dictionaries(st.integers(0, 60), st.integers(1, 3), min_size=1, max_size=20),
    st.integers(1, 4),
    st.integers(1, 20),
)
def test_whatever_is_not_refused_is_judged_in_the_end(counts, cap, soak):
    arrivals = {day: [f"{day}-{n}" for n in range(count)] for day, count in counts.items()}
    total = sum(counts.values())
    try:
        registered, through = run_for(62 + soak + total, cap=cap, soak=soak, arrivals=arrivals)
    except ShadowError:
        return
    assert set(through) == set(registered)


def test_more_arrivals_than_turns_are_refused_with_the_cap_that_would_do():
    rules = ShadowRules(cap=1, soak_days=4)
    few = [candidate(f"v{n}", 10) for n in range(4)]
    check_reachable(few, rules, START + 10 * DAY)
    with pytest.raises(ShadowError, match=r"set shadow.cap to 2 or more, or to null for all"):
        check_reachable([*few, candidate("more", 10)], rules, START + 10 * DAY)


def test_who_arrived_longer_ago_than_a_soak_is_no_arrival():
    rules = ShadowRules(cap=1, soak_days=4)
    check_reachable([candidate(f"v{n}", 0) for n in range(50)], rules, START + 10 * DAY)


def test_without_a_cap_nothing_is_out_of_reach():
    check_reachable([candidate(f"v{n}", 10) for n in range(500)], ShadowRules(soak_days=1), START + 10 * DAY)
