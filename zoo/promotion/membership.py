"""Who may be in a cohort, what members offer, and what is asked of all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from zoo.cohort import FEWEST, RANK_MEAN
from zoo.errors import CohortError, CohortMemberFailed, Interrupted
from zoo.models import SklearnModel
from zoo.promotion.combine import CLASSES, PROBABILITIES, SCORES, Offer, Rule
from zoo.promotion.sensor import Sensor

T = TypeVar("T")


def each(
    members: Mapping[str, Sensor], doing: str, call: Callable[[str, Sensor], T], where: str
) -> dict[str, T]:
    """Call something of every member.

    Raises:
        CohortMemberFailed: some failed; all were tried.
    """
    done: dict[str, T] = {}
    failures: dict[str, Exception] = {}
    for name, sensor in members.items():
        try:
            done[name] = call(name, sensor)
        except Interrupted:
            raise
        except Exception as error:
            failures[name] = error
    if failures:
        raise member_failed(failures, doing, len(members), where)
    return done


def member_failed(
    failures: Mapping[str, Exception], doing: str, of: int, where: object
) -> CohortMemberFailed:
    """Return the error that names every member that failed."""
    told = "; ".join(f"{name} ({type(error).__name__}: {error})" for name, error in failures.items())
    failed = CohortMemberFailed(
        f"{len(failures)} of {of} members failed to {doing}: {told}",
        failures=failures,
        where=where,
        expected="all members: none is left out",
        remedy="repair these members, or make a cohort of others",
    )
    failed.__cause__ = next(iter(failures.values()))
    return failed


def finite(out: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a member's predictions, or refuse them: a mean would hide what is not finite."""
    for name in ("_preds", "_probs"):
        values = np.asarray(out[name]) if out.get(name) is not None else np.empty(0)
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            raise CohortError(f"{int((~np.isfinite(values)).sum())} of its {name} are not finite")
    return out


def values_of(out: Mapping[str, Any]) -> NDArray[Any]:
    """Return a value a row: of two classes the probability of the second, else the prediction."""
    probs = out.get("_probs")
    return np.asarray(out["_preds"] if probs is None or probs.shape[1] != 2 else probs[:, 1])


def offer_of(model: object) -> Offer:
    """Return what a model's predictions are; of another library's models a number a row is all one knows."""
    if not isinstance(model, SklearnModel) or not model.is_classifier:
        return Offer(SCORES)
    estimator = model.estimator
    classes = tuple(np.asarray(estimator.classes_).tolist())
    kind = PROBABILITIES if hasattr(estimator, "predict_proba") else CLASSES
    threshold = getattr(estimator, "threshold_", None)
    return Offer(kind, classes, None if threshold is None else float(threshold))


def member_name(experiment: object, permutation_id: object) -> str:
    """Return what a member is called."""
    return f"{experiment}/{permutation_id}"


def named(members: Iterable[Sensor]) -> dict[str, Sensor]:
    """Return members by name, in order of experiment and permutation.

    Raises:
        CohortError: what is no sensor, fewer than two, or one of them twice.
    """
    members = list(members)
    for member in members:
        if not isinstance(member, Sensor):
            raise CohortError(
                f"a member is a {type(member).__name__}", expected="sensors: a cohort has no cohort in it"
            )
    keyed = sorted(
        (
            (str(s.metadata.get("experiment", "")), s.permutation_id, place, s)
            for place, s in enumerate(members)
        ),
        key=lambda item: item[:3],
    )
    found = {member_name(experiment, number): sensor for experiment, number, _, sensor in keyed}
    if len(keyed) < FEWEST:
        raise CohortError(f"it has {len(keyed)} members", expected=f"at least {FEWEST} sensors")
    if len(found) < len(keyed):
        names = [member_name(experiment, number) for experiment, number, *_ in keyed]
        twice = next(name for name in names if names.count(name) > 1)
        raise CohortError(f"member {twice} is there twice", expected="each sensor once")
    return found


def check_alike(named: Mapping[str, Sensor], rule: Rule) -> None:
    """Refuse members that do not predict rows of one kind, or average or vote for one target.

    Raises:
        CohortError: naming those that differ.
    """
    bounds = {name: sensor.bound for name, sensor in named.items() if sensor.bound is not None}
    asked: dict[str, Callable[[Any], object]] = {
        "bars and tables": lambda bound: bool(bound.features),
        "bars that are formed differently": lambda bound: [bound.bars, list(bound.required)],
    }
    if rule.combine != RANK_MEAN:
        asked["different targets"] = lambda bound: [bound.target, bound.fitted_target]
    for what, key in asked.items():
        groups: dict[str, list[str]] = {}
        for name, bound in bounds.items():
            groups.setdefault(repr(key(bound)), []).append(name)
        if len(groups) > 1:
            told = " and ".join(", ".join(names) for names in groups.values())
            raise CohortError(
                f"its members predict from or for {what}: {told}",
                expected="members of one kind",
                remedy="combine=rank_mean takes scores of different targets",
            )


def preparation_of(sensor: Sensor) -> str:
    """Return a key of how features are prepared; one of its own where that is not known."""
    if sensor.bound is None:
        return f"{id(sensor)}"
    bound = sensor.bound
    effective = (sensor.metadata.get("settings") or {}).get("effective") or {}
    features = [feature.as_dict() for feature in bound.features]
    return repr(
        [bound.bars, bound.required, features, bound.indicators, bound.causal, sensor.features, effective]
    )


__all__ = [
    "check_alike",
    "each",
    "finite",
    "member_failed",
    "member_name",
    "named",
    "offer_of",
    "preparation_of",
    "values_of",
]
