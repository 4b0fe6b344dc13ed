"""What is asked every day is looked up, however many versions there are: nothing is sorted or scanned."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from zoo.registry import Registry

from .movers import LINE, register
from .stores import on_sqlite
from .writers import candidate

ASKED: dict[str, Callable[[Registry], Any]] = {
    "page": lambda registry: registry.versions(limit=50),
    "page of a line": lambda registry: registry.versions(line=LINE, limit=50),
    "page of a spec": lambda registry: registry.versions(spec="residual_momentum", limit=50),
    "page of a line and a stage": lambda registry: registry.versions(line=LINE, stage="challenger", limit=50),
    "champion": lambda registry: registry.champion(LINE),
    "one": lambda registry: registry.get(KNOWN),
    "the latest of a spec": lambda registry: registry.latest("residual_momentum"),
}

KNOWN = candidate(0).version_id
FROM_THE_END = ("page",)  # the newest of all are the last of the table itself


def plans(root: Path, ask: Callable[[], Any]) -> list[str]:
    """Return how SQLite goes about each statement that is executed over versions or events."""
    asked: list[tuple[str, Any]] = []

    def hear(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        asked.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", hear)
    try:
        ask()
    finally:
        event.remove(Engine, "before_cursor_execute", hear)
    with contextlib.closing(sqlite3.connect(root / "registry.db")) as connection:
        found = [
            str(row[3])
            for statement, parameters in asked
            if statement.startswith("SELECT") and "sqlite_master" not in statement
            for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
        ]
    assert found
    return found


def check(registry: Registry, root: Path, name: str) -> None:
    for step in plans(root, lambda: ASKED[name](registry)):
        assert "TEMP B-TREE" not in step, step
        assert not step.startswith(("SCAN events", "SCAN later")), step
        assert not step.startswith("SCAN versions") or name in FROM_THE_END, step


@on_sqlite
@pytest.mark.parametrize("name", ASKED)
def test_what_is_asked_every_day_sorts_nothing(registry: Registry, root: Path, name: str) -> None:
    register(registry, *range(5))
    registry.promote(registry.versions()[0].version_id, expect=None, reason="x")
    check(registry, root, name)


@on_sqlite
def test_a_store_from_before_gets_the_index_from_the_next_writer(registry: Registry, root: Path) -> None:
    register(registry, 1)
    with contextlib.closing(sqlite3.connect(root / "registry.db")) as connection:
        connection.execute("DROP INDEX versions_by_line")
        connection.commit()
    with pytest.raises(AssertionError, match="TEMP B-TREE"):
        check(registry, root, "page of a line")
    register(registry, 2)
    check(registry, root, "page of a line")
    assert registry.verify().ok
