"""`show`: all that the registry says about one version."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from zoo.commands.arguments import Arguments
from zoo.commands.output import Answer, show_facts, show_table
from zoo.commands.request import asked
from zoo.commands.versions import number
from zoo.errors import ConfigError

if TYPE_CHECKING:
    from rich.console import Console

_HEAD: Final = (
    "version_id", "stage", "spec", "line", "label", "experiment", "permutation_id", "train_end", "created_at",
    "deleted_at", "fingerprint", "digest", "zoo_version",
)  # fmt: skip
_KINDS: Final = ("logged", "reproduced", "variant", "refit")


def show_version(arguments: Arguments) -> Answer:
    """Show one version.

    Raises:
        ConfigError: no version was named.
        VersionNotFound: the registry has none of that id.
    """
    request = asked(arguments)
    if request.version is None:
        raise ConfigError(
            "no version was named", expected="version=<id>", remedy="`python -m zoo versions` lists them"
        )
    from zoo.registry import Registry

    with Registry.open(request.registry_url, artifacts=request.artifacts, read_only=True) as registry:
        document = registry.get(request.version).as_dict()
    return Answer(document, lambda console: render(console, document), form=request.format)


def render(console: Console, document: Mapping[str, Any]) -> None:
    """Print what it is, what was overridden, its metrics side by side, and where it came from."""
    facts = [(key, document[key]) for key in _HEAD]
    facts += [(f"overrides.{name}", value) for name, value in document["overrides"].items()]
    show_facts(console, facts)
    metrics: Mapping[str, Mapping[str, Any]] = document["metrics"]
    names = dict.fromkeys(name for kind in _KINDS for name in metrics.get(kind, {}))
    rows = [(name, *(_cell(metrics.get(kind, {}).get(name)) for kind in _KINDS)) for name in names]
    console.print()
    show_table(console, ("metric", *_KINDS), rows, whole=("metric",))
    console.print("\nlineage")
    show_facts(console, _flat(document["lineage"]))


def _cell(value: object) -> str | None:
    return None if value is None else number(value, 6)


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, object]]:
    """Yield nested keys with dots."""
    for key, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{prefix}{key}.")
        elif isinstance(value, list) and value and all(isinstance(v, Mapping) and "name" in v for v in value):
            for member in value:  # of a cohort
                yield from _flat(member, f"{prefix}{key}.{member['name']}.")
        else:
            yield f"{prefix}{key}", value


__all__ = ["render", "show_version"]
