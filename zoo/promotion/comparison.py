"""Whether values agree: metrics, predictions, series and what was fitted, each within its own tolerance.

A deterministic model must reproduce floats within 1e-6 and integers exactly; a stochastic one may differ by
1% of max(|a|, |b|, 1). A metric with a declared tolerance has that one instead. Predicted scores must agree
within 1e-6 (stochastic: 1e-2) of the root mean square of the recorded ones, classes exactly, and what was not
predicted must again not be predicted.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

ABSOLUTE: Final = 1e-6
STOCHASTIC: Final = 1e-2

Tolerances = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One value that differs."""

    key: str
    logged: Any
    reproduced: Any
    tolerance: float

    def __str__(self) -> str:
        """Say what differs, in a few words."""
        return (
            f"{self.key} logged {self.logged!r}, reproduced {self.reproduced!r}, tolerance {self.tolerance:g}"
        )


def compare_metrics(
    logged: Mapping[str, Any],
    reproduced: Mapping[str, Any],
    *,
    deterministic: bool,
    tolerances: Tolerances | None = None,
) -> Iterator[Mismatch]:
    """Yield every metric that differs; one that only one side has differs.

    Args:
        logged: metrics by name.
        reproduced: the same of the second run.
        deterministic: whether the model must give the same again.
        tolerances: `absolute` and `relative` by metric, as the experiment declared them.
    """
    declared = tolerances or {}
    for key in dict.fromkeys([*logged, *reproduced]):
        a, b = logged.get(key, "absent"), reproduced.get(key, "absent")
        own = declared.get(key)
        tolerance = _tolerance(a, b, deterministic) if own is None else declared_tolerance(a, b, own)
        if not same(a, b, tolerance):
            yield Mismatch(key, a, b, tolerance)


def compare_kinds(logged: Mapping[str, Any], reproduced: Mapping[str, Any]) -> Iterator[Mismatch]:
    """Yield every number that is an integer on one side only: it was not written by what runs now."""
    for key in (name for name in logged if name in reproduced):
        a, b = logged[key], reproduced[key]
        if _numbers(a, b) and isinstance(a, int) != isinstance(b, int) and a == b:
            yield Mismatch(key, a, b, 0.0)


def _tolerance(a: Any, b: Any, deterministic: bool) -> float:
    if not _numbers(a, b) or (deterministic and isinstance(a, int) and isinstance(b, int)):
        return 0.0
    if deterministic or not (math.isfinite(a) and math.isfinite(b)):
        return ABSOLUTE
    return float(max(ABSOLUTE, STOCHASTIC * max(abs(a), abs(b), 1.0)))


def declared_tolerance(a: Any, b: Any, declared: Mapping[str, float]) -> float:
    """Return max(absolute, relative · min(|a|, |b|)); of the smaller one, so that no value widens its own.

    Args:
        a: one value.
        b: the other.
        declared: `absolute` and `relative`; what is not there is 0.
    """
    absolute, relative = float(declared.get("absolute", 0.0)), float(declared.get("relative", 0.0))
    if not _numbers(a, b) or not (math.isfinite(a) and math.isfinite(b)):
        return absolute
    return float(max(absolute, relative * min(abs(a), abs(b))))


def same(a: Any, b: Any, tolerance: float) -> bool:
    """Tell whether two values agree: NaN with NaN only, infinities and what is no number exactly."""
    if not _numbers(a, b):
        return type(a) is type(b) and bool(a == b)
    if math.isnan(a) or math.isnan(b):
        return math.isnan(a) and math.isnan(b)
    return bool(a == b or abs(a - b) <= tolerance)


def _numbers(*values: Any) -> bool:
    return all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)


def compare_rows(logged: Mapping[str, Any], reproduced: Mapping[str, Any]) -> Iterator[Mismatch]:
    """Yield what differs in the names of the predictions' rows."""
    for key in dict.fromkeys([*logged, *reproduced]):
        a, b = logged.get(key, "absent"), reproduced.get(key, "absent")
        if a != b:
            yield Mismatch(f"alignment.{key}", _short(a), _short(b), 0.0)


def compare_predictions(
    name: str, logged: Sequence[Any], reproduced: Sequence[Any], *, deterministic: bool
) -> list[Mismatch]:
    """Return how predictions differ, as one mismatch that counts the differing places and names the worst."""
    if len(logged) != len(reproduced):
        return [Mismatch(f"len({name})", len(logged), len(reproduced), 0.0)]
    scale = min(root_mean_square(logged), root_mean_square(reproduced))
    tolerance = (ABSOLUTE if deterministic else STOCHASTIC) * scale
    wrong = [
        i for i, (a, b) in enumerate(zip(logged, reproduced, strict=True)) if not _agrees(a, b, tolerance)
    ]
    if not wrong:
        return []
    worst = max(wrong, key=lambda i: _distance(logged[i], reproduced[i]))
    key = f"{name}[{worst}] (the worst of {len(wrong)} that differ)"
    return [Mismatch(key, logged[worst], reproduced[worst], tolerance)]


def compare_series(
    kind: str,
    name: str,
    logged: Mapping[str, Any] | None,
    reproduced: Mapping[str, Any] | None,
    *,
    deterministic: bool,
) -> list[Mismatch]:
    """Return how a recorded series differs, in its values and in all that is said about them.

    Args:
        kind: what the series belongs to, such as `held_out`.
        name: the key of its values.
        logged: the series as it was recorded, or None.
        reproduced: the same of the second run.
        deterministic: whether the model must give the same again.
    """
    if logged is None or reproduced is None:
        return [] if logged is reproduced else [Mismatch(kind, _presence(logged), _presence(reproduced), 0.0)]
    a, b = logged.get(name), reproduced.get(name)
    if not isinstance(a, list) or not isinstance(b, list):
        return [Mismatch(f"{kind}.{name}", _short(a), _short(b), 0.0)]
    found = compare_predictions(f"{kind}.{name}", a, b, deterministic=deterministic)
    rest = [{k: v for k, v in side.items() if k != name} for side in (logged, reproduced)]
    return found + ([Mismatch(kind, rest[0], rest[1], 0.0)] if rest[0] != rest[1] else [])


def flat(tree: Any, prefix: str) -> dict[str, Any]:
    """Return the leaves of nested mappings and lists under dotted names."""
    if isinstance(tree, Mapping):
        pairs = [(f"{prefix}.{key}", value) for key, value in tree.items()]
    elif isinstance(tree, list):
        pairs = [(f"{prefix}[{place}]", value) for place, value in enumerate(tree)]
    else:
        return {prefix: tree}
    return {key: leaf for name, value in pairs for key, leaf in flat(value, name).items()}


def _presence(value: Any) -> str:
    return "absent" if value is None else "present"


def root_mean_square(values: Sequence[Any]) -> float:
    """Return the root mean square of the finite scores among `values`; 0 where there is none or it overflows.

    The tolerance must never grow with what one recorded score claims: an absurd one is itself a mismatch.
    """
    scores = [value for value in values if isinstance(value, float) and math.isfinite(value)]
    largest = max(map(abs, scores), default=0.0)
    if largest == 0.0:
        return 0.0
    return largest * math.sqrt(math.fsum((v / largest) ** 2 for v in scores) / len(scores))


def _agrees(a: Any, b: Any, tolerance: float) -> bool:
    """Finite scores within tolerance; classes and absent predictions exactly, in value and in type."""
    if isinstance(a, float) and isinstance(b, float):
        return math.isfinite(a) and math.isfinite(b) and same(a, b, tolerance)
    return type(a) is type(b) and bool(a == b)


def _distance(a: Any, b: Any) -> float:
    distance: float = abs(a - b) if isinstance(a, float) and isinstance(b, float) else math.inf
    return math.inf if math.isnan(distance) else distance


def _short(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    return f"{len(value)} values from {value[:1]} to {value[-1:]}"


__all__ = [
    "ABSOLUTE",
    "STOCHASTIC",
    "Mismatch",
    "Tolerances",
    "compare_kinds",
    "compare_metrics",
    "compare_predictions",
    "compare_rows",
    "compare_series",
    "declared_tolerance",
    "flat",
    "root_mean_square",
    "same",
]
