"""After a command that wrote: bring the mirror up to date, for a while, and let nothing come of a failure."""

from __future__ import annotations

import threading
from typing import Final

from zoo.commands.request import Request
from zoo.errors import ZooError
from zoo.events import Failed
from zoo.monitoring.status import StatusLines

_GRACE: Final = 1.0  # seconds after its time in which the mirror can say itself what is the matter
_CATCHES_UP: Final = "nothing of the registry is lost; `python -m zoo mirror` catches up"


def reflect(request: Request) -> None:
    """Show what happened since the last time; what stands in its way is one line on stderr.

    It is done in a thread, since looking up a server's name cannot be given a time-out; a thread that
    hangs is left behind, and ends with the command.
    """
    if request.mirror is None:
        return
    said: list[str] = []
    thread = threading.Thread(target=_reflect, args=(request, said), name="mirror", daemon=True)
    try:
        thread.start()
        thread.join(request.mirror.timeout + _GRACE)
    except KeyboardInterrupt:
        said.append("stopped by SIGINT")
    else:
        if thread.is_alive():
            said.append(f"{request.mirror.url}: no answer in {request.mirror.timeout:g} s")
    if said:
        more = f", and {len(said) - 1} more" if len(said) > 1 else ""
        StatusLines()(Failed("mirror", "MirrorError", f"{said[0]}{more}; {_CATCHES_UP}"))


def _reflect(request: Request, said: list[str]) -> None:
    """Do it, and say what went wrong, whatever it was."""
    from zoo.registry import Registry

    assert request.mirror is not None  # noqa: S101  # `reflect` looked
    try:
        with Registry.open(request.registry_url, artifacts=request.artifacts, read_only=True) as registry:
            done = request.mirror.sync(registry, anew=False, seconds=request.mirror.timeout)
        said += [sentence for followed in done for sentence in followed.trouble]
    except ZooError as error:
        said.append(str(error))
    except Exception as error:  # the command is done; nothing here may spoil it
        said.append(f"{type(error).__name__}: {error}")


__all__ = ["reflect"]
