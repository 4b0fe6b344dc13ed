"""`verify`: the registry against its directories."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from zoo.commands.arguments import Arguments
from zoo.commands.moving import post, telling
from zoo.commands.output import Answer
from zoo.commands.request import asked
from zoo.errors import FAILURE_EXIT
from zoo.monitoring.webhook import FAILED

if TYPE_CHECKING:
    from rich.console import Console


def verify_registry(arguments: Arguments) -> Answer:
    """Check rows, directories, digests and events; exit code 1 where something is wrong.

    With `rebuild=true` a new database is made first; exit code 1 also where something could not be restored.

    Raises:
        ZooError: the configuration is refused, or the registry cannot be read.
    """
    request = asked(arguments)
    from zoo.registry import Registry

    rebuilt = None
    with telling(request, "verify"):
        if request.upkeep.rebuild:
            rebuilt = Registry.rebuild(request.registry_url, artifacts=request.artifacts)
        with Registry.open(request.registry_url, artifacts=request.artifacts, read_only=True) as registry:
            report = registry.verify()
    document = report.as_dict()
    whole = rebuilt is None or not rebuilt.not_restored
    if rebuilt is not None:
        document |= {"rebuilt": rebuilt.as_dict()}
    code = 0 if report.ok and whole else FAILURE_EXIT
    if code:
        lost = [] if rebuilt is None else list(rebuilt.not_restored)
        post(request, FAILED, {"command": "verify", "problems": document["problems"], "not_restored": lost})
    return Answer(document, lambda console: render(console, document), code, form=request.format)


def render(console: Console, document: Mapping[str, Any]) -> None:
    """Print what was made anew, every problem, and the count."""
    if "rebuilt" in document:
        _render_rebuilt(console, document["rebuilt"])
    for problem in document["problems"]:
        console.print(f"{problem['version_id'] or 'the store'}: {problem['message']}", soft_wrap=True)
    for path in document["swept"]:
        console.print(f"deleted {path}, which a dead writer left", soft_wrap=True)
    for line in document.get("healed", ()):
        console.print(line, soft_wrap=True)
    checked = _counted(document["checked"], "version")
    if document.get("trials"):
        checked += f" and {_counted(document['trials'], 'trial')}"
    problems = len(document["problems"])
    wrong = _counted(problems, "problem") if problems else "all well"
    console.print(f"{checked} checked: {wrong}", soft_wrap=True)


def _render_rebuilt(console: Console, rebuilt: Mapping[str, Any]) -> None:
    if rebuilt["moved_aside"] is not None:
        console.print(f"moved the unreadable database to {rebuilt['moved_aside']}", soft_wrap=True)
    held = ", ".join(_counted(rebuilt[f"{name}s"], name) for name in ("version", "event", "trial"))
    console.print(f"made {rebuilt['path']}: {held}", soft_wrap=True)
    for line in rebuilt["not_restored"]:
        console.print(f"not restored: {line}", soft_wrap=True)
    if not rebuilt["in_place"]:
        console.print(
            "the old database can be read and stayed where it is; to use the new one, set registry.url to "
            "it, or put it into the old one's place",
            soft_wrap=True,
        )


def _counted(count: int, name: str) -> str:
    return f"{count} {name}{'' if count == 1 else 's'}"


__all__ = ["render", "verify_registry"]
