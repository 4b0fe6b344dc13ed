"""Promoting several permutations: in this process, or in several through joblib; the same for any number.

Permutations that share a preparation are promoted one after the other by one worker, so that it is computed
once. Reads of settings and events come back from workers with the outcomes.
"""

from __future__ import annotations

import pickle
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo.controls import Controls
from zoo.errors import ConfigError, Interrupted, PromotionError, UnknownPermutation
from zoo.events import Event, emit
from zoo.manifest.bound import key_of
from zoo.promotion.outcome import Outcome
from zoo.settings import record, settings, using
from zoo.terms import Terms
from zoo.trust import Trust

if TYPE_CHECKING:
    from zoo.promotion.trainer import Trainer

Told = tuple[int, Outcome, list[Event]]


@dataclass(frozen=True)
class Recipe:
    """Everything that a worker needs to promote, as plain values."""

    directory: Path
    data: Any
    trust: Trust
    allowed: frozenset[str]
    terms: Terms
    controls: Controls | None
    settings: Mapping[str, Any]
    overrides: Mapping[str, Any]

    def trainer(self, observer: Callable[[Event], None]) -> Trainer:
        """Build the worker's own trainer."""
        from zoo.promotion.trainer import Trainer

        return Trainer(
            self.directory,
            self.data,
            trusted=self.trust,
            allowed=self.allowed,
            observers=[observer],
            **self.terms.as_dict(),
            controls=self.controls,
        )


@dataclass
class Worker:
    """One process's trainer, whose caches serve the next group too."""

    recipe: Recipe
    events: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.trainer = self.recipe.trainer(self.events.append)

    def promote(self, place: int, number: object) -> Told:
        """Promote one permutation; its failure is its own."""
        self.events.clear()
        with using(self.recipe.settings):
            outcome = self.trainer.outcome(number, overrides=self.recipe.overrides)
        return place, _portable(outcome), list(self.events)


_workers: dict[str, Worker] = {}


def _promote_group(token: str, recipe: Recipe, group: Sequence[tuple[int, object]]) -> list[Told]:
    """Promote a group in a worker process."""
    if token not in _workers:
        _workers.clear()
        _workers[token] = Worker(recipe)
    return [_workers[token].promote(place, number) for place, number in group]


def _portable(outcome: Outcome) -> Outcome:
    """Return an outcome that can go back to the process that asked."""
    try:
        pickle.dumps(outcome)
    except Exception as error:
        lost = outcome.error if outcome.error is not None else error
        return Outcome(
            outcome.permutation_id,
            error=PromotionError(
                f"what came of it cannot leave its process: {type(lost).__name__}: {lost}",
                where=f"permutation {outcome.permutation_id!r}",
                remedy="promote it with n_jobs=1",
            ),
        )
    return outcome


class Batch:
    """Permutations that are promoted together.

    Args:
        trainer: whose they are.
        ids: what was asked for, whatever it is.
        overrides: settings to change.
        n_jobs: processes; 1 promotes here.
    """

    def __init__(self, trainer: Trainer, ids: list[object], overrides: dict[str, Any], n_jobs: int) -> None:
        self.trainer = trainer
        self.ids = ids
        self.overrides = overrides
        self.n_jobs = _processes(n_jobs)

    def run(self, finished: Callable[[Outcome], None] | None = None) -> list[Outcome]:
        """Promote all, and return the outcomes in the order of the ids."""
        found: dict[int, Outcome] = {}
        for place, outcome in self._outcomes():
            found[place] = outcome
            if finished is not None:
                finished(outcome)
        return [found[place] for place in range(len(self.ids))]

    def _outcomes(self) -> Iterator[tuple[int, Outcome]]:
        twice = [place for place, number in enumerate(self.ids) if _listed(number, self.ids[:place])]
        for place in twice:
            yield place, self._twice(self.ids[place])
        groups = self._groups([place for place in range(len(self.ids)) if place not in twice])
        if self.n_jobs == 1 or len(groups) < 2:
            for place in (place for group in groups for place in group):
                yield place, self.trainer.outcome(self.ids[place], overrides=self.overrides)
            return
        yield from self._spread(groups)

    def _spread(self, groups: list[list[int]]) -> Iterator[tuple[int, Outcome]]:
        """Promote groups in processes; what a process that died took along fails on its own."""
        waiting = {place for group in groups for place in group}
        try:
            for told in self._parallel(groups):
                for place, outcome, events in told:
                    waiting.discard(place)
                    self._relay(outcome, events)
                    yield place, outcome
        except Interrupted:
            raise
        except Exception as error:
            if not waiting:
                raise
            for place in sorted(waiting):
                yield place, self._died(self.ids[place], error)

    def _parallel(self, groups: list[list[int]]) -> Iterator[list[Told]]:
        from joblib import Parallel, delayed

        trainer, token = self.trainer, f"{self.trainer.directory.path}:{time.time_ns()}"
        recipe = Recipe(
            trainer.directory.path,
            trainer.data,
            trainer.trust,
            trainer.allowed,
            trainer.terms,
            trainer.controls,
            settings.snapshot(),
            self.overrides,
        )
        parallel = Parallel(n_jobs=self.n_jobs, return_as="generator_unordered", pre_dispatch="2*n_jobs")
        calls = (
            delayed(_promote_group)(token, recipe, [(place, self.ids[place]) for place in group])
            for group in groups
        )
        yield from parallel(calls)

    def _relay(self, outcome: Outcome, events: Sequence[Event]) -> None:
        """Tell here what a worker told and read."""
        if outcome.sensor is not None:
            record(outcome.sensor.metadata["reads"])
        for event in events:
            emit(self.trainer.observers, event)

    def _groups(self, places: list[int]) -> list[list[int]]:
        """Group permutations that share a preparation, small enough for every worker to get some."""
        shared: dict[str, list[int]] = {}
        for place in places:
            shared.setdefault(self._preparation(self.ids[place]), []).append(place)
        most = len(places) if self.n_jobs == 1 else max(1, -(-len(places) // (2 * self.n_jobs)))
        return [group[i : i + most] for group in shared.values() for i in range(0, len(group), most)]

    def _preparation(self, number: object) -> str:
        """Return a key of features, labels and split; what cannot be bound fails in its turn."""
        trainer = self.trainer
        try:
            logged = trainer.directory.round(number, results=trainer.terms.validated)
            with using(trainer.recorded):
                bound = trainer.pipeline.manifest.bind(logged.params)
        except Interrupted:
            raise
        except Exception:
            return repr(number)
        return key_of([bound.shape, bound.split_config])

    def _twice(self, number: object) -> Outcome:
        return Outcome(
            number,
            error=UnknownPermutation(
                f"permutation {number!r} is listed twice",
                where=self.trainer.directory.path,
                remedy="list each id once",
            ),
        )

    def _died(self, number: object, error: Exception) -> Outcome:
        return Outcome(
            number,
            error=PromotionError(
                f"its process died: {type(error).__name__}: {error}",
                where=f"{self.trainer.directory.path}, permutation {number!r}",
                remedy="promote it alone, or with n_jobs=1",
            ),
        )


def _processes(n_jobs: object) -> int:
    if type(n_jobs) is not int or n_jobs < 1:
        raise ConfigError(f"n_jobs is {n_jobs!r}", expected="a whole number of processes, 1 or more")
    return n_jobs


def _listed(number: object, before: Sequence[object]) -> bool:
    return any(type(number) is type(other) and number == other for other in before)


def first_failure(outcomes: Sequence[Outcome]) -> Exception | None:
    """Return the first failure, with the others as `others` and all outcomes as `outcomes`; or None."""
    failures = [outcome.error for outcome in outcomes if outcome.error is not None]
    if not failures:
        return None
    first, *others = failures
    first.others = tuple(others)  # type: ignore[attr-defined]
    first.outcomes = tuple(outcomes)  # type: ignore[attr-defined]
    if others:
        first.add_note(f"and {len(others)} of {len(outcomes)} permutations failed as well: see `others`")
    return first


__all__ = ["Batch", "Recipe", "first_failure"]
