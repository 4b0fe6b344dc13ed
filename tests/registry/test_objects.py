from __future__ import annotations

import datetime
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.object_store import TestBucket
from zoo.errors import RegistryError, StoreUnavailable
from zoo.registry import Registry
from zoo.registry.artifacts import here

from .uploaders import run
from .writers import candidate


@pytest.fixture
def store(bucket: TestBucket, file_url: str) -> Any:
    with Registry.open(file_url, artifacts=bucket.place) as opened:
        yield opened


def dead_process() -> int:
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    return done.pid


def orphan(bucket: TestBucket, version_id: str, host: str, pid: int, seal: str = "0" * 32) -> str:
    """What a writer leaves that died while it uploaded."""
    place = f"{bucket.name}/zoo/us_equity/{version_id}/{seal}"
    bucket.files.pipe_file(f"{place}/writer~{host}~{pid}", b"")
    bucket.files.pipe_file(f"{place}/sensor.skops", b"half")
    return f"us_equity/{version_id}/{seal}"


def check(deaths: list[dict[str, Any]]) -> None:
    """Whatever a dead writer did: what is listed is whole, nothing is left, the work can be done."""
    for death in deaths:
        assert set(death["kinds"]) <= {"unregistered"}, death
        assert death["second"]["ok"], death
        assert death["left"] == [], death
        assert death["surplus"] == 0, death


def test_a_version_is_four_objects_and_its_document_names_the_prefix_of_the_rest(
    store: Registry, bucket: TestBucket
) -> None:
    version = store.register(candidate()).version
    keys = [key for key in bucket.names() if key.startswith("us_equity/")]
    place = f"us_equity/{version.version_id}"
    assert len(keys) == 4
    assert f"{place}/version.json" in keys
    (seal,) = {key.split("/")[2] for key in keys if not key.endswith("version.json")}
    assert set(seal) <= set("0123456789abcdef")
    assert bucket.names()[0] == "events.log/000000000/000000000001.json"


@pytest.mark.slow
def test_a_writer_that_dies_at_any_line_leaves_no_version_or_a_whole_one(
    bucket: TestBucket, tmp_path: Path
) -> None:
    deaths = run("stop_at_lines", str(tmp_path), bucket.place, "kill", 90, 260)
    assert len(deaths) >= 3
    check(deaths)


@pytest.mark.slow
def test_a_writer_that_dies_at_any_line_leaves_no_version_or_a_whole_one_at_length(
    bucket: TestBucket, tmp_path: Path
) -> None:
    deaths = run("stop_at_lines", str(tmp_path), bucket.place, "kill", 1, 17, timeout=1200)
    assert len(deaths) >= 50
    check(deaths)
    assert any(death["swept"] for death in deaths)
    assert any(death["kinds"] for death in deaths)
    assert {death["listed"] for death in deaths} == {0, 1, 2}


@pytest.mark.slow
def test_a_writer_that_is_interrupted_at_any_line_leaves_nothing_behind(
    bucket: TestBucket, tmp_path: Path
) -> None:
    stops = run("stop_at_lines", str(tmp_path), bucket.place, "interrupt", 5, 23, timeout=1200)
    assert len(stops) >= 40
    check(stops)


def test_a_writer_killed_in_the_middle_of_an_upload_leaves_nothing_that_stays(
    bucket: TestBucket, tmp_path: Path
) -> None:
    check(run("kill_while_uploading", str(tmp_path), bucket.place, 3, 3))


def test_two_processes_register_the_same_content_at_once(bucket: TestBucket, file_url: str) -> None:
    shares = [list(range(4)), list(range(4))]
    answers = run("rush", file_url, bucket.place, shares)
    assert all(isinstance(answer, list) for answer in answers), answers
    assert Counter(one[1] for answer in answers for one in answer) == {True: 4, False: 4}
    with Registry.open(file_url, artifacts=bucket.place) as registry:
        assert len(registry.versions()) == 4
        assert registry.verify().as_dict()["problems"] == []
    assert len([key for key in bucket.names() if key.startswith("us_equity/")]) == 16


def test_a_registry_is_used_before_and_after_a_fork(bucket: TestBucket, file_url: str) -> None:
    assert run("fork", file_url, bucket.place) == [len(candidate().sensor), True, False, True]


def test_what_a_dead_writer_left_blocks_nobody_and_is_swept_and_said(
    store: Registry, bucket: TestBucket
) -> None:
    left = orphan(bucket, candidate().version_id, here(), dead_process())
    assert store.register(candidate()).created
    assert store.register(candidate(1)).created
    other = orphan(bucket, candidate(1).version_id, here(), dead_process(), "1" * 32)
    report = store.verify()
    assert report.ok
    assert sorted(report.swept) == sorted([left, other])
    assert not [key for key in bucket.names() if key.startswith((left, other))]
    assert store.verify().swept == ()


def test_leftovers_are_swept_even_where_no_store_came_to_be(
    store: Registry, bucket: TestBucket, root: Path
) -> None:
    left = orphan(bucket, candidate().version_id, here(), dead_process())
    assert store.verify().swept == (left,)
    assert bucket.names() == []
    assert not (root / "registry.db").exists()


@pytest.mark.parametrize("host", [None, "another-host.1"])
def test_what_a_living_writer_is_writing_is_left_alone(
    store: Registry, bucket: TestBucket, host: str | None
) -> None:
    store.register(candidate())
    left = orphan(bucket, candidate().version_id, host or here(), os.getpid())
    report = store.verify()
    assert (report.ok, report.swept) == (True, ())
    assert len([key for key in bucket.names() if key.startswith(left)]) == 2


def test_what_another_machine_left_a_day_ago_is_swept(
    store: Registry, bucket: TestBucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = orphan(bucket, candidate().version_id, "another-host.1", 1)

    class Tomorrow(datetime.datetime):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> datetime.datetime:
            return super().now(tz) + datetime.timedelta(days=1, seconds=1)

    monkeypatch.setattr("zoo.registry.objects.datetime.datetime", Tomorrow)
    assert store.verify().swept == (left,)


def test_nothing_of_what_is_registered_is_swept_though_its_document_was_replaced(
    store: Registry, bucket: TestBucket
) -> None:
    version = store.register(candidate()).version
    sensor = bucket.one("sensor.skops")
    bucket.files.pipe_file(f"{sensor.rpartition('/')[0]}/writer~{here()}~{dead_process()}", b"")
    document = bucket.one("version.json")
    content = bucket.files.cat_file(document)
    bucket.files.pipe_file(document, b"{}")
    assert store.verify().swept == ()
    bucket.files.pipe_file(document, content)
    report = store.verify()
    assert (report.ok, report.swept) == (True, ())
    assert store.read(version.version_id, "sensor.skops") == candidate().sensor
    assert not [key for key in bucket.names() if "writer~" in key]


def test_a_document_that_another_database_wrote_meanwhile_is_not_replaced(
    store: Registry, bucket: TestBucket
) -> None:
    mine, theirs = candidate(), candidate(1)
    objects: Any = store._artifacts
    store.register(theirs)  # any document will do
    content = bucket.files.cat_file(bucket.one("version.json"))
    place = f"{bucket.name}/zoo/us_equity/{mine.version_id}/version.json"
    publish = objects.publish

    def late(staged: Any, line: str, version_id: str) -> None:
        bucket.files.pipe_file(place, content)  # after it was looked for
        publish(staged, line, version_id)

    objects.publish = late
    with pytest.raises(StoreUnavailable, match="another writer was here at the same time"):
        store.register(mine)
    del objects.publish
    assert bucket.files.cat_file(place) == content
    assert [version.version_id for version in store.versions()] == [theirs.version_id]
    assert len(store.events()) == 1
    assert not [key for key in bucket.names() if "writer~" in key]


def test_files_that_vanish_before_they_are_published_make_no_version(
    store: Registry, bucket: TestBucket
) -> None:
    objects: Any = store._artifacts
    stage = objects.stage

    def hasty(line: str, version_id: str, files: Any) -> Any:
        staged = stage(line, version_id, files)
        bucket.files.rm_file(bucket.one("predictions.parquet"))
        return staged

    objects.stage = hasty
    with pytest.raises(RegistryError, match="what was written is not there any more"):
        store.register(candidate())
    del objects.stage
    assert bucket.names() == []
    assert store.versions() == []
    assert store.register(candidate()).created


def test_gc_keeps_everybody_as_long_as_nobody_says_where_shadow_results_are(store: Registry) -> None:
    version = store.register(candidate()).version
    store.retire(version.version_id)
    done = store.gc(dry_run=False)
    assert done.deleted == ()
    assert [item.why for item in done.kept] == ["where its shadow results would lie is not known"]
    assert store.read(version.version_id, "sensor.skops") == candidate().sensor
