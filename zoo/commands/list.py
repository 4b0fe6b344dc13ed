"""`list`: every spec file, what it changes, and the last version that came of it."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo.commands.arguments import Arguments
from zoo.commands.output import Answer, plainly, show_table
from zoo.commands.request import Request, asked
from zoo.commands.versions import unusual, validation_of
from zoo.errors import FAILURE_EXIT, ZooError
from zoo.roster import Entry
from zoo.spec import Source, Top

if TYPE_CHECKING:
    from rich.console import Console

    from zoo.registry import Version

Row = dict[str, Any]
_COLUMNS = ("spec", "permutations and changes", "last version")


def list_specs(arguments: Arguments) -> Answer:
    """List the specs; exit code 1 where one of them cannot be used, or the registry cannot be read.

    Raises:
        ZooError: the configuration is refused.
    """
    return listing(asked(arguments))


def listing(request: Request) -> Answer:
    """List the specs of a request."""
    roster = request.roster()
    problem: ZooError | None = None
    latest: Mapping[str, Version] = {}
    try:
        latest = _latest(request)
    except ZooError as error:
        problem = error
    now = datetime.datetime.now(datetime.UTC)
    rows = [row_of(entry, latest.get(name), now) for name, entry in roster.items()]
    bad = problem is not None or any(row["error"] is not None for row in rows)
    code = FAILURE_EXIT if bad else 0
    return Answer(rows, lambda console: render(console, rows), code, problem, request.format)


def _latest(request: Request) -> Mapping[str, Version]:
    """Return each spec's newest version; a store is never made for this."""
    from zoo.registry import Registry

    with Registry.open(request.registry_url, artifacts=request.artifacts, read_only=True) as registry:
        return {version.spec: version for version in reversed(registry.versions())}


def row_of(entry: Entry, latest: Version | None, now: datetime.datetime) -> Row:
    """Return one row of the document."""
    spec, created = entry.spec, None if latest is None else latest.created_at
    return {
        "spec": entry.name,
        "status": None if spec is None else spec.status.value,
        "line": None if spec is None else spec.line,
        "label": None if spec is None else spec.version_label,
        "changes": {} if spec is None else dict(spec.overrides),
        "sources": [] if spec is None else [_source(source) for source in spec.sources],
        "trainer": None if spec is None or spec.trainer is None else spec.trainer.target,
        "last_version": None if latest is None else latest.version_id,
        "created_at": created,
        "age_s": None if created is None else _age(created, now),
        "validation": None if latest is None else validation_of(latest.lineage),
        "path": str(entry.path),
        "error": None if entry.error is None else str(entry.error),
    }


def _source(source: Source) -> Row:
    chosen = source.permutations
    ids: Any = {"top": chosen.count, "by": chosen.by} if isinstance(chosen, Top) else list(chosen)
    cohort = None if source.cohort is None else asdict(source.cohort)
    return {"experiment": source.experiment, "permutations": ids, "cohort": cohort}


def _age(created: str, now: datetime.datetime) -> float:
    return round((now - datetime.datetime.fromisoformat(created)).total_seconds(), 3)


def render(console: Console, rows: Sequence[Row]) -> None:
    """Print the rows, and below them in full why a spec cannot be used."""
    if not rows:
        console.print("conf/spec is empty", soft_wrap=True)
        return
    show_table(console, _COLUMNS, [_cells(row) for row in rows], whole=("spec", "last version"))
    for row in rows:
        if row["error"] is not None:
            console.print(f"{row['spec']}: {row['error']}", soft_wrap=True)


def _cells(row: Row) -> tuple[str, ...]:
    """Two lines a spec fit 80 columns, where one with seven columns would not."""
    age = short_age(row["age_s"])
    status = "cannot be used" if row["error"] is not None else f"{row['status']}, {row['line']}"
    promoted = [_promoted(source) for source in row["sources"]] or filter(None, [row["trainer"]])
    changes = [*promoted, *(f"{name}: {plainly(value)}" for name, value in row["changes"].items())]
    version = [] if age is None else [row["last_version"], f"{age} ago", *unusual(row["validation"])]
    return "\n".join([row["spec"], status]), "\n".join(changes), "\n".join(version)


def _promoted(source: Row) -> str:
    chosen, name = source["permutations"], Path(source["experiment"]).name
    cohort = source["cohort"]
    if cohort is not None and cohort["select"] is not None:
        count = "" if cohort["count"] is None else f" {cohort['count']}"
        by = f" by {' and '.join(cohort['by'])}" if cohort["by"] else ""
        return f"cohort: {cohort['select']}{count} of {name}{by}"
    together = "" if cohort is None else "cohort: "
    if isinstance(chosen, Mapping):
        return f"{together}top {chosen['top']} of {name} by {chosen['by']}"
    return f"{together}{', '.join(map(str, chosen))} of {name}"


def short_age(seconds: float | None) -> str | None:
    """Return an age in the largest unit of which there is at least one."""
    if seconds is None:
        return None
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{int(seconds // length)} {unit}"
    return f"{max(0, int(seconds))} s"


__all__ = ["list_specs", "listing", "render", "row_of", "short_age"]
