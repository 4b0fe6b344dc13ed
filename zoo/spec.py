"""A spec: which finished experiments, which permutations of them, which settings to override.

`parse_spec` turns a node of YAML into a frozen `Spec` or refuses it with the file's name. It is the only
reader: the command line, the sweeper and `list` all go through it.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, asdict, dataclass, field, fields
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from zoo.cohort import FEWEST, CohortSource, parse_cohort
from zoo.errors import SpecError, TrustError, check_keys
from zoo.settings import LABEL_SETTING, check_values
from zoo.trust import TARGET_KEY, check_form

if TYPE_CHECKING:
    from omegaconf import DictConfig

NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,63}", re.ASCII)


class Status(StrEnum):
    """Whether a spec runs."""

    active = "active"
    retired = "retired"


@dataclass(frozen=True, slots=True)
class Top:
    """The `count` best permutations by the walk-forward score of metric `by`; never by a test metric."""

    count: int
    by: str


@dataclass(frozen=True, slots=True)
class Source:
    """Permutations of one finished experiment.

    Attributes:
        experiment: its directory.
        permutations: ids or `Top`; empty where a cohort selects.
        cohort: makes one version of all of them; None makes one of each.
    """

    experiment: str
    permutations: tuple[int, ...] | Top
    cohort: CohortSource | None = None


@dataclass(frozen=True, slots=True)
class ExternalTrainer:
    """An existing training function, called unchanged with overrides on a module's names around the call."""

    target: str
    settings: str | None = None
    args: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Spec:
    """What to promote. Built by `parse_spec` or `Spec.from_dict`, and checked there once."""

    name: str
    line: str
    status: Status = Status.active
    label: str | None = None
    sources: tuple[Source, ...] = ()
    trainer: ExternalTrainer | None = None
    overrides: Mapping[str, Any] = field(default_factory=dict)
    priority: int = 0

    @property
    def version_label(self) -> str:
        """`overrides.model_version_label`, else `label`, else `spec-<name>`."""
        chosen = (self.overrides.get(LABEL_SETTING), self.label, f"spec-{self.name}")
        return next(label for label in chosen if label is not None)

    @property
    def retired(self) -> bool:
        """Whether the spec is kept for the record only."""
        return self.status is Status.retired

    def as_dict(self) -> dict[str, Any]:
        """Return plain values that `Spec.from_dict` takes back."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Spec:
        """Rebuild a spec from `as_dict`; nothing is checked again."""
        sources = tuple(_rebuilt(source) for source in values["sources"])
        trainer = None if values["trainer"] is None else ExternalTrainer(**values["trainer"])
        status = Status(values["status"])
        return cls(**{**values, "sources": sources, "trainer": trainer, "status": status})


def _rebuilt(values: Mapping[str, Any]) -> Source:
    chosen, cohort = values["permutations"], values.get("cohort")
    permutations = Top(**chosen) if isinstance(chosen, Mapping) else tuple(chosen)
    declared = None if cohort is None else CohortSource.from_dict(cohort)
    return Source(values["experiment"], permutations, declared)


@dataclass
class SourceSchema:
    """The form of one entry of `sources`."""

    experiment: str
    permutations: Any = None
    cohort: Any = None


@dataclass
class TrainerSchema:
    """The form of `trainer`."""

    _target_: str
    settings: str | None = None
    args: dict[str, Any] = field(default_factory=dict)


@dataclass
class SpecSchema:
    """The form of a spec file; OmegaConf checks types against it."""

    name: str
    line: str
    status: Status = Status.active
    label: str | None = None
    sources: list[SourceSchema] = field(default_factory=list)
    trainer: TrainerSchema | None = None
    overrides: dict[str, Any] = field(default_factory=dict)
    priority: int = 0


def parse_spec(values: object, where: Path | str) -> Spec:
    """Turn the plain values of a spec file into a `Spec`.

    Args:
        values: what the file holds, with `${paths.*}` resolved.
        where: the file, for errors; its stem must be the spec's name.

    Raises:
        SpecError: a misspelt or missing key, a wrong type, a bad name, no sources, impossible permutations.
    """
    values = _check_keys(values, SpecSchema, where, "")
    for index, source in enumerate(_listed(values.get("sources", []), where, "sources")):
        _check_keys(source, SourceSchema, where, f"sources.{index}.")
    if values.get("trainer") is not None:
        _check_keys(values["trainer"], TrainerSchema, where, "trainer.")
    typed = _typed(values, where)
    spec = Spec(
        name=_name(typed["name"], where, "name"),
        line=_name(typed["line"], where, "line"),
        status=typed["status"],
        label=None if typed["label"] is None else _name(typed["label"], where, "label"),
        sources=tuple(_source(s, where, f"sources.{i}") for i, s in enumerate(typed["sources"])),
        trainer=_trainer(typed["trainer"], where),
        overrides=typed["overrides"],
        priority=typed["priority"],
    )
    _check_whole(spec, where)
    return spec


def _refuse(where: Path | str, key: str, problem: str, expected: str, remedy: str | None = None) -> SpecError:
    return SpecError(f"{key}: {problem}", where=where, expected=expected, remedy=remedy or "correct the file")


def _check_keys(values: object, schema: type, where: Path | str, prefix: str) -> Mapping[Any, Any]:
    known = {f.name: f for f in fields(schema)}
    if not isinstance(values, Mapping):
        raise _refuse(
            where, prefix.rstrip(".") or "the spec", f"{values!r} is no mapping", f"keys {', '.join(known)}"
        )
    check_keys(values, known, SpecError, where=where, prefix=prefix)
    for name, known_field in known.items():
        required = known_field.default is MISSING and known_field.default_factory is MISSING
        if required and values.get(name) in (None, "???"):
            raise _refuse(where, f"{prefix}{name}", "is missing", "a value", f"add `{name}: ...`")
    return values


def _listed(values: object, where: Path | str, key: str) -> Sequence[object]:
    if not isinstance(values, Sequence) or isinstance(values, str):
        raise _refuse(where, key, f"{values!r} is no list", "a list")
    return values


def _typed(values: Mapping[Any, Any], where: Path | str) -> dict[str, Any]:
    from omegaconf import OmegaConf  # a spec's process rebuilds its spec without it
    from omegaconf.errors import OmegaConfBaseException

    if type(values.get("priority", 0)) is not int:
        raise _refuse(where, "priority", f"{values['priority']!r} is no integer", "an integer")
    if not isinstance(values.get("overrides", {}), Mapping):
        problem = f"{values['overrides']!r} is no mapping"
        raise _refuse(where, "overrides", problem, "`setting: value` lines", "write {} for none")
    try:
        merged = OmegaConf.merge(_schema(), OmegaConf.create(dict(values)))
        return OmegaConf.to_container(merged, resolve=True, throw_on_missing=True)  # type: ignore[return-value]
    except OmegaConfBaseException as error:
        key = getattr(error, "full_key", None) or "the spec"
        problem = str(error).strip().splitlines()[0]
        raise _refuse(where, key, problem, "a value of the declared type") from error


@functools.cache
def _schema() -> DictConfig:
    """Building it takes as long as merging a spec into it, and merging leaves it as it is."""
    from omegaconf import OmegaConf

    schema: DictConfig = OmegaConf.structured(SpecSchema)
    return schema


def _name(value: str, where: Path | str, key: str) -> str:
    if NAME.fullmatch(value) is None:
        raise _refuse(
            where,
            key,
            f"{value!r} cannot be a directory name",
            "up to 64 letters, digits, _ or -, not starting with -",
            f"rename the {key}",
        )
    return value


def _source(values: Mapping[str, Any], where: Path | str, key: str) -> Source:
    chosen, experiment = values["permutations"], values["experiment"]
    declared = values["cohort"]
    cohort = None if declared is None else parse_cohort(declared, where, f"{key}.cohort")
    selects = cohort is not None and cohort.select is not None
    if selects != (chosen is None):
        if chosen is None:
            remedy = (
                "add `permutations: ...`" if cohort is None else "add `permutations: ...` or `select: ...`"
            )
            raise _refuse(where, f"{key}.permutations", "is missing", "a value", remedy)
        raise _refuse(where, f"{key}.cohort.select", "permutations are listed as well", "one of the two")
    if chosen is None:
        return Source(experiment, (), cohort)
    if isinstance(chosen, Mapping):
        permutations: tuple[int, ...] | Top = _top(chosen, where, f"{key}.permutations")
    else:
        permutations = _ids(_listed(chosen, where, f"{key}.permutations"), where, f"{key}.permutations")
    count = permutations.count if isinstance(permutations, Top) else len(permutations)
    if cohort is not None and count < FEWEST:
        raise _refuse(where, f"{key}.permutations", f"{count} of them are no cohort", f"at least {FEWEST}")
    return Source(experiment, permutations, cohort)


def _ids(ids: Sequence[object], where: Path | str, key: str) -> tuple[int, ...]:
    if not ids:
        raise _refuse(where, key, "is empty", "at least one permutation id, or {top: 3, by: rank_ic}")
    for value in ids:
        if type(value) is not int or value < 0:
            raise _refuse(where, key, f"{value!r} is no permutation id", "integers from 0 on")
        if ids.count(value) > 1:
            raise _refuse(where, key, f"{value} is listed twice", "each id once", "remove one of them")
    return tuple(ids)  # type: ignore[arg-type]


def _top(values: Mapping[str, Any], where: Path | str, key: str) -> Top:
    expected = "{top: 3, by: rank_ic}"
    if set(values) != {"top", "by"}:
        unknown = sorted(set(values) ^ {"top", "by"})
        raise _refuse(where, key, f"{', '.join(map(str, unknown))}: unknown or missing", expected)
    if type(values["top"]) is not int or values["top"] < 1 or not isinstance(values["by"], str):
        raise _refuse(where, key, f"{dict(values)!r} selects nothing", expected)
    return Top(values["top"], values["by"])


def _trainer(values: Mapping[str, Any] | None, where: Path | str) -> ExternalTrainer | None:
    if values is None:
        return None
    try:
        target = check_form(values[TARGET_KEY])
        module = None if values["settings"] is None else check_form(values["settings"])
    except TrustError as error:
        raise _refuse(where, "trainer", error.problem, error.expected or "", error.remedy) from error
    return ExternalTrainer(target, module, values["args"])


def _check_whole(spec: Spec, where: Path | str) -> None:
    if spec.name != Path(where).stem:
        raise _refuse(
            where,
            "name",
            f"{spec.name!r} is not the file's stem",
            f"name: {Path(where).stem}",
            "rename one of the two",
        )
    if bool(spec.sources) == (spec.trainer is not None):
        raise _refuse(where, "sources", "give either sources or trainer", "exactly one of the two")
    check_values(spec.overrides, str(where))
    _name(spec.version_label, where, "label")
    _check_sources(spec.sources, where)


def _check_sources(sources: Sequence[Source], where: Path | str) -> None:
    """An id listed twice is refused within one source; across two of one experiment it is no better."""
    seen: set[tuple[str, int]] = set()
    for index, source in enumerate(sources):
        ids = () if isinstance(source.permutations, Top) else source.permutations
        for number in () if source.cohort is not None else ids:  # a cohort is a version of its own
            if (source.experiment, number) in seen:
                key = f"sources.{index}.permutations"
                raise _refuse(where, key, f"{number} is listed twice", "each id once", "remove one of them")
            seen.add((source.experiment, number))


__all__ = ["NAME", "ExternalTrainer", "Source", "Spec", "Status", "Top", "parse_spec"]
