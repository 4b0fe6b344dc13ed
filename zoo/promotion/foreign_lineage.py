"""What a version of another library's experiment is to carry for ever."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pandas as pd

from zoo.data import Fingerprint
from zoo.errors import ReferenceModelError, TrustError
from zoo.experiment.directory import Round
from zoo.experiment.pipeline import Decoder
from zoo.manifest.libraries import major
from zoo.promotion.agreement import Agreement, as_dict
from zoo.promotion.comparison import compare_predictions
from zoo.promotion.foreign_model import PREDS
from zoo.promotion.foreign_runs import X_TEST, X_TRAIN, Fitted, Run, listed
from zoo.promotion.outcome import Outcome
from zoo.promotion.sensor import Sensor
from zoo.promotion.validation import Validation
from zoo.settings import LABEL_SETTING, Reads
from zoo.terms import Terms
from zoo.trust import LOCAL_PREFIX, Trust

#: what the lineage of every such version says was not looked into
NEVER_CHECKED: Final = ("line's data and target", "preparation of new data", "end of training")
UNKNOWN: Final = "unknown"


@dataclass(frozen=True)
class ForeignOrigin:
    """Where a promotion came from.

    Attributes:
        experiment: the directory's name.
        created_at: when it was made.
        decoder: the module that declares its manifest.
        model: the class of the reference model, by its path.
        recorded: the settings that the experiment recorded.
        data: the fingerprint of the data; None where nobody knows how to take one.
        source: the hash of the decoder's and the model's code, as far as it is no installed library's.
        drifted: modules that differ from the experiment's, where that was allowed.
        libraries: versions now.
        changed: libraries that changed since, as `{name: (then, now)}`.
        trust: what may be imported, and stored.
    """

    experiment: str
    created_at: str
    decoder: Decoder
    model: str
    recorded: Mapping[str, Any]
    data: Fingerprint | None
    source: str
    drifted: tuple[str, ...]
    libraries: dict[str, str]
    changed: dict[str, tuple[str, str]]
    trust: Trust


@dataclass(frozen=True)
class ForeignPromoted:
    """One permutation that went through both passes.

    Attributes:
        logged: as the directory has it.
        done: run again.
        variant: under the overrides, on the original split.
        whole: under the overrides, on everything.
        validation: what pass 1 compared.
        compared: the metrics among it.
        agreement: how refit and variant agree.
        overrides: settings that were changed.
        effective: all settings with these.
        reads: what was read.
        terms: what was asked for.
    """

    logged: Round
    done: Run
    variant: Run
    whole: Fitted
    validation: Validation
    compared: tuple[str, ...]
    agreement: Agreement
    overrides: Mapping[str, Any]
    effective: Mapping[str, Any]
    reads: Reads
    terms: Terms

    @property
    def read(self) -> dict[str, Any]:
        """The settings that the library read, with their values: the others decide nothing."""
        names = sorted(self.reads.names - {LABEL_SETTING})
        return {name: self.effective[name] for name in names if name in self.effective}


def foreign_outcome(found: ForeignPromoted, origin: ForeignOrigin) -> Outcome:
    """Return the sensor with all that is to be known of it, and what is registered beside it.

    Raises:
        ReferenceModelError: the model predicts something else after it was saved and loaded.
    """
    logged, model = found.logged, found.whole.model
    sensor = Sensor(
        logged.id,
        model,
        logged.params,
        metadata_of(found, origin),
        results_of(found),
        None,
        model.rows.names,
        _trusting(model.estimator, origin),
    )
    check_kept(sensor, found.variant.prepared)
    label = found.effective[LABEL_SETTING] if LABEL_SETTING in found.overrides else None
    predictions = predictions_of(found.variant, found.whole)
    return Outcome(logged.id, sensor, predictions, inputs_of(found, origin), None, label)


def inputs_of(found: ForeignPromoted, origin: ForeignOrigin) -> dict[str, Any]:
    """Return what decides what is trained; data that nobody can name makes every version its own."""
    unnamed = {} if origin.data is not None else {"run": uuid.uuid4().hex}
    return {
        "decoder": origin.decoder.name,
        "model": origin.model,
        "round_params": dict(found.logged.params),
        "settings": found.read,
        "data": UNKNOWN if origin.data is None else origin.data.content,
        "source": origin.source,
        "validation": found.validation.mode,
        "libraries": major(origin.libraries),
        **unnamed,
    }


def metadata_of(found: ForeignPromoted, origin: ForeignOrigin) -> dict[str, Any]:
    """Return where the sensor came from, as plain values."""
    model, validation = found.whole.model, found.validation
    unnamed = () if origin.data is not None else ("which data it is",)
    silent = dict.fromkeys((*validation.not_checked, *NEVER_CHECKED, *unnamed))
    return {
        "experiment": origin.experiment,
        "experiment_created_at": origin.created_at,
        "library": origin.model.partition(".")[0],
        "decoder": origin.decoder.name,
        "model": origin.model,
        "permutation_id": found.logged.id,
        "round_params": dict(found.logged.params),
        "settings": {"recorded": dict(origin.recorded), "effective": found.read},
        "overrides": dict(found.overrides),
        "reads": sorted(found.reads.names),
        "terms": found.terms.as_dict(),
        "validation": replace(validation, not_checked=tuple(silent)).as_dict(),
        "deterministic": model.deterministic,
        "features": list(model.rows.names),
        "data": {} if origin.data is None else origin.data.as_dict(),
        "source": origin.source,
        "drifted": list(origin.drifted),
        "libraries": {"now": origin.libraries, "changed": {k: list(v) for k, v in origin.changed.items()}},
        "train_end": None,
        "agreement": as_dict(found.agreement),
    }


def results_of(found: ForeignPromoted) -> dict[str, Mapping[str, Any]]:
    """Return the metrics by stage; of the log only what was compared, since nobody vouches for the rest."""
    return {
        "logged": {name: found.logged.metrics.get(name) for name in found.compared},
        "reproduced": found.done.scalars,
        "variant": found.variant.scalars,
        "refit": {"n_obs": found.whole.trained_rows},
    }


def predictions_of(variant: Run, whole: Fitted) -> pd.DataFrame:
    """Return the variant's predictions on the test part and the refit's on the rows that it was trained on.

    Returns:
        Columns `part` (`test`, `refit`), `row`, `prediction`.
    """
    pieces = [("test", variant.scores(X_TEST)), ("refit", whole.scores(X_TRAIN))]
    frames = [
        pd.DataFrame({"part": part, "row": np.arange(len(scores)), "prediction": scores})
        for part, scores in pieces
    ]
    return pd.concat(frames, ignore_index=True)


def check_kept(sensor: Sensor, prepared: Mapping[str, Any]) -> None:
    """Refuse a model that loses its state on disk; one that cannot be stored says so when it is stored.

    Raises:
        ReferenceModelError: it predicts something else after it was saved and loaded.
    """
    try:
        content = sensor.dumps()
    except TrustError:
        return
    loaded = Sensor.loads(content, sensor.trust)
    then, now = (one.predict(prepared)[PREDS] for one in (sensor, loaded))
    same = np.array_equal(then, now, equal_nan=then.dtype.kind == "f")
    if not same and not sensor.model.deterministic:
        same = not compare_predictions(PREDS, listed(then) or [], listed(now) or [], deterministic=False)
    if not same:
        raise ReferenceModelError(
            f"{sensor.metadata['model']} predicts differently after it was saved and loaded",
            where=str(sensor.metadata["experiment"]),
            expected="all of its state in attributes that skops can keep",
        )


def _trusting(model: Any, origin: ForeignOrigin) -> Trust:
    """Trust the classes of a decoder that lies in the experiment; its source travels with the sensor."""
    name = origin.decoder.module.__name__
    held = (model, *getattr(model, "__dict__", {}).values())
    if name.startswith(LOCAL_PREFIX) and any(type(part).__module__ == name for part in held):
        return replace(origin.trust, prefixes=(*origin.trust.prefixes, f"{name}."))
    return origin.trust


__all__ = [
    "NEVER_CHECKED",
    "ForeignOrigin",
    "ForeignPromoted",
    "check_kept",
    "foreign_outcome",
    "inputs_of",
    "metadata_of",
    "predictions_of",
    "results_of",
]
