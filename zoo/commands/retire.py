"""`retire`: take a challenger out of the race."""

from __future__ import annotations

from zoo.commands.arguments import Arguments
from zoo.commands.moving import moved, registry_to_move, version_of
from zoo.commands.output import Answer
from zoo.commands.request import asked


def retire(arguments: Arguments) -> Answer:
    """Retire `version=<id>`; it stays registered, and what is retired stays so.

    Raises:
        ConfigError: no version.
        MoveRefused: it is champion, or was.
        ZooError: the configuration is refused, or the move is.
    """
    request = asked(arguments)
    version_id = version_of(request)
    with registry_to_move(request, "retire") as registry:
        move = registry.retire(version_id, reason=request.moving.reason)
    return moved(request, move)


__all__ = ["retire"]
