"""One permutation under several sets of overrides: reproduced once, each set of settings evaluated once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from threadpoolctl import threadpool_limits

from zoo.errors import Interrupted, PromotionError
from zoo.experiment.pipeline import Done
from zoo.promotion.trainer import Trainer
from zoo.settings import LABEL_SETTING, check_allowed, check_values, settings, using
from zoo.settings import overrides as overriding

Settings = Mapping[str, Any]


class Variants:
    """A permutation that was reproduced, and what it comes to under other settings, on its round's split.

    Equal settings are one evaluation: an override that equals the recorded value changes nothing, exactly.

    Args:
        trainer: of the experiment.
        permutation_id: which permutation.

    Attributes:
        logged: the permutation as the directory has it.
        validation: what pass 1 compared.
        evaluated: each evaluation so far: its settings (without the label, which trains nothing), and what
            came of it, or the error.

    Raises:
        PromotionError: another library's experiment, whose held-out scores cannot be asked for.
        ReconstructionError, DataDriftError, CodeDriftError: it is not what was logged.
    """

    def __init__(self, trainer: Trainer, permutation_id: object) -> None:
        if trainer.is_foreign:
            raise PromotionError(
                "another library's manifest does not read our settings, nor score what it held out",
                where=trainer.directory.path,
                expected="an experiment with a manifest of zoo's own",
            )
        self._trainer = trainer
        self.logged = trainer.directory.round(permutation_id, results=trainer.terms.validated)
        with threadpool_limits(1):  # as in the experiment: more threads could change the last bits
            self._done, self.validation, self.where = trainer.reproduce(self.logged)
        self.evaluated: list[tuple[Settings, Done | Exception]] = [(_trained(trainer.recorded), self._done)]

    def under(self, overrides: Settings, *, read: bool = False) -> Done:
        """Return what the permutation comes to under overrides.

        Args:
            overrides: settings to change.
            read: whether each of them must be read.

        Raises:
            OverrideNotAllowed, SettingsError: an override that may not be.
            InertOverride: nobody read it, and it must be read.
            Exception: it cannot be evaluated under these settings; asked again, it is raised again.
        """
        check_allowed(overrides, self._trainer.allowed)
        check_values(overrides)
        asked = _trained({**self._trainer.recorded, **overrides})
        known = None if read else self._known(asked)
        if isinstance(known, Exception):
            raise known
        return self._evaluate(overrides, asked, read) if known is None else known

    def _evaluate(self, overrides: Settings, asked: Settings, read: bool) -> Done:
        trainer = self._trainer
        with (
            threadpool_limits(1),
            using(trainer.recorded),
            overriding(settings, overrides, trainer.allowed) as reads,
        ):
            if LABEL_SETTING in overrides:
                settings[LABEL_SETTING]  # it names the version: that is its use
            try:
                kept = self._done.prepared.boundaries
                found = trainer.pipeline.run(self.logged.params, trainer.bench, kept)
            except Interrupted:
                raise  # it says nothing of these settings
            except Exception as error:
                self.evaluated.append((asked, error))
                raise
        if read:
            reads.require(overrides, self.where)
        before = self._known(asked)
        if isinstance(before, Done):  # the first evaluation of equal settings stays
            return before
        self.evaluated.append((asked, found))
        return found

    def _known(self, asked: Settings) -> Done | Exception | None:
        return next((found for known, found in self.evaluated if _same(known, asked)), None)


def _trained(values: Settings) -> Settings:
    return {name: value for name, value in values.items() if name != LABEL_SETTING}


def _same(one: Settings, other: Settings) -> bool:
    """Tell whether settings are equal, types too: true is not 1."""
    return one.keys() == other.keys() and all(
        type(one[name]) is type(other[name]) and one[name] == other[name] for name in one
    )


__all__ = ["Variants"]
