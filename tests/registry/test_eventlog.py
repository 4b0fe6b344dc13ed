from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from zoo.errors import LogAhead, StoreUnavailable
from zoo.registry import Registry, canonical, history
from zoo.registry.eventlog import line, parse
from zoo.registry.logfile import LogFile

from .writers import candidate


def lines(root: Path) -> list[bytes]:
    return (root / "events.jsonl").read_bytes().splitlines(keepends=True)


@pytest.fixture
def three(registry: Registry) -> Registry:
    for content in range(3):
        registry.register(candidate(content))
    return registry


def test_every_event_is_a_line_of_json_beside_the_store(three: Registry, root: Path) -> None:
    found = [json.loads(text) for text in lines(root)]
    assert found == [event.as_dict() for event in three.events()]
    assert three.verify().healed == ()


def test_a_line_is_the_event_again_and_a_changed_one_is_none(three: Registry, root: Path) -> None:
    for text in lines(root):
        row = parse(text)
        assert row is not None
        assert line(row) == text
        assert history.intact(row)
        assert parse(text.replace(b"registered", b"promoted")) is None
    for text in (b"", b"{}", b"[]", b"\0\0", b"null", b'{"position": 1}', b"[" * 100_000):
        assert parse(text) is None


@pytest.mark.parametrize("torn", [b"", b"{", b'{"actor":"x","position":4'])
def test_the_torn_line_of_a_killed_writer_is_mended_by_the_next(
    three: Registry, root: Path, torn: bytes
) -> None:
    whole = lines(root)
    (root / "events.jsonl").write_bytes(b"".join(whole[:2]) + torn)
    version = three.register(candidate(9)).version
    assert lines(root)[:3] == whole
    assert json.loads(lines(root)[3])["version_id"] == version.version_id
    assert three.verify().healed == ()


@pytest.mark.parametrize("kept", [0, 1, 2])
def test_verify_writes_what_is_missing_and_says_so(three: Registry, root: Path, kept: int) -> None:
    whole = lines(root)
    (root / "events.jsonl").write_bytes(b"".join(whole[:kept]) + b"{")
    report = three.verify()
    assert report.ok
    assert f"wrote {3 - kept} event" in report.healed[0]
    assert lines(root) == whole
    assert three.verify().healed == ()


def test_a_store_from_before_the_log_gets_one(three: Registry, root: Path) -> None:
    whole = lines(root)
    (root / "events.jsonl").unlink()
    three.register(candidate(9))
    assert lines(root)[:3] == whole
    assert len(lines(root)) == 4


def test_a_damaged_log_is_written_anew_and_kept(three: Registry, root: Path) -> None:
    whole = lines(root)
    damaged = whole[0] + b"\0" * 30 + b"\n" + whole[2]
    (root / "events.jsonl").write_bytes(damaged)
    report = three.verify()
    assert report.ok
    assert "was damaged, and was written anew" in report.healed[0]
    (kept,) = root.glob("events.damaged-*.jsonl")
    assert kept.read_bytes() == damaged
    assert lines(root) == whole


def test_a_log_whose_end_is_damaged_stops_no_move_and_is_said(three: Registry, root: Path) -> None:
    whole = lines(root)
    (root / "events.jsonl").write_bytes(b"".join(whole) + b"\0\n")
    done = three.register(candidate(9))
    assert done.created
    (notice,) = done.notices
    assert "event log could not be written" in notice
    assert "its last line is no event; run `zoo verify`" in notice
    assert three.verify().ok
    assert len(lines(root)) == 4


def test_a_log_that_cannot_be_written_stops_no_move_and_is_said(
    three: Registry, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, os.strerror(28))

    version_id = three.versions()[0].version_id
    with monkeypatch.context() as patch:
        patch.setattr(LogFile, "_append", full)
        patch.setattr(LogFile, "extend", _reported(LogFile.extend))
        move = three.retire(version_id)
    assert move.changed
    assert "the disk is full" in move.notices[0]
    assert len(lines(root)) == 3
    assert "wrote 1 event that had not been written" in three.verify().healed[0]


def _reported(extend):  # type: ignore[no-untyped-def]
    from zoo.registry.files import reporting

    def wrapped(self, connection):  # type: ignore[no-untyped-def]
        with reporting(self.path):
            return extend(self, connection)

    return wrapped


def test_a_log_that_is_a_directory_is_one_clear_error_and_nothing_is_registered(
    registry: Registry, root: Path
) -> None:
    (root / "events.jsonl").mkdir(parents=True)
    with pytest.raises(StoreUnavailable, match=r"events\.jsonl"):
        registry.register(candidate())
    assert not (root / "registry.db").exists()


def test_a_log_of_another_store_is_refused_and_left_as_it_is(
    three: Registry, root: Path, tmp_path: Path
) -> None:
    with Registry.open(f"sqlite:///{tmp_path}/other/registry.db") as other:
        other.register(candidate(8))
    foreign = (tmp_path / "other" / "events.jsonl").read_bytes()
    (root / "events.jsonl").write_bytes(foreign)
    with pytest.raises(LogAhead, match="it holds event 1, and the database does not"):
        three.register(candidate(9))
    (problem,) = three.verify().problems
    assert (problem.kind, problem.version_id) == ("log", None)
    assert "holds 1 event that the database does not have" in problem.message
    assert (root / "events.jsonl").read_bytes() == foreign
    assert len(three.versions()) == 3


def test_the_end_is_found_however_long_the_last_line_is(three: Registry, root: Path) -> None:
    last = parse(lines(root)[-1])
    assert last is not None
    content = {**last, "reason": "x" * 300_000, "position": 4, "previous": last["digest"]}
    del content["digest"]
    long = line({**content, "digest": canonical.digest(content)})
    with (root / "events.jsonl").open("ab") as file:
        file.write(long)
    tail = LogFile(root).tail()
    assert tail is not None
    assert (tail.position, tail.size) == (4, (root / "events.jsonl").stat().st_size)


@pytest.mark.parametrize("emptied", [False, True])
def test_a_database_that_is_gone_does_not_read_as_one_that_never_was(
    three: Registry, root: Path, url: str, emptied: bool
) -> None:
    version_id = three.versions()[0].version_id
    (root / "registry.db").unlink()
    if emptied:
        (root / "registry.db").touch()
    with Registry.open(url) as again:
        for ask in (
            lambda: again.champion("us_equity"),
            lambda: again.load_champion("us_equity"),
            again.versions,
            again.events,
            again.lines,
            again.gc,
            lambda: again.history("us_equity"),
            lambda: again.get(version_id),
            lambda: again.promote(version_id, expect=None, reason="first"),
            lambda: again.retire(version_id),
            lambda: again.rollback("us_equity", expect=None),
        ):
            with pytest.raises(LogAhead, match="verify rebuild=true"):
                ask()
    assert (root / "registry.db").exists() == emptied


def test_what_is_left_of_a_log_that_was_to_be_written_anew_is_swept(three: Registry, root: Path) -> None:
    (root / ".events.jsonl~0123abcd").write_bytes(lines(root)[0])
    report = three.verify()
    assert (report.ok, report.swept) == (True, (".events.jsonl~0123abcd",))
    assert not (root / ".events.jsonl~0123abcd").exists()
