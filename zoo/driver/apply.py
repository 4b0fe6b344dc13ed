"""Apply one spec in this process: every permutation is promoted on its own, and registered."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import yaml

from zoo.driver.counting import evaluation_under
from zoo.driver.opening import failed, opened
from zoo.driver.result import Failure, Outcome, Promoted, SpecResult
from zoo.driver.task import Task
from zoo.errors import ControlFailed, ControlUndecidable, ExperimentCorrupt, Interrupted, ZooError
from zoo.events import Advanced, Finished, Noticed, Observer, Started, emit
from zoo.settings import LABEL_SETTING
from zoo.spec import ExternalTrainer, Source, Top

if TYPE_CHECKING:
    from zoo.cohort import CohortSource
    from zoo.promotion import Cohort, Sensor
    from zoo.promotion.assembly import CohortOutcome
    from zoo.promotion.members import Members
    from zoo.promotion.trainer import Outcome as Promotion
    from zoo.promotion.trainer import Trainer
    from zoo.registry import Candidate, Registry, Version


_CONTROLS = (ControlFailed.__name__, ControlUndecidable.__name__)


class Application:
    """One spec under way: what has been registered and what has failed so far."""

    def __init__(self, task: Task, observers: Iterable[Observer] = ()) -> None:
        self.task = task
        self.observers = list(observers)
        self.versions: list[Promoted] = []
        self.failures: list[Failure] = []
        self.notices: list[str] = []
        self._held: list[Candidate] = []

    @property
    def name(self) -> str:
        """The spec's name, which events carry as their task."""
        return self.task.spec.name

    def run(self) -> None:
        """Promote and register every permutation of every source.

        Raises:
            ZooError: what concerns the whole spec, such as a registry that cannot be opened.
        """
        from zoo.registry import Registry

        with Registry.open(self.task.registry_url, artifacts=self.task.artifacts) as registry:
            for source in self.task.spec.sources:
                self._source(source, registry)
            if self.task.spec.trainer is not None:
                self._external(self.task.spec.trainer, registry)
            self._release(registry)

    def _external(self, trainer: ExternalTrainer, registry: Registry) -> None:
        if self.task.controls is not None:
            raise ControlUndecidable(
                f"{trainer.target} fetches its labels itself, so that they cannot be replaced",
                where=self.name,
                remedy="leave controls=true out",
            )
        from zoo.promotion.external import train_external

        emit(self.observers, Started(self.name, 1))
        promotion = train_external(
            trainer,
            overrides=self.task.spec.overrides,
            allowed=self.task.allowed,
            trust=self.task.trust,
            run_id=self.task.run_id,
        )
        emit(self.observers, Advanced(self.name, note="trained"))
        self._finish(promotion, 0, trainer.target, registry, "by the spec")

    def _source(self, source: Source, registry: Registry) -> None:
        from zoo.experiment.selection import choose

        try:
            trainer = opened(self.task, source, [self._advance], self.task.controls)
            members = _members(source)
            ids = choose(source.experiment, source.permutations) if members is None else members.ids
            self._count(trainer, registry)
        except Interrupted:
            raise
        except Exception as error:
            self.fail(None, error)
            return
        self._same_as_recorded(trainer)
        emit(self.observers, Started(self.name, 3 * len(ids)))
        if members is not None and source.cohort is not None:
            self._cohort(trainer, members, source.cohort, registry)
            return
        selection = _selection(source)
        versions, failures, held = len(self.versions), len(self.failures), len(self._held)
        trainer.outcomes(
            ids,
            overrides=self.task.spec.overrides,
            n_jobs=self.task.n_jobs,
            finished=lambda promotion: self._permutation(trainer, promotion, registry, selection),
        )
        places: dict[int | None, int] = {number: place for place, number in enumerate(ids)}
        # they finish in whatever order
        self.versions[versions:] = sorted(self.versions[versions:], key=lambda v: places[v.permutation_id])
        self.failures[failures:] = sorted(self.failures[failures:], key=lambda f: places[f.permutation_id])
        self._held[held:] = sorted(self._held[held:], key=lambda c: places[c.permutation_id])

    def _cohort(self, trainer: Trainer, members: Members, cohort: CohortSource, registry: Registry) -> None:
        """Register one version of all members; each member that failed is told of on its own, too."""
        from zoo.promotion.assembly import promote_cohort

        promotion = promote_cohort(
            trainer,
            members,
            combine=cohort.combine,
            overrides=self.task.spec.overrides,
            n_jobs=self.task.n_jobs,
        )
        self._count_variants(trainer, promotion.members, registry)
        for member in promotion.members:
            if member.error is not None:
                number = member.permutation_id
                self.fail(number if isinstance(number, int) else None, member.error)
        self._finish(promotion, None, trainer.directory.name, registry, members.chosen)

    def _count(self, trainer: Trainer, registry: Registry) -> None:
        """Count all rounds of the experiment: a version was chosen from these, wherever they were run."""
        from zoo.registry.trials import trials_of

        line, directory = self.task.line.name, trainer.directory
        try:
            registry.ledger.record(line, trials_of(directory, line))
        except ExperimentCorrupt as error:
            if self.task.terms.validated:
                raise
            self._notice(f"experiment {directory.name}: its rounds are not counted as trials: {error}")

    def _count_variants(self, trainer: Trainer, outcomes: Iterable[Promotion], registry: Registry) -> None:
        """Count what was evaluated under overrides before anything is told of it: it can be chosen from."""
        line = self.task.line.name
        registry.ledger.record(
            line,
            [
                evaluation_under(line, trainer, one.variant.settings).finished(
                    int(one.permutation_id),  # type: ignore[call-overload]  # it was found in the directory
                    one.variant.params,
                    one.variant.metrics,
                    one.variant.held_out,
                    one.variant.preds,
                )
                for one in outcomes
                if one.variant is not None
            ],
        )

    def _same_as_recorded(self, trainer: Trainer) -> None:
        """Tell of overrides that equal what the experiment recorded: they change nothing."""
        for name, value in self.task.spec.overrides.items():
            if name != LABEL_SETTING and trainer.recorded.get(name) == value:
                self._notice(
                    f"override {name} equals what experiment {trainer.directory.name} recorded ({value!r}): "
                    "it changes nothing"
                )

    def _notice(self, notice: str) -> None:
        self.notices.append(notice)
        emit(self.observers, Noticed(self.name, notice))

    def _permutation(
        self, trainer: Trainer, promotion: Promotion, registry: Registry, selection: str
    ) -> None:
        number = promotion.permutation_id
        try:
            self._count_variants(trainer, [promotion], registry)
        except Interrupted:
            raise
        except Exception as error:
            self.fail(number if isinstance(number, int) else None, error)
            return
        self._finish(promotion, number, trainer.directory.name, registry, selection)

    def _finish(
        self,
        promotion: Promotion | CohortOutcome,
        number: Any,
        experiment: str,
        registry: Registry,
        selection: str,
    ) -> None:
        """Register a promotion, or tell of its failure."""
        if promotion.error is not None:
            self.fail(number, promotion.error)
            return
        try:
            candidate = _candidate(self.task, promotion, experiment, selection)
            if self.task.controls is not None:
                self._held.append(candidate)  # until the last control has passed
                return
            self._register(candidate, registry)
        except Interrupted:
            raise
        except Exception as error:
            self.fail(number, error)

    def _release(self, registry: Registry) -> None:
        """Register what waited for the controls of all permutations; nothing where one of them failed."""
        if any(failure.error in _CONTROLS for failure in self.failures):
            if count := len(self._held):
                others = f"{count} permutation{'' if count == 1 else 's'} that passed"
                self._notice(f"a control failed: nothing of this spec is registered, not even {others}")
            return
        from zoo.registry.version import NO_PERMUTATION

        for candidate in self._held:
            try:
                self._register(candidate, registry)
            except Interrupted:
                raise
            except Exception as error:
                number = candidate.permutation_id
                self.fail(None if number == NO_PERMUTATION else number, error)

    def _register(self, candidate: Candidate, registry: Registry) -> None:
        registered = registry.register(candidate)
        version = registered.version
        self.versions.append(
            Promoted(
                version.version_id,
                version.permutation_id,
                version.experiment,
                version.stage,
                registered.created,
            )
        )
        for notice in (*registered.notices, *_controlled(candidate, version)):
            self._notice(notice)

    def _advance(self, event: object) -> None:
        if isinstance(event, Advanced):
            emit(self.observers, Advanced(self.name, note=event.note))

    def fail(self, number: int | None, error: Exception) -> None:
        """Tell of a failure at once, with its traceback where it is a bug and not a fact."""
        self.failures.append(failed(self.name, number, error, self.observers))

    def status(self) -> Outcome:
        """How the spec ended, by what was registered and what failed."""
        if not self.failures:
            return Outcome.ok
        return Outcome.partial if self.versions else Outcome.failed


def apply_spec(task: Task, observers: Iterable[Observer] = ()) -> SpecResult:
    """Promote and register what a spec names.

    A failure of one permutation leaves the others alone; an interruption ends the spec, with what was done.

    Args:
        task: the spec and everything that it needs.
        observers: who is told of progress, failures and notices.
    """
    started = time.perf_counter()
    application = Application(task, observers)
    status = None
    try:
        application.run()
    except Interrupted:
        status = Outcome.interrupted
    except Exception as error:
        application.fail(None, error)
    finally:
        emit(application.observers, Finished(task.spec.name))
    return SpecResult(
        task.spec.name,
        status or application.status(),
        tuple(application.versions),
        tuple(application.failures),
        round(time.perf_counter() - started, 3),
        tuple(application.notices),
    )


def _controlled(candidate: Candidate, version: Version) -> Iterator[str]:
    """Say what the control twins came to, and where the version's own lineage does not say it."""
    from zoo.promotion.controls import sentence

    lineage = candidate.lineage
    told = [lineage, *lineage.get("members", ())]
    for one in told:
        if "controls" in one:
            yield f"permutation {one['permutation_id']}: {sentence(one['controls'])}"
    if not any("controls" in one for one in told):
        return
    if not any("controls" in one for one in (version.lineage, *version.lineage.get("members", ()))):
        yield f"{version.version_id} was registered without controls: its lineage says nothing of them"


def _members(source: Source) -> Members | None:
    """Return the members of a source's cohort; None where each permutation is a version of its own."""
    if source.cohort is None:
        return None
    from zoo.promotion.members import choose_members

    return choose_members(source)


def _candidate(
    task: Task, promotion: Promotion | CohortOutcome, experiment: str, selection: str
) -> Candidate:
    from zoo.registry import Candidate
    from zoo.registry.version import NO_PERMUTATION

    sensor, predictions, inputs = promotion.sensor, promotion.predictions, promotion.inputs
    if sensor is None or predictions is None or inputs is None:
        raise ZooError("a promotion without an error has no sensor", where=task.spec.name)
    return Candidate(
        line=task.line.name,
        label=promotion.label or task.spec.version_label,
        spec=task.spec.name,
        experiment=experiment,
        permutation_id=NO_PERMUTATION if sensor.permutation_id is None else sensor.permutation_id,
        train_end=promotion.train_end,
        inputs=inputs,
        overrides=task.spec.overrides,
        metrics=sensor.results,
        lineage={**sensor.metadata, **_modules(sensor), "selection": selection, "run_id": task.run_id},
        config=yaml.safe_dump(_config(task), sort_keys=False),
        sensor=sensor.dumps(),
        predictions=predictions,
    )


def _modules(sensor: Sensor | Cohort) -> dict[str, Any]:
    """Return the hashes of the local modules that are kept with the sensor, for the trust list."""
    hashes = {module.stem: module.digest for module in sensor.modules}
    return {"modules": hashes} if hashes else {}


def _selection(source: Source) -> str:
    """Say how permutations were chosen, and what of that was not run again."""
    if isinstance(source.permutations, Top):
        return f"top {source.permutations.count} by selection_{source.permutations.by}, scores as logged"
    return "by the spec"


def _config(task: Task) -> dict[str, Any]:
    """Return the configuration that a version keeps, as plain values."""
    return dict(_plain({"spec": task.spec.as_dict(), "line": task.line.as_dict()}))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, str) else value


__all__ = ["Application", "apply_spec"]
