from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from zoo.errors import LogAhead, NoChampion, RegistryError, SchemaMismatch, StoreDamaged, StoreUnavailable
from zoo.registry import Rebuilt, Registry
from zoo.registry.artifacts import here

from .stores import Place, on_sqlite, opened
from .writers import candidate

LINE = "us_equity"
COLUMNS = "version_id, line, stage, digest, metrics, created_at"


@pytest.fixture
def lived(registry: Registry, store: Place) -> list[str]:
    """A store with history: a rollback, a retirement, a deletion, another line."""
    ids = [registry.register(candidate(content)).version.version_id for content in range(5)]
    for position in (0, 1, 2):
        registry.promote(ids[position], expect=ids[position - 1] if position else None, reason="next")
    registry.rollback(LINE, expect=ids[2], reason="too dear")
    registry.retire(ids[3])
    registry.gc(dry_run=False)
    other = registry.register(candidate(9, line="tabular")).version.version_id
    registry.promote(other, expect=None, reason="first")
    return [*ids, other]


def dump(store: Place) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    versions = store.fetch(f"SELECT {COLUMNS} FROM versions ORDER BY version_id")
    return versions, store.fetch("SELECT * FROM events ORDER BY position")


@pytest.mark.parametrize("harm", ["gone", "emptied", "spoilt"])
def test_everything_comes_back_from_the_directories_and_the_log(
    lived: list[str], registry: Registry, root: Path, harm: str, store: Place
) -> None:
    before = dump(store)
    {"gone": store.lose, "emptied": store.empty, "spoilt": store.spoil}[harm]()
    made = store.rebuild()
    assert (made.in_place, made.versions) == (True, 6)
    assert store.at(made.database).url == store.url
    assert [line for line in made.not_restored if "trials" not in line] == []
    assert dump(store) == before
    assert registry.verify().problems == ()
    champion = registry.champion(LINE)
    assert champion is not None
    assert champion.version_id == lived[1]
    assert registry.rollback(LINE, expect=lived[1]).version.version_id == lived[0]
    assert (made.moved_aside is None) == (harm != "spoilt")
    if made.moved_aside is not None:
        assert store.at(made.moved_aside).there()
    assert not [left for left in root.iterdir() if left.name.startswith(".")]


def test_a_store_that_cannot_be_read_is_refused_with_the_remedy(
    lived: list[str], url: str, store: Place
) -> None:
    store.spoil()
    with pytest.raises(StoreDamaged, match="verify rebuild=true"), opened(url) as damaged:
        damaged.versions()
    store.rebuild()
    with opened(url) as mended:
        assert len(mended.versions()) == 6


def test_a_database_that_can_be_read_stays_and_the_new_one_lies_beside_it(
    lived: list[str], registry: Registry, root: Path, store: Place
) -> None:
    before = store.keep()
    made = store.rebuild()
    assert not made.in_place
    assert made.not_restored == ()
    assert store.keep() == before
    assert dump(store.at(made.database)) == dump(store)
    assert store.rebuild().database != made.database
    assert registry.verify().ok
    with store.at(made.database).open() as other:
        assert other.verify().ok


def test_a_database_from_a_backup_goes_no_further_and_the_new_one_has_what_it_lacks(
    registry: Registry, root: Path, store: Place
) -> None:
    first = registry.register(candidate(1)).version.version_id
    registry.promote(first, expect=None, reason="first")
    backup = store.keep()
    second = registry.register(candidate(2)).version.version_id
    registry.promote(second, expect=first, reason="better")
    store.put_back(backup)
    for attempt in (
        lambda: registry.register(candidate(3)),
        lambda: registry.retire(first),
        lambda: registry.promote(first, expect=None, reason="x").changed and None,
    ):
        with pytest.raises((LogAhead, RegistryError)):
            attempt()
    with pytest.raises(LogAhead, match=r"events\.jsonl: it holds event 4, and the database does not"):
        registry.register(candidate(3))
    assert "the database is older than the log" in registry.verify().problems[0].message
    made = store.rebuild()
    assert not made.in_place
    store.adopt(made.database)
    champion = registry.champion(LINE)
    assert champion is not None
    assert champion.version_id == second
    assert registry.verify().ok
    assert registry.register(candidate(3)).created


def test_a_store_whose_database_was_deleted_is_not_silently_begun_anew(
    lived: list[str], registry: Registry, root: Path, store: Place
) -> None:
    store.lose()
    with pytest.raises(LogAhead, match="verify rebuild=true`; to begin anew, move the log away"):
        registry.register(candidate(0))
    assert not store.there()
    (root / "events.jsonl").rename(root / "old.jsonl")
    assert registry.register(candidate(7)).created


def test_what_cannot_be_brought_back_is_said_and_is_an_event(
    lived: list[str], registry: Registry, root: Path, store: Place
) -> None:
    shutil.rmtree(root / LINE / lived[1])  # the champion
    (root / LINE / lived[4] / "sensor.skops").write_bytes(b"damaged")
    store.lose()
    made = store.rebuild()
    assert made.versions == 4
    assert [line for line in made.not_restored if line.startswith(f"{lived[1]} (champion of us_equity): ")]
    assert [line for line in made.not_restored if line.startswith(f"{lived[4]} (challenger of us_equity): ")]
    assert registry.champion(LINE) is None
    lost = [event for event in registry.history(LINE) if event.kind == "lost"]
    assert {(event.version_id, event.details["stage"]) for event in lost} == {
        (lived[1], "champion"),
        (lived[4], "challenger"),
    }
    problems = registry.verify().problems
    assert [problem.version_id for problem in problems] == [lived[4]]  # its directory, to be looked at
    assert registry.rollback(LINE, expect=None).version.version_id == lived[0]
    with pytest.raises(NoChampion):
        registry.rollback(LINE, expect=lived[0])
    shutil.rmtree(root / LINE / lived[4])
    assert registry.register(candidate(4)).created  # trained again, and registered again
    assert registry.verify().problems == ()


def test_without_a_log_every_directory_is_a_challenger_and_that_is_said(
    lived: list[str], registry: Registry, root: Path, store: Place
) -> None:
    store.lose()
    (root / "events.jsonl").unlink()
    made = store.rebuild()
    assert made.versions == 5  # of the deleted one there is no more than the document
    assert "who was champion or retired is not known" in made.not_restored[0]
    assert {version.stage for version in registry.versions()} == {"challenger"}
    assert registry.versions()[-1].version_id == lived[0]
    assert {event.details["rebuilt"] for event in registry.events()} == {True}


@pytest.mark.parametrize("harm", ["changed", "dropped", "garbage"])
def test_a_log_whose_chain_is_broken_counts_up_to_there(
    lived: list[str], registry: Registry, root: Path, harm: str, store: Place
) -> None:
    log = root / "events.jsonl"
    lines = log.read_text().splitlines(keepends=True)
    if harm == "changed":
        lines[7] = lines[7].replace('"reason":"next"', '"reason":"none"')
    elif harm == "dropped":
        del lines[7]
    else:
        lines[7] = "\0" * 40 + "\n"
    log.write_text("".join(lines))
    store.lose()
    made = store.rebuild()
    assert "its chain is whole up to event 7; what came after is not restored" in made.not_restored[0]
    champion = registry.champion(LINE)
    assert champion is not None
    assert champion.version_id == lived[1]
    (kept,) = root.glob("events.damaged-*.jsonl")
    assert kept.read_text() == "".join(lines)
    assert registry.verify().problems[:-1] == ()  # but for the one whose files were deleted
    assert registry.register(candidate(20)).created


def test_there_must_be_something_to_rebuild_from(store: Place) -> None:
    with pytest.raises(RegistryError, match="there is nothing to make a database from"):
        store.rebuild()
    assert not store.there()


def test_another_program_s_database_is_left_alone(lived: list[str], root: Path, store: Place) -> None:
    store.lose()
    store.execute("CREATE TABLE songs (title TEXT)")
    with pytest.raises(SchemaMismatch, match="songs"):
        store.rebuild()
    assert store.fetch("SELECT count(*) FROM songs") == [(0,)]


@on_sqlite
def test_a_database_that_is_locked_is_not_taken_for_one_that_cannot_be_read(
    lived: list[str], store: Place, root: Path
) -> None:
    other = sqlite3.connect(root / "registry.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreUnavailable, match="locked by another process"):
        Registry.rebuild(f"sqlite:///{root}/registry.db?timeout=0.05")
    other.execute("ROLLBACK")
    other.close()


@on_sqlite
def test_what_a_killed_rebuilding_left_is_swept_and_what_a_living_one_makes_is_not(
    lived: list[str], registry: Registry, store: Place, root: Path
) -> None:
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    left = [root / f".rebuild~{here()}~{done.pid}~01234567.db{end}" for end in ("", "-journal")]
    alive = root / f".rebuild~{here()}~{os.getpid()}~01234567.db"
    for path in (*left, alive):
        path.write_bytes(b"half")
    report = registry.verify()
    assert (report.ok, set(report.swept)) == (True, {path.name for path in left})
    assert not any(path.exists() for path in left)
    store.lose()
    left[0].write_bytes(b"half")
    assert left[0].name in registry.verify().swept  # also where the database is gone
    assert alive.exists()


def test_a_rebuilding_that_is_killed_at_any_moment_leaves_the_store_as_it_was(
    lived: list[str], store: Place, root: Path
) -> None:
    store.lose()
    code = (
        "import os, signal, sys; from tests.registry.stores import *\n"
        "import zoo.registry.rebuilding as rebuilding\n"
        "rebuilding._count = lambda _: os.kill(os.getpid(), signal.SIGKILL)\n"
        "url, _, root = sys.argv[1].partition('#')\n"
        "Registry.rebuild(url, artifacts=Path(root))\n"
    )
    assert subprocess.run([sys.executable, "-c", code, store.address]).returncode == -9
    assert not store.there()
    with store.open(read_only=True) as reader:
        reader.verify()
    assert not list(root.glob(".rebuild~*"))
    assert store.rebuild().versions == 6


def test_what_came_of_it_is_json(lived: list[str], root: Path, store: Place) -> None:
    store.spoil()
    made: Rebuilt = store.rebuild()
    document = json.loads(json.dumps(made.as_dict()))
    assert store.at(document["database"]).url == store.url
    assert document["moved_aside"] == made.moved_aside
    assert (document["versions"], document["in_place"]) == (6, True)


def test_what_was_deleted_then_lost_and_registered_again_is_not_deleted(
    registry: Registry, root: Path, store: Place
) -> None:
    version_id = registry.register(candidate(1)).version.version_id
    registry.retire(version_id)
    registry.gc(dry_run=False)
    (root / LINE / version_id / "version.json").unlink()
    store.lose()
    store.rebuild()
    assert registry.register(candidate(1)).created
    assert registry.get(version_id).deleted_at is None
    assert registry.promote(version_id, expect=None, reason="first").changed
    (root / LINE / version_id / "sensor.skops").write_bytes(b"changed")
    assert "artefact" in [problem.kind for problem in registry.verify().problems]
