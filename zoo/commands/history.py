"""`history`: every promotion, rollback, retirement and deletion of a line, the oldest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from zoo.commands.alarm import strictly, tell_alarm
from zoo.commands.arguments import Arguments
from zoo.commands.moving import gate_of, line_of
from zoo.commands.output import Answer, show_table
from zoo.commands.request import asked

if TYPE_CHECKING:
    from rich.console import Console

    from zoo.registry import Event

_COLUMNS: Final = ("when, by whom", "version", "why")


def show_history(arguments: Arguments) -> Answer:
    """Show how the versions of `line=<name>` were moved.

    Raises:
        ConfigError: no line.
        ZooError: the configuration is refused, or the registry cannot be read.
    """
    request = asked(arguments)
    line = line_of(request)
    from zoo.registry import Registry

    with Registry.open(request.registry_url, artifacts=request.artifacts, read_only=True) as registry:
        rows = [row_of(event) for event in registry.history(line)]
        code = strictly(request, tell_alarm(request, registry, line), 0)
    return Answer(rows, lambda console: render(console, rows), code, form=request.format)


def row_of(event: Event) -> dict[str, Any]:
    """Return one row of the document."""
    shown = event.as_dict()
    facts = ("position", "kind", "version_id", "at", "actor", "host", "reason", "digest")
    details = shown["details"]
    gate = details.get("gate")
    asked_of = {"gate": gate_of(details), "decision": gate if isinstance(gate, Mapping) else None}
    return {name: shown[name] for name in facts} | {"replaced": details.get("replaced")} | asked_of


def render(console: Console, rows: Sequence[Mapping[str, Any]]) -> None:
    """Print the rows, three lines each at the most."""
    if not rows:
        console.print("no version of the line was moved yet", soft_wrap=True)
        return
    show_table(console, _COLUMNS, [_cells(row) for row in rows], whole=("version",))


def _cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    when = f"{str(row['at'])[:16].replace('T', ' ')}Z"
    version = [row["version_id"], row["kind"].replace("_", " ")]
    if row["replaced"] is not None:
        version.append(f"for {row['replaced']}")
    why = [row["reason"] or "no reason given"]
    if row["gate"] is not None:
        why.append(f"gate: {row['gate']}")
    return f"{when}\n{row['actor']}@{row['host']}", "\n".join(version), "\n".join(why)


__all__ = ["render", "row_of", "show_history"]
