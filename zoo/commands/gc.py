"""`gc`: delete the files of versions that serve no more; by default only say which these are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from zoo.commands.arguments import Arguments
from zoo.commands.mirroring import reflect
from zoo.commands.moving import telling
from zoo.commands.output import Answer, show_table
from zoo.commands.request import asked

if TYPE_CHECKING:
    from rich.console import Console

    from zoo.registry import Registry

_DOOMED: Final = ("retired", "archived")
_COLUMNS: Final = ("version", "stage", "KiB", "files", "why")


def gc(arguments: Arguments) -> Answer:
    """Say what would be deleted, or delete it with `dry_run=false`.

    Raises:
        ZooError: the configuration is refused, or the registry cannot be locked, read or written.
    """
    request = asked(arguments)
    upkeep = request.upkeep
    from zoo.evaluation.retention import Retention
    from zoo.registry import Registry

    url, artifacts = request.registry_url, request.artifacts
    with (
        telling(request, "gc"),
        Registry.open(url, artifacts=artifacts, read_only=upkeep.dry_run) as registry,
    ):
        retention = Retention(registry, artifacts, request.judging.board)
        lines = [] if upkeep.dry_run else _lines(registry)
        with retention.holding(lines):  # what is written meanwhile would be missed
            document = registry.gc(dry_run=upkeep.dry_run, keep=upkeep.keep, shadowed=retention).as_dict()
    if not upkeep.dry_run:
        reflect(request)
    return Answer(document, lambda console: render(console, document), form=request.format)


def _lines(registry: Registry) -> list[str]:
    """Return the lines of which files may be deleted."""
    gone = [one for stage in _DOOMED for one in registry.versions(stage=stage)]
    return sorted({one.line for one in gone if one.deleted_at is None})


def render(console: Console, document: Mapping[str, Any]) -> None:
    """Print a row a version that is no challenger, and the sum."""
    fate = "would go" if document["dry_run"] else "deleted"
    rows = [_cells(item, fate) for item in document["deleted"]]
    rows += [_cells(item, "kept") for item in document["kept"]]
    if rows:
        show_table(console, _COLUMNS, rows, whole=("version",))
    for notice in document["notices"]:
        console.print(notice, soft_wrap=True)
    count, size = len(document["deleted"]), document["bytes"] / 1024
    noun = "version" if count == 1 else "versions"
    if document["dry_run"]:
        console.print(
            f"the files of {count} {noun}, {size:.0f} KiB, would go with dry_run=false", soft_wrap=True
        )
    else:
        console.print(f"deleted the files of {count} {noun}, {size:.0f} KiB", soft_wrap=True)


def _cells(item: Mapping[str, Any], fate: str) -> tuple[object, ...]:
    return item["version_id"], item["stage"], f"{item['bytes'] / 1024:.0f}", fate, item["why"]


__all__ = ["gc", "render"]
