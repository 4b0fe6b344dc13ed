"""One writer a directory, and replacing a directory by two renames under its lock.

Beside `momentum/` lie, while they are needed, `.momentum.lock` and `.momentum.pid` (who writes),
`.momentum.new` (a replacement that is being made) and `.momentum.old` (set aside). A process killed between
the two renames leaves only the one set aside; the next opening puts it back.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from zoo.errors import ExperimentBusy, ExperimentError
from zoo.experiment.format import METADATA


def _beside(path: Path, suffix: str) -> Path:
    return path.parent / f".{path.name}.{suffix}"


def replacement(path: Path) -> Path:
    """Return where the replacement of a directory is made."""
    return _beside(path, "new")


def copy_for_replacement(path: Path) -> None:
    """Copy a finished directory to where its replacement is made: the whole of it, or nothing.

    Raises:
        ExperimentError: the disk refused; the directory is untouched.
    """
    copy, made = _beside(path, "copy"), replacement(path)
    try:
        for leftover in (copy, made):
            shutil.rmtree(leftover, ignore_errors=True)
        shutil.copytree(path, copy)
        sync(copy)
        copy.rename(made)
    except OSError as error:  # shutil.Error is one
        shutil.rmtree(copy, ignore_errors=True)
        raise ExperimentError(
            f"cannot be copied: {error.strerror or error}",
            where=path,
            remedy="free space; nothing was changed",
        ) from error


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Be the directory's only writer, and finish or undo what a writer before left half done.

    Raises:
        ExperimentBusy: another process writes the directory.
        ExperimentError: the place cannot be written.
    """
    lock = FileLock(_beside(path, "lock"), timeout=0)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout as error:
        raise ExperimentBusy(
            f"another process (pid {_writer(path)}) writes it", where=path, remedy="wait for it, or stop it"
        ) from error
    except OSError as error:
        raise ExperimentError(
            f"cannot be written: {error.strerror or error}", where=path, remedy="choose another place"
        ) from error
    try:
        _restore(path)
        _beside(path, "pid").write_text(str(os.getpid()), encoding="ascii")
        yield
    finally:
        _beside(path, "pid").unlink(missing_ok=True)
        lock.release()


def _writer(path: Path) -> str:
    try:
        return _beside(path, "pid").read_text(encoding="ascii")
    except OSError:
        return "unknown"


def publish(path: Path) -> None:
    """Put the finished replacement in the place of `path`; the lock must be held."""
    made, old = replacement(path), _beside(path, "old")
    sync(made)
    if path.exists():
        path.rename(old)
    made.rename(path)
    _sync_entry(path.parent)
    shutil.rmtree(old, ignore_errors=True)


def sync(directory: Path) -> None:
    """Make a directory and its files durable."""
    for file in directory.iterdir():
        if file.is_file():
            _sync_entry(file)
    _sync_entry(directory)


def repair(path: Path) -> None:
    """Finish or undo a replacement that was interrupted; nothing to do in the ordinary case."""
    if (path / METADATA).exists() or not _beside(path, "old").exists():
        return
    with FileLock(_beside(path, "lock"), timeout=30):
        _restore(path)


def _restore(path: Path) -> None:
    old = _beside(path, "old")
    if not old.exists():
        return
    if (path / METADATA).exists():
        shutil.rmtree(old, ignore_errors=True)
        return
    if path.is_dir() and not any(path.iterdir()):
        path.rmdir()
    if not path.exists():
        old.rename(path)


def _sync_entry(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


__all__ = ["copy_for_replacement", "locked", "publish", "repair", "replacement", "sync"]
