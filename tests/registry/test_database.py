from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from zoo.errors import RegistryError, SchemaMismatch, StoreUnavailable
from zoo.registry import Registry

from .stores import Place, on_sqlite, opened
from .writers import candidate


@on_sqlite
@pytest.mark.parametrize("read_only", [True, False])
def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(
    root: Path, url: str, read_only: bool
) -> None:
    root.mkdir(parents=True)
    (root / "registry.db").write_text("my notes, " * 100)
    with pytest.raises(
        StoreUnavailable, match=r"registry\.db: the file is no SQLite database; set registry\.url"
    ):
        opened(url, read_only=read_only)
    assert (root / "registry.db").read_text().startswith("my notes")


@on_sqlite
@pytest.mark.parametrize("read_only", [True, False])
def test_a_directory_in_the_database_s_place_is_refused(root: Path, url: str, read_only: bool) -> None:
    (root / "registry.db").mkdir(parents=True)
    with pytest.raises(StoreUnavailable, match=r"registry\.db: the database cannot be opened"):
        opened(url, read_only=read_only)


@pytest.mark.parametrize("read_only", [True, False])
def test_another_program_s_database_is_refused_and_left_as_it_is(
    url: str, read_only: bool, store: Place
) -> None:
    store.execute("CREATE TABLE songs (title TEXT)")
    with pytest.raises(SchemaMismatch, match=r"other tables \(songs\)"):
        opened(url, read_only=read_only)


@pytest.mark.parametrize("version", [3, 99, 0, -1])
def test_a_schema_from_another_zoo_is_refused(
    registry: Registry, url: str, version: int, store: Place
) -> None:
    registry.register(candidate())
    store.execute(f"UPDATE schema_version SET version = {version}")
    for read_only in (True, False):
        with pytest.raises(
            SchemaMismatch, match=f"schema version {version}; expected version 2.*upgrade zoo"
        ):
            opened(url, read_only=read_only)
    with pytest.raises(SchemaMismatch):
        registry.register(candidate(2))


def test_a_store_without_its_version_is_refused(registry: Registry, url: str, store: Place) -> None:
    registry.register(candidate())
    store.execute("DELETE FROM schema_version")
    with pytest.raises(SchemaMismatch, match="schema version unknown"):
        opened(url)


@on_sqlite
def test_an_empty_file_is_a_store_that_nobody_has_filled_yet(registry: Registry, root: Path) -> None:
    root.mkdir(parents=True)
    (root / "registry.db").touch()
    assert registry.versions() == []
    assert registry.verify().ok
    assert (root / "registry.db").stat().st_size == 0
    assert registry.register(candidate()).created


@on_sqlite
def test_a_damaged_database_is_one_clear_error(registry: Registry, root: Path) -> None:
    for content in range(30):
        registry.register(candidate(content))
    path = root / "registry.db"
    content_of = bytearray(path.read_bytes())
    content_of[4096:] = b"\xff" * (len(content_of) - 4096)
    path.write_bytes(content_of)
    for ask in (
        registry.versions,
        registry.events,
        registry.verify,
        lambda: registry.register(candidate(99)),
    ):
        with pytest.raises(RegistryError, match=r"registry\.db"):
            ask()
    assert len(list((root / "us_equity").iterdir())) == 30


@on_sqlite
def test_damaged_pages_that_reading_does_not_meet_are_reported_by_verify(
    registry: Registry, root: Path, store: Place
) -> None:
    registry.register(candidate())
    store.execute("CREATE TABLE spare (x)", "INSERT INTO spare VALUES (zeroblob(50000))")
    path = root / "registry.db"
    content = bytearray(path.read_bytes())
    content[-4096:] = b"\xff" * 4096  # the last page of the long value
    content[-8192:-8188] = (1).to_bytes(4, "big")  # and a chain that points astray
    path.write_bytes(content)
    assert "database" in {problem.kind for problem in registry.verify().problems}


def test_a_line_cannot_have_two_champions_and_a_stage_must_be_known(registry: Registry, store: Place) -> None:
    registry.register(candidate(1))
    registry.register(candidate(2))
    with pytest.raises(store.refused):
        store.execute("UPDATE versions SET stage = 'champion'")
    with pytest.raises(store.refused):
        store.execute("UPDATE versions SET stage = 'winner'")


@on_sqlite
def test_a_journal_that_a_killed_writer_left_is_rolled_back_by_a_reader(
    registry: Registry, root: Path, url: str
) -> None:
    """A hot journal, made by copying database and journal in the middle of a transaction."""
    registry.register(candidate(1))
    writer = sqlite3.connect(root / "registry.db", isolation_level=None)
    writer.execute("PRAGMA cache_size = 1")
    writer.execute("PRAGMA cache_spill = 1")
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("UPDATE versions SET lineage = zeroblob(100000), spec = 'half'")
    writer.execute("CREATE TABLE more (x)")
    writer.execute("INSERT INTO more VALUES (zeroblob(400000))")
    copy = root.parent / "copy"
    copy.mkdir()
    for name in ("registry.db", "registry.db-journal"):
        (copy / name).write_bytes((root / name).read_bytes())
    assert (copy / "registry.db").read_bytes().count(b"half") > 0  # what was never committed is in the file
    writer.execute("ROLLBACK")
    writer.close()
    with Registry.open(f"sqlite:///{copy}/registry.db", artifacts=root, read_only=True) as reader:
        assert [version.spec for version in reader.versions()] == ["residual_momentum"]
        assert reader.verify().ok
    assert [path.name for path in copy.iterdir()] == ["registry.db"]
