"""What a cohort is worth as a whole, on the test rows that all of its members predict."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zoo.cohort import RANK_MEAN
from zoo.manifest.cube import PanelCube
from zoo.manifest.held_out import held_out
from zoo.manifest.prepare import Prepared
from zoo.models import Grid
from zoo.models.evaluation import evaluate_classes, evaluate_scores, ranking
from zoo.promotion.agreement import Agreement, Opinion, as_dict, compared
from zoo.promotion.cohort import KIND, Cohort
from zoo.promotion.combine import SCORES, combined
from zoo.promotion.members import Members
from zoo.promotion.membership import finite, values_of
from zoo.promotion.whole import Part, Whole, assets_of, common_rows, frame_of, together

#: what the members' own metadata have in common
_SHARED: Final = (
    "experiment",
    "experiment_created_at",
    "settings",
    "overrides",
    "reads",
    "terms",
    "data",
    "source",
    "drifted",
    "libraries",
    "horizon",
)
#: what of its own each member's entry in the lineage tells
_OWN: Final = (
    "permutation_id",
    "round_params",
    "features",
    "validation",
    "agreement",
    "fitted",
    "split",
    "train_end",
    "deterministic",
)
_COUNTS: Final = ("metrics", "predictions", "series", "fitted")
FITTED_APART: Final = "metrics of the whole: its members' labels were fitted apart"


def measured(whole: Whole) -> tuple[dict[str, Mapping[str, Any]], Agreement]:
    """Return the metrics of the whole by stage, and how its refit agrees with its variant."""
    samples = [part.prepared.test for part in whole.parts]
    keys, variant = together(whole, samples, lambda part: part.variant, whole.variant)
    _, refit = together(whole, samples, lambda part: part.refit, whole.refit)
    grid = _grid(whole, keys)
    y = _labels(whole)
    metrics = {} if y is None else {**_metrics(whole, y, variant, grid), **_held_out(whole)}
    agreed = compared(_opinion(whole, variant, grid), _opinion(whole, refit, grid))
    return {"variant": metrics, "refit": _counts(whole)}, agreed


def predictions_of_whole(whole: Whole) -> pd.DataFrame:
    """Return the variant's predictions on the test part and the refit's on all rows, where all predict."""
    tests = [part.prepared.test for part in whole.parts]
    everything = [part.everything for part in whole.parts]
    pieces = [
        frame_of(whole, "test", *together(whole, tests, lambda part: part.variant, whole.variant)),
        frame_of(whole, "refit", *together(whole, everything, lambda part: part.refit, whole.refit)),
    ]
    return pd.concat(pieces, ignore_index=True)


def _grid(whole: Whole, keys: NDArray[np.int64]) -> Grid | None:
    cube, assets = whole.parts[0].prepared.cube, assets_of(whole)
    if assets is None or not isinstance(cube, PanelCube):
        return None
    bar, asset = np.divmod(keys, len(assets))
    bars, date = np.unique(bar, return_inverse=True)
    return Grid(date, asset, (len(bars), len(assets)), cube.lags)


def _labels(whole: Whole) -> NDArray[Any] | None:
    """Return the labels of the common test rows; None where members do not mean the same by them."""
    _, places = common_rows([part.prepared.test for part in whole.parts])
    found = [
        part.labels.of(part.prepared.test).y[rows] for part, rows in zip(whole.parts, places, strict=True)
    ]
    alike = all(np.array_equal(found[0], y, equal_nan=y.dtype.kind == "f") for y in found[1:])
    return found[0] if alike else None


def _metrics(
    whole: Whole, y: NDArray[Any], out: Mapping[str, Any], grid: Grid | None
) -> dict[str, float | int]:
    known = np.isfinite(y) if y.dtype.kind == "f" else np.ones(len(y), dtype=bool)
    rule, values = whole.variant, values_of(out)
    classifies = whole.parts[0].variant.is_classifier
    if rule.combine == RANK_MEAN and grid is not None:  # ranks have no unit: only their order is measured
        followed = _hits(whole, y, known) if classifies else y
        return {**ranking(followed, values, grid), "n_obs": int(known.sum())}
    if rule.of == SCORES:
        return dict(evaluate_scores(np.asarray(y, dtype=np.float64), values, grid))
    two = out.get("_probs") is not None and len(rule.classes) == 2
    rows = None if grid is None else grid.take(known)
    second = values[known] if two else None
    return dict(evaluate_classes(y[known], out["_preds"][known], second, rule.classes, rows))


def _hits(whole: Whole, y: NDArray[Any], known: NDArray[np.bool_]) -> NDArray[np.float64]:
    positive = whole.parts[0].variant.estimator.classes_[1]
    return np.where(known, np.asarray(y == positive, dtype=np.float64), np.nan)


class _Identity:
    """The whole as a model of one feature, which is what the members say together."""

    def predict(self, data: Mapping[str, Any]) -> dict[str, Any]:
        return {"_preds": np.asarray(data["x_test"])[:, 0]}


def _held_out(whole: Whole) -> dict[str, float | int]:
    """Return what the whole would have earned on every bar of the test part that all members have."""
    cuts = [part.prepared.cuts for part in whole.parts]
    if assets_of(whole) is None or any(cut.test is None for cut in cuts):
        return {}
    first, last = max(cut.test for cut in cuts if cut.test is not None), min(cut.last for cut in cuts)
    base = max(whole.parts, key=lambda part: part.prepared.cuts.test or 0)
    model: Any = _Identity()
    prepared = _of_scores(base.prepared, _scores(whole, first, last), first, last)
    found = held_out(base.bound, prepared, model, base.labels)
    return {} if found is None else dict(found.metrics)


def _scores(whole: Whole, first: int, last: int) -> NDArray[np.float64]:
    """Return what the variants say together of every bar from `first` to `last`: bars × assets."""
    cubes = [_features(part, first, last) for part in whole.parts]
    common = np.logical_and.reduce([np.isfinite(F).all(axis=2) for F in cubes])
    said = [
        finite(part.variant.predict({"x_test": F[common]}))
        for part, F in zip(whole.parts, cubes, strict=True)
    ]
    scores = np.full(common.shape, np.nan)
    if common.any():
        out = combined(whole.variant, said, np.nonzero(common)[0])
        scores[common] = np.asarray(values_of(out), dtype=np.float64)
    return scores


def _features(part: Part, first: int, last: int) -> NDArray[np.float64]:
    bars, F, _ = part.prepared.held_out
    return F[(bars >= first) & (bars <= last)]


def _of_scores(prepared: Prepared, scores: NDArray[np.float64], first: int, last: int) -> Prepared:
    """Return a preparation whose only feature is the score, on the bars from `first` to `last`."""
    bars, _, Y = prepared.held_out
    inside = (bars >= first) & (bars <= last)
    positions = np.unique(prepared.test.position)
    test = prepared.cube.take(positions[(positions >= first) & (positions <= last)])
    found = replace(prepared, cuts=replace(prepared.cuts, test=first, last=last), test=test)
    vars(found)["held_out"] = (bars[inside], scores[:, :, None], Y[inside])
    return found


def _opinion(whole: Whole, out: Mapping[str, Any], grid: Grid | None) -> Opinion:
    values = values_of(out)
    classes = None if whole.variant.of == SCORES else np.asarray(out["_preds"])
    if values.dtype.kind not in "fiub":
        values = np.full(len(values), np.nan)
    values = np.asarray(values, dtype=np.float64)
    panel = values[None, :] if grid is None else grid.spread(values)
    crowded = bool((np.isfinite(panel).sum(axis=1) >= 3).any())
    return Opinion(panel if crowded else values[None, :], classes)


def _counts(whole: Whole) -> dict[str, int]:
    """Return how many labelled rows and dates all refits have in common."""
    samples = [part.everything for part in whole.parts]
    keys, places = common_rows(samples)
    labelled = samples[0].labelled[places[0]]
    assets = assets_of(whole)
    dates = {} if assets is None else {"n_dates": int(np.unique(keys[labelled] // len(assets)).size)}
    return {"n_obs": int(labelled.sum()), **dates}


def provenance(
    cohort: Cohort, members: Members, end: dt.date | None, agreed: Agreement, *, measured: bool = True
) -> dict[str, Any]:
    """Return the lineage of the whole: what members share, and an entry a member with its own validation."""
    told = [sensor.metadata for sensor in cohort.members.values()]
    entries = [
        {
            "name": name,
            **{key: sensor.metadata.get(key) for key in _OWN},
            **({"controls": sensor.metadata["controls"]} if "controls" in sensor.metadata else {}),
            "metrics": {stage: dict(values) for stage, values in sensor.results.items()},
        }
        for name, sensor in cohort.members.items()
    ]
    return {
        "kind": KIND,
        "selection": members.chosen,
        "rule": cohort.rule.as_dict(),
        **{key: told[0].get(key) for key in _SHARED},
        "validation": _validations([each.get("validation") or {} for each in told]),
        "deterministic": all(bool(each.get("deterministic")) for each in told),
        "train_end": None if end is None else end.isoformat(),
        "agreement": as_dict(agreed),
        "not_checked": [] if measured else [FITTED_APART],
        "members": entries,
    }


def _validations(found: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Sum up what was compared; the mode is `full` only if it was for every member."""
    modes = list(dict.fromkeys(str(each.get("mode")) for each in found))
    lists = {
        key: list(dict.fromkeys(value for each in found for value in each.get(key) or ()))
        for key in ("volatile", "not_checked")
    }
    return {
        "mode": " and ".join(modes),
        **{key: sum(int(each.get(key) or 0) for each in found) for key in _COUNTS},
        **lists,
    }


__all__ = ["FITTED_APART", "measured", "predictions_of_whole", "provenance"]
