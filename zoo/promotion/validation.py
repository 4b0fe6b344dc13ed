"""Pass 1: does the permutation still reproduce what was logged? Every value of it, or it is an error."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from zoo.errors import ReconstructionError
from zoo.experiment.directory import Round
from zoo.experiment.pipeline import Done
from zoo.promotion.comparison import (
    Mismatch,
    compare_kinds,
    compare_metrics,
    compare_predictions,
    compare_rows,
    compare_series,
    flat,
)
from zoo.terms import FULL, SKIP

_SHOWN: Final = 8
#: series of a round, and the key of their values
_SERIES: Final = (("held_out", "net"), ("quality", "rank_ic"))


@dataclass(frozen=True, slots=True)
class Validation:
    """What pass 1 compared; a version carries it for ever.

    Attributes:
        mode: `full`, or `skip` where nothing was compared because somebody asked for that.
        metrics: how many metrics were compared.
        predictions: how many predictions and probabilities were compared.
        series: how many net returns and rank ICs of the test part were compared.
        fitted: how many values were compared that target and calibration were fitted to.
        volatile: metrics that the experiment declared volatile, and that were therefore not compared.
        not_checked: what the experiment did not record, and what was therefore not checked.
    """

    mode: str
    metrics: int
    predictions: int
    series: int = 0
    fitted: int = 0
    volatile: tuple[str, ...] = ()
    not_checked: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain values."""
        counts = {
            name: getattr(self, name) for name in ("mode", "metrics", "predictions", "series", "fitted")
        }
        return {**counts, "volatile": list(self.volatile), "not_checked": list(self.not_checked)}


def skipped(logged: Round) -> Validation:
    """Return the validation of a round of which nothing is compared, because that was asked for."""
    return Validation(SKIP, 0, 0, not_checked=("reproduction", *logged.unchecked))


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
    mismatches = list(_mismatches(logged, done))
    if mismatches:
        raise reconstruction_error(mismatches, where, libraries)
    predicted = _count(logged.preds)
    if not logged.metrics or not predicted:
        raise ReconstructionError(
            "nothing was logged that could be compared", where=where, remedy="make the experiment again"
        )
    return Validation(
        FULL,
        len(logged.metrics),
        predicted + _count(logged.probs or []),
        sum(len((getattr(logged, kind) or {}).get(name) or []) for kind, name in _SERIES),
        len(flat(logged.fitted or {}, "fitted")),
        logged.volatile,
        logged.unchecked,
    )


def _mismatches(logged: Round, done: Done) -> Iterator[Mismatch]:
    exact = done.model.deterministic or logged.deterministic is True
    metrics = {name: value for name, value in done.metrics.items() if name not in logged.volatile}
    yield from compare_metrics(logged.metrics, metrics, deterministic=exact, tolerances=logged.tolerances)
    if logged.digests is not None:
        yield from compare_kinds(logged.metrics, metrics)
    yield from compare_rows(logged.alignment, done.prepared.alignment)
    yield from compare_predictions("preds", logged.preds, done.preds, deterministic=exact)
    if logged.probs is not None or done.probs is not None:
        yield from compare_predictions("probs", logged.probs or [], done.probs or [], deterministic=exact)
    yield from _series(logged, done, exact)
    if logged.fitted is not None or logged.digests is not None:
        then, now = (flat(tree, "fitted") for tree in (logged.fitted or {}, done.fitted))
        yield from compare_metrics(then, now, deterministic=exact)
    if logged.deterministic not in (None, done.model.deterministic):
        yield Mismatch("deterministic", logged.deterministic, done.model.deterministic, 0)
    if logged.split is not None and logged.split != done.prepared.boundaries:
        yield Mismatch("split", logged.split, done.prepared.boundaries, 0)


def _series(logged: Round, done: Done, exact: bool) -> Iterator[Mismatch]:
    """Compare the net returns and the rank ICs of the test part, where they were recorded."""
    over = done.held_out
    again: Mapping[str, Any] = (
        {} if over is None else {"held_out": over.record(), "quality": {"rank_ic": over.ranked()}}
    )
    for kind, name in _SERIES:
        then = getattr(logged, kind)
        if then is None and logged.digests is None:
            continue  # another library's
        yield from compare_series(kind, name, then, again.get(kind), deterministic=exact)


def _count(values: list[Any]) -> int:
    return sum(value is not None for value in values)


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


__all__ = ["Validation", "reconstruction_error", "skipped", "validate"]
