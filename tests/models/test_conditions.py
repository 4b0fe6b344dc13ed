import json

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from zoo.errors import ManifestError
from zoo.models.conditions import check_rules, entered, holds, literals, share

FEATURES = ["momentum", "volatility"]
GOOD = {"rising": {"feature": "momentum", "above": 0}, "calm": {"feature": "volatility", "below": 0.3}}
X = np.array([[1.0, 0.1], [1.0, 0.9], [-1.0, 0.1], [-1.0, 0.9]])


def test_comparisons_are_strict():
    column = np.array([[0.0], [0.5], [1.0], [-0.1], [1.1]])
    declared = {
        "above": {"feature": "f", "above": 0.5},
        "below": {"feature": "f", "below": 0.5},
        "between": {"feature": "f", "between": [0, 1]},
        "outside": {"feature": "f", "outside": [0, 1]},
    }
    held = holds(declared, column, ["f"])
    assert held["above"].tolist() == [False, False, True, False, True]
    assert held["below"].tolist() == [True, False, False, True, False]
    assert held["between"].tolist() == [False, True, False, False, False]
    assert held["outside"].tolist() == [False, False, False, True, True]


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("rising", [1, 1, 0, 0]),
        ({"all": ["rising", "calm"]}, [1, 0, 0, 0]),
        ({"any": ["rising", "calm"]}, [1, 1, 1, 0]),
        ({"not": "rising"}, [0, 0, 1, 1]),
        ({"at_least": {"count": 1, "of": ["rising", "calm"]}}, [1, 1, 1, 0]),
        ({"at_least": {"count": 2, "of": ["rising", "calm"]}}, [1, 0, 0, 0]),
        ({"all": ["rising", {"not": {"any": ["calm"]}}]}, [0, 1, 0, 0]),
    ],
)
def test_joins_mean_what_they_say(entry, expected):
    assert entered(entry, holds(GOOD, X, FEATURES)).tolist() == [bool(e) for e in expected]


def test_a_condition_under_not_counts_where_it_does_not_hold_and_one_named_twice_counts_once():
    held = holds(GOOD, X, FEATURES)
    assert share({"all": ["rising", "calm"]}, held).tolist() == [1.0, 0.5, 0.5, 0.0]
    assert share({"all": ["rising", {"not": "calm"}]}, held).tolist() == [0.5, 1.0, 0.0, 0.5]
    assert share({"any": ["rising", {"all": ["rising", "calm"]}]}, held).tolist() == [1.0, 0.5, 0.5, 0.0]


def rules(names):
    leaf = st.sampled_from(names)

    def deeper(inner):
        several = st.lists(inner, min_size=1, max_size=3)
        counted = several.flatmap(
            lambda parts: st.fixed_dictionaries({"count": st.integers(1, len(parts)), "of": st.just(parts)})
        )
        return st.one_of(
            several.map(lambda parts: {"all": parts}),
            several.map(lambda parts: {"any": parts}),
            inner.map(lambda part: {"not": part}),
            counted.map(lambda counted: {"at_least": counted}),
        )

    return st.recursive(leaf, deeper, max_leaves=8)


def by_hand(rule, row):
    if isinstance(rule, str):
        return row[rule]
    ((join, inner),) = rule.items()
    if join == "not":
        return not by_hand(inner, row)
    if join == "at_least":
        return sum(by_hand(part, row) for part in inner["of"]) >= inner["count"]
    return (all if join == "all" else any)(by_hand(part, row) for part in inner)


NAMES = ["a", "b", "c"]


@given(rules(NAMES), st.integers(1, 6), st.randoms(use_true_random=False))
def test_any_nested_rule_is_evaluated_as_row_by_row(rule, n, random):
    rows = [{name: random.random() < 0.5 for name in NAMES} for _ in range(n)]
    held = {name: np.array([row[name] for row in rows]) for name in NAMES}
    assert entered(rule, held).tolist() == [by_hand(rule, row) for row in rows]
    assert np.array_equal(entered({"not": rule}, held), ~entered(rule, held))
    assert share({"not": rule}, held) == pytest.approx(1 - share(rule, held))


@given(rules(NAMES))
def test_any_nested_rule_is_accepted_before_and_after_json(rule):
    used = {name for name, _ in literals(rule)}
    declared = {name: {"feature": "momentum", "above": 0.5} for name in used}
    for entry, conditions in ((rule, declared), json.loads(json.dumps([rule, declared]))):
        check_rules(conditions, entry, FEATURES)


def rising(**condition):
    return {"rising": condition}


words = st.sampled_from(["rising", "momentum", "feature", "above", "between", "all", "not", "at_least", "of"])
junk = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), words),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(words, inner, max_size=3)),
)


@given(junk, junk)
@example(rising(feature="momentum", above=10**400), "rising")
def test_whatever_is_declared_is_computed_or_refused_by_name(conditions, entry):
    try:
        check_rules(conditions, entry, FEATURES)
    except ManifestError:
        return
    assert entered(entry, holds(conditions, X, FEATURES)).shape == (4,)


@pytest.mark.parametrize(
    ("conditions", "entry", "message"),
    [
        (None, "rising", "rules.conditions: there are none"),
        ({}, "rising", "rules.conditions: there are none"),
        ([1], "rising", "rules.conditions: there are none"),
        ({1: {}}, "rising", "1 is no name"),
        ({"rising": 3}, "rising", "rules.conditions.rising: 3 is no mapping"),
        (rising(feature="momentun", above=0), "rising", "no feature 'momentun'.*did you mean 'momentum'"),
        (rising(above=0), "rising", "names no feature; expected one of momentum, volatility"),
        (rising(feature="momentum", abvoe=0), "rising", "abvoe: no such key.*did you mean 'above'"),
        (rising(feature="momentum", crosses=0), "rising", "crosses: no such key"),
        (rising(feature="momentum"), "rising", "rising: no threshold; expected one of above"),
        (rising(feature="momentum", above=0, below=1), "rising", "above and below at once"),
        (rising(feature="momentum", above=float("nan")), "rising", "rising.above: nan; expected a finite"),
        (rising(feature="momentum", above=float("inf")), "rising", "a finite number"),
        (rising(feature="momentum", above=True), "rising", "above: True; expected a finite"),
        (rising(feature="momentum", above="0"), "rising", "above: '0'; expected a finite"),
        (rising(feature="momentum", above=None), "rising", "above: None; expected a finite"),
        (rising(feature="momentum", between=1), "rising", r"expected \[lo, hi\]"),
        (rising(feature="momentum", between=[1]), "rising", r"expected \[lo, hi\]"),
        (rising(feature="momentum", between="01"), "rising", r"expected \[lo, hi\]"),
        (rising(feature="momentum", outside=[1, 0]), "rising", "with lo < hi"),
        (rising(feature="momentum", between=[0, float("nan")]), "rising", "two finite numbers"),
        (GOOD, "rising", "rules.conditions.calm: the entry rule never uses it"),
        (GOOD, {"all": ["rising", "clam"]}, "no condition 'clam'.*did you mean 'calm'"),
        (GOOD, None, "rules.entry: None; expected a condition's name"),
        (GOOD, "", "rules.entry: ''"),
        (GOOD, ["rising", "calm"], "rules.entry: .*expected a condition's name"),
        (GOOD, {}, r"rules.entry: \{\}"),
        (GOOD, {"all": ["rising"], "any": ["calm"]}, "a mapping with one of all, any, not, at_least"),
        (GOOD, {"al": ["rising", "calm"]}, "rules.entry.al: no such key.*did you mean 'all'"),
        (GOOD, {"all": []}, "rules.entry.all: .*at least one rule"),
        (GOOD, {"all": "rising"}, "rules.entry.all: 'rising'; expected a list"),
        (GOOD, {"any": ["rising", {"not": ["calm"]}]}, r"rules.entry.any\[1\].not: \['calm'\]"),
        (GOOD, {"at_least": ["rising", "calm"]}, "expected {count: 2, of:"),
        (
            GOOD,
            {"at_least": {"count": 0, "of": ["rising", "calm"]}},
            "count: 0; expected a number from 1 to 2",
        ),
        (GOOD, {"at_least": {"count": 3, "of": ["rising", "calm"]}}, "count: 3"),
        (GOOD, {"at_least": {"count": True, "of": ["rising", "calm"]}}, "count: True"),
        (GOOD, {"at_least": {"count": 1, "of": []}}, "at least one rule"),
        (GOOD, {"at_least": {"count": 1, "of": "calm"}}, "expected a list"),
    ],
)
def test_what_is_no_rule_is_refused_by_name(conditions, entry, message):
    with pytest.raises(ManifestError, match=message) as caught:
        check_rules(conditions, entry, FEATURES, "rules.yaml")
    assert caught.value.where == "rules.yaml"
