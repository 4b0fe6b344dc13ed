"""Promoting the permutations of another library's experiment, in the same two passes as our own.

Such a directory records less: no fingerprints, metrics that may be rounded, columns that a second run does
not produce. What is there is compared; what is not there is named in the version's lineage, for ever.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import pandas as pd

from zoo.data import Fingerprint, Table
from zoo.errors import DataDriftError, ExperimentCorrupt, ReconstructionError, ZooError
from zoo.experiment.directory import ExperimentDirectory, Round
from zoo.experiment.foreign import ForeignPipeline
from zoo.manifest.libraries import changed
from zoo.promotion.drift import code_drift
from zoo.promotion.foreign_agreement import foreign_agreement
from zoo.promotion.foreign_lineage import ForeignOrigin, ForeignPromoted, foreign_outcome
from zoo.promotion.foreign_runs import Fitted, Run, refit, run
from zoo.promotion.foreign_validation import validate_foreign
from zoo.promotion.outcome import Outcome
from zoo.promotion.rows import is_polars
from zoo.promotion.validation import Validation, skipped
from zoo.settings import LABEL_SETTING, settings, using
from zoo.settings import overrides as overriding
from zoo.terms import Terms
from zoo.trust import Trust


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
        terms: what must be shown first, and what is done without.
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
        terms: Terms,
    ) -> None:
        self.directory = directory
        self.pipeline = pipeline
        self.trust = trust
        self.recorded = recorded
        self.allowed = allowed
        self.terms = terms
        self._data = data
        self._told = told

    @cached_property
    def data(self) -> Any:
        """The experiment's data; its fingerprint is compared where one was recorded."""
        with using(self.recorded):
            data = self.pipeline.fetch_data() if self._data is None else self._data
        self._check_data(fingerprint_of(data))
        return data

    @cached_property
    def fingerprint(self) -> Fingerprint | None:
        """The fingerprint of the data; None where nobody knows how to take one."""
        return fingerprint_of(self.data)

    def promote(self, logged: Round, overrides: dict[str, Any]) -> Outcome:
        """Reproduce a permutation, refit it on everything, and wrap it.

        Raises:
            ReconstructionError: it does not reproduce, or nothing was logged that could be compared.
            ForeignCodeError, ReferenceModelError: the library gave what cannot be promoted.
            AgreementError: the refit does not resemble the variant.
            InertOverride: the library reads none of our settings.
        """
        where = f"{self.directory.path}, permutation {logged.id}"
        with using(self.recorded):
            done = run(self.pipeline.current(), self.data, logged.params, self.trust, where)
        origin = self._origin(done)
        validation, compared = self._validated(logged, done, origin, where)
        self._told(logged.id, "reproduced" if self.terms.validated else "run again, not compared")
        with using(self.recorded), overriding(settings, overrides, self.allowed) as reads:
            if LABEL_SETTING in overrides:
                settings[LABEL_SETTING]  # it names the version: that is its use
            manifest = self.pipeline.current()
            variant = run(manifest, self.data, logged.params, self.trust, where) if overrides else done
            self._told(logged.id, "variant fitted")
            whole = refit(self.pipeline.current(), self.data, logged.params, variant, self.trust, where)
            agreed = foreign_agreement(variant, whole, self.terms.agreement, where)
            effective = settings.snapshot()
        reads.require(overrides, where)
        self._told(logged.id, "refitted")
        found = ForeignPromoted(
            logged,
            done,
            variant,
            whole,
            validation,
            compared,
            agreed,
            overrides,
            effective,
            reads,
            self.terms,
        )
        return foreign_outcome(found, origin)

    def _validated(
        self, logged: Round, done: Run, origin: ForeignOrigin, where: str
    ) -> tuple[Validation, tuple[str, ...]]:
        if not self.terms.validated:
            return skipped(logged), ()
        with using(self.recorded):
            parameters = self.pipeline.parameters()
        try:
            return validate_foreign(
                self.directory, logged, done, parameters, where=where, libraries=origin.changed
            )
        except ReconstructionError as error:
            if origin.drifted:
                raise code_drift(origin.drifted, self.directory.path, error.problem) from error
            raise

    def _origin(self, done: Run) -> ForeignOrigin:
        """Say where a run came from; code that changed is refused unless that was allowed."""
        kind = type(done.model.estimator)
        code = self.pipeline.code(kind)
        recorded = (self._fingerprints.get("code") or {}).get("modules") or {}
        drifted = sorted(name for name, digest in recorded.items() if code["modules"].get(name) != digest)
        if drifted and not (self.terms.allow_code_drift and self.terms.validated):
            raise code_drift(drifted, self.directory.path)
        now = self._libraries(done)
        return ForeignOrigin(
            self.directory.name,
            str(self.directory.metadata.get("created_at", "")),
            self.pipeline.decoder,
            f"{kind.__module__}.{kind.__qualname__}",
            self.directory.metadata.get("settings") or {},
            self.fingerprint,
            str(code["content"]),
            tuple(drifted),
            now,
            changed(self._recorded_libraries(now), now),
            self.trust,
        )

    @property
    def _fingerprints(self) -> Mapping[str, Any]:
        return self.directory.metadata.get("fingerprints") or {}

    def _libraries(self, fitted: Fitted) -> dict[str, str]:
        used = [self.pipeline.decoder.module.__name__, type(fitted.model.estimator).__module__]
        return self.pipeline.libraries([*used, fitted.model.rows.container])

    def _recorded_libraries(self, now: Mapping[str, str]) -> dict[str, str]:
        """Return the versions that metadata.json records: ours, or `<library>_version`."""
        metadata = self.directory.metadata
        named = {name: metadata.get(f"{name}_version") for name in now}
        own = {name: str(value) for name, value in named.items() if value is not None}
        return {**own, **(metadata.get("libraries") or {})}

    def _check_data(self, found: Fingerprint | None) -> None:
        recorded = self._fingerprints.get("data")
        if not recorded:
            return
        try:
            then = Fingerprint.from_dict(recorded)
        except ZooError as error:
            raise ExperimentCorrupt(
                f"fingerprints.data is no fingerprint: {error}", where=self.directory.path / "metadata.json"
            ) from error
        differing = ["it has no fingerprint"] if found is None else then.differences(found)
        if differing:
            raise DataDriftError(
                f"the data differs from the experiment's: {'; '.join(differing)}",
                where=self.directory.path,
                remedy="give the data of the experiment",
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


__all__ = ["ForeignTrainer", "fingerprint_of"]
