"""A database that lost events, and a directory that is another store's."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from zoo.errors import LogAhead, StoreUnavailable
from zoo.registry import Registry

from .stores import Place, on_postgres
from .writers import candidate

LINE = "us_equity"


@pytest.fixture
def two(registry: Registry) -> list[str]:
    """Two versions, of which the first is champion."""
    ids = [registry.register(candidate(content)).version.version_id for content in (1, 2)]
    registry.promote(ids[0], expect=None, reason="first")
    return ids


def test_a_champion_whom_the_log_has_replaced_is_not_served(
    two: list[str], registry: Registry, store: Place
) -> None:
    backup = store.keep()
    registry.promote(two[1], expect=two[0], reason="better")
    store.put_back(backup)
    said = f"by the event log the champion is {two[1]}, by the database {two[0]}, which lost events"
    for ask in (lambda: registry.champion(LINE), lambda: registry.load_champion(LINE)):
        with pytest.raises(LogAhead, match=f"line {LINE}: {said}.*verify rebuild=true"):
            ask()
    assert len(registry.versions()) == 2  # what is not in doubt is told
    assert registry.champion("tabular") is None


def test_a_champion_who_was_made_in_the_lost_events_is_missed(registry: Registry, store: Place) -> None:
    version_id = registry.register(candidate(1)).version.version_id
    backup = store.keep()
    registry.promote(version_id, expect=None, reason="first")
    store.put_back(backup)
    with pytest.raises(LogAhead, match=f"the champion is {version_id}, by the database none"):
        registry.champion(LINE)


def test_a_champion_who_is_still_the_same_serves_whatever_else_was_lost(
    two: list[str], registry: Registry, store: Place
) -> None:
    backup = store.keep()
    registry.register(candidate(3))
    registry.register(candidate(4, line="tabular"))
    store.put_back(backup)
    champion = registry.champion(LINE)
    assert champion is not None
    assert champion.version_id == two[0]


@on_postgres
def test_a_directory_without_a_trace_of_the_versions_is_not_written_to(
    two: list[str], store: Place, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    with pytest.raises(StoreUnavailable, match=r"elsewhere: it holds no version, and the database has some"):
        Registry.open(store.url, artifacts=elsewhere)
    assert not elsewhere.exists()
    with Registry.open(store.url, artifacts=elsewhere, read_only=True) as reader:
        assert len(reader.versions()) == 2


@on_postgres
def test_a_store_whose_directory_was_lost_goes_on_once_somebody_has_looked(
    two: list[str], store: Place, root: Path
) -> None:
    shutil.rmtree(root)
    with pytest.raises(StoreUnavailable, match="go on without after `zoo verify`"):
        store.open()
    with store.open(read_only=True) as reader:
        assert [problem.kind for problem in reader.verify().problems] == ["artefact", "artefact"]
    with store.open() as registry:
        assert registry.register(candidate(3)).created
