"""What the overrides of a spec do: each permutation with and without each, counted before it is told.

Nothing is registered. But whoever reads that a spec does better without one of its overrides has looked at
the test part of both, and may keep the better one: every evaluation is a trial of the line's ledger, once by
content, those that failed too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from zoo.driver.counting import evaluation_under
from zoo.driver.opening import failed, opened
from zoo.driver.result import Failure
from zoo.errors import ConfigError, Interrupted, NothingToDo
from zoo.events import Advanced, Finished, Observer, Started, emit

if TYPE_CHECKING:
    from zoo.driver.task import Task
    from zoo.evaluation.attribution import Effect
    from zoo.evaluation.rules import AttributionRules
    from zoo.experiment.pipeline import Done
    from zoo.promotion.trainer import Trainer
    from zoo.promotion.variants import Variants
    from zoo.registry import Ledger, Trial
    from zoo.spec import Source


@dataclass(frozen=True, slots=True)
class OverrideEffect:
    """One override of one permutation.

    Attributes:
        override: its name; None for all of them together against none.
        value: what the spec says; None for all of them.
        recorded: what the experiment recorded; None for all of them.
        effect: what it changes; None where it cannot be evaluated without it.
        error: why not.
    """

    override: str | None
    value: Any
    recorded: Any
    effect: Effect | None
    error: Exception | None = None


@dataclass(frozen=True, slots=True)
class Attributed:
    """One permutation with what each override does to it.

    Attributes:
        experiment: the experiment's name.
        permutation_id: the permutation.
        validation: `full`, or `skip` where pass 1 compared nothing.
        deterministic: whether a second training gives the same model; where not, chance is in a difference.
        evaluations: how many sets of settings were evaluated.
        effects: one an override, then all of them together.
    """

    experiment: str
    permutation_id: int
    validation: str
    deterministic: bool
    evaluations: int
    effects: tuple[OverrideEffect, ...]


@dataclass(frozen=True, slots=True)
class Attribution:
    """What came of a spec.

    Attributes:
        permutations: those that were reproduced and evaluated.
        failures: those that were not, and overrides without which nothing could be evaluated.
        evaluations: how many sets of settings were evaluated, over all permutations.
        new_trials: how many of these, and of the rounds of the experiments, the ledger had not counted.
        trials: the line's count now, the N of its tests.
    """

    permutations: tuple[Attributed, ...]
    failures: tuple[Failure, ...]
    evaluations: int
    new_trials: int
    trials: int


def attribute(task: Task, rules: AttributionRules, observers: Iterable[Observer] = ()) -> Attribution:
    """Tell what the overrides of a spec do.

    Args:
        task: the spec, and what it needs.
        rules: how the differences are drawn.
        observers: told of progress, and of each failure.

    Raises:
        NothingToDo: the spec has no overrides.
        ConfigError: the spec calls a training function, which holds nothing out.
        RegistryError: what was evaluated cannot be counted, and is therefore not told.
    """
    from zoo.registry import Registry

    spec = task.spec
    if not spec.overrides:
        raise NothingToDo(
            f"spec {spec.name!r} has no overrides: there is nothing to attribute",
            expected="overrides in the spec, or spec.overrides.<name>=<value>",
        )
    if spec.trainer is not None:
        raise ConfigError(
            f"spec {spec.name!r} calls {spec.trainer.target}, which holds nothing out to compare",
            expected="a spec with sources",
        )
    under_way = _Attributing(task, rules, list(observers))
    with Registry.open(task.registry_url, artifacts=task.artifacts) as registry:
        try:
            for source in spec.sources:
                under_way.source(source, registry.ledger)
        finally:
            emit(under_way.observers, Finished(spec.name))
        return Attribution(
            tuple(under_way.done),
            tuple(under_way.failures),
            under_way.evaluations,
            under_way.counted,
            registry.ledger.count(task.line.name),
        )


class _Attributing:
    """An attribution under way."""

    def __init__(self, task: Task, rules: AttributionRules, observers: list[Observer]) -> None:
        self.task = task
        self.rules = rules
        self.observers = observers
        self.done: list[Attributed] = []
        self.failures: list[Failure] = []
        self.evaluations = 0
        self.counted = 0

    def source(self, source: Source, ledger: Ledger) -> None:
        """Attribute each permutation of a source; a failure of one leaves the others alone."""
        try:
            trainer = opened(self.task, source, [self._advance])
            ids = _chosen(source)
            self._count_rounds(trainer, ledger)
        except Interrupted:
            raise
        except Exception as error:
            self._fail(None, error)
            return
        emit(self.observers, Started(self.task.spec.name, len(ids)))
        for number in ids:
            self._permutation(trainer, number, ledger)

    def _permutation(self, trainer: Trainer, number: int, ledger: Ledger) -> None:
        from zoo.promotion.variants import Variants

        try:
            variants = Variants(trainer, number)
        except Interrupted:
            raise
        except Exception as error:
            self._fail(number, error)
            return
        try:
            effects = self._effects(trainer, variants)
        except Interrupted:
            raise
        except Exception as error:
            self._fail(number, error)
            effects = ()
        finally:
            self._count(trainer, variants, ledger)  # what failed was evaluated, too
        for effect in effects:
            if effect.error is not None:
                self._fail(number, effect.error)
        if effects:
            self.done.append(
                Attributed(
                    trainer.directory.name,
                    number,
                    variants.validation.mode,
                    variants.under({}).model.deterministic,
                    len(variants.evaluated),
                    effects,
                )
            )

    def _effects(self, trainer: Trainer, variants: Variants) -> tuple[OverrideEffect, ...]:
        overrides = self.task.spec.overrides
        full = variants.under(overrides, read=True)
        cases: list[tuple[str | None, Mapping[str, Any]]] = [
            (name, {other: value for other, value in overrides.items() if other != name})
            for name in overrides
        ]
        return tuple(self._effect(trainer, variants, full, *case) for case in [*cases, (None, {})])

    def _effect(
        self,
        trainer: Trainer,
        variants: Variants,
        full: Done,
        name: str | None,
        rest: Mapping[str, Any],
    ) -> OverrideEffect:
        from zoo.evaluation.attribution import effect_of

        value, recorded = (
            (None, None) if name is None else (self.task.spec.overrides[name], trainer.recorded.get(name))
        )
        try:
            without = variants.under(rest)
        except Interrupted:
            raise
        except Exception as error:
            return OverrideEffect(name, value, recorded, None, error)
        return OverrideEffect(name, value, recorded, effect_of(full, without, self.rules))

    def _count_rounds(self, trainer: Trainer, ledger: Ledger) -> None:
        from zoo.registry.trials import trials_of

        line = self.task.line.name
        self.counted += ledger.record(line, trials_of(trainer.directory, line))

    def _count(self, trainer: Trainer, variants: Variants, ledger: Ledger) -> None:
        """Count every evaluation, before anything is told of it."""
        self.evaluations += len(variants.evaluated)
        found = [_trial(self.task.line.name, trainer, variants, *one) for one in variants.evaluated[1:]]
        self.counted += ledger.record(self.task.line.name, found)

    def _advance(self, event: object) -> None:
        if isinstance(event, Advanced):
            emit(self.observers, Advanced(self.task.spec.name, note=event.note))

    def _fail(self, number: int | None, error: Exception) -> None:
        """Tell of a failure at once, with its traceback where it is a bug and not a fact."""
        self.failures.append(failed(self.task.spec.name, number, error, self.observers))


def _trial(line: str, trainer: Trainer, variants: Variants, settings: Mapping[str, Any], found: Any) -> Trial:
    """Return an evaluation as the trial that a round under these settings would be."""
    evaluation = evaluation_under(line, trainer, settings)
    logged = variants.logged
    if isinstance(found, Exception):
        return evaluation.failed(logged.id, logged.params, type(found).__name__, str(found))
    held_out = None if found.held_out is None else found.held_out.record()
    return evaluation.finished(logged.id, logged.params, found.metrics, held_out, found.preds)


def _chosen(source: Source) -> tuple[int, ...]:
    """Return the permutations of a source; of a cohort its members, each on its own."""
    if source.cohort is not None:
        from zoo.promotion.members import choose_members

        return choose_members(source).ids
    from zoo.experiment.selection import choose

    return choose(source.experiment, source.permutations)


__all__ = ["Attributed", "Attribution", "OverrideEffect", "attribute"]
