"""`diff`: two versions side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from zoo.commands.arguments import Arguments
from zoo.commands.output import Answer, plainly, show_table
from zoo.commands.request import asked
from zoo.commands.versions import number
from zoo.errors import ConfigError

if TYPE_CHECKING:
    from rich.console import Console

#: sections of which a table shows only what differs
_INPUTS: Final = ("version", "parameters", "settings", "overrides", "data", "split", "libraries")


def diff(arguments: Arguments) -> Answer:
    """Put `a=<id>` and `b=<id>` side by side.

    Raises:
        ConfigError: one of them was not named.
        VersionNotFound: the registry has none of that id.
    """
    request = asked(arguments)
    a, b = request.moving.pair
    if a is None or b is None:
        raise ConfigError(
            f"{'a' if a is None else 'b'}: no version was named",
            expected="a=<id> b=<id>",
            remedy="`python -m zoo versions` lists them",
        )
    from zoo.registry import Registry

    with Registry.open(request.registry_url, artifacts=request.artifacts, read_only=True) as registry:
        document = registry.diff(a, b).as_dict()
    return Answer(document, lambda console: render(console, document), form=request.format)


def render(console: Console, document: Mapping[str, Any]) -> None:
    """Print what differs of what went in, then every metric with its difference."""
    console.print(f"a  {document['a']}\nb  {document['b']}\n", soft_wrap=True)
    rows = [
        (f"{section}.{fact['name']}", plainly(fact["a"]), plainly(fact["b"]))
        for section in _INPUTS
        for fact in document[section]
        if not fact["same"]
    ]
    if rows:
        show_table(console, ("what differs", "a", "b"), rows, whole=("what differs",))
    else:
        console.print("nothing that went in differs", soft_wrap=True)
    metrics = [_metric(fact) for fact in document["metrics"]]
    if metrics:
        console.print()
        show_table(console, ("metric", "a", "b", "b - a"), metrics, whole=("metric",))


def _metric(fact: Mapping[str, Any]) -> tuple[str, ...]:
    shown = (fact[key] for key in ("a", "b", "difference"))
    return (fact["name"], *("" if value is None else number(value, 6) for value in shown))


__all__ = ["diff", "render"]
