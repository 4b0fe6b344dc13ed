"""What the registry asks of the file system: durable writes, reads that follow no link, clear errors."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from zoo.errors import StoreUnavailable

_NO_SPACE = "free some space and run again; nothing was registered"
_NO_ACCESS = "make it writable for this user, or set paths.outputs to another directory"
_REMEDIES = {
    errno.ENOSPC: ("the disk is full", _NO_SPACE),
    errno.EDQUOT: ("the disk quota is used up", _NO_SPACE),
    errno.EFBIG: ("a file size limit was reached", "raise the limit and run again; nothing was registered"),
    errno.EACCES: ("access was refused", _NO_ACCESS),
    errno.EPERM: ("access was refused", _NO_ACCESS),
    errno.EROFS: ("the file system is read-only", _NO_ACCESS),
    errno.ENOTDIR: (
        "a file stands in a directory's place",
        "move the file away, or choose another directory",
    ),
    errno.EEXIST: ("a file stands in a directory's place", "move the file away, or choose another directory"),
}


@contextmanager
def reporting(where: Path) -> Iterator[None]:
    """Turn an OSError inside the block into a StoreUnavailable that names `where`."""
    try:
        yield
    except OSError as error:
        problem, remedy = _REMEDIES.get(error.errno or 0, (error.strerror or str(error), "look at the disk"))
        raise StoreUnavailable(problem, where=error.filename or where, remedy=remedy) from error


def check_place(directory: Path, *, writable: bool) -> None:
    """Raise StoreUnavailable unless `directory` is one, or could be made one; make nothing.

    Args:
        directory: the directory, which need not exist.
        writable: whether it has to be writable.
    """
    with reporting(directory):
        nearest = directory
        while not os.path.lexists(nearest) and nearest != nearest.parent:
            nearest = nearest.parent
        if not nearest.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, "not a directory", str(nearest))
        if writable and not os.access(nearest, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, "access refused", str(nearest))


def make_directory(directory: Path) -> None:
    """Make `directory` and what is missing above it, each entry synced to the disk."""
    with reporting(directory):
        missing = [path for path in (directory, *directory.parents) if not path.is_dir()]
        for path in reversed(missing):
            path.mkdir(exist_ok=True)
            sync_directory(path.parent)


def write_synced(path: Path, content: bytes) -> None:
    """Write a new file and wait until the disk has it.

    Raises:
        OSError: the file exists, or could not be written whole.
    """
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def sync_directory(directory: Path) -> None:
    """Wait until the disk has the directory's entries: a rename is durable only then."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_regular(directory: Path, below: Path, name: str, *, limit: int | None = None) -> bytes:
    """Return the bytes of `directory / below / name`, following no symbolic link below `directory`.

    Args:
        directory: the root, which may itself be reached through a link.
        below: the relative path of the file's directory.
        name: the file.
        limit: the size in bytes that the file must have, checked before it is read.

    Raises:
        OSError: no such file, a link on the way, or not a regular file of that size.
    """
    with opened(directory, below) as place:
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK  # a pipe must not make us wait
        descriptor = os.open(name, flags, dir_fd=place)
        try:
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode):
                raise OSError(errno.EINVAL, "not a regular file", name)
            if limit is not None and found.st_size != limit:
                raise OSError(errno.EINVAL, f"{found.st_size} bytes, not {limit}", name)
            with os.fdopen(os.dup(descriptor), "rb") as file:
                return file.read()
        finally:
            os.close(descriptor)


@contextmanager
def opened(directory: Path, below: Path) -> Iterator[int]:
    """Yield a descriptor of `directory / below`, following no symbolic link below `directory`.

    Raises:
        OSError: no such directory, or a link on the way.
    """
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for part in below.parts:
            deeper = os.open(part, os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = deeper
        yield descriptor
    finally:
        os.close(descriptor)


__all__ = [
    "check_place",
    "make_directory",
    "opened",
    "read_regular",
    "reporting",
    "sync_directory",
    "write_synced",
]
