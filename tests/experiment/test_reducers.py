import math

import pytest

from zoo.errors import ManifestError
from zoo.experiment.domain import ParamDomain
from zoo.experiment.queue import Operation
from zoo.experiment.reducers import Budget, Correlation, Focus, LogRow, Sanity, Saturation, build_reducers
from zoo.experiment.space import Space

PARAMS = {"a": [1, 2, 3, 4, 5], "kind": ["x", "y"]}
DOMAIN = ParamDomain(PARAMS)
SPACE = Space(PARAMS)


def log(score, rounds=10, seconds=1.0):
    return [LogRow(n, SPACE[n % 10], score(n % 10, SPACE[n % 10]), seconds) for n in range(rounds)]


def test_a_value_whose_rounds_are_mostly_nan_is_removed_with_its_share():
    rows = log(lambda n, p: math.nan if p["a"] == 3 else 0.1, rounds=20)
    decision = Sanity(max_nan=0.5, min_rounds=4).decide(rows, DOMAIN)
    assert decision.operations == (Operation("remove", "a", (3,)),)
    assert decision.evidence == {"a": {"3": {"rounds": 4, "share_nan": 1.0}}}


def test_sanity_waits_for_enough_rounds_and_never_removes_every_value():
    assert Sanity(min_rounds=4).decide(log(lambda n, p: math.nan if p["a"] == 3 else 0.1), DOMAIN) is None
    assert Sanity(min_rounds=1).decide(log(lambda n, p: math.nan), DOMAIN) is None


@pytest.mark.parametrize(
    ("budget", "stops"),
    [
        (Budget(rounds=10), True),
        (Budget(rounds=11), False),
        (Budget(seconds=10), True),
        (Budget(seconds=10.5), False),
        (Budget(), False),
    ],
)
def test_a_budget_stops_the_search_when_it_is_spent(budget, stops):
    decision = budget.decide(log(lambda n, p: 0.1), DOMAIN)
    assert (decision is not None) == stops
    if stops:
        assert decision.operations == (Operation("trim", count=0),)
        assert decision.evidence == {"rounds": 10, "seconds": 10.0}


def test_focus_keeps_the_neighbourhood_of_the_best():
    rows = log(lambda n, p: -abs(p["a"] - 2) + (0.5 if p["kind"] == "x" else 0), rounds=20)
    decision = Focus(top=0.2, min_rounds=20).decide(rows, DOMAIN)
    assert decision.operations == (Operation("keep_between", "a", (1, 3)),)
    assert len(decision.evidence["best"]) == 4


def test_focus_ignores_nan_and_waits():
    assert Focus(min_rounds=20).decide(log(lambda n, p: math.nan, rounds=40), DOMAIN) is None
    assert Focus(min_rounds=20).decide(log(lambda n, p: 1.0, rounds=19), DOMAIN) is None


def test_a_parameter_that_does_not_matter_is_fixed_and_one_that_does_is_not():
    rows = log(lambda n, p: float(p["a"]), rounds=40)
    decision = Correlation(min_rounds=30).decide(rows, DOMAIN)
    assert [op.name for op in decision.operations] == ["kind"]
    assert decision.evidence["kind"]["share"] <= decision.evidence["kind"]["chance"]
    assert Correlation(min_rounds=41).decide(rows, DOMAIN) is None


def test_saturation_stops_when_the_best_has_not_grown():
    rows = log(lambda n, p: 1.0 if n == 0 else 0.5, rounds=10)
    decision = Saturation(patience=9).decide(rows, DOMAIN)
    assert decision.evidence == {"best": 1.0, "rounds_without_gain": 9}
    assert Saturation(patience=10).decide(rows, DOMAIN) is None


def test_saturation_does_not_stop_a_search_that_has_no_score_yet():
    assert Saturation(patience=3).decide(log(lambda n, p: math.nan), DOMAIN) is None


def test_the_same_log_gives_the_same_decision():
    rows = log(lambda n, p: math.sin(n), rounds=60)
    for reducer in build_reducers(
        {"sanity": {}, "focus": {"min_rounds": 5}, "correlation": {}, "saturation": {}}
    ):
        assert reducer.decide(rows, DOMAIN) == reducer.decide(rows, ParamDomain(PARAMS))


def test_an_unknown_reducer_or_option_is_refused():
    with pytest.raises(ManifestError, match="did you mean 'focus'"):
        build_reducers({"focs": {}})
    with pytest.raises(ManifestError, match=r"search\.reducers\.focus"):
        build_reducers({"focus": {"topp": 1}})
    assert build_reducers(None) == []
