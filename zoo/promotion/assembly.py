"""One version of several permutations: each is promoted like a single one, then the whole is measured.

The whole has metrics of its own: its members' variants, combined, on the test rows that all of them predict.
If one member fails, nothing is assembled.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from zoo.errors import CohortError, Interrupted
from zoo.manifest.labels import fit_labels
from zoo.manifest.run import fit
from zoo.models import SklearnModel
from zoo.promotion.cohort import Cohort
from zoo.promotion.combine import rule_of
from zoo.promotion.measure import measured, predictions_of_whole, provenance
from zoo.promotion.members import Members
from zoo.promotion.membership import member_failed, member_name, offer_of
from zoo.promotion.outcome import Outcome
from zoo.promotion.sensor import scores_of
from zoo.promotion.trainer import Trainer
from zoo.promotion.whole import Part, Whole
from zoo.settings import overrides as overriding
from zoo.settings import settings, using

_TOLERANCE: Final = 1e-9  # of the root mean square: the same fit on the same machine


@dataclass(frozen=True)
class CohortOutcome:
    """What came of a cohort; its fields are those of `Outcome`, for the whole.

    Attributes:
        members: what came of each permutation.
        sensor: the cohort; None where it failed.
        predictions: the variant's on the test part, the refit's on all rows, that all members predict.
        inputs: the members' inputs, in order of id.
        train_end: the last bar that a label of any member uses.
        label: the label that the overrides give, or None.
        error: why it failed; None where it did not.
    """

    members: tuple[Outcome, ...]
    sensor: Cohort | None = None
    predictions: pd.DataFrame | None = None
    inputs: Mapping[str, Any] | None = None
    train_end: dt.date | None = None
    label: str | None = None
    error: Exception | None = None


def promote_cohort(
    trainer: Trainer,
    members: Members,
    *,
    combine: str | None = None,
    overrides: Mapping[str, Any] | None = None,
    n_jobs: int = 1,
) -> CohortOutcome:
    """Promote permutations and make one predictor of them; a failure becomes the outcome's error.

    Args:
        trainer: of the experiment.
        members: which permutations, and how they were chosen.
        combine: how they are combined; None for what they offer.
        overrides: settings to change for variants and refits.
        n_jobs: processes.
    """
    outcomes = tuple(trainer.outcomes(sorted(members.ids), overrides=overrides, n_jobs=n_jobs))
    failures = {
        member_name(trainer.directory.name, o.permutation_id): o.error
        for o in outcomes
        if o.error is not None
    }
    if failures:
        where = trainer.directory.path
        return CohortOutcome(outcomes, error=member_failed(failures, "be promoted", len(outcomes), where))
    try:
        return _assembled(trainer, members, outcomes, combine, dict(overrides or {}))
    except Interrupted:
        raise
    except Exception as error:
        return CohortOutcome(outcomes, error=error)


def _assembled(
    trainer: Trainer,
    members: Members,
    outcomes: tuple[Outcome, ...],
    combine: str | None,
    overrides: dict[str, Any],
) -> CohortOutcome:
    if trainer.is_foreign:
        raise CohortError(
            "another library prepares its data in its own way, so that no rows are known to be common",
            where=trainer.directory.path,
            remedy="promote the permutations one by one",
        )
    sensors = [outcome.sensor for outcome in outcomes if outcome.sensor is not None]
    cohort = Cohort.of(sensors, combine=combine)
    with (
        threadpool_limits(1),
        using(trainer.recorded),
        overriding(settings, overrides, trainer.allowed),
    ):
        parts = [_part(trainer, outcome) for outcome in outcomes]
        offers = {name: offer_of(part.variant) for name, part in zip(cohort.members, parts, strict=True)}
        whole = Whole(parts, rule_of(offers, cohort.rule.combine), cohort.rule)
        results, agreed = measured(whole)
        predictions = predictions_of_whole(whole)
    ends = [outcome.train_end for outcome in outcomes if outcome.train_end is not None]
    end = max(ends) if ends else None
    metadata = provenance(cohort, members, end, agreed, measured=bool(results["variant"]))
    inputs = {
        "cohort": {"combine": cohort.rule.combine},
        "members": [outcome.inputs for outcome in outcomes],
    }
    whole_cohort = Cohort(cohort.members, cohort.rule, metadata, results)
    return CohortOutcome(outcomes, whole_cohort, predictions, inputs, end, outcomes[0].label)


def _part(trainer: Trainer, outcome: Outcome) -> Part:
    """Fit a member's variant again: it is not kept, and is checked to be the one that was validated."""
    sensor = outcome.sensor
    if sensor is None or outcome.predictions is None:
        raise CohortError(f"permutation {outcome.permutation_id!r} has no sensor")
    manifest, bench, params = trainer.pipeline.current(), trainer.bench, sensor.round_params
    boundaries = sensor.metadata["split"]["logged"]
    prepared = manifest.prepare_data(bench.data, params, bench=bench, boundaries=boundaries)
    bound = manifest.bind(params)
    labels = fit_labels(bound, prepared.train)
    variant = fit(bound, labels.of(prepared.train), prepared.cube.horizon)
    everything = manifest.with_params_override(split_config=(1, 0, 0))
    rows = everything.prepare_data(bench.data, params, bench=bench).train
    then = outcome.predictions.query("part == 'test'")["prediction"].to_numpy()
    _check_same(variant, then, scores_of(variant, prepared.test.X), outcome.permutation_id)
    if not isinstance(sensor.model, SklearnModel):
        raise CohortError(f"permutation {outcome.permutation_id!r} is another library's")
    return Part(bound, variant, sensor.model, prepared, labels, rows)


def _check_same(model: SklearnModel, then: NDArray[Any], now: NDArray[Any], number: object) -> None:
    if not model.deterministic:
        return
    if then.dtype.kind != "f" or now.dtype.kind != "f":
        same = bool(np.array_equal(then, now))
    else:
        scale = float(np.sqrt(np.mean(then**2))) if len(then) else 0.0
        same = len(then) == len(now) and bool((np.abs(then - now) <= _TOLERANCE * scale).all())
    if not same:
        raise CohortError(
            f"the variant of permutation {number!r} predicts differently when it is fitted a second time",
            expected="a deterministic model, as it says of itself",
        )


__all__ = ["CohortOutcome", "promote_cohort"]
