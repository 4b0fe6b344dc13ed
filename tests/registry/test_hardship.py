"""A bad day: each thing that goes wrong is one clear error, nothing is lost, and nothing is run."""

from __future__ import annotations

import io
import json
import os
import pickle
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from zoo.errors import ArtifactCorrupt, SchemaMismatch, StoreUnavailable, TrustError, ZooError
from zoo.registry import Registry, document, history

from . import hardship
from .movers import LINE, register, sensor
from .stores import Place, on_sqlite

FULL = "the disk is full; free some space and run again"


@pytest.fixture
def open_place() -> Iterator[Path]:
    """A directory to which anybody has a way; pytest's own are its user's alone."""
    place = Path(tempfile.mkdtemp(prefix="zoo-"))
    place.chmod(0o755)
    yield place
    shutil.rmtree(place)


@pytest.fixture
def desk(registry: Registry) -> tuple[str, str, str]:
    """An archived version, the champion, and a challenger, all real models."""
    a, b, c = register(registry, 1, 2, 3, real=True)
    registry.promote(a, expect=None, reason="first")
    registry.promote(b, expect=a, reason="better")
    return a, b, c


def run(task: str, *arguments: object, before: tuple[str, ...] = ()) -> Any:
    command = [*before, sys.executable, hardship.__file__, task, json.dumps([str(one) for one in arguments])]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def content(place: Path) -> dict[str, bytes]:
    """Every file below a directory."""
    return {str(path): path.read_bytes() for path in place.rglob("*") if path.is_file()}


def refused(registry: Registry, desk: tuple[str, str, str], kind: type[ZooError], said: str) -> None:
    """Whatever asks for the champion or the challenger is refused; the other version serves as before."""
    a, b, c = desk
    for ask in (
        lambda: registry.load_champion(LINE),
        lambda: registry.load(c),
        lambda: registry.promote(c, expect=b, reason="x"),
    ):
        with pytest.raises(kind, match=said) as caught:
            ask()
        assert "\n" not in str(caught.value)
    champion = registry.champion(LINE)
    assert champion is not None
    assert champion.version_id == b  # nobody else was put in its place
    assert registry.load(a).permutation_id == 1
    problems = registry.verify().problems
    assert {(one.version_id, one.kind) for one in problems} == {(b, "artefact"), (c, "artefact")}
    assert registry.rollback(LINE, expect=b).version.version_id == a  # the way out is open


def sensors(root: Path, desk: tuple[str, str, str]) -> Iterator[Path]:
    """The files of champion and challenger, to be spoilt."""
    for version_id in desk[1:]:
        yield root / LINE / version_id / "sensor.skops"


# --- hardware ---------------------------------------------------------------------------------------


def test_a_full_disk(tmp_path: Path) -> None:
    """A real file system of 700 KiB, full to the last byte."""
    mount = 'mount -t tmpfs -o size=700k tmpfs "$0"'
    namespace = ("unshare", "--mount", "--map-root-user", "sh", "-c")
    try:
        able = subprocess.run([*namespace, mount, str(tmp_path)], capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("no unshare here to mount a small file system with")
    if able.returncode:
        pytest.skip("no small file system can be mounted here; a limit of files' sizes is tested elsewhere")
    found = run("full_disk", tmp_path, before=(*namespace, f'{mount} && exec "$@"', str(tmp_path)))
    said = found["said"]
    for move in ("register", "promote", "retire"):
        assert said[move].startswith("StoreUnavailable: "), said
        assert FULL in said[move]
    assert (said["verify"], said["load"], found["again"]) == ("done", "done", "done")
    assert found["same"]
    assert found["report"]["problems"] == found["left"] == []


def test_a_read_only_directory(open_place: Path) -> None:
    """Who may read and not write is served like anybody, and can move nothing."""
    url = f"sqlite:///{open_place}/registry/registry.db"
    with Registry.open(url) as registry:
        ids = register(registry, 1, 2, real=True)
        registry.promote(ids[0], expect=None, reason="first")
    for path in (open_place / "registry").rglob("*"):
        path.chmod(0o555 if path.is_dir() else 0o444)
    (open_place / "registry").chmod(0o555)
    before = content(open_place)
    said = run("read_only", url, *ids)
    assert (said["versions"], said["load"], said["history"]) == ("done", "done", "done")
    for move in ("register", "promote", "gc"):
        assert said[move].startswith("StoreUnavailable: "), said
        assert "make it writable for this user" in said[move]
    assert content(open_place) == before


@pytest.mark.slow
def test_a_database_that_is_locked_for_thirty_seconds(
    registry: Registry, desk: tuple[str, str, str], store: Place
) -> None:
    """Waited for as long as is said by default; then it is one error, and who only reads never waits."""
    with store.holding():
        assert registry.load_champion(LINE).permutation_id == 2
        started = time.monotonic()
        with pytest.raises(StoreUnavailable, match=r"locked by another process for more than 30 s; wait for"):
            registry.promote(desk[2], expect=desk[1], reason="x")
        assert time.monotonic() - started >= 29
    assert registry.verify().ok
    assert registry.promote(desk[2], expect=desk[1], reason="x").changed


@on_sqlite
def test_a_lock_that_is_let_go_of_in_time_costs_nothing_but_the_wait(
    registry: Registry, desk: tuple[str, str, str], root: Path
) -> None:
    code = "import sqlite3, sys, time; c = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
    code += "c.execute('BEGIN EXCLUSIVE'); print('held', flush=True); time.sleep(1); c.execute('ROLLBACK')"
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(root / "registry.db")], stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    assert registry.promote(desk[2], expect=desk[1], reason="x").changed
    assert holder.wait() == 0
    holder.stdout.close()


def test_a_clock_that_jumps_back(
    registry: Registry, desk: tuple[str, str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What came later stays later: the order is that of positions, not of times."""
    a, b, c = desk
    monkeypatch.setattr(history, "now", lambda: "1999-12-31T23:59:59.000000+00:00")
    (d,) = register(registry, 4, real=True)
    registry.promote(c, expect=b, reason="in the last century")
    assert [event.version_id for event in registry.history(LINE)] == [a, b, c]
    assert registry.versions()[0].version_id == d
    assert registry.rollback(LINE, expect=c).version.version_id == b
    assert registry.load_champion(LINE).permutation_id == 2
    assert registry.verify().ok


# --- tampering ---------------------------------------------------------------------------------------


def test_an_artefact_that_was_replaced(registry: Registry, desk: tuple[str, str, str], root: Path) -> None:
    for path in sensors(root, desk):
        path.write_bytes(sensor(99))  # a sensor like any other
    refused(registry, desk, ArtifactCorrupt, r"sensor\.skops: .*registered")


def test_an_artefact_that_was_truncated(registry: Registry, desk: tuple[str, str, str], root: Path) -> None:
    for path in sensors(root, desk):
        os.truncate(path, path.stat().st_size - 1)
    refused(registry, desk, ArtifactCorrupt, r"sensor\.skops: \d+ bytes, not \d+")


@pytest.mark.parametrize("whole", [False, True])
def test_a_symbolic_link_out_of_the_store(
    registry: Registry, desk: tuple[str, str, str], root: Path, tmp_path: Path, whole: bool
) -> None:
    """Refused even where it leads to the very bytes: whoever owns that place could change them."""
    for number, path in enumerate(sensors(root, desk)):
        linked = path.parent if whole else path
        linked.rename(tmp_path / str(number))
        linked.symlink_to(tmp_path / str(number))
    before = content(tmp_path / "0") if whole else (tmp_path / "0").read_bytes()
    refused(registry, desk, ArtifactCorrupt, "a symbolic link or a file stands in its way")
    registry.gc(dry_run=False, keep=1)
    assert before == (content(tmp_path / "0") if whole else (tmp_path / "0").read_bytes())


class Bomb:
    """What runs when it is unpickled."""

    def __init__(self, ran: Path) -> None:
        self.ran = ran

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.ran,)


@pytest.mark.parametrize("inside", [False, True])
def test_a_pickle_inside_the_artefact(
    registry: Registry, desk: tuple[str, str, str], root: Path, tmp_path: Path, inside: bool
) -> None:
    """In the place of the model, or in the model's archive; the digests are put in order as well."""
    ran = tmp_path / "ran"
    bomb = pickle.dumps(Bomb(ran))
    pickle.loads(bomb)
    assert ran.exists()  # it does go off
    ran.unlink()
    for path in sensors(root, desk):
        path.write_bytes(_archive(path.read_bytes(), bomb) if inside else bomb)
        _vouch(path.parent)
    refused(registry, desk, ArtifactCorrupt, "not those that were registered")
    for number in (10, 11):  # registered like that from the beginning, every digest is right
        made = _archive(sensor(number), bomb) if inside else bomb
        forged = registry.register(hardship.candidate(number, sensor=made)).version.version_id
        with pytest.raises((ArtifactCorrupt, TrustError)):
            registry.load(forged)
    assert not ran.exists()


def _archive(made: bytes, bomb: bytes) -> bytes:
    """Put a pickle into a sensor's archive, and have the schema ask for it."""
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    entries["bomb.pkl"] = bomb
    schema = entries["schema.json"].replace(b'"LinearRegression"', b'"loads"')
    entries["schema.json"] = schema.replace(b'"sklearn.linear_model._base"', b'"pickle"')
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def _vouch(directory: Path, **more: Any) -> None:
    """Rewrite `version.json` so that it names what lies beside it now."""
    path = directory / "version.json"
    told = json.loads(path.read_bytes())
    for name, facts in told["files"].items():
        data = (directory / name).read_bytes()
        facts |= {"sha256": document.sha256(data), "bytes": len(data)}
    path.write_bytes(json.dumps({**told, **more}, sort_keys=True, separators=(",", ":")).encode())


def test_a_version_json_that_trusts_itself(
    registry: Registry, desk: tuple[str, str, str], root: Path
) -> None:
    """It names the digests of what was put beside it, and says that everything is to be trusted."""
    for path in sensors(root, desk):
        path.write_bytes(sensor(99))
        _vouch(path.parent, trusted=["os.", "posix.", "pickle."])
    refused(registry, desk, ArtifactCorrupt, r"version\.json: the bytes are not those that were registered")


def test_a_schema_from_the_future(
    registry: Registry, desk: tuple[str, str, str], store: Place, root: Path
) -> None:
    registry.close()
    store.execute(
        "UPDATE schema_version SET version = 1000",
        "ALTER TABLE versions ADD COLUMN mood TEXT DEFAULT 'good'",
    )
    before = content(root)
    for ask in (
        store.open,
        lambda: store.open(read_only=True),
        store.rebuild,
        registry.versions,
        registry.verify,
        lambda: registry.register(hardship.candidate(9)),
        lambda: registry.load_champion(LINE),
        lambda: registry.promote(desk[2], expect=desk[1], reason="x"),
    ):
        with pytest.raises(SchemaMismatch, match=r"schema version 1000; expected version \d+.*upgrade zoo"):
            ask()
    assert {**content(root)} == before
