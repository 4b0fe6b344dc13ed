"""`verify`: the registry against its directories."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from zoo.commands.arguments import Arguments
from zoo.commands.output import Answer
from zoo.commands.request import asked
from zoo.errors import FAILURE_EXIT

if TYPE_CHECKING:
    from rich.console import Console


def verify_registry(arguments: Arguments) -> Answer:
    """Check rows, directories and digests; exit code 1 where something is wrong.

    Raises:
        ZooError: the configuration is refused, or the registry cannot be read.
    """
    request = asked(arguments)
    from zoo.registry import Registry

    with Registry.open(request.registry_url, artifacts=request.artifacts, read_only=True) as registry:
        report = registry.verify()
    document = report.as_dict()
    code = 0 if report.ok else FAILURE_EXIT
    return Answer(document, lambda console: render(console, document), code, form=request.format)


def render(console: Console, document: Mapping[str, Any]) -> None:
    """Print every problem, and the count."""
    for problem in document["problems"]:
        console.print(f"{problem['version_id'] or 'the store'}: {problem['message']}", soft_wrap=True)
    for path in document["swept"]:
        console.print(f"deleted {path}, which a dead writer left", soft_wrap=True)
    checked = _counted(document["checked"], "version")
    if document.get("trials"):
        checked += f" and {_counted(document['trials'], 'trial')}"
    problems = len(document["problems"])
    wrong = _counted(problems, "problem") if problems else "all well"
    console.print(f"{checked} checked: {wrong}", soft_wrap=True)


def _counted(count: int, name: str) -> str:
    return f"{count} {name}{'' if count == 1 else 's'}"


__all__ = ["render", "verify_registry"]
