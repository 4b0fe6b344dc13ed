from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoo.errors import VersionNotFound
from zoo.registry import Registry
from zoo.registry.comparison import SECTIONS, _same

from .writers import candidate

LINEAGE = {
    "round_params": {"lookback": 126},
    "settings": {"recorded": {"forward_days": 21}, "effective": {"forward_days": 21, "demean": True}},
    "data": {"rows": 6000, "first": "1993-01-29", "last": "2017-12-29", "content": "ab"},
    "split": {"logged": {"train": ["1993-01-29", "2009-01-01"]}, "refit": None},
    "libraries": {"now": {"numpy": "2.4", "scikit-learn": "1.9"}, "changed": {}},
}
OTHER = {
    **LINEAGE,
    "round_params": {"lookback": 252},
    "settings": {"effective": {"forward_days": 60, "demean": True}},
    "data": {**LINEAGE["data"], "last": "2018-12-31"},
}


@pytest.fixture
def pair(registry: Registry) -> tuple[str, str]:
    nan = {"variant": {"rank_ic": math.nan, "n": 3}, "logged": {"hit": 0.5}}
    a = registry.register(candidate(1, lineage=LINEAGE, metrics=nan))
    b = registry.register(
        candidate(2, lineage=OTHER, metrics={"variant": {"rank_ic": math.nan, "n": 5, "auc": 0.6}})
    )
    return a.version.version_id, b.version.version_id


def test_what_went_in_and_what_came_out_stand_side_by_side(registry: Registry, pair: tuple[str, str]) -> None:
    found = registry.diff(*pair)
    told = {(fact.section, fact.name): (fact.a, fact.b, fact.same) for fact in found.facts}
    assert told["parameters", "lookback"] == (126, 252, False)
    assert told["settings", "forward_days"] == (21, 60, False)
    assert told["settings", "demean"] == (True, True, True)
    assert told["overrides", "residual_momentum_enabled"] == (True, True, True)
    assert told["data", "last"] == ("2017-12-29", "2018-12-31", False)
    assert told["data", "first"] == ("1993-01-29", "1993-01-29", True)
    assert told["split", "logged.train"][2] is True
    assert told["libraries", "numpy"] == ("2.4", "2.4", True)
    assert told["version", "permutation_id"] == (1, 2, False)


def test_metrics_have_a_difference_where_both_are_numbers(registry: Registry, pair: tuple[str, str]) -> None:
    facts = {fact.name: fact for fact in registry.diff(*pair).section("metrics")}
    assert (facts["variant.n"].difference, facts["variant.n"].same) == (2.0, False)
    assert facts["variant.rank_ic"].same
    assert (facts["variant.auc"].a, facts["variant.auc"].difference) == (None, None)
    assert (facts["logged.hit"].b, facts["logged.hit"].same) == (None, False)


def test_a_version_is_like_itself_and_everything_is_strict_json(
    registry: Registry, pair: tuple[str, str]
) -> None:
    assert all(fact.same for fact in registry.diff(pair[0], pair[0]).facts)
    document = json.loads(json.dumps(registry.diff(*pair).as_dict(), allow_nan=False))
    assert sorted(document) == sorted(["a", "b", *SECTIONS])
    assert {"difference" in fact for fact in document["metrics"]} == {True}


def test_versions_of_a_lineage_that_says_little_can_be_compared(registry: Registry) -> None:
    a = registry.register(candidate(1, lineage={"settings": None, "data": "unknown"})).version.version_id
    b = registry.register(candidate(2, line="tabular", train_end=None, lineage={})).version.version_id
    told = {(fact.section, fact.name): (fact.a, fact.b) for fact in registry.diff(a, b).facts}
    assert told["version", "line"] == ("us_equity", "tabular")
    assert {section for section, _ in told} == {"version", "overrides", "metrics"}


def test_an_unknown_version_is_refused(registry: Registry, pair: tuple[str, str]) -> None:
    with pytest.raises(VersionNotFound):
        registry.diff(pair[0], "resmom-20171229-00000000")


@given(st.one_of(st.floats(), st.integers(), st.booleans(), st.text(), st.none()))
def test_a_value_is_like_itself_and_unlike_its_twin_of_another_type(value: object) -> None:
    assert _same(value, value)
    if isinstance(value, bool):
        assert not _same(value, int(value))
    elif isinstance(value, int):
        assert not _same(value, str(value))
