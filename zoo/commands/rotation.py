"""Rotation: under a budget, `-m` takes the specs that have waited longest."""

from __future__ import annotations

from collections.abc import Mapping

from zoo.commands.arguments import Arguments
from zoo.commands.request import Request
from zoo.errors import ConfigError
from zoo.roster import Entry
from zoo.spec import Spec

_KEY = "rotation.budget="


def left_out(arguments: Arguments, request: Request, roster: Mapping[str, Entry]) -> dict[str, str]:
    """Return the active specs for which the budget does not suffice, each with the reason.

    A run that names its specs has no rotation.

    Raises:
        ConfigError: a run that names its specs was given a budget on the command line.
        ZooError: the registry cannot be read.
    """
    words = [word.lstrip("+") for word in arguments.overrides]
    named = not arguments.multirun or any(word.startswith("spec=") for word in words)
    if named and any(word.startswith(_KEY) for word in words):
        raise ConfigError(
            "rotation.budget chooses among all active specs, and this run names its own",
            expected="-m without spec=",
            remedy="leave one of the two out",
        )
    if request.budget is None or named:
        return {}
    from zoo.registry import Registry

    active = [entry.spec for entry in roster.values() if entry.error is None and entry.spec is not None]
    active = [spec for spec in active if not spec.retired]
    with Registry.open(request.registry_url, artifacts=request.artifacts, read_only=True) as registry:
        found = {spec.name: registry.latest(spec.name) for spec in active}
    last = {name: version.created_at for name, version in found.items() if version is not None}
    later = by_staleness(active, last)[request.budget :]
    return {name: _reason(request.budget, last.get(name)) for name in later}


def by_staleness(specs: list[Spec], last: Mapping[str, str]) -> list[str]:
    """Return the names of specs, those that have waited longest first.

    Never registered comes before everything; then the longest ago; the higher priority goes first only
    among those that have waited equally long, so that none can starve another; then the name decides.

    Args:
        specs: the active ones.
        last: when a version of a spec was registered last, as texts that sort as times do.
    """

    def key(spec: Spec) -> tuple[bool, str, int, str]:
        return spec.name in last, last.get(spec.name, ""), -spec.priority, spec.name

    return [spec.name for spec in sorted(specs, key=key)]


def _reason(budget: int, last: str | None) -> str:
    waited = "never registered" if last is None else f"registered last at {last[:19]}Z"
    return f"is left out by rotation.budget={budget} ({waited})"


__all__ = ["by_staleness", "left_out"]
