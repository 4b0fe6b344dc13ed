"""Putting a page where it belongs, whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from zoo.errors import OutputUnavailable
from zoo.experiment.analysis import Analysis
from zoo.report.page import GENERATOR, page_of

_HEAD: Final = 1000  # bytes within which a page of ours says that it is one


def write_page(analysis: Analysis, path: Path | str) -> Path:
    """Write the page of an analysis; a page that stands there is replaced in one step.

    Args:
        analysis: what to show.
        path: the file; directories above it are made.

    Returns:
        The file.

    Raises:
        OutputUnavailable: it cannot be written, or something else than a page of ours stands there.
    """
    return write_document(
        lambda: page_of(analysis), path, generator=GENERATOR, maker="analysis", option="page="
    )


def write_document(
    make: Callable[[], str], path: Path | str, *, generator: str, maker: str, option: str
) -> Path:
    """Write a page whole or not at all; a page of the same kind that stands there is replaced in one step.

    Args:
        make: makes the page; it is not asked where the page could not be written.
        path: the file; directories above it are made.
        generator: what stands at the top of every page of the kind.
        maker: what writes such pages, for errors.
        option: how another file is named.

    Raises:
        OutputUnavailable: it cannot be written, or something else stands there.
    """
    target = Path(path)
    try:
        _check_free(target, generator, maker, option)
        text = make()
        write_whole(target, text.encode())
    except OSError as error:
        raise OutputUnavailable(
            f"the page cannot be written: {error.strerror or error}",
            where=target,
            remedy=f"name another file with {option}",
        ) from error
    return target


def _check_free(path: Path, generator: str, maker: str, option: str) -> None:
    """Refuse to overwrite a file that is no page of the same kind."""
    if not path.exists():
        return
    with path.open("rb") as file:
        ours = generator.encode() in file.read(_HEAD)
    if not ours:
        raise OutputUnavailable(
            f"is a file that no {maker} wrote", where=path, remedy=f"name another file with {option}"
        )


def write_whole(path: Path, content: bytes) -> None:
    """Write a file in one step; directories above it are made.

    Raises:
        OSError: it cannot be written; what stood there before stands there still.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


def _umask() -> int:
    """Return the process's mask; it can only be read by being set."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


__all__ = ["write_document", "write_page", "write_whole"]
