"""An alarm on a line's champion is told by every command that looks at the line, until it is silent again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zoo.commands.request import Request
from zoo.errors import FAILURE_EXIT
from zoo.events import Noticed
from zoo.monitoring.status import StatusLines

if TYPE_CHECKING:
    from zoo.registry import Registry


def tell_alarm(request: Request, registry: Registry, line: str) -> bool:
    """Say on stderr that an alarm stands on the champion of a line; return whether one does."""
    from zoo.evaluation.alarms import alarm_text, kept_alarm
    from zoo.evaluation.record import records_root

    champion = registry.champion(line)
    found = kept_alarm(records_root(request.records, line), None if champion is None else champion.version_id)
    if found is None:
        return False
    told = alarm_text(found)
    StatusLines()(Noticed(f"watch {line}", f"{told}; `python -m zoo watch line={line}` says more"))
    return True


def strictly(request: Request, alarmed: bool, code: int) -> int:
    """Return the exit code of a command, 1 where an alarm stands and `strict=true` asks for it."""
    return code or (FAILURE_EXIT if alarmed and request.gating.strict else 0)


def watch_after_shadow(request: Request, registry: Registry, line: Any) -> None:
    """Look at the champion after its record has grown, keep the alarm that stands, and post it.

    What stands in the way is a note: shadowing went well.
    """
    from zoo.commands.watch import champion_document, post_alarm
    from zoo.errors import ZooError
    from zoo.evaluation.alarms import keep_alarm
    from zoo.evaluation.record import records_root

    try:
        document = champion_document(request, registry, line)
    except ZooError as error:
        StatusLines()(Noticed(f"watch {line.name}", f"the champion could not be watched: {error}"))
        return
    keep_alarm(records_root(request.records, line.name), document or {})
    if document is not None:
        post_alarm(request, document)


__all__ = ["strictly", "tell_alarm", "watch_after_shadow"]
