from __future__ import annotations

import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from zoo.registry import Registry
from zoo.registry.artifacts import here

from .writers import candidate


def execute(root: Path, *statements: str) -> None:
    with sqlite3.connect(root / "registry.db") as connection:
        for statement in statements:
            connection.execute(statement)


def dead_process() -> int:
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    return done.pid


def staging(root: Path, host: str, pid: int) -> Path:
    place = root / "us_equity" / f".staging~resmom-20171229-00000000~{host}~{pid}~01234567"
    place.mkdir(parents=True)
    (place / "sensor.skops").write_bytes(b"half")
    return place


def test_a_sound_store_is_reported_as_json(registry: Registry) -> None:
    for content in range(3):
        registry.register(candidate(content))
    report = registry.verify()
    assert json.loads(json.dumps(report.as_dict())) == {
        "ok": True,
        "checked": 3,
        "trials": 0,
        "problems": [],
        "swept": [],
        "healed": [],
    }


def test_what_a_dead_writer_left_is_swept_and_said(registry: Registry, root: Path) -> None:
    registry.register(candidate())
    left = staging(root, here(), dead_process())
    report = registry.verify()
    assert report.ok
    assert report.swept == (str(left.relative_to(root)),)
    assert not left.exists()
    assert registry.verify().swept == ()


def test_leftovers_are_swept_even_where_no_store_came_to_be(registry: Registry, root: Path) -> None:
    left = staging(root, here(), dead_process())
    assert registry.verify().checked == 0
    assert not left.exists()
    assert not (root / "registry.db").exists()


def test_what_a_living_writer_is_writing_is_left_alone(registry: Registry, root: Path) -> None:
    registry.register(candidate())
    places = [staging(root, here(), os.getpid()), staging(root, "another-host.1", dead_process())]
    report = registry.verify()
    assert (report.ok, report.swept) == (True, ())
    assert all(place.exists() for place in places)


def test_what_another_machine_left_a_day_ago_is_swept(registry: Registry, root: Path) -> None:
    place = staging(root, "another-host.1", 1)
    os.utime(place, (0, 0))
    assert len(registry.verify().swept) == 1
    assert not place.exists()


def test_a_leftover_that_is_a_link_is_removed_and_not_followed(
    registry: Registry, root: Path, tmp_path: Path
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "file").write_text("precious")
    place = staging(root, here(), dead_process())
    shutil.rmtree(place)
    place.symlink_to(tmp_path / "mine")
    registry.verify()
    assert not place.is_symlink()
    assert (tmp_path / "mine" / "file").read_text() == "precious"


def test_the_writer_s_name_tells_machines_apart() -> None:
    assert socket.gethostname()[:8] in here()


def test_other_files_and_directories_are_nobody_s_business(registry: Registry, root: Path) -> None:
    registry.register(candidate())
    (root / "us_equity" / ".DS_Store").write_text("")
    (root / "us_equity" / "notes").mkdir()
    (root / "photos").mkdir()
    (root / "photos" / "2017").mkdir()
    (root / ".hidden").mkdir()
    assert registry.verify().ok
    assert (root / "us_equity" / "notes").is_dir()


def test_a_missing_directory_is_found(registry: Registry, root: Path) -> None:
    version = registry.register(candidate()).version
    shutil.rmtree(root / version.line / version.version_id)
    (problem,) = registry.verify().problems
    assert (problem.version_id, problem.kind) == (version.version_id, "artefact")
    assert "missing" in problem.message


def test_a_directory_without_a_row_is_found_and_kept(registry: Registry, root: Path) -> None:
    version = registry.register(candidate()).version
    registry.register(candidate(1))
    (root / "registry.db").unlink()
    (root / "events.jsonl").unlink()
    registry.register(candidate(1))
    report = registry.verify()
    (problem,) = report.problems
    assert (report.checked, problem.version_id, problem.kind) == (1, version.version_id, "unregistered")
    assert "run its spec again" in problem.message
    assert (root / version.line / version.version_id / "sensor.skops").exists()


def test_directories_are_found_though_the_database_is_gone_and_none_is_made(
    registry: Registry, root: Path
) -> None:
    registry.register(candidate())
    (root / "registry.db").unlink()
    report = registry.verify()
    assert (report.ok, report.checked) == (False, 0)
    assert [problem.kind for problem in report.problems] == ["log", "unregistered"]
    assert "holds 1 event, and the database is gone" in report.problems[0].message
    assert not (root / "registry.db").exists()


def test_a_directory_without_a_row_that_is_damaged_is_said_to_be(registry: Registry, root: Path) -> None:
    version = registry.register(candidate()).version
    (root / "registry.db").unlink()
    (root / version.line / version.version_id / "config.yaml").unlink()
    (_, problem) = registry.verify().problems
    assert problem.kind == "unregistered"
    assert "config.yaml" in problem.message


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("spec", "'other'"),
        ("label", "'other'"),
        ("metrics", "'{}'"),
        ("overrides", "'{'"),
        ("lineage", "''"),
        ("train_end", "NULL"),
        ("train_end", "'soon'"),
        ("created_at", "'2030'"),
        ("permutation_id", "99"),
        ("fingerprint", "'0'"),
        ("zoo_version", "'9'"),
        ("experiment", "'other'"),
    ],
)
def test_a_row_that_was_edited_is_found(registry: Registry, root: Path, column: str, value: str) -> None:
    version = registry.register(candidate()).version
    execute(root, f"UPDATE versions SET {column} = {value}")
    (problem,) = registry.verify().problems
    assert (problem.version_id, problem.kind) == (version.version_id, "row")
    assert column in problem.message


def test_a_row_and_its_directory_replaced_together_are_found_by_the_event(
    registry: Registry, root: Path
) -> None:
    version = registry.register(candidate()).version
    with Registry.open(f"sqlite:///{root.parent}/other/registry.db") as other:
        forged = other.register(candidate(sensor=b"another model")).version
    place = root / version.line / version.version_id
    shutil.rmtree(place)
    shutil.copytree(root.parent / "other" / version.line / version.version_id, place)
    execute(root, f"UPDATE versions SET digest = '{forged.digest}', created_at = '{forged.created_at}'")
    (problem,) = registry.verify().problems
    assert "its digest is not the one that its event recorded" in problem.message


def test_a_deleted_row_is_found_by_its_event_and_its_directory(registry: Registry, root: Path) -> None:
    version = registry.register(candidate()).version
    execute(root, "DELETE FROM versions")
    problems = registry.verify().problems
    assert {problem.kind for problem in problems} == {"row", "unregistered"}
    assert {problem.version_id for problem in problems} == {version.version_id}


def test_every_problem_is_reported_not_only_the_first(registry: Registry, root: Path) -> None:
    for content in range(4):
        version = registry.register(candidate(content)).version
        (root / version.line / version.version_id / "sensor.skops").write_bytes(b"")
    report = registry.verify()
    assert (report.checked, len(report.problems)) == (4, 4)
