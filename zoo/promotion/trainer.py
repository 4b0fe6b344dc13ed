"""The trainer: pass 1 proves that a permutation still reproduces, pass 2 refits its variant on all data.

Pass 1 runs under the settings that the experiment recorded; the variant and pass 2 under those plus the
overrides. Each permutation has its own outcome.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from zoo.controls import Controls
from zoo.errors import ControlUndecidable, ExperimentCorrupt, Interrupted, ReconstructionError
from zoo.events import Advanced, Observer, emit
from zoo.experiment.directory import ExperimentDirectory, Round
from zoo.experiment.foreign import foreign_pipeline
from zoo.experiment.format import RESULTS, ROUNDS
from zoo.experiment.integrity import check_declared, check_line, check_row, check_sealed
from zoo.experiment.pipeline import Done, Pipeline, from_metadata
from zoo.experiment.space import Space
from zoo.manifest.libraries import changed
from zoo.manifest.workbench import Workbench
from zoo.promotion.agreement import agreement
from zoo.promotion.drift import changed_sources, check_data, check_steady, code_drift, differing_modules
from zoo.promotion.foreign import ForeignTrainer
from zoo.promotion.lineage import Origin, Promoted, outcome_of
from zoo.promotion.outcome import Outcome
from zoo.promotion.parallel import Batch, first_failure
from zoo.promotion.sensor import Sensor
from zoo.promotion.validation import Validation, skipped, validate
from zoo.settings import ALLOWED, DEFAULTS, LABEL_SETTING, check_allowed, check_values, settings, using
from zoo.settings import overrides as overriding
from zoo.terms import BOOTSTRAP, FULL, Terms
from zoo.trust import Trust


class Trainer:
    """Promotes permutations of one finished experiment.

    Args:
        experiment_dir: the directory.
        data: a `Dataset` or a `Table` in place of the manifest's source, or whatever another library's
            manifest prepares; its fingerprint must be the recorded one.
        trusted: a `Trust`, prefixes, or None for the default list.
        allowed: settings that may be overridden; None takes the code's allowlist.
        observers: who is told of progress.
        validation: `full`; or `skip`, which compares nothing and needs no results.csv: the version says so.
        agreement: the least agreement of refit and variant: `bootstrap`, a rank correlation, or `off`.
        allow_code_drift: promote although the manifest's own code changed, if the metrics still reproduce.
        controls: run control twins of each permutation; None for none.
    """

    def __init__(
        self,
        experiment_dir: Path | str,
        data: Any = None,
        *,
        trusted: Trust | Iterable[str] | None = None,
        allowed: Iterable[str] | None = None,
        observers: Iterable[Observer] = (),
        validation: str = FULL,
        agreement: str | float = BOOTSTRAP,
        allow_code_drift: bool = False,
        controls: Controls | None = None,
    ) -> None:
        self.controls = controls
        self.terms = Terms(validation, agreement, allow_code_drift)
        self.directory = ExperimentDirectory(experiment_dir)
        self.trust = Trust.of(trusted)
        self.allowed = ALLOWED if allowed is None else frozenset(allowed)
        self.observers = list(observers)
        self.data = data
        self.drifted: tuple[str, ...] = ()
        self.source = ""

    def train(
        self, ids: Iterable[object], *, overrides: Mapping[str, Any] | None = None, n_jobs: int = 1
    ) -> list[Sensor]:
        """Promote permutations; all are tried, then the first failure is raised.

        Args:
            ids: permutation ids.
            overrides: settings to change for the variant and the refit.
            n_jobs: processes.

        Raises:
            ReconstructionError: a permutation does not reproduce.
            DataDriftError, CodeDriftError: data or code is not that of the experiment.
            AgreementError: the refit does not resemble the variant.
            OverrideNotAllowed, InertOverride: an override that may not be, or that nobody read.
                Whatever is raised has the other failures as `others`, and all outcomes as `outcomes`.
        """
        outcomes = self.outcomes(ids, overrides=overrides, n_jobs=n_jobs)
        error = first_failure(outcomes)
        if error is not None:
            raise error
        return [outcome.sensor for outcome in outcomes if outcome.sensor is not None]

    def outcomes(
        self,
        ids: Iterable[object],
        *,
        overrides: Mapping[str, Any] | None = None,
        n_jobs: int = 1,
        finished: Callable[[Outcome], None] | None = None,
    ) -> list[Outcome]:
        """Promote permutations, each with an outcome of its own; only an interruption is raised.

        Args:
            ids: permutation ids; what is no id has an outcome, too.
            overrides: settings to change for the variant and the refit.
            n_jobs: processes; permutations that share a preparation go to one of them.
            finished: told of each outcome once it is there, in whatever order; what it raises is raised.

        Returns:
            Outcomes in the order of `ids`.

        Raises:
            ConfigError: `n_jobs` is no number of processes.
        """
        return Batch(self, list(ids), dict(overrides or {}), n_jobs).run(finished)

    def outcome(self, permutation_id: object, *, overrides: Mapping[str, Any] | None = None) -> Outcome:
        """Promote one permutation; a failure becomes the outcome's error."""
        try:
            with threadpool_limits(1):  # as in the experiment: more threads could change the last bits
                return self._promote(permutation_id, dict(overrides or {}))
        except Interrupted:
            raise
        except Exception as error:
            return Outcome(permutation_id, error=error)

    # --- what permutations have in common -----------------------------------------------------------

    @cached_property
    def recorded(self) -> dict[str, Any]:
        """The settings that the experiment recorded; ours where it recorded none."""
        return {**DEFAULTS, **(self.directory.metadata.get("settings") or {})}

    @cached_property
    def _foreign(self) -> ForeignTrainer | None:
        """What promotes another library's experiment; None where the manifest is ours."""
        with using(self.recorded):
            found = foreign_pipeline(self._loaded_from, self.directory.path, self.trust)
        if found is None:
            return None
        return ForeignTrainer(
            self.directory,
            found,
            self.data,
            trust=self.trust,
            recorded=self.recorded,
            allowed=self.allowed,
            told=self._told,
            terms=self.terms,
        )

    @property
    def is_foreign(self) -> bool:
        """Whether the experiment's manifest is another library's object."""
        return self._foreign is not None

    @cached_property
    def pipeline(self) -> Pipeline:
        """The experiment's pipeline; nothing of it is imported before names, trust and hashes are checked."""
        recorded = self._modules
        changed_now = changed_sources(recorded or {}, self._local_module)
        if changed_now and not self.terms.allow_code_drift:
            raise code_drift(changed_now, self.directory.path)
        with using(self.recorded):  # a decoder may read them while it declares
            pipeline = from_metadata(self._loaded_from, self.directory.path, self.trust)
        code = pipeline.code()
        self.drifted = () if recorded is None else tuple(differing_modules(recorded, code["modules"]))
        if self.drifted and not (self.terms.allow_code_drift and self.terms.validated):
            raise code_drift(self.drifted, self.directory.path)
        self.source = str(code["content"])
        return pipeline

    @property
    def _loaded_from(self) -> Mapping[str, Any]:
        """The metadata; without the hash of an installed decoder that is allowed to have changed."""
        metadata = self.directory.metadata
        if not self.terms.allow_code_drift or self._local_module is not None:
            return metadata
        return {**metadata, "fingerprints": {**self._fingerprints, "code": {}}}

    @property
    def _modules(self) -> Mapping[str, str] | None:
        """The recorded hashes of the code; None where none were recorded."""
        return (self._fingerprints.get("code") or {}).get("modules")

    @property
    def _local_module(self) -> str | None:
        """The decoder in the experiment's own directory, whose hash is compared where it is loaded."""
        name = self.directory.metadata.get("sfd_module")
        here = (
            isinstance(name, str) and name.isidentifier() and (self.directory.path / f"{name}.py").is_file()
        )
        return str(name) if here else None

    @cached_property
    def bench(self) -> Workbench:
        """The experiment's data, once its fingerprint has been checked."""
        with using(self.recorded):
            data = self.pipeline.fetch_data() if self.data is None else self.data
        check_data(data, self._fingerprints.get("data"), self.directory.path)
        return Workbench(data)

    @cached_property
    def _fingerprints(self) -> Mapping[str, Any]:
        return self.directory.metadata.get("fingerprints") or {}

    @cached_property
    def libraries(self) -> dict[str, tuple[str, str]]:
        """The libraries whose versions changed since the experiment, as `{name: (then, now)}`."""
        return changed(self.directory.metadata.get("libraries") or {}, self.pipeline.libraries())

    @cached_property
    def origin(self) -> Origin:
        """What all permutations of the experiment have in common."""
        manifest = self.pipeline.manifest
        return Origin(
            self.directory.name,
            str(self.directory.metadata.get("created_at", "")),
            manifest.to_config(),
            manifest.seed,
            self.recorded,
            self.bench.data.fingerprint().as_dict(),
            self.source,
            self.drifted,
            self.pipeline.libraries(),
            self.libraries,
        )

    # --- one permutation ------------------------------------------------------------------------------

    def _promote(self, permutation_id: object, overrides: dict[str, Any]) -> Outcome:
        check_allowed(overrides, self.allowed)
        check_values(overrides)
        logged = self.directory.round(permutation_id, results=self.terms.validated)
        if self._foreign is not None:
            self._check_uncontrolled()
            return self._foreign.promote(logged, overrides)
        done, validation, where = self.reproduce(logged)
        with using(self.recorded), overriding(settings, overrides, self.allowed) as reads:
            if LABEL_SETTING in overrides:
                settings[LABEL_SETTING]  # it names the version: that is its use
            boundaries = done.prepared.boundaries
            variant = self.pipeline.run(logged.params, self.bench, boundaries) if overrides else done
            controls = self._controlled(variant, where)
            self._told(logged.id, "variant fitted")
            refit = self.pipeline.refit(logged.params, self.bench)
            check_steady(variant.bound, refit.bound, where)
            agreed = agreement(variant, refit, self.terms.agreement, where=where)
            effective = settings.snapshot()
        reads.require(overrides, where)
        with using(self.recorded):  # and still the same as at first: overrides explain all of a difference
            check_steady(done.bound, self.pipeline.current().bind(logged.params), where)
        self._told(logged.id, "refitted")
        found = Promoted(
            logged,
            done,
            variant,
            refit,
            validation,
            agreed,
            overrides,
            effective,
            reads,
            self.terms,
            controls,
        )
        return outcome_of(found, self.origin)

    def _controlled(self, variant: Done, where: str) -> dict[str, Any] | None:
        if self.controls is None:
            return None
        from zoo.promotion.controls import check_controls

        return check_controls(variant, self.bench, self.controls, where)

    def _check_uncontrolled(self) -> None:
        if self.controls is not None:
            raise ControlUndecidable(
                "another library prepares labels in its own way, so that they cannot be replaced",
                where=self.directory.path,
                remedy="leave controls=true out",
            )

    def reproduce(self, logged: Round) -> tuple[Done, Validation, str]:
        """Pass 1 of a permutation of our own: run it again under the recorded settings, and compare.

        Returns:
            The run, what was compared, and where, for errors.

        Raises:
            ReconstructionError, DataDriftError, CodeDriftError, ExperimentCorrupt: it is not what was logged.
        """
        where = f"{self.directory.path}, permutation {logged.id}"
        self._check_space(logged, where)
        with using(self.recorded):
            done = self.pipeline.run(logged.params, self.bench)
            check_steady(self.pipeline.manifest.bind(logged.params), done.bound, where)
        validation = self._validated(logged, done, where)
        self._told(logged.id, "reproduced" if self.terms.validated else "run again, not compared")
        return done, validation, where

    def _validated(self, logged: Round, done: Done, where: str) -> Validation:
        """Compare, then check the digests: what is within tolerance must still be what was written."""
        try:
            validation = self._compared(logged, done, where)
        except ReconstructionError as error:
            if self.drifted:
                raise code_drift(self.drifted, self.directory.path, error.problem) from error
            raise
        path = self.directory.path
        check_declared(logged, self.directory.metadata, where)
        if self.terms.validated:
            check_row(logged, str(path / RESULTS))
        check_line(logged, str(path / ROUNDS))
        check_sealed(path, self.directory.metadata)
        return validation

    def _compared(self, logged: Round, done: Done, where: str) -> Validation:
        if not self.terms.validated:
            return skipped(logged)
        return validate(logged, done, where=where, libraries=self.libraries)

    def _check_space(self, logged: Round, where: str) -> None:
        """An id is the position in the product of the declared values: the parameters must be those."""
        space = Space(self.pipeline.params, self.directory.metadata.get("injected") or ())
        if len(space) > logged.id and repr(space[logged.id]) == repr(logged.params):
            return
        expected = repr(space[logged.id]) if len(space) > logged.id else f"an id below {len(space)}"
        raise ExperimentCorrupt(
            f"round_params {logged.params!r} are not those of this id", where=where, expected=expected
        )

    def _told(self, number: int, note: str) -> None:
        emit(self.observers, Advanced(f"promote {self.directory.name}", note=f"permutation {number} {note}"))


__all__ = ["Outcome", "Trainer"]
