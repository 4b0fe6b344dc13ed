"""How often control twins are wrong: pipelines that work, and pipelines that are broken in one way.

    python benchmarks/control_twins.py [seeds]

The pipelines are those of the seeded experiments, on real prices, with a seed a twin. `false alarms`: the
share of seeds whose permuted labels are found at a size, by a pipeline that leaks nothing; it should be the
size, or less. `missed`: the share whose planted rank IC is not found by a pipeline that works. Then what a
broken pipeline does: `caught` is the share of seeds at which the twin that is there for it fails.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np
from scipy.stats import beta
from threadpoolctl import threadpool_limits

from zoo.controls import Controls
from zoo.experiment.pipeline import Done
from zoo.manifest.workbench import Workbench
from zoo.models import SklearnModel
from zoo.promotion import Trainer
from zoo.promotion.controls import Rows, Twins
from zoo.promotion.variants import Variants
from zoo.settings import overrides, settings, using

EXPERIMENTS = Path(__file__).parents[1] / "outputs" / "experiments"
SIZES = (0.05, 0.01, 0.001)
NORMAL = NormalDist()


@dataclass(frozen=True)
class Case:
    """A pipeline: an experiment's permutation under overrides, and how many seeds it is worth."""

    name: str
    experiment: str
    permutation: int
    overrides: Mapping[str, Any]
    share: float

    def fitted(self) -> tuple[Done, Workbench]:
        """Return the variant and the data."""
        trainer = Trainer(EXPERIMENTS / self.experiment)
        return Variants(trainer, self.permutation).under(self.overrides), trainer.bench


CASES = (
    Case("ridge, 1 feature", "momentum", 7, {}, 1.0),
    Case("ridge, 2 features", "momentum", 7, {"residual_momentum_enabled": True}, 1.0),
    Case("boosting, 5 features", "blender", 0, {}, 0.05),
    Case("ridge on a table", "diabetes", 2, {}, 1.0),
)


def p_of(parts: Mapping[str, Rows]) -> float:
    """Return the least size at which permuted labels are found (Bonferroni over the tests)."""
    tests = sum(rows.tests for rows in parts.values())
    largest = max(abs(rows.found(largest=True).z) for rows in parts.values())
    return min(1.0, tests * 2.0 * NORMAL.cdf(-largest))


def found_size(twins: Twins) -> tuple[float, float]:
    """Return the least size at which what is planted is found on every part, both ways, and what it was."""
    size = twins.size(twins.permuted()) or 0.0
    found = [rows.found().z for way in (size, -size) for rows in twins.planted(way).values()]
    return NORMAL.cdf(-min(found)), size


def permuted(case: Case, seeds: int) -> np.ndarray:
    """Return the size at which each seed's permuted labels are found."""
    done, bench = case.fitted()
    return np.array([p_of(Twins(done, bench, Controls(seed), case.name).permuted()) for seed in range(seeds)])


def planted(case: Case, seeds: int) -> tuple[np.ndarray, float]:
    """Return the size at which each seed's planted rank ICs are found, and how large they were."""
    trainer = Trainer(EXPERIMENTS / case.experiment)
    logged = trainer.directory.round(case.permutation)
    with using(trainer.recorded), overrides(settings, case.overrides):
        done = trainer.pipeline.run(logged.params, trainer.bench)  # a broken one does not reproduce
    found = [found_size(Twins(done, trainer.bench, Controls(seed), case.name)) for seed in range(seeds)]
    return np.array([p for p, _ in found]), float(np.mean([size for _, size in found]))


@contextlib.contextmanager
def broken(how: str) -> Iterator[None]:
    """Have models predict, or learn, otherwise than they should."""
    predict, train, chance = SklearnModel.predict, SklearnModel.train, np.random.RandomState(0)

    def flipped(self: SklearnModel, data: Mapping[str, Any]) -> dict[str, Any]:
        return {"_preds": -predict(self, data)["_preds"]}

    def shuffled(self: SklearnModel, data: Mapping[str, Any]) -> dict[str, Any]:
        return predict(self, {**data, "x_test": chance.permutation(data["x_test"])})

    def slipped(self: SklearnModel, data: Mapping[str, Any]) -> SklearnModel:
        return train(self, {**data, "y_train": np.roll(data["y_train"], 1)})

    if how == "rows that slip in training":
        SklearnModel.train = slipped  # type: ignore[method-assign]
    else:
        SklearnModel.predict = flipped if how == "scores of the wrong sign" else shuffled  # type: ignore[method-assign]
    try:
        yield
    finally:
        SklearnModel.predict, SklearnModel.train = predict, train  # type: ignore[method-assign]


def rate(hits: np.ndarray) -> str:
    """Return a share with its 95% Clopper-Pearson interval."""
    count, n = int(hits.sum()), len(hits)
    low = beta.ppf(0.025, count, n - count + 1) if count else 0.0
    high = beta.ppf(0.975, count + 1, n - count) if count < n else 1.0
    return f"{count / n:.2%} [{low:.2%}, {high:.2%}]"


def main(seeds: int) -> None:
    asked = Controls()
    print(f"permuted labels: false alarms at a size, of up to {seeds} seeds [95% Clopper-Pearson]")
    for case in CASES:
        start, count = time.perf_counter(), max(int(seeds * case.share), 20)
        p = permuted(case, count)
        cells = "   ".join(f"{size:g}: {rate(p <= size)}" for size in SIZES)
        print(f"  {case.name:<22}{cells}   [{count} seeds, {time.perf_counter() - start:.0f} s]", flush=True)
    print(f"planted rank IC: missed at size {asked.size:g}, and by broken pipelines caught")
    for case in CASES:
        start, count = time.perf_counter(), max(int(seeds * case.share / 5), 20)
        p, size = planted(case, count)
        print(f"  {case.name:<22}planted {size:.3f}, missed {rate(p > asked.size)}", flush=True)
        for how in ("scores of the wrong sign", "features of other rows", "rows that slip in training"):
            if case.share < 1.0:
                continue
            with broken(how):
                p, _ = planted(case, min(count, 100))
            print(f"    {how:<28}caught {rate(p > asked.size)}", flush=True)
        print(f"    [{count} seeds, {time.perf_counter() - start:.0f} s]", flush=True)


if __name__ == "__main__":
    with threadpool_limits(1):
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000)
