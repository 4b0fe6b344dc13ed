"""Every error that zoo raises on purpose: one subclass a fact, one line a message.

A message says what is wrong, where, what was expected and what to do. A traceback that is not a
`ZooError` is a bug of zoo's own.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

USAGE_EXIT = 2
FAILURE_EXIT = 1


def did_you_mean(name: object, known: Iterable[str]) -> str | None:
    """Return `did you mean 'x'?` for the nearest of `known`, or None where nothing is near."""
    near = difflib.get_close_matches(str(name), list(known), n=1, cutoff=0.6)
    return f"did you mean {near[0]!r}?" if near else None


class ZooError(Exception):
    """What went wrong, where, what was expected and what to do about it.

    Args:
        problem: what is wrong, naming the offender.
        where: the file, key or id at which it was found.
        expected: what would have been right.
        remedy: what the reader can do now.
    """

    exit_code = FAILURE_EXIT

    def __init__(
        self,
        problem: str,
        *,
        where: object | None = None,
        expected: str | None = None,
        remedy: str | None = None,
    ) -> None:
        super().__init__(problem)
        self.problem = problem
        self.where = None if where is None else str(where)
        self.expected = expected
        self.remedy = remedy

    def __str__(self) -> str:
        """One line: `where: problem; expected ...; remedy`."""
        head = self.problem if self.where is None else f"{self.where}: {self.problem}"
        tail = [] if self.expected is None else [f"expected {self.expected}"]
        if self.remedy is not None:
            tail.append(self.remedy)
        return " ".join("; ".join([head, *tail]).split())

    def __reduce__(self) -> tuple[Any, ...]:
        """Survive the way back from a worker process, whatever a subclass takes in `__init__`."""
        return (_rebuild, (type(self), self.args, self.__dict__))


def _rebuild(cls: type[ZooError], args: tuple[Any, ...], state: dict[str, Any]) -> ZooError:
    error = cls.__new__(cls, *args)
    error.args = args
    error.__dict__.update(state)
    return error


def check_keys(
    keys: Iterable[object],
    known: Iterable[str],
    error: type[ZooError],
    *,
    where: object | None = None,
    prefix: str = "",
) -> None:
    """Raise `error` for the first of `keys` that is not `known`: a misspelt key is never passed over.

    Args:
        keys: what a file says.
        known: what it may say.
        error: the class to raise.
        where: the file.
        prefix: the way to the keys, such as `manifest.`.
    """
    names = list(known)
    for key in keys:
        if key not in names:
            raise error(
                f"{prefix}{key}: no such key",
                where=where,
                expected=f"one of {', '.join(names)}",
                remedy=did_you_mean(key, names) or "remove it",
            )


# --- usage and configuration: exit code 2 ------------------------------------------------------


class ConfigError(ZooError):
    """A command line or a configuration file that cannot be used."""

    exit_code = USAGE_EXIT


class SpecError(ConfigError):
    """A spec that was refused when it was read."""


class RetiredSpec(ConfigError):
    """A retired spec was asked for by name."""


class PortfolioError(ConfigError):
    """A policy, a cost or a schedule of rebalances that nobody could trade."""


class NothingToDo(ConfigError):
    """A run in which nothing ran is an error, never a success."""


class TrustError(ZooError):
    """A name that is malformed or outside the trust list; nothing of it was imported."""


# --- settings -----------------------------------------------------------------------------------


class SettingsError(ZooError):
    """A setting that does not exist or has an impossible value."""


class OverrideNotAllowed(SettingsError):
    """An override outside the allowlist; nothing was changed."""

    exit_code = USAGE_EXIT


class InertOverride(SettingsError):
    """An override that training never read: the model would be the base model under another name."""


# --- data and manifests -------------------------------------------------------------------------


class DataError(ZooError):
    """Data that cannot be used as it is."""


class ManifestError(ZooError):
    """A manifest that cannot be bound, prepared or fitted as declared."""


# --- experiments --------------------------------------------------------------------------------


class ExperimentError(ZooError):
    """An experiment directory that cannot be used as it is."""


class ExperimentNotFound(ExperimentError):
    """There is no experiment directory at the path."""


class ExperimentExists(ExperimentError):
    """The directory exists already and was not asked to be replaced."""


class ExperimentCorrupt(ExperimentError):
    """A file of the directory is missing, torn, or not what the format says."""


class ExperimentBusy(ExperimentError):
    """Another process writes the directory."""


class ResumeRefused(ExperimentError):
    """A run that cannot be gone on with: data, code, seed, space or settings are not its own."""


class UnknownPermutation(ExperimentError):
    """A permutation id that the experiment does not hold, or that is no id at all."""


# --- promotion ----------------------------------------------------------------------------------


class PromotionError(ZooError):
    """A permutation that could not be promoted."""


class ReconstructionError(PromotionError):
    """Pass 1 did not reproduce what was logged.

    Args:
        problem: the one-line summary.
        mismatches: every difference, as mappings with `key, logged, reproduced, tolerance`.
        libraries: libraries whose version changed since, as `{name: (then, now)}`.
        where: the experiment and permutation.
        remedy: what the reader can do.
    """

    def __init__(
        self,
        problem: str,
        *,
        mismatches: Iterable[dict[str, Any]] = (),
        libraries: dict[str, tuple[str, str]] | None = None,
        where: object | None = None,
        remedy: str | None = None,
    ) -> None:
        super().__init__(problem, where=where, remedy=remedy)
        self.mismatches = list(mismatches)
        self.libraries = dict(libraries or {})


class DataDriftError(PromotionError):
    """The data differs from the data that the experiment was run on."""


class CodeDriftError(PromotionError):
    """The manifest's own code differs from the code that the experiment was run with."""


class AgreementError(PromotionError):
    """The refit resembles the variant that was measured less than it should, or nobody can tell."""


class ControlFailed(PromotionError):
    """A control twin did not come out as it must: the pipeline, not the signal, is wrong."""


class ControlUndecidable(ControlFailed):
    """A control twin was asked for and cannot be run, or could not tell; nothing is registered on trust."""


class ReferenceModelError(PromotionError):
    """An architecture's module has not exactly one reference model, or the model breaks the contract."""


class ForeignCodeError(PromotionError):
    """Another library's code raised, or gave what its experiment cannot be promoted with."""


class CohortError(PromotionError):
    """Sensors that cannot predict as one."""


class CohortMemberFailed(CohortError):
    """A member of a cohort could not be promoted, or could not predict; the cohort does nothing without it.

    Args:
        problem: names every member that failed, and how.
        failures: their errors by their names.
        where: the cohort.
        expected: what would have been right.
        remedy: what the reader can do.
    """

    def __init__(
        self,
        problem: str,
        *,
        failures: Mapping[str, Exception] | None = None,
        where: object | None = None,
        expected: str | None = None,
        remedy: str | None = None,
    ) -> None:
        super().__init__(problem, where=where, expected=expected, remedy=remedy)
        self.failures = dict(failures or {})


class LineMismatch(PromotionError):
    """The experiment's data or target is not that of the line whose champion it would challenge."""


class SensorInputError(ZooError):
    """Input that a sensor must refuse: features missing, extra, reordered or of the wrong type."""


# --- registry -----------------------------------------------------------------------------------


class RegistryError(ZooError):
    """The registry could not do what was asked; what it held before it still holds."""


class VersionNotFound(RegistryError):
    """No version of that id is registered."""

    exit_code = USAGE_EXIT


class VersionConflict(RegistryError):
    """Another content already has this version id."""


class ArtifactCorrupt(RegistryError):
    """An artefact does not match its recorded digest; nothing of it was loaded."""


class VersionDeleted(RegistryError):
    """The version's files were deleted by `gc`; its row and its events are kept."""


class MoveRefused(RegistryError):
    """A version cannot go from the stage in which it is to the one that was asked for."""


class NoChampion(RegistryError):
    """The line has no champion."""


class GateRefused(RegistryError):
    """A gate did not let a version through; the message has every reason."""


class ChampionChanged(RegistryError):
    """Another version is champion than the one that was to be replaced; nothing was changed.

    Args:
        problem: names the champion there is.
        current: its id; None where the line has none.
        where: the line.
        expected: the champion that was to be replaced.
        remedy: what the reader can do.
    """

    def __init__(
        self,
        problem: str,
        *,
        current: str | None = None,
        where: object | None = None,
        expected: str | None = None,
        remedy: str | None = None,
    ) -> None:
        super().__init__(problem, where=where, expected=expected, remedy=remedy)
        self.current = current


class StoreUnavailable(RegistryError):
    """The store or its directory cannot be opened, locked or written."""


class StoreDamaged(StoreUnavailable):
    """The database cannot be read as one; what was registered is in the versions' directories."""


class LogAhead(RegistryError):
    """The exported event log tells of events that the database does not have: the database lost them."""


class SchemaMismatch(RegistryError):
    """The store was written by another, unknown version of zoo."""


# --- evaluation ---------------------------------------------------------------------------------


class ShadowError(ZooError):
    """A version that cannot be shadowed, or shadowing that can come to nothing."""


class LooksAhead(ShadowError):
    """A prediction depends on bars that come after the one that it is for."""


class FutureBars(ShadowError):
    """Bars, or a registration, that lie in the future of this machine's clock."""


class RecordCorrupt(ShadowError):
    """A file of a shadow record is torn, edited or missing; nothing of it was used."""


class RecordBusy(ShadowError):
    """Another process writes the shadow record."""


class ShadowTimeout(ShadowError):
    """A version took longer than it may."""


# --- the mirror ---------------------------------------------------------------------------------


class MirrorError(ZooError):
    """The mirror is not up to date; the registry is as it was."""


class MirrorUnavailable(MirrorError):
    """The mirror's server did not answer in time, or not as MLflow does."""


class MirrorRefused(MirrorError):
    """The mirror's server refused something, or holds something of another's under our name.

    Args:
        problem: what it said.
        code: MLflow's error code; empty where it gave none.
        where: the server, and what was asked of it.
        expected: what would have been right.
        remedy: what the reader can do.
    """

    def __init__(
        self,
        problem: str,
        *,
        code: str = "",
        where: object | None = None,
        expected: str | None = None,
        remedy: str | None = None,
    ) -> None:
        super().__init__(problem, where=where, expected=expected, remedy=remedy)
        self.code = code


# --- running ------------------------------------------------------------------------------------


class OutputUnavailable(ZooError):
    """The directory of the outputs cannot be made or written; nothing was run."""


class SpecCrashed(ZooError):
    """The process of a spec died without a result."""


class Interrupted(ZooError):
    """SIGINT or SIGTERM asked the run to stop."""

    exit_code = 130


__all__ = [
    "FAILURE_EXIT",
    "USAGE_EXIT",
    "AgreementError",
    "ArtifactCorrupt",
    "ChampionChanged",
    "CodeDriftError",
    "CohortError",
    "CohortMemberFailed",
    "ConfigError",
    "ControlFailed",
    "ControlUndecidable",
    "DataDriftError",
    "DataError",
    "ExperimentBusy",
    "ExperimentCorrupt",
    "ExperimentError",
    "ExperimentExists",
    "ExperimentNotFound",
    "ForeignCodeError",
    "FutureBars",
    "GateRefused",
    "InertOverride",
    "Interrupted",
    "LineMismatch",
    "LogAhead",
    "LooksAhead",
    "ManifestError",
    "MirrorError",
    "MirrorRefused",
    "MirrorUnavailable",
    "MoveRefused",
    "NoChampion",
    "NothingToDo",
    "OutputUnavailable",
    "OverrideNotAllowed",
    "PortfolioError",
    "PromotionError",
    "ReconstructionError",
    "RecordBusy",
    "RecordCorrupt",
    "ReferenceModelError",
    "RegistryError",
    "ResumeRefused",
    "RetiredSpec",
    "SchemaMismatch",
    "SensorInputError",
    "SettingsError",
    "ShadowError",
    "ShadowTimeout",
    "SpecCrashed",
    "SpecError",
    "StoreDamaged",
    "StoreUnavailable",
    "TrustError",
    "UnknownPermutation",
    "VersionConflict",
    "VersionDeleted",
    "VersionNotFound",
    "ZooError",
    "check_keys",
    "did_you_mean",
]
