"""`rollback`: bring the champion before back, or any that was champion."""

from __future__ import annotations

from zoo.commands.alarm import tell_alarm
from zoo.commands.arguments import Arguments
from zoo.commands.moving import expected_champion, line_of, moved, registry_to_move
from zoo.commands.output import Answer
from zoo.commands.request import asked


def roll_back(arguments: Arguments) -> Answer:
    """Roll `line=<name>` back to the champion before, or to `version=<id>`.

    Raises:
        ConfigError: no line.
        NoChampion: there is none to go back from, or to.
        ChampionChanged: the champion is another one than was expected.
        ZooError: the configuration is refused, or the move is.
    """
    request = asked(arguments)
    line = line_of(request)
    with registry_to_move(request, "rollback") as registry:
        tell_alarm(request, registry, line)
        expect = expected_champion(request, registry, line)
        move = registry.rollback(
            line, expect=expect, version_id=request.version, reason=request.moving.reason
        )
    return moved(request, move)


__all__ = ["roll_back"]
