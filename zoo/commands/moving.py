"""What the commands that move versions share: what was named, the open registry, who is told."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from zoo.commands.mirroring import reflect
from zoo.commands.output import Answer, show_facts
from zoo.commands.request import Request
from zoo.commands.retirement import carry_out
from zoo.errors import ConfigError, ZooError
from zoo.events import Noticed
from zoo.monitoring import webhook
from zoo.monitoring.status import StatusLines

if TYPE_CHECKING:
    from rich.console import Console

    from zoo.registry import Move, Registry


def version_of(request: Request) -> str:
    """Return the id that was given as `version=`.

    Raises:
        ConfigError: none was.
    """
    if request.version is None:
        raise ConfigError(
            "no version was named", expected="version=<id>", remedy="`python -m zoo versions` lists them"
        )
    return request.version


def line_of(request: Request) -> str:
    """Return the line that was given as `line=`.

    Raises:
        ConfigError: none was.
    """
    if request.moving.line is None:
        raise ConfigError("no line was named", expected="line=<name>, one of conf/line")
    return request.moving.line


def expected_champion(request: Request, registry: Registry, line: str) -> str | None:
    """Return the champion that a move is to replace: the one that was given, or whoever it is now."""
    if not request.moving.expect_current:
        return request.moving.expect
    champion = registry.champion(line)
    return None if champion is None else champion.version_id


@contextlib.contextmanager
def registry_to_move(request: Request, command: str) -> Iterator[Registry]:
    """Open the registry to write, retire what retired specs leave behind, and post a failure of the block."""
    from zoo.registry import Registry

    with (
        telling(request, command),
        Registry.open(request.registry_url, artifacts=request.artifacts) as registry,
    ):
        carry_out(request, request.roster(), (StatusLines(),))
        yield registry


@contextlib.contextmanager
def telling(request: Request, command: str) -> Iterator[None]:
    """Post that a command failed as a whole, where the block raises: nobody may be at its terminal."""
    try:
        yield
    except Exception as error:
        message = str(error) if isinstance(error, ZooError) else " ".join(str(error).split())
        post(request, webhook.FAILED, {"command": command, "error": type(error).__name__, "message": message})
        raise


def post(request: Request, kind: str, facts: Mapping[str, Any]) -> None:
    """Tell the webhook, if there is one; what stands in its way is a note."""
    if request.webhook is not None and (said := request.webhook.post(kind, facts)) is not None:
        StatusLines()(Noticed("webhook", said))


def moved(request: Request, move: Move) -> Answer:
    """Return the answer of a move; a move of the champion is posted."""
    document = document_of(move)
    event = move.event
    if event is not None and event.kind in (webhook.PROMOTED, webhook.ROLLED_BACK):
        told = {name: document[name] for name in ("version_id", "line", "replaced", "gate")}
        told |= {name: getattr(event, name) for name in ("reason", "actor", "host")}
        post(request, event.kind, {**told, "position": event.position, "moved_at": event.at})
    reflect(request)
    return Answer(document, lambda console: render(console, document), form=request.format)


def document_of(move: Move) -> dict[str, Any]:
    """Return a move, with the gate that its event names; null where there is no event, or no gate."""
    return {**move.as_dict(), "gate": None if move.event is None else gate_of(move.event.details)}


def gate_of(details: Mapping[str, Any]) -> str | None:
    """Return the name of the gate that an event went through: `none` where nobody asked one."""
    gate = details.get("gate")
    return gate.get("name") if isinstance(gate, Mapping) else gate


def render(console: Console, document: Mapping[str, Any]) -> None:
    """Print what was done, or why nothing was."""
    event = document["event"]
    if event is not None:
        facts = [
            ("version", document["version_id"]),
            ("line", document["line"]),
            ("stage", document["stage"]),
        ]
        if document["stage"] == "champion":
            facts.append(("replaced", document["replaced"] or "none"))
        if document["gate"] is not None:
            facts.append(("gate", document["gate"]))
        facts += [("reason", event["reason"] or "none given"), ("event", event["position"])]
        show_facts(console, facts)
    for notice in document["notices"]:
        console.print(notice, soft_wrap=True)


__all__ = [
    "document_of",
    "expected_champion",
    "gate_of",
    "line_of",
    "moved",
    "post",
    "registry_to_move",
    "render",
    "version_of",
]
