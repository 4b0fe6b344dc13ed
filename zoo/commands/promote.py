"""`promote`: make a challenger the champion of its line."""

from __future__ import annotations

from zoo.commands.arguments import Arguments
from zoo.commands.moving import expected_champion, moved, reason_of, registry_to_move, version_of
from zoo.commands.output import Answer
from zoo.commands.request import asked


def promote(arguments: Arguments) -> Answer:
    """Promote `version=<id>` in the place of `expect=<id>`, for `reason="..."`.

    No gate is asked, and both the event and the answer say so.

    Raises:
        ConfigError: no version, or no reason.
        ChampionChanged: the champion is another one than was expected.
        ZooError: the configuration is refused, or the move is.
    """
    request = asked(arguments)
    version_id, reason = version_of(request), reason_of(request)
    with registry_to_move(request, "promote") as registry:
        expect = expected_champion(request, registry, registry.get(version_id).line)
        move = registry.promote(version_id, expect=expect, reason=reason, decision=None)
    return moved(request, move)


__all__ = ["promote"]
