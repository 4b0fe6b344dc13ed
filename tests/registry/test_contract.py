"""What holds wherever artefacts lie: each test runs with a directory and with a real object store."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import zoo
from zoo.errors import ArtifactCorrupt, LogAhead, VersionDeleted
from zoo.location import ObjectStore, Place
from zoo.registry import Registry, Version

from .movers import LINE, sensor
from .writers import candidate


class Shelf:
    """A place for artefacts, and a hand that reaches into it."""

    def __init__(self, url: str, place: Place, files: Any) -> None:
        self.url = url
        self.place = place
        self._files = files

    def open(self, url: str | None = None) -> Registry:
        return Registry.open(url or self.url, artifacts=self.place)

    def path(self, version: Version, name: str) -> str:
        """Where one file of a version is, for whoever looks."""
        root = self.place.path if isinstance(self.place, ObjectStore) else str(self.place)
        found = self._files.find(f"{root}/{version.line}/{version.version_id}")
        return str(next(path for path in found if path.endswith(f"/{name}")))

    def write(self, path: str, content: bytes) -> None:
        self._files.pipe_file(path, content)

    def read(self, path: str) -> bytes:
        return bytes(self._files.cat_file(path))

    def delete(self, path: str) -> None:
        self._files.rm_file(path)

    def spoil(self, position: int) -> None:
        """Change one event of the log, counted from the end as -1, or from the beginning as 0."""
        paths = self.log()
        if len(paths) > 1:
            self.write(paths[position], self.read(paths[position]).replace(b'"registered"', b'"promoted"'))
        else:
            lines = self.read(paths[0]).splitlines(keepends=True)
            lines[position] = lines[position].replace(b'"registered"', b'"promoted"')
            self.write(paths[0], b"".join(lines))

    def log(self) -> list[str]:
        """What the event log consists of, in order."""
        root = self.place.path if isinstance(self.place, ObjectStore) else str(self.place)
        return sorted(path for path in self._files.find(root) if "/events." in path)


@pytest.fixture(params=["directory", "object store"])
def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> Shelf:
    url = f"sqlite:///{tmp_path}/database/registry.db"
    if request.param == "directory":
        import fsspec

        return Shelf(url, tmp_path / "artefacts", fsspec.filesystem("file"))
    bucket = request.getfixturevalue("bucket")
    return Shelf(url, bucket.place, bucket.files)


def register(registry: Registry, number: int) -> Version:
    return registry.register(candidate(number, sensor=sensor(number))).version


def predicted(loaded: zoo.Sensor) -> float:
    return float(loaded.predict({"x_test": np.array([[0.5, 0.5]])})["_preds"][0])


def test_a_version_is_registered_promoted_loaded_and_verified(shelf: Shelf) -> None:
    with shelf.open() as registry:
        first, second = register(registry, 1), register(registry, 2)
        registry.promote(first.version_id, expect=None, reason="first")
        registry.promote(second.version_id, expect=first.version_id, reason="better")
        assert predicted(registry.load_champion(LINE)) == pytest.approx(2)
        assert predicted(registry.load(first.version_id)) == pytest.approx(1)
        report = registry.verify()
    assert (report.ok, report.checked, report.swept) == (True, 2, ())
    loaded = zoo.load_champion(LINE, url=shelf.url, artifacts=shelf.place, trusted=())
    assert predicted(loaded) == pytest.approx(2)


def test_the_same_content_again_is_the_same_version_and_changes_no_file(shelf: Shelf) -> None:
    with shelf.open() as registry:
        first = registry.register(candidate(1, sensor=sensor(1)))
        path = shelf.path(first.version, "sensor.skops")
        before = shelf.read(path)
        again = registry.register(candidate(1, sensor=sensor(9)))
        assert (first.created, again.created) == (True, False)
        assert again.version.version_id == first.version.version_id
        assert shelf.path(first.version, "sensor.skops") == path
        assert shelf.read(path) == before


@pytest.mark.parametrize("name", ["sensor.skops", "predictions.parquet", "config.yaml", "version.json"])
@pytest.mark.parametrize("harm", ["replaced", "truncated", "emptied", "grown", "missing"])
def test_what_is_not_as_it_was_registered_is_never_given_out(shelf: Shelf, name: str, harm: str) -> None:
    with shelf.open() as registry:
        version = register(registry, 1)
        registry.promote(version.version_id, expect=None, reason="first")
        path = shelf.path(version, name)
        content = shelf.read(path)
        if harm == "missing":
            shelf.delete(path)
        else:
            spoilt = {"replaced": bytes(len(content)), "truncated": content[:-1], "emptied": b""}
            shelf.write(path, spoilt.get(harm, content + b"\n"))
        with pytest.raises(
            ArtifactCorrupt, match=f"{name}: .*expected the bytes that were registered"
        ) as found:
            registry.read(version.version_id, name)
        assert path in str(found.value)
        (problem,) = registry.verify().problems
        assert (problem.kind, problem.version_id) == ("artefact", version.version_id)
        if name in ("sensor.skops", "version.json"):
            with pytest.raises(ArtifactCorrupt, match="nothing of it was loaded"):
                registry.load_champion(LINE)


def test_a_place_may_be_said_as_a_text(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    said = str(shelf.place)
    if isinstance(shelf.place, ObjectStore):
        said = shelf.place.url
        monkeypatch.setenv("AWS_ENDPOINT_URL", shelf.place.options["endpoint_url"])
    with shelf.open() as registry:
        version = register(registry, 1)
        registry.promote(version.version_id, expect=None, reason="first")
    with Registry.open(shelf.url, artifacts=said, read_only=True) as registry:
        assert predicted(registry.load(version.version_id)) == pytest.approx(1)
    assert predicted(zoo.load_champion(LINE, url=shelf.url, artifacts=said, trusted=())) == pytest.approx(1)


def test_a_document_cannot_vouch_for_itself(shelf: Shelf) -> None:
    with shelf.open() as registry:
        version = register(registry, 1)
        path = shelf.path(version, "version.json")
        shelf.write(path, shelf.read(path).replace(b'"rank_ic": 0.03', b'"rank_ic": 0.99'))
        with pytest.raises(ArtifactCorrupt, match="the bytes are not those that were registered"):
            registry.load(version.version_id)


def test_a_database_is_made_again_from_the_versions_and_the_log(shelf: Shelf, tmp_path: Path) -> None:
    with shelf.open() as registry:
        first, second, third = (register(registry, number) for number in (1, 2, 3))
        registry.promote(first.version_id, expect=None, reason="first")
        registry.promote(second.version_id, expect=first.version_id, reason="better")
        registry.retire(third.version_id)
        before = {version.version_id: version for version in registry.versions()}
        events = registry.events()
    other = f"sqlite:///{tmp_path}/elsewhere/registry.db"
    with shelf.open(other) as empty, pytest.raises(LogAhead, match="verify rebuild=true"):
        empty.versions()
    made = Registry.rebuild(other, artifacts=shelf.place)
    assert (made.versions, made.events) == (3, 6)
    with shelf.open(other) as registry:
        assert {version.version_id: version for version in registry.versions()} == before
        assert registry.events() == events
        assert predicted(registry.load_champion(LINE)) == pytest.approx(2)
        assert registry.verify().ok


def test_what_was_lost_is_said_when_a_database_is_made_again(shelf: Shelf, tmp_path: Path) -> None:
    with shelf.open() as registry:
        kept, lost = register(registry, 1), register(registry, 2)
        registry.promote(lost.version_id, expect=None, reason="first")
    shelf.delete(shelf.path(lost, "sensor.skops"))
    other = f"sqlite:///{tmp_path}/elsewhere/registry.db"
    made = Registry.rebuild(other, artifacts=shelf.place)
    assert f"{lost.version_id} (champion of us_equity)" in " ".join(made.not_restored)
    with shelf.open(other) as registry:
        assert [version.version_id for version in registry.versions()] == [kept.version_id]
        assert registry.champion(LINE) is None


def test_a_whole_version_without_a_row_is_reported_and_then_taken_over(shelf: Shelf, tmp_path: Path) -> None:
    with shelf.open() as registry:
        version = register(registry, 1)
    (tmp_path / "database" / "registry.db").unlink()
    for path in shelf.log():
        shelf.delete(path)
    with shelf.open() as registry:
        (problem,) = registry.verify().problems
        assert problem.kind == "unregistered"
        assert "is whole but not registered" in problem.message
        taken = registry.register(candidate(1, sensor=sensor(5)))
        assert taken.created
        assert "took over" in taken.notices[0]
        assert taken.version.digest == version.digest
        assert predicted(registry.load(version.version_id)) == pytest.approx(1)
        assert registry.verify().ok


def test_a_damaged_version_without_a_row_is_kept_aside(shelf: Shelf, tmp_path: Path) -> None:
    with shelf.open() as registry:
        version = register(registry, 1)
    (tmp_path / "database" / "registry.db").unlink()
    for path in shelf.log():
        shelf.delete(path)
    shelf.write(shelf.path(version, "sensor.skops"), b"spoilt")
    with shelf.open() as registry:
        again = registry.register(candidate(1, sensor=sensor(1)))
        assert again.created
        assert "was kept as" in again.notices[0]
        assert predicted(registry.load(version.version_id)) == pytest.approx(1)
        (problem,) = registry.verify().problems
    assert (problem.kind, problem.version_id) == ("set_aside", version.version_id)


def test_gc_gives_back_the_space_and_the_document_stays(shelf: Shelf) -> None:
    def nowhere(_: Version) -> None:
        """It was shadowed nowhere."""

    with shelf.open() as registry:
        version = register(registry, 1)
        registry.retire(version.version_id)
        (item,) = registry.gc(shadowed=nowhere).deleted
        assert item.bytes > 0
        (done,) = registry.gc(dry_run=False, shadowed=nowhere).deleted
        assert done.bytes == item.bytes
        assert registry.gc(shadowed=nowhere).deleted == ()
        with pytest.raises(VersionDeleted):
            registry.load(version.version_id)
        assert b"us_equity" in registry.read(version.version_id, "version.json")
        assert registry.verify().ok


def test_a_log_that_lost_its_end_is_completed_and_a_damaged_one_is_kept_aside(shelf: Shelf) -> None:
    with shelf.open() as registry:
        for number in (1, 2, 3):
            register(registry, number)
        path = shelf.log()[-1]
        lines = shelf.read(path).splitlines(keepends=True)
        whole = shelf.read(path)
        if len(lines) > 1:
            shelf.write(path, b"".join(lines[:-1]))
        else:
            shelf.delete(path)
        report = registry.verify()
        assert report.ok
        assert "wrote 1 event that had not been written" in report.healed[0]
        assert shelf.read(path) == whole
        shelf.write(path, whole.replace(b'"registered"', b'"promoted"'))
        report = registry.verify()
        assert report.ok
        assert "was damaged, and was written anew" in report.healed[0]
        assert shelf.read(path) == whole
        assert any("damaged" in name for name in shelf.log())
        assert registry.verify().healed == ()


def test_a_log_whose_end_is_damaged_is_a_notice_until_verify_has_healed_it(shelf: Shelf) -> None:
    with shelf.open() as registry:
        for number in (1, 2):
            register(registry, number)
        shelf.spoil(-1)
        done = registry.register(candidate(3))
        assert done.created
        assert "its last line is no event; run `zoo verify`" in done.notices[0]
        report = registry.verify()
        assert report.ok
        assert "was written anew" in report.healed[0]
        assert registry.register(candidate(4)).notices == ()


def test_a_chain_that_is_broken_in_the_middle_is_taken_over_up_to_there(shelf: Shelf, tmp_path: Path) -> None:
    with shelf.open() as registry:
        for number in (1, 2, 3):
            register(registry, number)
        names = {version.version_id for version in registry.versions()}
    shelf.spoil(1)
    other = f"sqlite:///{tmp_path}/elsewhere/registry.db"
    made = Registry.rebuild(other, artifacts=shelf.place)
    assert "its chain is whole up to event 1; what came after is not restored" in made.not_restored[0]
    with shelf.open(other) as registry:
        assert {version.version_id for version in registry.versions()} == names
        assert [event.details.get("rebuilt", False) for event in registry.events()] == [False, True, True]
        assert registry.verify().ok
    assert any("damaged" in name for name in shelf.log())


def test_a_log_of_another_store_is_refused_and_left_as_it_is(shelf: Shelf, tmp_path: Path) -> None:
    with shelf.open() as registry:
        register(registry, 1)
    log = {path: shelf.read(path) for path in shelf.log()}
    other = shelf.open(f"sqlite:///{tmp_path}/other/registry.db")
    attempts: list[Callable[[], object]] = [other.versions, lambda: register(other, 2)]
    for attempt in attempts:
        with pytest.raises(LogAhead):
            attempt()
    assert {path: shelf.read(path) for path in shelf.log()} == log
    assert not (tmp_path / "other" / "registry.db").exists()


def test_the_address_of_a_version_says_where_its_files_are(shelf: Shelf) -> None:
    with shelf.open() as registry:
        version = register(registry, 1)
        address = registry.place(version)
    start = shelf.place.url if isinstance(shelf.place, ObjectStore) else shelf.place.as_uri()
    assert address == f"{start}/us_equity/{version.version_id}"
