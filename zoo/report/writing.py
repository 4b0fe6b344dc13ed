"""Putting a page where it belongs, whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
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
    target = Path(path)
    try:
        _check_free(target)
        text = page_of(analysis)
        target.parent.mkdir(parents=True, exist_ok=True)
        _replace(target, text)
    except OSError as error:
        raise OutputUnavailable(
            f"the page cannot be written: {error.strerror or error}",
            where=target,
            remedy="name another file with page=",
        ) from error
    return target


def _check_free(path: Path) -> None:
    """Refuse to overwrite a file that is no page of ours."""
    if not path.exists():
        return
    with path.open("rb") as file:
        ours = GENERATOR.encode() in file.read(_HEAD)
    if not ours:
        raise OutputUnavailable(
            "is a file that no analysis wrote", where=path, remedy="name another file with page="
        )


def _replace(path: Path, text: str) -> None:
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
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


__all__ = ["write_page"]
