"""Promoting the permutations of another library's experiment, in the same two passes as our own.

Such a directory records less: no fingerprints, metrics that may be rounded, columns that a second run does
not produce. What is there is compared; what is not there is named in the version's lineage, for ever.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final

import numpy as np
import pandas as pd

from zoo.data import Fingerprint, Table
from zoo.errors import DataDriftError, ReferenceModelError, TrustError, ZooError
from zoo.experiment.directory import ExperimentDirectory, Round
from zoo.experiment.foreign import ForeignPipeline
from zoo.manifest.libraries import changed, major
from zoo.metrics import rank_ic_by_date
from zoo.promotion.foreign_runs import Fitted, Run, refit, run
from zoo.promotion.foreign_validation import Compared, validate_foreign
from zoo.promotion.rows import is_polars
from zoo.promotion.sensor import Sensor
from zoo.settings import LABEL_SETTING, Reads, settings, using
from zoo.settings import overrides as overriding
from zoo.trust import LOCAL_PREFIX, Trust

#: what the lineage of every such version says was not looked into
NEVER_CHECKED: Final = ("line's data and target", "preparation of new data")
UNKNOWN: Final = "unknown"


@dataclass(frozen=True)
class Promoted:
    """What came of one permutation, before it is somebody's outcome."""

    sensor: Sensor
    predictions: pd.DataFrame
    inputs: dict[str, Any]
    label: str | None


@dataclass(frozen=True)
class Passes:
    """The three models of a promotion (as logged, under the overrides, on everything), and what was seen."""

    logged: Round
    reproduced: Run
    variant: Run
    refitted: Fitted
    compared: Compared
    libraries: dict[str, tuple[str, str]]


class ForeignTrainer:
    """Promotes permutations of one experiment of another library.

    Args:
        directory: the experiment.
        pipeline: its decoder.
        data: whatever its preparation takes; None fetches it from the manifest's own source.
        trust: what may be imported, and stored.
        recorded: the settings under which pass 1 runs.
        allowed: settings that may be overridden.
        told: called with a permutation and a note as it goes.
    """

    def __init__(
        self,
        directory: ExperimentDirectory,
        pipeline: ForeignPipeline,
        data: Any,
        *,
        trust: Trust,
        recorded: Mapping[str, Any],
        allowed: frozenset[str],
        told: Callable[[int, str], None],
    ) -> None:
        self.directory = directory
        self.pipeline = pipeline
        self.trust = trust
        self.recorded = recorded
        self.allowed = allowed
        self._data = data
        self._told = told

    @cached_property
    def data(self) -> Any:
        """The experiment's data; its fingerprint is compared where one was recorded."""
        with using(self.recorded):
            data = self.pipeline.fetch_data() if self._data is None else self._data
        self._check(fingerprint_of(data))
        return data

    @cached_property
    def fingerprint(self) -> Fingerprint | None:
        """The fingerprint of the data; None where nobody knows how to take one."""
        return fingerprint_of(self.data)

    def promote(self, logged: Round, overrides: dict[str, Any]) -> Promoted:
        """Reproduce a permutation, refit it on everything, and wrap it.

        Raises:
            ReconstructionError: it does not reproduce, or nothing was logged that could be compared.
            ForeignCodeError, ReferenceModelError: the library gave what cannot be promoted.
            InertOverride: the library reads none of our settings.
        """
        where = f"{self.directory.path}, permutation {logged.id}"
        with using(self.recorded):
            done = run(self.pipeline.current(), self.data, logged.params, self.trust, where)
            parameters = self.pipeline.parameters()
        libraries = changed(self._recorded_libraries(done), self._libraries(done))
        compared = validate_foreign(
            self.directory, logged, done, parameters, where=where, libraries=libraries
        )
        self._told(logged.id, "reproduced")
        with using(self.recorded), overriding(settings, overrides, self.allowed) as reads:
            label = settings[LABEL_SETTING] if LABEL_SETTING in overrides else None
            manifest = self.pipeline.current()
            variant = run(manifest, self.data, logged.params, self.trust, where) if overrides else done
            self._told(logged.id, "variant fitted")
            whole = refit(self.pipeline.current(), self.data, logged.params, variant, self.trust, where)
            effective = settings.snapshot()
        reads.require(overrides, where)
        self._told(logged.id, "refitted")
        passes = Passes(logged, done, variant, whole, compared, libraries)
        return self._promoted(passes, overrides, effective, reads, label)

    def _promoted(
        self,
        passes: Passes,
        overrides: dict[str, Any],
        effective: dict[str, Any],
        reads: Reads,
        label: str | None,
    ) -> Promoted:
        logged, whole = passes.logged, passes.refitted
        read = {n: effective[n] for n in sorted(reads.names) if n in effective and n != LABEL_SETTING}
        inputs = self._inputs(passes, read)
        metadata = {
            "experiment": self.directory.name,
            "experiment_created_at": str(self.directory.metadata.get("created_at", "")),
            "permutation_id": logged.id,
            "round_params": dict(logged.params),
            "settings": {"recorded": self.directory.metadata.get("settings") or {}, "effective": read},
            "overrides": overrides,
            "reads": sorted(reads.names),
            "library": inputs["model"].partition(".")[0],
            "decoder": inputs["decoder"],
            "model": inputs["model"],
            "validation": self._validation(passes.compared),
            "deterministic": whole.model.deterministic,
            "features": list(whole.model.rows.names),
            "data": UNKNOWN if self.fingerprint is None else self.fingerprint.as_dict(),
            "source": inputs["source"],
            "libraries": {
                "now": self._libraries(whole),
                "changed": {name: list(pair) for name, pair in passes.libraries.items()},
            },
            "train_end": None,
            "agreement": agreement(passes.variant, whole),
        }
        results = {
            "logged": {name: logged.metrics.get(name) for name in passes.compared.metrics},
            "reproduced": passes.reproduced.scalars,
            "variant": passes.variant.scalars,
            "refit": {"n_obs": whole.trained_rows},
        }
        names = whole.model.rows.names
        trust = self._trusting(whole.model.estimator)
        sensor = Sensor(logged.id, whole.model, logged.params, metadata, results, None, names, trust)
        _check_kept(sensor, passes.variant.prepared)
        return Promoted(sensor, predictions_of(passes.variant, whole), inputs, label)

    def _trusting(self, model: Any) -> Trust:
        """Trust the classes of a decoder that lies in the experiment; its source travels with the sensor."""
        name = self.pipeline.decoder.module.__name__
        held = (model, *getattr(model, "__dict__", {}).values())
        if name.startswith(LOCAL_PREFIX) and any(type(part).__module__ == name for part in held):
            return replace(self.trust, prefixes=(*self.trust.prefixes, f"{name}."))
        return self.trust

    def _inputs(self, passes: Passes, read: Mapping[str, Any]) -> dict[str, Any]:
        """Return what decides what is trained; data that nobody can name makes every version its own."""
        kind = type(passes.refitted.model.estimator)
        found = self.fingerprint
        return {
            "decoder": self.pipeline.decoder.name,
            "model": f"{kind.__module__}.{kind.__qualname__}",
            "round_params": dict(passes.logged.params),
            "settings": dict(read),
            "data": UNKNOWN if found is None else found.content,
            "source": str(self.pipeline.code(kind)["content"]),
            "validation": "full",
            "libraries": major(self._libraries(passes.refitted)),
            **({"run": uuid.uuid4().hex} if found is None else {}),
        }

    def _validation(self, compared: Compared) -> dict[str, Any]:
        silent = [*compared.not_checked, *NEVER_CHECKED]
        return {
            "mode": "full",
            "metrics": len(compared.metrics),
            "predictions": compared.predictions,
            "not_checked": list(dict.fromkeys(silent)),
        }

    def _libraries(self, fitted: Fitted) -> dict[str, str]:
        used = [self.pipeline.decoder.module.__name__, type(fitted.model.estimator).__module__]
        return self.pipeline.libraries([*used, fitted.model.rows.container])

    def _recorded_libraries(self, fitted: Fitted) -> dict[str, str]:
        """Return the versions that metadata.json records: ours, or `<library>_version`."""
        recorded = dict(self.directory.metadata.get("libraries") or {})
        own = {
            name.removesuffix("_version"): str(value)
            for name, value in self.directory.metadata.items()
            if name.endswith("_version")
        }
        return {**{name: own[name] for name in self._libraries(fitted) if name in own}, **recorded}

    def _check(self, found: Fingerprint | None) -> None:
        recorded = (self.directory.metadata.get("fingerprints") or {}).get("data")
        if not recorded:
            return
        then = Fingerprint.from_dict(recorded)
        differing = ["it has no fingerprint"] if found is None else then.differences(found)
        if differing:
            raise DataDriftError(
                f"the data differs from the experiment's: {'; '.join(differing)}",
                where=self.directory.path,
                remedy="give the data of the experiment",
            )


def _check_kept(sensor: Sensor, prepared: Mapping[str, Any]) -> None:
    """A model that loses its state on disk must not be promoted; one that cannot be stored says so then."""
    try:
        content = sensor.dumps()
    except TrustError:
        return
    then, now = (one.predict(prepared)["_preds"] for one in (sensor, Sensor.loads(content, sensor.trust)))
    if not np.array_equal(then, now, equal_nan=then.dtype.kind == "f"):
        raise ReferenceModelError(
            f"{sensor.metadata['model']} predicts differently after it was saved and loaded",
            where=str(sensor.metadata["experiment"]),
            expected="all of its state in attributes that skops can keep",
        )


def fingerprint_of(data: Any) -> Fingerprint | None:
    """Return what data is: its own fingerprint, or that of a frame of pandas or polars; None for the rest."""
    if callable(getattr(data, "fingerprint", None)):
        found = data.fingerprint()
        return found if isinstance(found, Fingerprint) else None
    if is_polars(data):
        data = data.to_arrow().to_pandas(date_as_object=False)
    if not isinstance(data, pd.DataFrame):
        return None
    try:
        return Table(data.rename(columns=str)).fingerprint()
    except ZooError:  # values that have no canonical form
        return None


def agreement(variant: Run, whole: Fitted) -> dict[str, Any]:
    """Compare the refit with the variant on the variant's test rows.

    Returns:
        `rank_correlation`: the Spearman correlation of their scores, None where it is not defined; `equal`:
        the share of rows with equal predictions; `rows`.
    """
    models = (variant.model, whole.model)
    a, b = (model.scores(variant.prepared) for model in models)
    ranked = rank_ic_by_date(a[None, :], b[None, :])
    known = ranked[np.isfinite(ranked)]
    then, now = (model.predict(variant.prepared)["_preds"] for model in models)
    return {
        "rank_correlation": float(known.mean()) if known.size else None,
        "equal": float(np.mean(then == now)),
        "rows": int(a.size),
    }


def predictions_of(variant: Run, whole: Fitted) -> pd.DataFrame:
    """Return the variant's predictions on the test part and the refit's on the rows that it was trained on.

    Returns:
        Columns `part` (`test`, `refit`), `row`, `prediction`.
    """
    pieces = [("test", variant.scores("x_test")), ("refit", whole.scores("x_train"))]
    return pd.concat(
        [
            pd.DataFrame({"part": part, "row": np.arange(len(scores)), "prediction": scores})
            for part, scores in pieces
        ],
        ignore_index=True,
    )


__all__ = ["NEVER_CHECKED", "ForeignTrainer", "Promoted", "agreement", "fingerprint_of", "predictions_of"]
