"""Replacing a directory: two renames under a lock, and the repair of a replacement that was interrupted.

Beside `momentum/` lie, while they are needed, `.momentum.lock`, `.momentum.new-<pid>` (being written) and
`.momentum.old` (set aside). A process killed between the two renames leaves only the one set aside; the next
opening puts it back.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from zoo.errors import ExperimentBusy, ExperimentError


def _beside(path: Path, suffix: str) -> Path:
    return path.parent / f".{path.name}.{suffix}"


@contextlib.contextmanager
def writing(path: Path) -> Iterator[Path]:
    """Hold a directory's lock and yield an empty staging directory, which is removed in the end.

    Raises:
        ExperimentBusy: another process writes the directory.
        ExperimentError: the place cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(_beside(path, "lock"), timeout=0)
        lock.acquire()
    except Timeout as error:
        raise ExperimentBusy(
            f"another process (pid {_writer(path)}) writes it", where=path, remedy="wait for it, or stop it"
        ) from error
    except OSError as error:
        raise ExperimentError(
            f"cannot be written: {error}", where=path, remedy="choose another place"
        ) from error
    staging = _beside(path, f"new-{os.getpid()}")
    try:
        _restore(path)
        for leftover in path.parent.glob(f".{path.name}.new-*"):  # the lock is ours: their writers are dead
            shutil.rmtree(leftover, ignore_errors=True)
        staging.mkdir()
        _beside(path, "pid").write_text(str(os.getpid()), encoding="ascii")
        yield staging
    finally:
        shutil.rmtree(staging, ignore_errors=True)
        _beside(path, "pid").unlink(missing_ok=True)
        lock.release()


def _writer(path: Path) -> str:
    try:
        return _beside(path, "pid").read_text(encoding="ascii")
    except OSError:
        return "unknown"


def publish(staging: Path, path: Path) -> None:
    """Put a finished staging directory in the place of `path`; the lock must be held."""
    for file in staging.iterdir():
        _sync(file)
    _sync(staging)
    old = _beside(path, "old")
    if path.exists():
        path.rename(old)
    staging.rename(path)
    _sync(path.parent)
    shutil.rmtree(old, ignore_errors=True)


def repair(path: Path) -> None:
    """Finish or undo a replacement that was interrupted; nothing to do in the ordinary case."""
    if path.exists() or not _beside(path, "old").exists():
        return
    with FileLock(_beside(path, "lock"), timeout=30):
        _restore(path)


def _restore(path: Path) -> None:
    old = _beside(path, "old")
    if not old.exists():
        return
    if path.exists():
        shutil.rmtree(old, ignore_errors=True)
    else:
        old.rename(path)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


__all__ = ["publish", "repair", "writing"]
