"""Pass 1: does the permutation still reproduce what was logged? Metrics and predictions, or it is an error.

Tolerances: a deterministic model must reproduce floats within 1e-6 and integers exactly; a stochastic one may
differ by 1% of max(|a|, |b|, 1). Predicted scores must agree within 1e-6 (stochastic: 1e-2) of the root mean
square of the recorded ones, classes exactly, and what was not predicted must again not be predicted.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from zoo.errors import ReconstructionError
from zoo.experiment.directory import Round
from zoo.experiment.pipeline import Done

ABSOLUTE: Final = 1e-6
STOCHASTIC: Final = 1e-2
_SHOWN: Final = 8


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


@dataclass(frozen=True, slots=True)
class Validation:
    """What pass 1 compared; a version carries it for ever.

    Attributes:
        mode: `full`.
        metrics: how many metrics were compared.
        predictions: how many predictions were compared.
        not_checked: what the experiment did not record, and what was therefore not checked.
    """

    mode: str
    metrics: int
    predictions: int
    not_checked: tuple[str, ...] = ()


def validate(
    logged: Round,
    done: Done,
    *,
    where: str,
    libraries: dict[str, tuple[str, str]],
) -> Validation:
    """Compare a re-run with what was logged.

    Args:
        logged: the permutation as the directory has it.
        done: the same permutation, run again.
        where: the experiment and permutation, for the error.
        libraries: what changed since the experiment, to be named in the error.

    Raises:
        ReconstructionError: with every mismatch.
    """
    exact = done.model.deterministic or logged.deterministic is True
    mismatches = [
        *compare_metrics(logged.metrics, done.metrics, deterministic=exact),
        *compare_rows(logged.alignment, done.prepared.alignment),
        *compare_predictions("preds", logged.preds, done.preds, deterministic=exact),
    ]
    if logged.probs is not None or done.probs is not None:
        mismatches += compare_predictions("probs", logged.probs or [], done.probs or [], deterministic=exact)
    mismatches += compare_series(logged, done, deterministic=exact)
    if logged.deterministic not in (None, done.model.deterministic):
        mismatches.append(Mismatch("deterministic", logged.deterministic, done.model.deterministic, 0))
    if logged.split is not None and logged.split != done.prepared.boundaries:
        mismatches.append(Mismatch("split", logged.split, done.prepared.boundaries, 0))
    if mismatches:
        raise reconstruction_error(mismatches, where, libraries)
    predicted = sum(value is not None for value in logged.preds)
    if not logged.metrics or not predicted:
        raise ReconstructionError(
            "nothing was logged that could be compared", where=where, remedy="make the experiment again"
        )
    return Validation("full", len(logged.metrics), predicted, logged.unchecked)


def compare_metrics(
    logged: Mapping[str, Any], reproduced: Mapping[str, Any], *, deterministic: bool
) -> Iterator[Mismatch]:
    """Yield every metric that differs; one that only one side has differs."""
    for key in dict.fromkeys([*logged, *reproduced]):
        a, b = logged.get(key, "absent"), reproduced.get(key, "absent")
        tolerance = _tolerance(a, b, deterministic)
        if not same(a, b, tolerance):
            yield Mismatch(key, a, b, tolerance)


def _tolerance(a: Any, b: Any, deterministic: bool) -> float:
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in (a, b))
    if not numbers or (deterministic and isinstance(a, int) and isinstance(b, int)):
        return 0.0
    if deterministic or not (math.isfinite(a) and math.isfinite(b)):
        return ABSOLUTE
    return float(max(ABSOLUTE, STOCHASTIC * max(abs(a), abs(b), 1.0)))


def same(a: Any, b: Any, tolerance: float) -> bool:
    """Tell whether two values agree: NaN with NaN only, infinities and what is no number exactly."""
    numeric = all(isinstance(value, int | float) and not isinstance(value, bool) for value in (a, b))
    if not numeric:
        return type(a) is type(b) and bool(a == b)
    if math.isnan(a) or math.isnan(b):
        return math.isnan(a) and math.isnan(b)
    return bool(a == b or abs(a - b) <= tolerance)


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
    tolerance = _share(deterministic) * scale
    wrong = [
        i for i, (a, b) in enumerate(zip(logged, reproduced, strict=True)) if not _agrees(a, b, tolerance)
    ]
    if not wrong:
        return []
    worst = max(wrong, key=lambda i: _distance(logged[i], reproduced[i]))
    key = f"{name}[{worst}] (the worst of {len(wrong)} that differ)"
    return [Mismatch(key, logged[worst], reproduced[worst], tolerance)]


def _share(deterministic: bool) -> float:
    return ABSOLUTE if deterministic else STOCHASTIC


def compare_series(logged: Round, done: Done, *, deterministic: bool) -> list[Mismatch]:
    """Return how the net returns and the rank ICs of the test part differ, where they were recorded."""
    again = (
        {}
        if done.held_out is None
        else {
            "held_out": done.held_out.record(),
            "quality": {"rank_ic": done.held_out.ranked()},
        }
    )
    found: list[Mismatch] = []
    for kind, name in (("held_out", "net"), ("quality", "rank_ic")):
        then, now = getattr(logged, kind), again.get(kind)
        if then is None and logged.digests is None:
            continue  # another library's
        if (then is None) != (now is None):
            found.append(Mismatch(kind, _presence(then), _presence(now), 0.0))
        elif then is not None and now is not None:
            found += compare_predictions(
                f"{kind}.{name}", then.get(name) or [], now[name], deterministic=deterministic
            )
            rest = [{k: v for k, v in side.items() if k != name} for side in (then, now)]
            found += [Mismatch(kind, rest[0], rest[1], 0.0)] if rest[0] != rest[1] else []
    return found


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
    return value if not isinstance(value, list) else f"{len(value)} values from {value[:1]} to {value[-1:]}"


def reconstruction_error(
    mismatches: list[Mismatch], where: str, libraries: dict[str, tuple[str, str]]
) -> ReconstructionError:
    """Return the error that names what does not reproduce, and the libraries that changed since."""
    shown = "; ".join(map(str, mismatches[:_SHOWN]))
    more = f"; and {len(mismatches) - _SHOWN} more" if len(mismatches) > _SHOWN else ""
    since = ", ".join(f"{name} {then} -> {now}" for name, (then, now) in libraries.items())
    changed = (
        f"libraries changed since it was logged: {since}"
        if since
        else "no library changed since it was logged"
    )
    return ReconstructionError(
        f"does not reproduce, {len(mismatches)} values differ: {shown}{more}; {changed}",
        mismatches=[
            {k: getattr(m, k) for k in ("key", "logged", "reproduced", "tolerance")} for m in mismatches
        ],
        libraries=libraries,
        where=where,
        remedy="restore the experiment's files, code and libraries, or make it again with overwrite=true",
    )


__all__ = [
    "ABSOLUTE",
    "STOCHASTIC",
    "Mismatch",
    "Validation",
    "compare_metrics",
    "compare_predictions",
    "compare_rows",
    "compare_series",
    "reconstruction_error",
    "same",
    "validate",
]
