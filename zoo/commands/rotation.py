"""Rotation: under a budget, `-m` takes the specs that have waited longest for their turn.

A spec has had a turn when one of its versions was registered, and when a rotation chose it, whatever came of
that: one that always fails, or that finds its content registered already, waits its turn like any other
and starves nobody. The turns lie where each run says what it did: `<outputs>/runs/<run_id>/rotation.json`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from zoo.commands.arguments import Arguments
from zoo.commands.request import Request
from zoo.driver.process import unavailable
from zoo.errors import ConfigError
from zoo.roster import Entry
from zoo.spec import Spec

FILE: Final = "rotation.json"
_KEY: Final = "rotation.budget="


@dataclass(frozen=True)
class Waited:
    """What is known of a spec's last turn.

    Attributes:
        registered: when a version of it was registered last; None for never, empty where that lies in the
            future. All times are UTC, ISO 8601 with microseconds, so that texts sort as times do.
        tried: when a rotation chose it last; None for never.
    """

    registered: str | None = None
    tried: str | None = None

    @property
    def turn(self) -> str:
        """The later of the two; empty for a spec that never had a turn."""
        return max(self.registered or "", self.tried or "")

    def __str__(self) -> str:
        if not self.turn:
            return "never registered" if self.registered is None else "registered by a clock that was ahead"
        kind = "tried" if self.turn == self.tried else "registered"
        return f"{kind} last at {self.turn[:19]}Z"


@dataclass(frozen=True)
class Rotation:
    """Which of the active specs a run takes.

    Attributes:
        chosen: their names; none where there is no rotation, and every spec that is named runs.
        waiting: the others, each with the reason.
    """

    chosen: tuple[str, ...] = ()
    waiting: Mapping[str, str] = field(default_factory=dict)

    def record(self, directory: Path) -> None:
        """Write into a run's directory whose turn it was, before anybody runs.

        Raises:
            OutputUnavailable: it cannot be written.
        """
        if not self.chosen:
            return
        from zoo.registry.history import now

        try:
            (directory / FILE).write_text(json.dumps({"at": now(), "specs": self.chosen}), encoding="utf-8")
        except OSError as error:
            raise unavailable(directory, error) from error


def rotation(arguments: Arguments, request: Request, roster: Mapping[str, Entry]) -> Rotation:
    """Return the active specs for which the budget suffices, and the others with the reason.

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
        return Rotation()
    active = [entry.spec for entry in roster.values() if entry.error is None and entry.spec is not None]
    active = [spec for spec in active if not spec.retired]
    waited = _waited(request, [spec.name for spec in active])
    order = by_staleness(active, waited)
    why = {name: f"is left out by rotation.budget={request.budget} ({waited[name]})" for name in order}
    later = order[request.budget :]
    return Rotation(tuple(order[: request.budget]), {name: why[name] for name in later})


def by_staleness(specs: Iterable[Spec], waited: Mapping[str, Waited]) -> list[str]:
    """Return the names of specs, those that have waited longest for their turn first.

    Who never had a turn comes before everybody; then the longest ago. Among those that have waited equally
    long, as the specs of one run have that registered nothing, never registered goes first, then the
    higher priority, so that none can starve another; then the name decides.

    Args:
        specs: the active ones.
        waited: what is known of their last turns, by name.
    """

    def key(spec: Spec) -> tuple[str, bool, int, str]:
        known = waited.get(spec.name, Waited())
        return known.turn, known.registered is not None, -spec.priority, spec.name

    return [spec.name for spec in sorted(specs, key=key)]


def _waited(request: Request, names: Iterable[str]) -> dict[str, Waited]:
    from zoo.registry import Registry
    from zoo.registry.history import now

    until = now()  # what a clock that was ahead has dated would keep a spec waiting until then
    tried = turns(request.outputs / "runs", until)
    with Registry.open(request.registry_url, artifacts=request.artifacts, read_only=True) as registry:
        found = {name: registry.latest(name) for name in names}
    return {
        name: Waited(None if version is None else _past(version.created_at, until), tried.get(name))
        for name, version in found.items()
    }


def _past(at: str, until: str) -> str:
    return at if at <= until else ""


def turns(runs: Path, until: str) -> dict[str, str]:
    """Return when a rotation chose each spec last; a file that says nothing of it is passed over.

    Args:
        runs: the directory of the runs' directories, which need not exist.
        until: now; what is dated later is passed over as well.
    """
    found: dict[str, str] = {}
    for path in runs.glob(f"*/{FILE}"):
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
            at, specs = str(told["at"]), list(told["specs"])
        except (OSError, ValueError, KeyError, TypeError):
            continue
        found |= {name: max(at, found.get(name, "")) for name in map(str, specs) if at <= until}
    return found


__all__ = ["FILE", "Rotation", "Waited", "by_staleness", "rotation", "turns"]
