from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from zoo.errors import NoChampion, RegistryError, VersionDeleted
from zoo.registry import Registry, Version

from .writers import candidate

LINE = "us_equity"


def reign(registry: Registry, count: int) -> list[str]:
    """Register and promote so many versions, one after the other."""
    ids: list[str] = []
    for content in range(count):
        ids.append(registry.register(candidate(content)).version.version_id)
        registry.promote(ids[-1], expect=ids[-2] if content else None, reason="next")
    return ids


def files(root: Path, version_id: str) -> list[str]:
    return sorted(path.name for path in (root / LINE / version_id).iterdir())


def test_by_default_nothing_is_deleted_and_it_says_what_would_be(registry: Registry, root: Path) -> None:
    ids = reign(registry, 4)
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    found = registry.gc(keep=1)
    assert found.dry_run
    assert [item.version_id for item in found.deleted] == ids[:2]
    assert {item.version_id: item.why for item in found.kept} == {
        ids[2]: "a rollback goes back to it",
        ids[3]: "it is champion",
    }
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} == before
    assert json.loads(json.dumps(found.as_dict()))["bytes"] == sum(item.bytes for item in found.deleted)


def test_what_is_deleted_keeps_its_row_its_events_and_its_document(registry: Registry, root: Path) -> None:
    ids = reign(registry, 5)
    found = registry.gc(dry_run=False)
    assert [item.version_id for item in found.deleted] == ids[:1]
    version = registry.get(ids[0])
    event = registry.events(version_id=ids[0])[-1]
    assert (version.stage, version.deleted_at) == ("archived", event.at)
    assert (event.kind, event.details) == ("deleted", {"bytes": found.deleted[0].bytes})
    assert files(root, ids[0]) == ["version.json"]
    assert json.loads(registry.read(ids[0], "version.json"))["version_id"] == ids[0]
    assert [listed.version_id for listed in reversed(registry.versions())] == ids
    assert registry.versions()[0].deleted_at is None
    assert registry.verify().ok


def test_a_deleted_version_says_so_when_it_is_loaded_or_trained_again(registry: Registry) -> None:
    ids = reign(registry, 5)
    registry.gc(dry_run=False)
    for attempt in (
        lambda: registry.load(ids[0]),
        lambda: registry.read(ids[0], "sensor.skops"),
        lambda: registry.register(candidate(0)),
        lambda: registry.rollback(LINE, expect=ids[-1], version_id=ids[0]),
    ):
        with pytest.raises(VersionDeleted, match=f"{ids[0]}: its files were deleted at 20.*another label"):
            attempt()
    assert registry.gc(dry_run=False).deleted == ()


def test_retired_versions_go_and_challengers_stay(registry: Registry, root: Path) -> None:
    retired, waiting = (registry.register(candidate(content)).version.version_id for content in (1, 2))
    registry.retire(retired)
    found = registry.gc(dry_run=False)
    assert [(item.version_id, item.stage, item.why) for item in found.deleted] == [
        (retired, "retired", "it was retired")
    ]
    assert found.kept == ()
    assert len(files(root, waiting)) == 4
    assert registry.verify().ok


def test_the_champion_and_whom_a_rollback_goes_back_to_always_stay(registry: Registry) -> None:
    ids = reign(registry, 4)
    registry.rollback(LINE, expect=ids[3], version_id=ids[1])  # then back to 0, though 3 and 2 reigned later
    found = registry.gc(dry_run=False, keep=0)  # less than one is one
    assert [item.version_id for item in found.deleted] == [ids[2]]
    assert registry.rollback(LINE, expect=ids[1]).version.version_id == ids[0]
    with pytest.raises(NoChampion):
        registry.rollback(LINE, expect=ids[0])
    assert registry.verify().ok


def test_what_has_shadow_results_stays(registry: Registry) -> None:
    ids = [registry.register(candidate(content)).version.version_id for content in range(2)]
    for version_id in ids:
        registry.retire(version_id)

    def shadowed(version: Version) -> str | None:
        return "it has shadow results" if version.version_id == ids[0] else None

    found = registry.gc(dry_run=False, shadowed=shadowed)
    assert [item.version_id for item in found.deleted] == ids[1:]
    assert [(item.version_id, item.why) for item in found.kept] == [(ids[0], "it has shadow results")]


def test_what_does_not_verify_stays_for_somebody_to_look_at(registry: Registry, root: Path) -> None:
    version_id = registry.register(candidate()).version.version_id
    registry.retire(version_id)
    (root / LINE / version_id / "sensor.skops").write_bytes(b"damaged")
    found = registry.gc(dry_run=False)
    assert found.deleted == ()
    assert found.kept[0].why.startswith("it does not verify: ")
    assert (root / LINE / version_id / "sensor.skops").read_bytes() == b"damaged"


def test_a_deletion_that_was_cut_short_is_finished(
    registry: Registry, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    version_id = registry.register(candidate()).version.version_id
    registry.retire(version_id)
    unlink = os.unlink

    def stop(name: str, **options: int) -> None:
        unlink(name, **options)
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "unlink", stop)
    with pytest.raises(KeyboardInterrupt):
        registry.gc(dry_run=False)
    monkeypatch.undo()
    assert len(files(root, version_id)) == 3
    assert registry.verify().ok
    (item,) = registry.gc().deleted
    assert "was stopped before it had deleted them" in item.why
    registry.gc(dry_run=False)
    assert files(root, version_id) == ["version.json"]
    assert [event.kind for event in registry.events()] == ["registered", "retired", "deleted"]


def test_nothing_outside_the_store_is_deleted_through_a_link(
    registry: Registry, root: Path, tmp_path: Path
) -> None:
    version_id = registry.register(candidate()).version.version_id
    registry.retire(version_id)
    place = root / LINE / version_id
    place.rename(tmp_path / "elsewhere")
    place.symlink_to(tmp_path / "elsewhere")
    assert registry.gc(dry_run=False).deleted == ()
    assert len(list((tmp_path / "elsewhere").iterdir())) == 4


def test_a_registry_opened_to_read_says_what_it_would_delete_and_deletes_nothing(
    registry: Registry, url: str
) -> None:
    registry.retire(registry.register(candidate()).version.version_id)
    with Registry.open(url, read_only=True) as reader:
        assert len(reader.gc().deleted) == 1
        with pytest.raises(RegistryError, match="opened to read"):
            reader.gc(dry_run=False)


def test_a_missing_store_has_nothing_to_delete_and_is_not_made(url: str, tmp_path: Path) -> None:
    with Registry.open(url) as registry:
        assert registry.gc(dry_run=False).deleted == ()
    assert list(tmp_path.iterdir()) == []
