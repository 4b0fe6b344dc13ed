"""Running rounds: in this process, or in several through joblib; the same results for any number.

Rounds that share a preparation go to the same worker one after the other, so that it is computed once.
Numeric libraries use one thread everywhere: another number of threads could change the last bits.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from zoo.errors import Interrupted, ZooError
from zoo.experiment.definition import Definition
from zoo.experiment.pipeline import Done, Pipeline, from_definition
from zoo.manifest.bound import key_of
from zoo.manifest.workbench import Workbench
from zoo.settings import using
from zoo.trust import Trust


@dataclass(frozen=True)
class Finished:
    """A round that ran: what is logged of it, or why it failed."""

    number: int
    params: dict[str, Any]
    metrics: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    line: dict[str, Any] = field(default_factory=dict)
    error: str | None = None
    message: str = ""


@dataclass(frozen=True)
class Recipe:
    """Everything that a worker needs to run a round, as plain values."""

    definition: Definition
    directory: Path
    trust: Trust
    where: str
    settings: Mapping[str, Any]
    data: Any = None
    delay_s: float = 0.0

    def pipeline(self) -> Pipeline:
        """Build the pipeline under the settings: a decoder may read them while it declares."""
        with using(self.settings):
            return from_definition(self.definition, self.directory, self.trust, self.where)


class Worker:
    """One process's pipeline and caches."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        with using(recipe.settings):
            self.pipeline = recipe.pipeline()
            data = self.pipeline.fetch_data() if recipe.data is None else recipe.data
        self.bench = Workbench(data)

    def run(self, number: int, params: dict[str, Any]) -> Finished:
        """Run one round; its failure is its own."""
        if self.recipe.delay_s:
            import time

            time.sleep(self.recipe.delay_s)
        try:
            with using(self.recipe.settings), threadpool_limits(1):
                done = self.pipeline.run(params, self.bench)
        except Interrupted:
            raise
        except Exception as error:
            message = str(error) if isinstance(error, ZooError) else f"{type(error).__name__}: {error}"
            return Finished(number, params, error=type(error).__name__, message=" ".join(message.split()))
        metrics = {name: plain_number(value) for name, value in done.metrics.items()}
        return Finished(number, params, metrics, done.execution_time, round_line(done))


def plain_number(value: Any) -> Any:
    """Return a numpy scalar as Python's own: a column's type is told by it."""
    return value.item() if hasattr(value, "item") else value


def round_line(done: Done) -> dict[str, Any]:
    """Return what round_data.jsonl keeps of a permutation besides its id and parameters."""
    probs = {} if done.probs is None else {"probs": done.probs}
    over, fitted = done.held_out, {"fitted": done.fitted} if done.fitted else {}
    series = {} if over is None else {"held_out": over.record(), "quality": {"rank_ic": over.ranked()}}
    return {
        "preds": done.preds,
        **probs,
        **series,
        **fitted,
        "alignment": done.prepared.alignment,
        "split": done.prepared.boundaries,
        "deterministic": done.model.deterministic,
    }


_workers: dict[str, Worker] = {}


def _run_group(token: str, recipe: Recipe, group: Sequence[tuple[int, dict[str, Any]]]) -> list[Finished]:
    """Run a group in a worker process, which keeps its caches for the next one."""
    if token not in _workers:
        _workers.clear()
        _workers[token] = Worker(recipe)
    return [_workers[token].run(number, params) for number, params in group]


class Rounds:
    """Runs rounds, and yields each as it finishes.

    Args:
        recipe: what to run.
        worker: this process's own.
        n_jobs: processes; 1 runs here.
        token: tells workers of one run from those of another.
    """

    def __init__(self, recipe: Recipe, worker: Worker, n_jobs: int, token: str) -> None:
        self.recipe = recipe
        self.worker = worker
        self.n_jobs = n_jobs
        self.token = token

    def run(self, rounds: Sequence[tuple[int, dict[str, Any]]]) -> Iterator[Finished]:
        """Run `rounds` as (id, parameters)."""
        if self.n_jobs == 1 or len(rounds) < 2:
            yield from (self.worker.run(number, params) for number, params in rounds)
            return
        from joblib import Parallel, delayed

        parallel = Parallel(n_jobs=self.n_jobs, return_as="generator_unordered", pre_dispatch="2*n_jobs")
        # the data is read once: joblib lends large arrays to workers from one file, instead of a copy each
        recipe = replace(self.recipe, data=self.worker.bench.data)
        calls = (delayed(_run_group)(self.token, recipe, group) for group in self._groups(rounds))
        for finished in parallel(calls):
            yield from finished

    def _groups(self, rounds: Sequence[tuple[int, dict[str, Any]]]) -> list[list[tuple[int, dict[str, Any]]]]:
        """Group rounds that share a preparation; groups are small enough for every worker to get some."""
        keyed = sorted(
            ((self._preparation(params), n, params) for n, params in rounds), key=lambda r: (r[0], r[1])
        )
        most = max(1, -(-len(rounds) // (2 * self.n_jobs)))
        groups = []
        for _, same in itertools.groupby(keyed, key=lambda r: r[0]):
            members = [(number, params) for _, number, params in same]
            groups += [members[i : i + most] for i in range(0, len(members), most)]
        return groups

    def _preparation(self, params: dict[str, Any]) -> str:
        """Return a key of features, labels and split; rounds that cannot be bound fail in their turn."""
        try:
            with using(self.recipe.settings):
                bound = self.worker.pipeline.manifest.bind(params)
        except Exception:
            return ""
        return key_of([bound.shape, bound.split_config])


__all__ = ["Finished", "Recipe", "Rounds", "Worker", "plain_number", "round_line"]
