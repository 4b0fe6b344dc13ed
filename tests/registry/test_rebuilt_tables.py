"""A database that was made anew is the old one, table by table, row by row and column by column."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from zoo.registry import Registry

from .movers import LINE, register
from .stores import on_sqlite
from .test_ledger import bare, trial
from .writers import candidate

TABLES = {"schema_version", "versions", "events", "trials"}


def tables(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every table of a database whole, and what it is declared as: tables, indexes, triggers."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        declared = "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name"
        found = {"declared": connection.execute(declared).fetchall()}
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            found[name] = connection.execute(f"SELECT * FROM {name} ORDER BY rowid").fetchall()
    assert set(found) == {*TABLES, "declared"}
    return found


@pytest.fixture
def lived(registry: Registry) -> Registry:
    """A store in which everything has happened that can: every stage, every kind of event, two lines."""
    ids = register(registry, *range(6), real=True)
    other = registry.register(candidate(9, line="tabular", train_end=None)).version.version_id
    registry.ledger.record(LINE, [trial(1), trial(2), bare(3)])
    for position in (0, 1, 2):
        registry.promote(ids[position], expect=ids[position - 1] if position else None, reason="next — ü")
    registry.promote(other, expect=None, decision={"name": "first", "passed": True, "figure": float("nan")})
    registry.rollback(LINE, expect=ids[2], reason="too dear")
    registry.retire(ids[3], reason="worse")
    registry.retire_spec("residual_momentum", reason="retired in residual_momentum.yaml")
    registry.gc(dry_run=False)
    register(registry, 7)
    assert {version.stage for version in registry.versions()} == {
        "champion",
        "challenger",
        "archived",
        "retired",
    }
    assert {event.kind for event in registry.events()} == {
        "registered",
        "promoted",
        "rolled_back",
        "retired",
        "deleted",
    }
    return registry


@on_sqlite
def test_beside_one_that_can_be_read_all_tables_are_the_same(
    lived: Registry, root: Path, file_url: str
) -> None:
    made = Registry.rebuild(file_url)
    assert (made.in_place, made.not_restored) == (False, ())
    before = tables(root / "registry.db")
    assert all(before.values())
    assert tables(Path(made.database)) == before


@on_sqlite
def test_in_the_place_of_one_that_is_gone_all_are_but_the_ledger_which_is_said(
    lived: Registry, root: Path, file_url: str
) -> None:
    before = tables(root / "registry.db")
    (root / "registry.db").unlink()
    made = Registry.rebuild(file_url)
    assert made.in_place
    assert ["trials" in line for line in made.not_restored] == [True]
    assert tables(Path(made.database)) == {**before, "trials": []}
    assert lived.verify().ok
