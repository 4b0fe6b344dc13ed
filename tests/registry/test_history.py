from __future__ import annotations

import json
from pathlib import Path

import pytest

from zoo.errors import RegistryError
from zoo.registry import Registry, canonical, schema

from .stores import Place
from .writers import candidate


def tamper(store: Place, *statements: str) -> None:
    store.unguard()
    store.execute(*statements)


@pytest.fixture
def three(registry: Registry) -> Registry:
    for content in range(3):
        registry.register(candidate(content))
    return registry


def test_events_are_numbered_and_carry_the_hash_of_the_one_before(three: Registry) -> None:
    events = three.events()
    assert [event.position for event in events] == [1, 2, 3]
    assert [event.previous for event in events] == ["0" * 64, events[0].digest, events[1].digest]
    assert len({event.digest for event in events}) == 3


def test_an_event_says_who_when_and_where(three: Registry) -> None:
    event = three.events()[0]
    assert event.actor
    assert event.host
    assert event.at.endswith("+00:00")
    assert event.at >= three.get(event.version_id).created_at
    assert json.loads(json.dumps(event.as_dict(), allow_nan=False))["kind"] == "registered"


def test_events_can_be_asked_for_by_line_and_version(three: Registry) -> None:
    other = three.register(candidate(9, line="tabular")).version
    assert [event.version_id for event in three.events(line="tabular")] == [other.version_id]
    assert three.events(version_id=other.version_id) == three.events(line="tabular")
    assert three.events(line="us_equity", version_id=other.version_id) == []


@pytest.mark.parametrize("statement", ["UPDATE events SET actor = 'x'", "DELETE FROM events"])
def test_the_database_itself_refuses_to_change_an_event(
    three: Registry, statement: str, store: Place
) -> None:
    with pytest.raises(store.refused, match="append-only"):
        store.execute(statement)
    assert three.verify().ok


@pytest.mark.parametrize(
    "column", ["kind", "line", "at", "actor", "host", "reason", "details", "previous", "digest"]
)
@pytest.mark.parametrize("position", [1, 3])
def test_a_changed_event_is_found(three: Registry, column: str, position: int, store: Place) -> None:
    tamper(store, f"UPDATE events SET {column} = 'x' WHERE position = {position}")
    problems = three.verify().problems
    assert any(problem.kind == "events" and f"event {position}" in problem.message for problem in problems)


@pytest.mark.parametrize("position", [1, 2, 3])
def test_a_dropped_event_is_found(three: Registry, position: int, store: Place) -> None:
    version_id = three.events()[position - 1].version_id
    tamper(store, f"DELETE FROM events WHERE position = {position}")
    report = three.verify()
    assert not report.ok
    assert any(problem.kind == "row" and problem.version_id == version_id for problem in report.problems)


def test_an_event_that_was_forged_with_its_own_hash_is_found(
    three: Registry, root: Path, store: Place
) -> None:
    names = [column.name for column in schema.events.columns]
    (row,) = store.fetch(f"SELECT {', '.join(names)} FROM events WHERE position = 2")
    content = dict(zip(names, row, strict=True))
    del content["digest"]
    forged = canonical.digest({**content, "actor": "somebody"})
    tamper(store, f"UPDATE events SET actor = 'somebody', digest = '{forged}' WHERE position = 2")
    first = three.verify().problems[0]
    assert first.message == "event 3 does not carry the hash of the one before"


def test_events_that_changed_places_are_found(three: Registry, store: Place) -> None:
    tamper(
        store,
        "UPDATE events SET position = 9 WHERE position = 1",
        "UPDATE events SET position = 1 WHERE position = 2",
        "UPDATE events SET position = 2 WHERE position = 9",
    )
    assert not three.verify().ok


def test_a_damaged_event_is_one_clear_error(three: Registry, store: Place) -> None:
    tamper(store, "UPDATE events SET details = '{' WHERE position = 2")
    with pytest.raises(RegistryError, match="event 2 is damaged; run `zoo verify`"):
        three.events()


def test_a_login_name_that_is_no_text_is_written_as_far_as_it_can_be(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOGNAME", "caf\udce9")
    registry.register(candidate(1))
    assert registry.events()[-1].actor == "caf\\udce9"
    assert registry.verify().ok
