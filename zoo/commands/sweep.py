"""Many specs in one run, none of which reaches the next: composed one by one, launched, collected.

The expected list is made first. A job that cannot be composed is a result (`bad_config`), a retired spec is
one (`skipped`), and a job of which the launcher brings nothing back is looked for in its directory.
"""

from __future__ import annotations

import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from omegaconf import DictConfig

from zoo.commands.composition import prepared, quoted, refused
from zoo.commands.job import Result, SpecJob
from zoo.driver.result import Outcome
from zoo.errors import RetiredSpec, ZooError
from zoo.events import Failed, Noticed, emit

_HERE = ("ZooLauncher", "BasicLauncher")  # launchers whose jobs run in this process


@dataclass
class Slot:
    """One expected job: the name of its directory, its spec, its overrides, and what came of it."""

    name: str
    spec: str
    overrides: list[str]
    result: Result | None = None


def expand(arguments: Sequence[str], loader: Any, names: Iterable[str]) -> list[Slot]:
    """Return the jobs: every combination of the values given.

    Args:
        arguments: the task's overrides, sweeps among them.
        loader: Hydra's configuration loader.
        names: the specs to take where the arguments name none.
    """
    from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
    from hydra.core.override_parser.overrides_parser import OverridesParser

    with refused(arguments):
        parsed = OverridesParser.create(config_loader=loader).parse_overrides(list(arguments))
        [combinations] = BasicSweeper.split_arguments(parsed, None)
    if not any(override.key_or_group == "spec" for override in parsed):
        combinations = [[f"spec={name}", *rest] for name in names for rest in combinations]
    return _slots([list(distinct) for distinct in dict.fromkeys(map(tuple, combinations))])


def _slots(combinations: list[list[str]]) -> list[Slot]:
    """Name each job's directory: the spec, numbered where a spec has several jobs."""
    specs = [_spec_of(overrides) for overrides in combinations]
    slots, seen = [], dict.fromkeys(specs, 0)
    for spec, overrides in zip(specs, combinations, strict=True):
        seen[spec] += 1
        name = spec if specs.count(spec) == 1 else f"{spec}.{seen[spec]}"
        rest = [override for override in overrides if not override.startswith("spec=")]
        ours = [f"spec={quoted(spec)}", f"run.name={quoted(name)}", f"run.spec={quoted(spec)}"]
        slots.append(Slot(name, spec, [*ours, *rest]))
    return slots


def _spec_of(overrides: Sequence[str]) -> str:
    """Return the spec of a job; the values of a sweep come unquoted."""
    return next(o.partition("=")[2].strip("'") for o in overrides if o.startswith("spec="))


class Sweep:
    """One sweep under way.

    Args:
        master: the configuration that all jobs share.
        loader: Hydra's configuration loader.
        launcher: any Hydra launcher; `launch_composed`, where it has that, takes what is composed already.
        job: what is done with each spec.
    """

    def __init__(self, master: DictConfig, loader: Any, launcher: Any, job: SpecJob) -> None:
        self._master = master
        self._loader = loader
        self._launcher = launcher
        self._job = job

    def run(self, slots: Sequence[Slot]) -> list[Result]:
        """Launch what can be launched, and return a result for every slot."""
        launched: list[Slot] = []
        configs = self._composed(slots, launched)
        if hasattr(self._launcher, "launch_composed"):
            returns = self._launch(lambda: self._launcher.launch_composed(configs))
        else:
            deque(configs, maxlen=0)  # compose them all: another launcher wants a list of what is good
            returns = self._launch(lambda: self._launcher.launch([s.overrides for s in launched], 0))
        for slot, brought in zip(launched, [*returns, *[None] * len(launched)], strict=False):
            slot.result = self._result(slot, brought)
        for slot in launched:
            self._second_chance(slot)
        interrupted = self._job.refused
        return [slot.result or interrupted(slot.spec, Outcome.interrupted) for slot in slots]

    def _composed(self, slots: Sequence[Slot], launched: list[Slot]) -> Iterator[DictConfig]:
        """Compose job by job; yield those that can be launched, and fill the slots of the others."""
        for slot in slots:
            if self._stopped:
                return
            if (why := self._job.left_out.get(slot.spec)) is not None:
                self._skip(slot, why)
                continue
            try:
                config = self._compose(slot)
                self._job.read(config)
            except RetiredSpec as error:
                self._skip(slot, f"is retired ({error.where}), and is skipped")
            except ZooError as error:
                slot.result = self._job.refused(slot.spec, Outcome.bad_config, error)
                emit(self._job.observers, Failed(slot.name, type(error).__name__, str(error)))
            else:
                launched.append(slot)
                yield config

    def _compose(self, slot: Slot) -> DictConfig:
        entry = self._job.roster.get(slot.spec)
        changed = any("spec." in override.partition("=")[0] for override in slot.overrides)
        if entry is not None and entry.spec is not None and entry.spec.retired and not changed:
            raise RetiredSpec("is retired", where=entry.path)  # composing it would take twenty times as long
        with refused(slot.overrides):
            prepared(slot.overrides)
            config: DictConfig = self._loader.load_sweep_config(self._master, slot.overrides)
            return config

    def _skip(self, slot: Slot, why: str) -> None:
        slot.result = {**self._job.refused(slot.spec, Outcome.skipped), "notices": [why]}
        emit(self._job.observers, Noticed(slot.name, why))

    @property
    def _stopped(self) -> bool:
        return self._job.stop is not None and self._job.stop.requested

    def _launch(self, launch: Callable[[], Sequence[Any]]) -> Sequence[Any]:
        """Launch; a launcher that fails, or that is interrupted, takes no result along.

        A launcher that waits for processes of its own sees no request to stop: those processes do, and at a
        second request it is interrupted.
        """
        stop = self._job.stop
        if stop is not None:
            stop.raising = type(self._launcher).__name__ not in _HERE
        try:
            return launch()
        except KeyboardInterrupt:
            return ()
        except Exception as error:
            emit(self._job.observers, Failed("launcher", type(error).__name__, str(error)))
            return ()
        finally:
            if stop is not None:
                stop.raising = False

    def _result(self, slot: Slot, brought: Any) -> Result:
        from hydra.core.utils import JobStatus

        if brought is not None and brought.status is JobStatus.COMPLETED:
            result: Result = brought.return_value
            return result
        if brought is not None and isinstance(error := brought._return_value, Exception):
            traceback.print_exception(error)
            return self._job.refused(slot.spec, Outcome.failed, error)
        return self._job.left_behind(slot.name, slot.spec)

    def _second_chance(self, slot: Slot) -> None:
        def start() -> Result:
            returns = self._launch(lambda: self._launcher.launch([slot.overrides], 0))
            return self._result(slot, returns[0] if returns else None)

        if slot.result is not None and slot.result["status"] == Outcome.crashed and not self._stopped:
            slot.result = self._job.again(slot.name, slot.result, start)


__all__ = ["Slot", "Sweep", "expand"]
