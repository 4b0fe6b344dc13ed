"""A spec that was set to `retired` takes its challengers along; its champion keeps serving, and is warned of.

The commands that write do it before anything else: apply, promote, rollback and retire. Those that only read
(plan, champion) say what the next of these will do. A spec that is active again brings nothing back.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from zoo.commands.request import Request
from zoo.errors import ZooError
from zoo.events import Failed, Noticed, Observer, emit
from zoo.roster import Entry

if TYPE_CHECKING:
    from zoo.registry import Version


def carry_out(request: Request, roster: Mapping[str, Entry], observers: Iterable[Observer] = ()) -> bool:
    """Retire the challengers of retired specs, and warn of their champions.

    Args:
        request: where the registry is; none is made.
        roster: every spec file; one that cannot be read retires nothing.
        observers: told of every version, and of a failure, after which the rest goes on.

    Returns:
        Whether all went well.
    """
    observers = tuple(observers)
    try:
        for entry, versions in _left_behind(request, roster):
            emit_champions(entry, versions, observers)
            if any(version.stage == "challenger" for version in versions):
                _retire(request, entry, observers)
    except ZooError as error:
        emit(observers, Failed("retired specs", type(error).__name__, str(error)))
        return False
    return True


@contextlib.contextmanager
def following(
    request: Request, roster: Mapping[str, Entry], observers: Iterable[Observer] = ()
) -> Iterator[Callable[[], bool]]:
    """Do `carry_out` beside the block, which trains in other processes and need not wait for it.

    Yields:
        What waits for it and returns what it returned.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="retired") as pool:
        yield pool.submit(carry_out, request, roster, tuple(observers)).result


def foretell(request: Request, roster: Mapping[str, Entry], observers: Iterable[Observer] = ()) -> None:
    """Say what `carry_out` would do, and do nothing."""
    observers = tuple(observers)
    try:
        for entry, versions in _left_behind(request, roster):
            emit_champions(entry, versions, observers)
            waiting = [version.version_id for version in versions if version.stage == "challenger"]
            if waiting:
                said = f"is retired in {entry.path}; the next apply, promote or retire retires "
                emit(observers, Noticed(entry.name, said + ", ".join(waiting)))
    except ZooError as error:
        emit(observers, Failed("retired specs", type(error).__name__, str(error)))


def emit_champions(entry: Entry, versions: Iterable[Version], observers: Iterable[Observer]) -> None:
    """Warn of a champion whose spec is retired."""
    for version in versions:
        if version.stage == "champion":
            serving = f"{version.version_id} is still champion of {version.line}"
            emit(observers, Noticed(entry.name, f"is retired, and its {serving}: promote another"))


def _left_behind(request: Request, roster: Mapping[str, Entry]) -> Iterator[tuple[Entry, list[Version]]]:
    """Yield each retired spec that has challengers or a champion, with those."""
    retired = [entry for entry in roster.values() if _retired(entry)]
    if not retired or not _has_store(request.registry_url):
        return
    from zoo.registry import Registry

    with Registry.open(request.registry_url, artifacts=request.artifacts, read_only=True) as registry:
        found = [
            (
                entry,
                [
                    v
                    for stage in ("champion", "challenger")
                    for v in registry.versions(spec=entry.name, stage=stage)
                ],
            )
            for entry in retired
        ]
    yield from ((entry, versions) for entry, versions in found if versions)


def _has_store(url: str) -> bool:
    """Tell whether there may be a store: the file of SQLite is looked for before anything is imported."""
    scheme, _, path = url.partition("?")[0].partition(":///")
    return not scheme.startswith("sqlite") or not path or Path(path).exists()


def _retired(entry: Entry) -> bool:
    return entry.error is None and entry.spec is not None and entry.spec.retired


def _retire(request: Request, entry: Entry, observers: Iterable[Observer]) -> None:
    from zoo.registry import Registry

    with Registry.open(request.registry_url, artifacts=request.artifacts) as registry:
        moves = registry.retire_spec(entry.name, reason=f"spec {entry.name} is retired in {entry.path.name}")
    for move in moves:
        emit(observers, Noticed(entry.name, f"is retired, and so is {move.version.version_id} now"))
        for notice in move.notices:
            emit(observers, Noticed(entry.name, notice))


__all__ = ["carry_out", "emit_champions", "following", "foretell"]
