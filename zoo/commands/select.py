"""`select`: which challenger of a line passes the gate and ranks first, and why each other lost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from zoo.commands.alarm import tell_alarm
from zoo.commands.arguments import Arguments
from zoo.commands.gating import check_reason, court_of, deciding
from zoo.commands.judging import line_to_judge
from zoo.commands.moving import moved, post, registry_to_move
from zoo.commands.output import Answer, show_table
from zoo.commands.request import Request, asked
from zoo.errors import ConfigError, NothingToDo
from zoo.monitoring import webhook

if TYPE_CHECKING:
    from rich.console import Console

    from zoo.evaluation.selection import Selection
    from zoo.line import Line
    from zoo.registry import Registry

_CHALLENGER: Final = "challenger"
_COLUMNS: Final = ("version", "score", "verdict")


def select(arguments: Arguments) -> Answer:
    """Choose among the challengers of `line=<name>`; `auto=true` promotes the winner.

    Raises:
        ConfigError: no line, an override as the gate, or no reason where the gate asks for one.
        NothingToDo: the line has no challenger.
        ChampionChanged: another process was first; nothing was promoted.
        ZooError: the configuration is refused, or the data cannot be read.
    """
    request = asked(arguments)
    gate = request.gating.gate
    if gate.overrides:
        raise ConfigError("an override chooses nobody", expected="gate=superior, non_inferior or first")
    check_reason(gate, request.moving.reason)
    if request.gating.auto:
        with registry_to_move(request, "select") as registry:
            return _promoted(request, registry, chosen(request, registry))
    from zoo.registry import Registry

    with Registry.open(request.registry_url, artifacts=request.artifacts, read_only=True) as registry:
        return _answer(request, chosen(request, registry).as_dict(), None)


def chosen(request: Request, registry: Registry) -> Selection:
    """Return who wins on the line that was named, or the only one.

    Raises:
        NothingToDo: the line has no challenger.
    """
    from zoo.evaluation.selection import select as choose

    line: Line = line_to_judge(request, registry)
    tell_alarm(request, registry, line.name)
    challengers = [one.version_id for one in registry.versions(line=line.name, stage=_CHALLENGER)]
    if not challengers:
        raise NothingToDo(
            "the line has no challenger", where=line.name, remedy="register some with `python -m zoo -m`"
        )
    judge = court_of(request, registry, line).judge(request.gating.gate, request.moving.reason)
    return choose(judge, challengers)


def _promoted(request: Request, registry: Registry, selection: Selection) -> Answer:
    """Promote the winner in the place of the champion that it was compared with, and of nobody else."""
    if selection.winner is None:
        _post(request, selection)
        return _answer(request, selection.as_dict(), None)
    decision = next(one.decision for one in selection.candidates if one.version_id == selection.winner)
    move = registry.promote(
        selection.winner,
        expect=selection.champion,
        reason=request.moving.reason,
        decision=deciding(request.gating.gate, decision),
    )
    return _answer(request, selection.as_dict(), dict(moved(request, move).document))


def _post(request: Request, selection: Selection) -> None:
    """Tell the other side, once, that the gate refused every challenger when it was to choose by itself."""
    refused = [{"version_id": one.version_id, "reasons": list(one.lost)} for one in selection.candidates]
    reasons = [f"none of {len(refused)} challengers passes"]
    facts = {"version_id": None, "line": selection.line, "gate": selection.gate, "reasons": reasons}
    post(request, webhook.GATE_REFUSED, {**facts, "refused": refused})


def _answer(request: Request, document: dict[str, Any], promoted: dict[str, Any] | None) -> Answer:
    document["promoted"] = promoted
    return Answer(document, lambda console: render(console, document), form=request.format)


def render(console: Console, document: Mapping[str, Any]) -> None:
    """Print a row a challenger, and the winner."""
    rows = [
        (one["version_id"], _score(one["score"]), "\n".join(one["lost"]) or "wins")
        for one in document["candidates"]
    ]
    show_table(console, _COLUMNS, rows, whole=("version",))
    winner = document["winner"] or "nobody"
    done = "" if document["promoted"] is None else "; promoted"
    console.print(
        f"{document['line']}, gate {document['gate']}: {winner} wins against "
        f"{document['champion'] or 'no champion'}{done}",
        soft_wrap=True,
    )


def _score(value: float) -> str:
    return f"{value:.4f}" if value == value else ""


__all__ = ["chosen", "render", "select"]
