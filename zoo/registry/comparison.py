"""Two versions side by side: what went in, and what came out."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from zoo.registry import canonical
from zoo.registry.version import Version

#: what is compared, by section: where a version's lineage or the version itself says it
SECTIONS: Final = ("version", "parameters", "settings", "overrides", "data", "split", "libraries", "metrics")
_FACTS: Final = ("line", "label", "spec", "stage", "experiment", "permutation_id", "train_end", "created_at")


@dataclass(frozen=True)
class Fact:
    """One thing that is known of at least one of two versions.

    Attributes:
        section: one of `SECTIONS`.
        name: within the section, with dots where it is nested; a metric's is `variant.rank_ic`.
        a: the first version's value; None where it has none.
        b: the second version's.
        same: both have it, and it is equal; NaN equals NaN.
    """

    section: str
    name: str
    a: Any
    b: Any
    same: bool

    @property
    def difference(self) -> float | None:
        """`b - a`, where both are numbers."""
        numbers = all(
            isinstance(value, int | float) and not isinstance(value, bool) for value in (self.a, self.b)
        )
        return float(self.b) - float(self.a) if numbers else None


@dataclass(frozen=True)
class Comparison:
    """Two versions side by side.

    Attributes:
        a: the first one's id.
        b: the second one's id.
        facts: by section, then in the order in which the versions tell them.
    """

    a: str
    b: str
    facts: tuple[Fact, ...]

    def section(self, name: str) -> tuple[Fact, ...]:
        """Return the facts of one section."""
        return tuple(fact for fact in self.facts if fact.section == name)

    def as_dict(self) -> dict[str, Any]:
        """Return strict JSON types: a list a section."""
        return {"a": self.a, "b": self.b} | {
            section: [_presented(fact) for fact in self.section(section)] for section in SECTIONS
        }


def compare(a: Version, b: Version) -> Comparison:
    """Put two versions side by side, be they of one line or not."""
    facts = []
    for section in SECTIONS:
        left, right = dict(told(a, section)), dict(told(b, section))
        for name in dict.fromkeys([*left, *right]):
            same = name in left and name in right and _same(left[name], right[name])
            facts.append(Fact(section, name, left.get(name), right.get(name), same))
    return Comparison(a.version_id, b.version_id, tuple(facts))


def told(version: Version, section: str) -> Iterator[tuple[str, Any]]:
    """Yield what a version, or its lineage, says in one of `SECTIONS`, by name."""
    lineage = version.lineage
    match section:
        case "version":
            yield from ((name, getattr(version, name)) for name in _FACTS)
        case "parameters":
            yield from _flat(lineage.get("round_params"))
        case "settings":
            yield from _flat((lineage.get("settings") or {}).get("effective"))
        case "overrides":
            yield from _flat(version.overrides)
        case "libraries":
            yield from _flat((lineage.get("libraries") or {}).get("now"))
        case "metrics":
            yield from _flat(version.metrics)
        case _:
            yield from _flat(lineage.get(section))


def _flat(values: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield what a nested mapping holds, its keys joined by dots; nothing for what is no mapping."""
    if not isinstance(values, Mapping):
        return
    for key, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, float) and isinstance(b, float) and math.isnan(a) and math.isnan(b):
        return True
    return bool(type(a) is type(b) and a == b)


def _presented(fact: Fact) -> dict[str, Any]:
    values = {"a": fact.a, "b": fact.b}
    if fact.section == "metrics":
        values["difference"] = fact.difference
    shown = {key: canonical.presentable(_plain(value)) for key, value in values.items()}
    return {"name": fact.name, **shown, "same": fact.same}


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


__all__ = ["SECTIONS", "Comparison", "Fact", "compare", "told"]
