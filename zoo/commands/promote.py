"""`promote`: make a challenger the champion of its line, if the gate lets it through."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zoo.commands.alarm import tell_alarm
from zoo.commands.arguments import Arguments
from zoo.commands.gating import check_reason, court_of, deciding, refused
from zoo.commands.moving import expected_champion, moved, registry_to_move, version_of
from zoo.commands.output import Answer
from zoo.commands.request import Request, asked
from zoo.errors import ChampionChanged
from zoo.line import Lines

if TYPE_CHECKING:
    from zoo.evaluation.decision import Decision
    from zoo.registry import Registry, Version

_CHALLENGER = "challenger"


def promote(arguments: Arguments) -> Answer:
    """Promote `version=<id>` in the place of `expect=<id>`, if `gate=<name>` lets it through.

    With `gate=override reason="..."` nothing is asked; the event says so, and why.

    Raises:
        ConfigError: no version, or no reason where the gate asks for one.
        ChampionChanged: the champion is another one than was expected.
        ZooError: the configuration is refused, or the move is.
    """
    request = asked(arguments)
    version_id, gate = version_of(request), request.gating.gate
    reason = request.moving.reason
    check_reason(gate, reason)
    with registry_to_move(request, "promote") as registry:
        version = registry.get(version_id)
        tell_alarm(request, registry, version.line)
        expect = expected_champion(request, registry, version.line)
        decision = None
        if not gate.overrides and version.stage == _CHALLENGER:  # else the registry says what is the matter
            decision = decided(request, registry, version, expect)
            if not decision.passed:
                return refused(request, decision)
        told = deciding(gate, decision)
        return moved(request, registry.promote(version_id, expect=expect, reason=reason, decision=told))


def decided(request: Request, registry: Registry, version: Version, expect: str | None) -> Decision:
    """Return what the gate says of a version, compared with the champion that is to be replaced.

    Raises:
        ChampionChanged: the line has another champion.
    """
    champion = registry.champion(version.line)
    _check_champion(version.line, None if champion is None else champion.version_id, expect)
    line = Lines(request.directories).get(version.line, version.version_id)
    judge = court_of(request, registry, line).judge(request.gating.gate, request.moving.reason)
    decision = judge.decide(version.version_id)
    _check_champion(version.line, decision.champion, expect)  # it may have changed in between
    return decision


def _check_champion(line: str, current: str | None, expect: str | None) -> None:
    if current != expect:
        raise ChampionChanged(
            f"the champion is {current or 'none'}",
            current=current,
            where=line,
            expected=expect or "none",
            remedy="look at it, then ask again with expect= the current one",
        )


__all__ = ["decided", "promote"]
