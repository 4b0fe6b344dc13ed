"""What a version is to carry for ever: its inputs, where it came from, and its metrics by stage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from zoo.experiment.directory import Round
from zoo.experiment.pipeline import Done
from zoo.manifest.libraries import major
from zoo.promotion.agreement import Agreement, as_dict
from zoo.promotion.outcome import Evaluated, Outcome
from zoo.promotion.refit import counts, predictions_of, train_end
from zoo.promotion.sensor import Sensor
from zoo.promotion.validation import Validation
from zoo.settings import LABEL_SETTING, Reads
from zoo.terms import Terms
from zoo.trust import TARGET_KEY


@dataclass(frozen=True)
class Origin:
    """What all permutations of an experiment have in common.

    Attributes:
        experiment: the directory's name.
        created_at: when it was made.
        manifest: the declaration with its holes.
        seed: of the search.
        recorded: the settings that the experiment recorded.
        data: the fingerprint of the data.
        source: the hash of the manifest's own code, as it is now.
        drifted: modules that differ from the experiment's, where that was allowed.
        libraries: versions now.
        changed: libraries that changed since, as `{name: (then, now)}`.
    """

    experiment: str
    created_at: str
    manifest: Mapping[str, Any]
    seed: int
    recorded: Mapping[str, Any]
    data: Mapping[str, Any]
    source: str
    drifted: tuple[str, ...]
    libraries: dict[str, str]
    changed: Mapping[str, tuple[str, str]]


@dataclass(frozen=True)
class Promoted:
    """One permutation that went through both passes.

    Attributes:
        logged: as the directory has it.
        done: run again under the recorded settings.
        variant: under the overrides, on the original split.
        refit: under the overrides, on all data.
        validation: what pass 1 compared.
        agreement: how refit and variant agree.
        overrides: settings that were changed.
        effective: all settings with these.
        reads: what was read.
        terms: what was asked for.
        controls: what its control twins came to; None where none were asked for.
    """

    logged: Round
    done: Done
    variant: Done
    refit: Done
    validation: Validation
    agreement: Agreement
    overrides: Mapping[str, Any]
    effective: Mapping[str, Any]
    reads: Reads
    terms: Terms
    controls: Mapping[str, Any] | None = None


def outcome_of(found: Promoted, origin: Origin) -> Outcome:
    """Return the sensor with all that is to be known of it, and what is registered beside it."""
    logged, refit = found.logged, found.refit
    sensor = Sensor(
        logged.id,
        refit.model,
        logged.params,
        metadata_of(found, origin),
        results_of(found),
        refit.bound,
        refit.prepared.train.names,
        refit.bound.trust,
    )
    label = found.effective[LABEL_SETTING] if LABEL_SETTING in found.overrides else None
    predictions = predictions_of(found.variant, refit)
    inputs, variant = inputs_of(found, origin), evaluated(found) if found.overrides else None
    return Outcome(logged.id, sensor, predictions, inputs, train_end(refit), label, variant)


def evaluated(found: Promoted) -> Evaluated:
    """Return the variant as a trial: chosen or not, its test part was looked at."""
    variant = found.variant
    held_out = None if variant.held_out is None else variant.held_out.record()
    settings = {name: value for name, value in found.effective.items() if name != LABEL_SETTING}
    return Evaluated(dict(found.logged.params), settings, variant.metrics, held_out, variant.preds)


def inputs_of(found: Promoted, origin: Origin) -> dict[str, Any]:
    """Return what the version's fingerprint is taken over: whatever decides what is trained."""
    settings = {name: value for name, value in found.effective.items() if name != LABEL_SETTING}
    return {
        "manifest": _without_place(origin.manifest),
        "seed": origin.seed,
        "round_params": dict(found.logged.params),
        "settings": settings,
        "data": origin.data["content"],
        "source": origin.source,
        "validation": found.validation.mode,
        "libraries": major(origin.libraries),
    }


def metadata_of(found: Promoted, origin: Origin) -> dict[str, Any]:
    """Return where the sensor came from, as plain values."""
    refit, end = found.refit, train_end(found.refit)
    return {
        "experiment": origin.experiment,
        "experiment_created_at": origin.created_at,
        "permutation_id": found.logged.id,
        "round_params": dict(found.logged.params),
        "settings": {"recorded": dict(origin.recorded), "effective": dict(found.effective)},
        "overrides": dict(found.overrides),
        "reads": sorted(found.reads.names),
        "terms": found.terms.as_dict(),
        "validation": found.validation.as_dict(),
        "deterministic": refit.model.deterministic,
        "features": list(refit.prepared.train.names),
        "fitted": refit.fitted,
        "data": dict(origin.data),
        "source": origin.source,
        "drifted": list(origin.drifted),
        "libraries": {"now": origin.libraries, "changed": {k: list(v) for k, v in origin.changed.items()}},
        "split": {"logged": found.done.prepared.boundaries, "refit": refit.prepared.boundaries},
        "horizon": refit.prepared.cube.horizon,
        "train_end": None if end is None else end.isoformat(),
        "agreement": as_dict(found.agreement),
        **({} if found.controls is None else {"controls": dict(found.controls)}),
    }


def results_of(found: Promoted) -> dict[str, Mapping[str, Any]]:
    """Return the metrics by stage; of the refit only what it was fitted on, since it has seen everything."""
    return {
        "logged": found.logged.metrics,
        "reproduced": found.done.metrics,
        "variant": found.variant.metrics,
        "refit": counts(found.refit.prepared.train),
    }


def _without_place(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out where data lies: its content's hash says what it is, wherever it lies."""
    data = manifest.get("data")
    return {**manifest, "data": data.get(TARGET_KEY) if isinstance(data, Mapping) else None}


__all__ = ["Origin", "Promoted", "inputs_of", "metadata_of", "outcome_of", "results_of"]
