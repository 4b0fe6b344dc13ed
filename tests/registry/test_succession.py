from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoo.registry import Event
from zoo.registry.succession import Succession, succession

LINE = "us_equity"


def told(*happened: tuple[str, str] | tuple[str, str, str | None]) -> Succession:
    """What events come to: each is `(kind, version)` or `(kind, version, whom it replaced)`."""
    events = []
    for position, (kind, version_id, *replaced) in enumerate(happened, start=1):
        details = {"replaced": replaced[0]} if replaced else {}
        events.append(Event(position, kind, LINE, version_id, "", "", "", None, details, "", ""))
    return succession(events)


THREE = [
    *(("registered", name) for name in "abc"),
    ("promoted", "a", None),
    ("promoted", "b", "a"),
    ("promoted", "c", "b"),
]


def test_promotions_make_a_stack() -> None:
    found = told(*THREE)
    assert found.champions == {LINE: "c"}
    assert found.earlier == {LINE: ["a", "b"]}
    assert found.former == {LINE: ["b", "a"]}
    assert found.stages == {"a": "archived", "b": "archived", "c": "champion"}
    assert found.impossible == []


def test_a_rollback_takes_off_those_above() -> None:
    found = told(*THREE, ("rolled_back", "a", "c"))
    assert (found.champions, found.earlier) == ({LINE: "a"}, {LINE: []})
    assert found.former == {LINE: ["c", "b"]}


def test_who_was_taken_off_comes_back_on_top() -> None:
    found = told(*THREE, ("rolled_back", "b", "c"), ("rolled_back", "c", "b"))
    assert (found.champions, found.earlier) == ({LINE: "c"}, {LINE: ["a", "b"]})
    assert found.impossible == []


def test_who_is_lost_is_gone_back_to_no_more() -> None:
    found = told(*THREE, ("lost", "c"), ("lost", "a"))
    assert (found.champions, found.earlier, found.former) == ({}, {LINE: ["b"]}, {LINE: ["b"]})
    assert found.stages == {"b": "archived"}
    again = told(*THREE, ("lost", "c"), ("registered", "c"), ("promoted", "c", None))
    assert (again.champions, again.impossible) == ({LINE: "c"}, [])


@pytest.mark.parametrize(
    ("event", "why"),
    [
        (("promoted", "x", "c"), "it was not registered"),
        (("promoted", "a", "c"), "it was archived"),
        (("promoted", "d", "b"), "the champion was c"),
        (("promoted", "d", None), "the champion was c"),
        (("retired", "c"), "it was champion"),
        (("retired", "b"), "it was archived"),
        (("rolled_back", "d", "c"), "it was challenger"),
        (("deleted", "c"), "it was champion"),
        (("deleted", "d"), "it was challenger"),
    ],
)
def test_what_cannot_have_happened_is_said(event: tuple[str, str], why: str) -> None:
    found = told(*THREE, ("registered", "d"), event)
    [(version_id, sentence), *_] = found.impossible
    assert version_id == event[1]
    assert sentence.startswith("event 8 says that it was ")
    assert sentence.endswith(why)


KINDS = st.sampled_from(["registered", "promoted", "rolled_back", "retired", "deleted", "lost", "unheard of"])
HAPPENED = st.lists(st.tuples(KINDS, st.sampled_from("abcd"), st.none() | st.sampled_from("abcd")))


@given(HAPPENED)
def test_whatever_is_told_there_is_one_champion_at_the_most_and_nobody_is_listed_twice(
    happened: list[tuple[str, str, str | None]],
) -> None:
    found = told(*happened)
    for names in (found.earlier.get(LINE, []), found.former.get(LINE, [])):
        assert len(set(names)) == len(names)
        assert found.champions.get(LINE) not in names
