"""`shadow`: champion and challengers predict every bar after their training, as they would have live."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from zoo.commands.alarm import strictly, tell_alarm, watch_after_shadow
from zoo.commands.arguments import Arguments
from zoo.commands.judging import line_to_judge
from zoo.commands.moving import post, registry_to_move
from zoo.commands.output import Answer, show_table
from zoo.commands.request import asked
from zoo.errors import FAILURE_EXIT
from zoo.monitoring.progress import watching
from zoo.monitoring.webhook import FAILED

if TYPE_CHECKING:
    from rich.console import Console

    from zoo.evaluation.shadow import ShadowRun

_COLUMNS: Final = ("version", "bars", "from, to", "state")


def shadow(arguments: Arguments) -> Answer:
    """Shadow the versions of `line=<name>` up to `until=<date>`.

    Raises:
        ConfigError: no line, or more than one to choose from.
        ZooError: the configuration is refused, the registry cannot be read, or nobody can be shadowed.
    """
    request = asked(arguments)
    judging = request.judging
    from zoo.evaluation.isolation import Work, shadow_apart

    with watching() as observers, registry_to_move(request, "shadow") as registry:
        work = Work(
            url=request.registry_url,
            artifacts=request.artifacts,
            records=request.records,
            line=line_to_judge(request, registry),
            rules=judging.shadow,
            trust=request.trust,
            until=judging.until,
            now=dt.datetime.now(dt.UTC),
        )
        found = shadow_apart(work, observers)
        watch_after_shadow(request, registry, work.line)
        alarmed = tell_alarm(request, registry, work.line.name)
    if found.failures:
        post(request, FAILED, _failures(found))
    document = found.as_dict()
    code = strictly(request, alarmed, FAILURE_EXIT if found.failures else 0)
    return Answer(document, lambda console: render(console, document), code, form=request.format)


def _failures(found: ShadowRun) -> dict[str, Any]:
    """Return what is posted of versions that could not be shadowed."""
    failures = [
        {"version_id": one.version_id, "error": one.error, "message": one.message} for one in found.failures
    ]
    return {"command": "shadow", "line": found.line, "failures": failures}


def render(console: Console, document: Mapping[str, Any]) -> None:
    """Print a row a version, and what is to be known of the evidence."""
    results = document["results"]
    show_table(console, _COLUMNS, [_cells(one) for one in results], whole=("version",))
    live, replayed = (sum(one[name] for one in results) for name in ("live", "replayed"))
    console.print(
        f"{document['line']} until {document['until']}: {replayed} bars replayed, {live} live"
        + ("; only live ones fill a soak" if not live else ""),
        soft_wrap=True,
    )


def _cells(one: Mapping[str, Any]) -> tuple[object, ...]:
    bars = f"{one['bars']}\n+{one['new']}" if one["new"] else str(one["bars"])
    state = one["status"].replace("_", " ")
    details = [one["error"]] if one["error"] else []
    details += [f"{len(one['revised'])} revised"] if one["revised"] else []
    details += [f"{one['live']} live"] if one["live"] else []
    return (
        f"{one['version_id']}\n{one['spec']}, {one['stage']}",
        bars,
        f"{one['first'] or ''}\n{one['last'] or ''}",
        "\n".join([state, *details]),
    )


__all__ = ["render", "shadow"]
