"""Where a sensor comes from, what was proven of it and what was not, for a reader and not for a machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from zoo.cohort import RANK_MEAN, VOTE
from zoo.promotion.combine import PROBABILITIES
from zoo.terms import BOOTSTRAP, SKIP

if TYPE_CHECKING:
    from zoo.promotion.cohort import Cohort
    from zoo.promotion.sensor import Sensor

#: columns of a data fingerprint that are shown before the rest is counted
_SHOWN: Final = 6
#: what pass 1 counts, and in which words
_COMPARED: Final = {
    "metrics": "metrics",
    "predictions": "predictions",
    "series": "values of series",
    "fitted": "fitted values",
}
_AGREED: Final = {
    "rank_correlation": "mean rank correlation a date",
    "equal_classes": "share of equal classes",
    "top_overlap": "overlap of the top fifth",
}
NO_FLOOR: Final = "no floor was asked for, so that any agreement would have done"
WHOLE_FLOOR: Final = "it has no floor of its own: each member was held to its own"
Facts = Mapping[str, Any]


def explain(sensor: Sensor) -> str:
    """Return a paragraph a subject: a heading, and sentences or `name: value` lines below it."""
    told = sensor.metadata
    parts = {
        "what it is": _origin(sensor, told),
        "what was validated": _validation(told),
        "overrides": _overrides(told),
        "settings": _facts((told.get("settings") or {}).get("effective") or {}, "none were recorded"),
        "data": _data(told),
        "features, in order": _features(sensor),
        "model": _model(sensor),
        "agreement of the refit with what was validated": _agreement(told.get("agreement")),
        "libraries": _libraries(told.get("libraries") or {}),
        "what was not checked": _unchecked(sensor, told),
    }
    return "\n\n".join(
        "\n".join([heading, *(f"  {line}" for line in lines)]) for heading, lines in parts.items()
    )


def explain_cohort(cohort: Cohort) -> str:
    """Return how the members are combined, what is known of the whole, and each member's own explanation."""
    parts = {
        "what it is": _together(cohort),
        "agreement of the whole": _agreement(cohort.metadata.get("agreement"), WHOLE_FLOOR),
        "what was not checked": _cohort_unchecked(cohort),
    }
    whole = ["\n".join([heading, *(f"  {line}" for line in lines)]) for heading, lines in parts.items()]
    members = [f"--- member {name} ---\n\n{explain(sensor)}" for name, sensor in cohort.members.items()]
    return "\n\n".join([*whole, *members])


def _together(cohort: Cohort) -> Iterator[str]:
    rule = cohort.rule
    yield f"a cohort of {len(cohort.members)} sensors: {', '.join(cohort.members)}"
    chosen = cohort.metadata.get("selection")
    yield f"chosen: {chosen}" if chosen else "chosen: by whoever made it"
    if rule.combine == VOTE:
        yield f"combined by majority vote; a tie goes to the first of {', '.join(map(repr, rule.classes))}"
    elif rule.combine == RANK_MEAN:
        yield "combined by the mean of each member's ranks within a date, from -1 to 1"
    else:
        yield f"combined by the mean of the members' {rule.of}"
    if rule.threshold is not None:
        positive = rule.classes[1]
        yield f"threshold in use: {rule.threshold!r} for class {positive!r}, the mean of the members' own"
    elif rule.of == PROBABILITIES:
        yield "the most probable class is predicted"
    if not cohort.shared:
        yield "members prepare different features: prepared rows are given for each of them"


def _cohort_unchecked(cohort: Cohort) -> Iterator[str]:
    yield from (str(name) for name in cohort.metadata.get("not_checked") or ())
    yield "whether the whole is better than its best member"


def _origin(sensor: Sensor, told: Facts) -> Iterator[str]:
    created = told.get("experiment_created_at")
    when = f", made {created}" if created else ""
    yield f"permutation {sensor.permutation_id} of experiment {told.get('experiment', 'unknown')}{when}"
    params = ", ".join(f"{name} {value!r}" for name, value in sensor.round_params.items())
    yield f"parameters: {params or 'none'}"
    source = told.get("source")
    yield f"code: sha256 {source}" if source else "code: not fingerprinted"
    for module in sensor.modules:
        imported = "" if sensor.trust.covers(module.name) else ", not imported: it is not trusted here"
        yield f"module {module.stem} of the experiment's directory: sha256 {module.digest}{imported}"


def _validation(told: Facts) -> Iterator[str]:
    found: Facts = told.get("validation") or {}
    compared = [
        f"{count} {words}"
        for key, words in _COMPARED.items()
        if isinstance(count := found.get(key), int) and count
    ]
    if compared:
        mode = found.get("mode")
        yield f"run again, it gave what was logged: {_listed(compared)} compared (validation={mode})"
    elif found.get("mode") == SKIP:
        yield "nothing was compared with what the experiment logged, because validation=skip asked for that"
    else:
        yield "nothing was compared with what an experiment logged"
    yield from (
        f"{name}: its code changed since; what was logged still reproduced"
        for name in told.get("drifted") or ()
    )


def _overrides(told: Facts) -> Iterator[str]:
    overrides: Facts = told.get("overrides") or {}
    recorded: Facts = (told.get("settings") or {}).get("recorded") or {}
    if not overrides:
        yield "none: it was trained under the settings that the experiment recorded"
    for name, value in overrides.items():
        before = f" (the experiment recorded {recorded[name]!r})" if name in recorded else ""
        yield f"{name}: {value!r}{before}"
    if overrides:
        yield "what was compared is the permutation without them; the variant has metrics of its own"
    if told.get("reads") == "unknown":
        yield "whether they were read could not be seen"


def _data(told: Facts) -> Iterator[str]:
    data: Facts = told.get("data") or {}
    if not data:
        yield "not known"
        return
    yield f"{data.get('rows')} rows from {data.get('first')} to {data.get('last')}"
    yield f"columns: {_some([str(name) for name in data.get('columns') or ()])}"
    yield f"content: sha256 {data.get('content')}"
    end, horizon = told.get("train_end"), told.get("horizon")
    if told.get("decoder") is not None:
        yield "how far labels look ahead is the other library's affair: where training ends is not known"
    elif end is None:
        yield "it has no time axis, so training has no end"
    else:
        yield f"training ends {end}, the last bar that a label of {horizon} bars uses; later bars are unseen"
    first = ((told.get("split") or {}).get("refit") or {}).get("first")
    if first is not None and end is not None:
        yield f"the first row of training is {str(first)[:10]}"


def _features(sensor: Sensor) -> Iterator[str]:
    declared = {} if sensor.bound is None else {f.name: f.declaration for f in sensor.bound.features}
    for place, name in enumerate(sensor.features, start=1):
        if name not in declared:
            yield f"{place}. {name}"
            continue
        arguments = dict(declared[name])
        target = arguments.pop("_target_")
        said = ", ".join(f"{key}={value!r}" for key, value in arguments.items())
        yield f"{place}. {name} = {target}({said})"
    if not sensor.features:
        yield "not known"
    if sensor.bound is not None and sensor.bound.selector is not None:
        yield "the data was selected before training; what is predicted is not"


def _model(sensor: Sensor) -> Iterator[str]:
    yield _named(sensor.model.estimator)
    yield (
        "a second training gives the same model"
        if sensor.model.deterministic
        else ("a second training gives another model: it is not deterministic")
    )
    if sensor.metadata.get("decoder") is not None:
        yield "how it chooses classes, and whether it is calibrated, is its own affair"
    else:
        yield from _calibration(sensor.model.estimator)
    target: Facts = (sensor.metadata.get("fitted") or {}).get("target") or {}
    yield from (f"target, fitted: {name} {value}" for name, value in target.items())


def _named(estimator: Any) -> str:
    """Name an estimator, and the steps of a pipeline."""
    inner = getattr(estimator, "estimator_", None)
    if inner is not None:
        return f"{type(estimator).__name__} of {_named(inner)}"
    steps = getattr(estimator, "steps", None)
    return (
        type(estimator).__name__ if steps is None else " -> ".join(type(step).__name__ for _, step in steps)
    )


def _calibration(estimator: Any) -> Iterator[str]:
    """Say what the estimator itself uses: what is reported is what is used."""
    if not hasattr(estimator, "classes_"):
        yield "it predicts scores: nothing is calibrated, and there is no threshold"
        return
    describe = getattr(estimator, "describe", None)
    if describe is None:
        yield "its classes are the estimator's own choice: not calibrated, no threshold of zoo's"
        return
    found: Facts = describe()
    by = found.get("criterion")
    yield (
        f"calibrated by {found['method']} over {found['n_dates']} dates, {found['folds']} purged folds with "
        f"embargo {found['embargo']}"
    )
    chosen = f"chosen by {by} on out-of-fold probabilities" if by else "given"
    yield f"threshold in use: {found['threshold']!r} for class {found['classes'][1]!r}, {chosen}"


def _agreement(found: Any, without_floor: str = NO_FLOOR) -> Iterator[str]:
    if not found:
        yield "not measured"
        return
    for key, words in _AGREED.items():
        if found.get(key) is not None:
            yield f"{words}: {found[key]:.4f}"
    if found.get("floor") is None:
        yield without_floor
        return
    how = (
        f"{found.get('refits')} bootstrapped refits"
        if found.get("how") == BOOTSTRAP
        else "a number that was given"
    )
    yield f"the floor of {str(found.get('figure')).replace('_', ' ')} was {found['floor']:.4f}, from {how}"
    if found.get("how") == BOOTSTRAP and found["floor"] <= 0:
        yield "a floor that low excludes little: refits of this model turn round by themselves"


def _libraries(found: Facts) -> Iterator[str]:
    now: Facts = found.get("now") or {}
    changed: Mapping[str, Sequence[str]] = found.get("changed") or {}
    yield ", ".join(f"{name} {version}" for name, version in now.items()) or "not recorded"
    for name, (then, later) in changed.items():
        yield f"{name} was {then} when the experiment ran, and {later} when it was promoted"


def _unchecked(sensor: Sensor, told: Facts) -> Iterator[str]:
    found: Facts = told.get("validation") or {}
    yield from (str(name) for name in found.get("not_checked") or ())
    yield from (f"metric {name}: the experiment declared it volatile" for name in found.get("volatile") or ())
    yield "whether it will earn anything: the refit has seen all the data, and no metric here is its own"
    if not sensor.model.deterministic:
        yield "equality to the last digit: its training draws random numbers, so the tolerance was wider"


def _facts(found: Facts, otherwise: str | None = None, prefix: str = "") -> Iterator[str]:
    """Yield a line a value, nested names joined by dots."""
    if not found and otherwise is not None:
        yield otherwise
    for name, value in found.items():
        if isinstance(value, Mapping) and value:
            yield from _facts(value, prefix=f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}: {value!r}"


def _listed(words: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def _some(names: Sequence[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


__all__ = ["explain", "explain_cohort"]
