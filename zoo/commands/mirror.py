"""`mirror`, or `mirror sync`: an MLflow server is brought up to date with the registry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from zoo.commands.arguments import Arguments
from zoo.commands.output import Answer, show_table
from zoo.commands.request import asked
from zoo.errors import FAILURE_EXIT, ConfigError
from zoo.monitoring.progress import watching

if TYPE_CHECKING:
    from rich.console import Console

_COLUMNS: Final = ("line", "model", "added", "changed", "champion")


def mirror(arguments: Arguments) -> Answer:
    """Look at everything that the mirror shows, of `line=<name>` or of all lines, and put it right.

    Exit code 1 where the server refused something.

    Raises:
        ConfigError: there is no mirror.
        MirrorUnavailable: the server does not answer; what was done until then is done.
        ZooError: the configuration is refused, or the registry cannot be read.
    """
    request = asked(arguments)
    if request.mirror is None:
        raise ConfigError("there is no mirror", expected="mirror=mlflow mirror.uri=http://host:port")
    from zoo.registry import Registry

    with (
        Registry.open(request.registry_url, artifacts=request.artifacts, read_only=True) as registry,
        watching() as observers,
    ):
        done = request.mirror.sync(registry, line=request.moving.line, observers=observers)
    document = {"uri": request.mirror.url, "lines": [followed.as_dict() for followed in done]}
    code = FAILURE_EXIT if any(followed.trouble for followed in done) else 0
    return Answer(document, lambda console: render(console, document), code, form=request.format)


def render(console: Console, document: Mapping[str, Any]) -> None:
    """Print a row a line, and what the server refused or has beside ours."""
    lines = document["lines"]
    if not lines:
        console.print("nothing is registered yet, and nothing was mirrored", soft_wrap=True)
        return
    show_table(console, _COLUMNS, [_cells(line) for line in lines], whole=("champion",))
    for line in lines:
        for version_id in line["strangers"]:
            said = f"{version_id} is in {line['model']} and not in the registry; it was left alone"
            console.print(said, soft_wrap=True)
        if line["error"] is not None:
            console.print(f"{line['line']}: {line['error']}", soft_wrap=True)
        for failure in line["failures"]:
            console.print(f"{failure['version_id']}: {failure['message']}", soft_wrap=True)


def _cells(line: Mapping[str, Any]) -> tuple[object, ...]:
    champion = line["champion"] or "none"
    moved = f"{champion} (moved)" if line["moved"] else champion
    return line["line"], line["model"], len(line["added"]), len(line["changed"]), moved


__all__ = ["mirror", "render"]
