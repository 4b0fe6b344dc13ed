from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zoo.errors import ArtifactCorrupt, RegistryError, StoreUnavailable, VersionConflict
from zoo.registry import Candidate, Registry

from .stores import Place, on_sqlite, opened
from .writers import candidate, frame, run


def rows(store: Place, table: str = "versions") -> list[Any]:
    return store.fetch(f"SELECT * FROM {table} ORDER BY position")


def forget(store: Place) -> None:
    """Lose every row and every event; the directories stay."""
    store.lose()
    (store.root / "events.jsonl").unlink()


def test_a_new_version_is_a_challenger_with_one_event(registry: Registry) -> None:
    done = registry.register(candidate())
    assert (done.created, done.notices, done.version.stage) == (True, (), "challenger")
    (event,) = registry.events(version_id=done.version.version_id)
    assert (event.kind, event.line, event.position) == ("registered", "us_equity", 1)
    assert event.details["digest"] == done.version.digest


def test_the_same_content_again_changes_nothing(registry: Registry, root: Path) -> None:
    first = registry.register(candidate())
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    again = registry.register(candidate(sensor=b"other bytes", metrics={}, spec="another", config=""))
    assert (again.created, again.notices, again.version) == (False, (), first.version)
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} == before


def test_a_refit_that_came_out_differently_is_a_notice_and_the_first_stays(registry: Registry) -> None:
    first = registry.register(candidate(predictions=frame([1.0, 2.0, 3.0])))
    again = registry.register(candidate(predictions=frame([1.0, 2.0, 3.1])))
    assert not again.created
    (notice,) = again.notices
    assert first.version.version_id in notice
    assert "1 of 3 refit predictions differ" in notice
    assert registry.register(candidate(predictions=frame([1.0, 2.0, 3.0]))).notices == ()


def colliding() -> tuple[Candidate, Candidate]:
    """Two contents whose fingerprints begin alike: found by hashing the canonical text, not by luck."""
    seen: dict[str, int] = {}
    for content in range(400_000):
        inputs = f'{{"alpha":{content},"settings":{{"forward_days":21}}}}'
        text = f'{{"inputs":{inputs},"label":"resmom","line":"us_equity"}}'
        start = hashlib.sha256(text.encode()).hexdigest()[:8]
        if start in seen:
            return candidate(seen[start]), candidate(content)
        seen[start] = content
    raise AssertionError("no collision among the first 400,000")


def test_two_contents_with_one_id_conflict_and_the_first_stays(registry: Registry) -> None:
    first, second = colliding()
    assert first.version_id == second.version_id
    version = registry.register(first).version
    with pytest.raises(VersionConflict, match=f"{version.version_id}.*another label"):
        registry.register(second)
    assert registry.versions() == [version]
    assert registry.read(version.version_id, "sensor.skops") == first.sensor
    assert registry.verify().ok


def test_a_directory_of_another_content_conflicts_too(registry: Registry, store: Place) -> None:
    first, second = colliding()
    registry.register(first)
    forget(store)
    with pytest.raises(VersionConflict):
        registry.register(second)
    assert registry.register(first).created
    assert registry.read(first.version_id, "sensor.skops") == first.sensor


def test_one_content_cannot_have_two_ids(registry: Registry) -> None:
    registry.register(candidate())
    with pytest.raises(VersionConflict):
        registry.register(candidate(train_end=None))
    assert len(registry.versions()) == 1


def test_a_whole_directory_without_a_row_is_taken_over(registry: Registry, store: Place) -> None:
    first = registry.register(candidate(metrics={"variant": {"rank_ic": float("nan")}})).version
    forget(store)
    done = registry.register(candidate(sensor=b"later", predictions=frame([9.0, 9.0, 9.0])))
    assert done.created
    assert (done.version.digest, done.version.created_at) == (first.digest, first.created_at)
    assert "took over" in done.notices[0]
    assert "3 of 3 refit predictions differ" in done.notices[1]
    assert registry.read(first.version_id, "sensor.skops") == candidate().sensor
    assert registry.verify().ok


@pytest.mark.parametrize("name", ["sensor.skops", "version.json"])
def test_a_damaged_directory_without_a_row_is_kept_aside(
    registry: Registry, root: Path, name: str, store: Place
) -> None:
    version = registry.register(candidate()).version
    forget(store)
    path = root / version.line / version.version_id / name
    path.write_bytes(b"damaged")
    done = registry.register(candidate())
    assert done.created
    (notice,) = done.notices
    (aside,) = (root / version.line).glob(".aside~*")
    assert str(aside) in notice
    assert (aside / name).read_bytes() == b"damaged"
    assert registry.read(version.version_id, "sensor.skops") == candidate().sensor
    assert [problem.kind for problem in registry.verify().problems] == ["set_aside"]


@pytest.mark.parametrize("kind", ["file", "empty directory", "link"])
def test_whatever_else_stands_in_a_version_s_place_is_kept_aside(
    registry: Registry, root: Path, tmp_path: Path, kind: str
) -> None:
    place = root / "us_equity" / candidate().version_id
    place.parent.mkdir(parents=True)
    if kind == "file":
        place.write_text("mine")
    elif kind == "link":
        (tmp_path / "mine").mkdir()
        place.symlink_to(tmp_path / "mine")
    else:
        place.mkdir()
    assert registry.register(candidate()).created
    assert len(list(place.parent.glob(".aside~*"))) == 1
    assert list(tmp_path.glob("mine/*")) == []


@pytest.mark.parametrize(
    "change",
    [
        {"fingerprint": "0" * 64},
        {"version_id": "resmom-20171229-00000000"},
        {"line": "other"},
        {"inputs": {"alpha": 1}},
        {"format": 2},
        {"files": {}},
        {"files": {"sensor.skops": {"bytes": "7", "sha256": ""}}},
        {"train_end": "2017-02-31"},
        {"metrics": {"logged": {"$float": "many"}}},
        {"permutation_id": True},
        {"spec": None},
    ],
)
def test_a_document_that_contradicts_itself_is_not_taken_over(
    registry: Registry, root: Path, change: dict[str, Any], store: Place
) -> None:
    version = registry.register(candidate()).version
    forget(store)
    path = root / version.line / version.version_id / "version.json"
    path.write_text(json.dumps({**json.loads(path.read_bytes()), **change}))
    assert "kept as" in registry.register(candidate()).notices[0]


def test_another_version_s_directory_in_this_one_s_place_is_not_taken_over(
    registry: Registry, root: Path, store: Place
) -> None:
    mine, other = (registry.register(candidate(content)).version for content in (1, 2))
    forget(store)
    shutil.rmtree(root / mine.line / mine.version_id)
    shutil.copytree(root / other.line / other.version_id, root / mine.line / mine.version_id)
    assert "kept as" in registry.register(candidate(1)).notices[0]
    assert registry.read(mine.version_id, "sensor.skops") == candidate(1).sensor


def test_a_missing_directory_of_a_registered_version_is_not_silently_replaced(
    registry: Registry, root: Path
) -> None:
    version = registry.register(candidate()).version
    shutil.rmtree(root / version.line / version.version_id)
    with pytest.raises(ArtifactCorrupt, match="missing"):
        registry.register(candidate())
    assert not (root / version.line / version.version_id).exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"inputs": {"model": object()}},
        {"metrics": {"logged": {"rank_ic": b""}}},
        {"lineage": {"$float": 1}},
        {"predictions": frame([1.0, 2.0], part="train")},
    ],
)
def test_what_cannot_be_kept_is_refused_before_anything_is_made(
    registry: Registry, tmp_path: Path, changes: dict[str, Any]
) -> None:
    with pytest.raises(RegistryError):
        registry.register(candidate(**changes))
    assert list(tmp_path.rglob("*")) == []


def test_a_lines_directory_that_links_out_of_the_store_is_refused(
    registry: Registry, root: Path, tmp_path: Path, store: Place
) -> None:
    root.mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    (root / "us_equity").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StoreUnavailable, match="symbolic link leads out of the store"):
        registry.register(candidate())
    assert list((tmp_path / "elsewhere").iterdir()) == []
    assert registry.versions() == []


def test_a_file_in_the_lines_place_is_refused(registry: Registry, root: Path) -> None:
    root.mkdir(parents=True)
    (root / "us_equity").write_text("mine")
    with pytest.raises(StoreUnavailable, match=r"us_equity: a file stands in a directory's place"):
        registry.register(candidate())
    assert (root / "us_equity").read_text() == "mine"


def test_a_locked_database_is_waited_for_and_then_named(registry: Registry, store: Place, root: Path) -> None:
    registry.register(candidate(1))
    with opened(store.patient(0.05)) as impatient:
        with store.holding():
            assert len(impatient.versions()) == 1  # who only reads is not held up
            with pytest.raises(
                StoreUnavailable, match=r": the .* locked by another process .* 0\.05 s; wait"
            ):
                impatient.register(candidate(2))
        assert len(list((root / "us_equity").iterdir())) == 1
        assert impatient.register(candidate(2)).created
    assert registry.verify().swept == ()


def test_a_disk_that_fills_up_while_files_are_written_leaves_nothing(
    registry: Registry, url: str, root: Path
) -> None:
    registry.register(candidate(1))
    said = run("register_with_file_limit", url, 200_000, 300_000, 2, 1)
    assert said.startswith("StoreUnavailable: ")
    assert "file size limit" in said
    report = registry.verify()
    assert (report.ok, report.checked, report.swept) == (True, 1, ())
    assert len(list((root / "us_equity").iterdir())) == 1


@on_sqlite
def test_a_disk_that_fills_up_while_the_database_grows_leaves_nothing(
    registry: Registry, url: str, root: Path
) -> None:
    for content in range(20):
        registry.register(candidate(content))
    size = (root / "registry.db").stat().st_size
    said = run("register_with_file_limit", url, size, 10, 100, 50)  # it needs another page within these
    assert said.startswith("StoreUnavailable: ")
    assert "registry.db" in said
    assert "free some space" in said
    report = registry.verify()
    assert report.problems == ()
    assert report.swept == ()
    assert registry.register(candidate(5000)).created


def test_a_directory_that_may_not_be_written_is_refused_at_opening(
    registry: Registry, url: str, root: Path
) -> None:
    registry.register(candidate(1))
    root.chmod(0o555)
    said = run("register_as_nobody", url)
    root.chmod(0o755)
    assert said.startswith("StoreUnavailable: ")
    assert "make it writable" in said
    assert registry.verify().ok


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.integers(0, 4), st.sampled_from(["us_equity", "tabular"]), st.booleans()), max_size=12
    )
)
def test_any_sequence_of_registrations_keeps_the_first_of_each_content(
    store: Place, steps: list[tuple[int, str, bool]]
) -> None:
    place = store.another()
    first: dict[tuple[int, str], str] = {}
    for number, (content, line, reopen) in enumerate(steps):
        with place.open() as registry:
            done = registry.register(candidate(content, line=line, sensor=f"{number}".encode()))
            if reopen:
                assert registry.verify().ok
        assert done.created == ((content, line) not in first)
        first.setdefault((content, line), f"{number}")
    with place.open(read_only=True) as registry:
        kept = [registry.read(version.version_id, "sensor.skops").decode() for version in registry.versions()]
        assert kept == list(first.values())[::-1]
        assert [event.position for event in registry.events()] == list(range(1, len(first) + 1))
        report = registry.verify()
        assert (report.ok, report.checked, report.swept) == (True, len(first), ())
