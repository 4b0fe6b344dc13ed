"""`champion`: who serves a line, since when, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from zoo.commands.alarm import strictly, tell_alarm
from zoo.commands.arguments import Arguments
from zoo.commands.moving import gate_of, line_of
from zoo.commands.output import Answer, show_facts
from zoo.commands.request import asked
from zoo.commands.retirement import foretell
from zoo.monitoring.status import StatusLines

if TYPE_CHECKING:
    from rich.console import Console

    from zoo.registry import Event, Version

_SHOWN: Final = ("version_id", "since", "how", "replaced", "gate", "reason", "actor", "host", "spec")


def show_champion(arguments: Arguments) -> Answer:
    """Show the champion of `line=<name>`; where there is none, its `version_id` is null.

    Raises:
        ConfigError: no line.
        ZooError: the configuration is refused, or the registry cannot be read.
    """
    request = asked(arguments)
    line = line_of(request)
    from zoo.registry import Registry

    with Registry.open(request.registry_url, artifacts=request.artifacts, read_only=True) as registry:
        champion = registry.champion(line)
        history = registry.history(line)
        code = strictly(request, tell_alarm(request, registry, line), 0)
    foretell(request, request.roster(), (StatusLines(),))
    document = document_of(line, champion, history)
    return Answer(document, lambda console: render(console, document), code, form=request.format)


def document_of(line: str, champion: Version | None, history: list[Event]) -> dict[str, Any]:
    """Return who is champion, by which event, and all that is known of the version."""
    if champion is None:
        return {"line": line, "version_id": None, "version": None}
    crowned = [event for event in history if event.version_id == champion.version_id]
    event = crowned[-1] if crowned else None
    details: Mapping[str, Any] = {} if event is None else event.details
    return {
        "line": line,
        "version_id": champion.version_id,
        "spec": champion.spec,
        "since": None if event is None else event.at,
        "how": None if event is None else event.kind,
        "replaced": details.get("replaced"),
        "gate": gate_of(details),
        "reason": None if event is None else event.reason,
        "actor": None if event is None else event.actor,
        "host": None if event is None else event.host,
        "version": champion.as_dict(),
    }


def render(console: Console, document: Mapping[str, Any]) -> None:
    """Print a line a fact."""
    if document["version_id"] is None:
        console.print(f"{document['line']} has no champion", soft_wrap=True)
        return
    show_facts(console, [(name, document[name]) for name in _SHOWN])


__all__ = ["document_of", "render", "show_champion"]
