from collections import Counter

import pytest

from zoo.errors import ManifestError
from zoo.experiment.domain import ParamDomain
from zoo.experiment.queue import Operation, SearchQueue
from zoo.experiment.space import Space
from zoo.experiment.strategy import build_strategy

PARAMS = {"a": [1, 2, 3], "b": [10, 20]}


def queue(strategy="grid", params=PARAMS, **more):
    space = Space(params)
    return SearchQueue(space, build_strategy(strategy, space, 7), ParamDomain(params), **more)


def drain(q, step=2):
    found = []
    while batch := q.next(step):
        found += batch
    return found


@pytest.mark.parametrize("strategy", ["grid", "random", "sobol", "tpe"])
def test_everything_is_handed_out_once(strategy):
    assert sorted(drain(queue(strategy))) == list(range(6))


def test_the_target_bounds_what_is_handed_out():
    assert drain(queue(target=3)) == [0, 1, 2]
    assert queue(target=3).remaining() == 3


@pytest.mark.parametrize("strategy", ["grid", "random", "sobol", "tpe"])
@pytest.mark.parametrize(
    ("operation", "left"),
    [
        (Operation("remove", "a", (1,)), {2, 3, 4, 5}),
        (Operation("keep", "b", (10,)), {0, 2, 4}),
        (Operation("keep_between", "a", (2, 3)), {2, 3, 4, 5}),
        (Operation("trim", count=0), set()),
    ],
    ids=lambda v: v.kind if isinstance(v, Operation) else "",
)
def test_a_filter_holds_for_whatever_the_strategy_proposes(strategy, operation, left):
    q = queue(strategy)
    q.apply(operation)
    assert q.remaining() == len(left)
    assert set(drain(q)) == left


def test_a_filter_in_the_middle_takes_nothing_back():
    q = queue()
    assert q.next(3) == [0, 1, 2]
    q.apply(Operation("keep", "b", (20,)))
    assert drain(q) == [3, 5]


def test_trimming_counts_from_now_and_never_raises_the_target():
    q = queue(target=4)
    q.next(2)
    assert q.trim(1) == {"target": 3}
    assert q.trim(100) == {"target": 3}
    assert drain(q) == [2]


def test_injected_permutations_come_next_and_once():
    q = queue()
    q.next(1)
    assert q.inject([{"a": 3, "b": 20}, {"a": 9, "b": 9}, {"a": 1, "b": 10}]) == [5, 6]
    assert drain(q) == [5, 6, 1, 2, 3, 4]


def test_injected_values_are_combined_with_what_the_domain_still_holds():
    q = queue()
    q.apply(Operation("remove", "b", (20,)))
    assert q.apply(Operation("inject_values", "a", (4, 5)))["ids"] == [6, 7]
    assert [q.space[n] for n in drain(q)][:2] == [{"a": 4, "b": 10}, {"a": 5, "b": 10}]


@pytest.mark.parametrize("strategy", ["grid", "random", "sobol"])
def test_what_is_left_is_counted_as_one_by_one(strategy):
    q = queue(strategy)
    steps = [
        lambda: q.next(2),
        lambda: q.apply(Operation("inject", values=({"a": 9, "b": 10}, {"a": 1, "b": 10}))),
        lambda: q.next(1),
        lambda: q.apply(Operation("inject_values", "b", (30,))),
        lambda: q.apply(Operation("remove", "a", (2,))),
        lambda: q.next(2),
    ]
    for step in steps:
        step()
        free = [q.space[n] for n in range(len(q.space)) if n not in q.drawn and q.domain.allows(q.space[n])]
        assert q.remaining() == len(free)
        for name in ("a", "b"):
            assert q.distribution(name) == Counter(choice[name] for choice in free)


def test_a_space_too_large_to_list_is_counted_and_begun_at_once():
    params = {name: list(range(100)) for name in "abcdefgh"}
    q = SearchQueue(Space(params), build_strategy("grid", Space(params), 7), ParamDomain(params))
    assert q.next(3) == [0, 1, 2]
    assert q.remaining() == 100**8 - 3
    assert q.distribution("h")[0] == 100**7 - 1
    q.target = 5
    assert q.remaining() == 2


def test_the_distribution_counts_what_is_left():
    q = queue()
    q.next(3)
    assert q.distribution("a") == {2: 1, 3: 2}
    with pytest.raises(ManifestError):
        q.distribution("c")


@pytest.mark.parametrize(
    ("operation", "message"),
    [
        (Operation("remove", "c", (1,)), "no parameter is called 'c'"),
        (Operation("remove", "a", (1, 2, 3)), "without a value"),
        (Operation("keep_between", "a", (3, 1)), "the lowest and the highest"),
        (Operation("keep_between", "a", (1,)), "the lowest and the highest"),
        (Operation("trim", count=-1), "0 or more"),
        (Operation("trim"), "0 or more"),
        (Operation("inject", values=(3,)), "no permutation"),
        (Operation("inject", values=({"a": 1},)), "missing or unknown"),
        (Operation("inject", values=({"a": 9, "b": 9}, {"a": 1})), "missing or unknown"),
        (Operation("inject", values=({"a": float("nan"), "b": 9},)), "finite numbers"),
    ],
)
def test_an_operation_that_cannot_be_is_refused_and_changes_nothing(operation, message):
    q = queue()
    with pytest.raises(ManifestError, match=message):
        q.apply(operation)
    assert len(q.space) == 6
    assert drain(q) == list(range(6))


@pytest.mark.parametrize(
    "values",
    [
        None,
        3,
        {},
        {"kind": "drop"},
        {"kind": "trim", "counts": 3},
        {"kind": "remove", "name": "a", "values": 3},
    ],
)
def test_what_is_no_operation_is_refused(values):
    with pytest.raises(ManifestError):
        Operation.from_dict(values)


def test_an_operation_survives_json():
    import json

    operation = Operation("keep_between", "a", (1, 2))
    assert Operation.from_dict(json.loads(json.dumps(operation.as_dict()))) == operation
