"""The trainer: pass 1 proves that a permutation still reproduces, pass 2 refits its variant on all data.

Pass 1 runs under the settings that the experiment recorded; the variant and pass 2 under those plus the
overrides. Each permutation has its own outcome.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from zoo.data import Fingerprint
from zoo.errors import (
    CodeDriftError,
    DataDriftError,
    DataError,
    ExperimentCorrupt,
    Interrupted,
    UnknownPermutation,
)
from zoo.events import Advanced, Observer, emit
from zoo.experiment.directory import ExperimentDirectory, Round
from zoo.experiment.foreign import foreign_pipeline
from zoo.experiment.format import declared_digest
from zoo.experiment.pipeline import Done, Pipeline, from_metadata
from zoo.experiment.space import Space
from zoo.manifest.libraries import changed, major
from zoo.manifest.workbench import Workbench
from zoo.promotion.foreign import ForeignTrainer
from zoo.promotion.refit import agreement, counts, predictions_of, train_end
from zoo.promotion.sensor import Sensor
from zoo.promotion.validation import Validation, validate
from zoo.settings import (
    ALLOWED,
    DEFAULTS,
    LABEL_SETTING,
    Reads,
    check_allowed,
    check_values,
    settings,
    using,
)
from zoo.settings import (
    overrides as overriding,
)
from zoo.trust import TARGET_KEY, Trust


@dataclass(frozen=True)
class Outcome:
    """What came of one permutation: a sensor with its predictions, or an error.

    Attributes:
        inputs: what the version's fingerprint is taken over; inputs only.
        train_end: the last bar that any training label uses; None without a time axis.
        label: the label that the overrides give, or None.
    """

    permutation_id: object
    sensor: Sensor | None = None
    predictions: pd.DataFrame | None = None
    inputs: Mapping[str, Any] | None = None
    train_end: dt.date | None = None
    label: str | None = None
    error: Exception | None = None


class Trainer:
    """Promotes permutations of one finished experiment.

    Args:
        experiment_dir: the directory.
        data: a `Dataset` or a `Table` in place of the manifest's source, or whatever another library's
            manifest prepares; its fingerprint must be the recorded one.
        trusted: a `Trust`, prefixes, or None for the default list.
        allowed: settings that may be overridden; None takes the code's allowlist.
        observers: who is told of progress.
    """

    def __init__(
        self,
        experiment_dir: Path | str,
        data: Any = None,
        *,
        trusted: Trust | Iterable[str] | None = None,
        allowed: Iterable[str] | None = None,
        observers: Iterable[Observer] = (),
    ) -> None:
        self.directory = ExperimentDirectory(experiment_dir)
        self.trust = Trust.of(trusted)
        self.allowed = ALLOWED if allowed is None else frozenset(allowed)
        self.observers = list(observers)
        self._data = data

    def train(self, ids: Iterable[object], *, overrides: Mapping[str, Any] | None = None) -> list[Sensor]:
        """Promote permutations; all are tried, then the first failure is raised.

        Args:
            ids: permutation ids.
            overrides: settings to change for the variant and the refit.

        Raises:
            ReconstructionError: a permutation does not reproduce.
            DataDriftError, CodeDriftError: data or code is not that of the experiment.
            OverrideNotAllowed, InertOverride: an override that may not be, or that nobody read.
        """
        outcomes = self.outcomes(ids, overrides=overrides)
        for outcome in outcomes:
            if outcome.error is not None:
                raise outcome.error
        return [outcome.sensor for outcome in outcomes if outcome.sensor is not None]

    def outcomes(self, ids: Iterable[object], *, overrides: Mapping[str, Any] | None = None) -> list[Outcome]:
        """Promote permutations, each with an outcome of its own; only an interruption is raised."""
        wanted = list(ids)
        return [
            self._twice(number) if number in wanted[:place] else self.outcome(number, overrides=overrides)
            for place, number in enumerate(wanted)
        ]

    def _twice(self, number: object) -> Outcome:
        error = UnknownPermutation(
            f"permutation {number!r} is listed twice", where=self.directory.path, remedy="list each id once"
        )
        return Outcome(number, error=error)

    def outcome(self, permutation_id: object, *, overrides: Mapping[str, Any] | None = None) -> Outcome:
        """Promote one permutation; a failure becomes the outcome's error."""
        try:
            return self._promote(permutation_id, dict(overrides or {}))
        except Interrupted:
            raise
        except Exception as error:
            return Outcome(permutation_id, error=error)

    @cached_property
    def recorded(self) -> dict[str, Any]:
        """The settings that the experiment recorded; ours where it recorded none."""
        return {**DEFAULTS, **(self.directory.metadata.get("settings") or {})}

    @cached_property
    def _foreign(self) -> ForeignTrainer | None:
        """What promotes another library's experiment; None where the manifest is ours."""
        with using(self.recorded):
            found = foreign_pipeline(self.directory.metadata, self.directory.path, self.trust)
        if found is None:
            return None
        return ForeignTrainer(
            self.directory,
            found,
            self._data,
            trust=self.trust,
            recorded=self.recorded,
            allowed=self.allowed,
            told=self._told,
        )

    @property
    def is_foreign(self) -> bool:
        """Whether the experiment's manifest is another library's object."""
        return self._foreign is not None

    @cached_property
    def pipeline(self) -> Pipeline:
        """The experiment's pipeline; nothing of it is imported before its names are checked."""
        with using(self.recorded):  # a decoder may read them while it declares
            pipeline = from_metadata(self.directory.metadata, self.directory.path, self.trust)
        code = pipeline.code()
        self._check_code(code["modules"])
        self._source = str(code["content"])
        return pipeline

    @cached_property
    def bench(self) -> Workbench:
        """The experiment's data, once its fingerprint has been checked."""
        with using(self.recorded):
            data = self.pipeline.fetch_data() if self._data is None else self._data
        if not hasattr(data, "kind") or not hasattr(data, "fingerprint"):
            raise DataError(
                f"data is a {type(data).__name__}", where=self.directory.path, expected="a Dataset or a Table"
            )
        self._check_data(data)
        return Workbench(data)

    @cached_property
    def _fingerprints(self) -> Mapping[str, Any]:
        return self.directory.metadata.get("fingerprints") or {}

    @cached_property
    def libraries(self) -> dict[str, tuple[str, str]]:
        """The libraries whose versions changed since the experiment, as `{name: (then, now)}`."""
        return changed(self.directory.metadata.get("libraries") or {}, self.pipeline.libraries())

    def _check_code(self, now: Mapping[str, str]) -> None:
        then = (self._fingerprints.get("code") or {}).get("modules")
        if then is None:
            return
        differing = sorted(name for name in {*then, *now} if then.get(name) != now.get(name))
        if differing:
            raise CodeDriftError(
                f"the code differs from the code that the experiment was run with: {', '.join(differing)}",
                where=self.directory.path,
                remedy="restore those modules, or make the experiment again with overwrite=true",
            )

    def _check_data(self, data: Any) -> None:
        recorded = self._fingerprints.get("data")
        if recorded is None:
            return
        try:
            then = Fingerprint.from_dict(recorded)
        except Exception as error:
            raise ExperimentCorrupt(
                f"fingerprints.data is no fingerprint: {error}", where=self.directory.path / "metadata.json"
            ) from error
        differing = then.differences(data.fingerprint())
        if differing:
            raise DataDriftError(
                f"the data differs from the experiment's: {'; '.join(differing)}",
                where=self.directory.path,
                remedy="give the data of the experiment, or make it again with overwrite=true",
            )

    def _promote(self, permutation_id: object, overrides: dict[str, Any]) -> Outcome:
        check_allowed(overrides, self.allowed)
        check_values(overrides)
        logged = self.directory.round(permutation_id)
        if self._foreign is not None:
            found = self._foreign.promote(logged, overrides)
            return Outcome(logged.id, found.sensor, found.predictions, found.inputs, None, found.label)
        where = f"{self.directory.path}, permutation {logged.id}"
        self._check_space(logged, where)
        with using(self.recorded):
            done = self.pipeline.run(logged.params, self.bench)
        validation = validate(logged, done, where=where, libraries=self.libraries)
        self._check_declared(logged, where)
        self._told(logged.id, "reproduced")
        with using(self.recorded), overriding(settings, overrides, self.allowed) as reads:
            label = settings[LABEL_SETTING] if LABEL_SETTING in overrides else None
            variant = (
                self.pipeline.run(logged.params, self.bench, done.prepared.boundaries) if overrides else done
            )
            self._told(logged.id, "variant fitted")
            refit = self.pipeline.refit(logged.params, self.bench)
            effective = settings.snapshot()
        reads.require(overrides, where)
        self._told(logged.id, "refitted")
        return self._outcome(logged, done, variant, refit, validation, overrides, effective, reads, label)

    def _check_space(self, logged: Round, where: str) -> None:
        """An id is the position in the product of the declared values: the parameters must be those."""
        space = Space(self.pipeline.params, self.directory.metadata.get("injected") or ())
        if len(space) > logged.id and repr(space[logged.id]) == repr(logged.params):
            return
        expected = repr(space[logged.id]) if len(space) > logged.id else f"an id below {len(space)}"
        raise ExperimentCorrupt(
            f"round_params {logged.params!r} are not those of this id", where=where, expected=expected
        )

    def _check_declared(self, logged: Round, where: str) -> None:
        """What pass 1 does not exercise, such as a feature left out, must be what the round was run with."""
        if logged.digests is not None and logged.digests.get("declared") != declared_digest(
            self.directory.metadata
        ):
            raise ExperimentCorrupt(
                "metadata.json declares something else than when the round was run",
                where=where,
                remedy="restore metadata.json, or make the experiment again with overwrite=true",
            )

    def _told(self, number: int, note: str) -> None:
        emit(self.observers, Advanced(f"promote {self.directory.name}", note=f"permutation {number} {note}"))

    def _outcome(
        self,
        logged: Round,
        done: Done,
        variant: Done,
        refit: Done,
        validation: Validation,
        overrides: dict[str, Any],
        effective: dict[str, Any],
        reads: Reads,
        label: str | None,
    ) -> Outcome:
        end = train_end(refit)
        now = self.pipeline.libraries()
        data = self.bench.data.fingerprint().as_dict()
        inputs = {
            "manifest": _without_place(self.pipeline.manifest.to_config()),
            "seed": self.pipeline.manifest.seed,
            "round_params": dict(logged.params),
            "settings": {name: value for name, value in effective.items() if name != LABEL_SETTING},
            "data": data["content"],
            "source": self._source,
            "validation": validation.mode,
            "libraries": major(now),
        }
        metadata = {
            "experiment": self.directory.name,
            "experiment_created_at": str(self.directory.metadata.get("created_at", "")),
            "permutation_id": logged.id,
            "round_params": dict(logged.params),
            "settings": {"recorded": self.recorded, "effective": effective},
            "overrides": overrides,
            "reads": sorted(reads.names),
            "validation": {**asdict(validation), "not_checked": list(validation.not_checked)},
            "deterministic": refit.model.deterministic,
            "features": list(refit.prepared.train.names),
            "fitted": refit.fitted,
            "data": data,
            "source": self._source,
            "libraries": {"now": now, "changed": {k: list(v) for k, v in self.libraries.items()}},
            "split": {"logged": done.prepared.boundaries, "refit": refit.prepared.boundaries},
            "horizon": refit.prepared.cube.horizon,
            "train_end": None if end is None else end.isoformat(),
            "agreement": agreement(variant, refit),
        }
        results = {
            "logged": logged.metrics,
            "reproduced": done.metrics,
            "variant": variant.metrics,
            "refit": counts(refit.prepared.train),
        }
        names = refit.prepared.train.names
        sensor = Sensor(
            logged.id, refit.model, logged.params, metadata, results, refit.bound, names, refit.bound.trust
        )
        return Outcome(logged.id, sensor, predictions_of(variant, refit), inputs, end, label)


def _without_place(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out where data lies: its content's hash says what it is, wherever it lies."""
    data = manifest.get("data")
    return {**manifest, "data": data.get(TARGET_KEY) if isinstance(data, Mapping) else None}


__all__ = ["Outcome", "Trainer"]
