"""The members of a cohort side by side, and the rows that they have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zoo.errors import CohortError
from zoo.manifest.bound import Bound
from zoo.manifest.cube import PanelCube, Sample
from zoo.manifest.labels import Labels
from zoo.manifest.prepare import Prepared
from zoo.models import SklearnModel
from zoo.promotion.combine import Rule, combined
from zoo.promotion.membership import finite, values_of


@dataclass(frozen=True)
class Part:
    """One member, with what is needed to measure the whole.

    Attributes:
        bound: its declaration.
        variant: fitted on the original split, under the overrides.
        refit: fitted on all data.
        prepared: the original split.
        labels: the target's parameters, as the train part gave them.
        everything: all usable rows.
    """

    bound: Bound
    variant: SklearnModel
    refit: SklearnModel
    prepared: Prepared
    labels: Labels
    everything: Sample


@dataclass(frozen=True)
class Whole:
    """A cohort's members, with how they are combined.

    Attributes:
        parts: the members, in order of id.
        variant: the rule of the variants: thresholds are their own.
        refit: the rule of the refits.
    """

    parts: Sequence[Part]
    variant: Rule
    refit: Rule


def keys_of(sample: Sample) -> NDArray[np.int64]:
    """Return a number for each row that is the same in every member: bar and asset, or a table's row."""
    if sample.grid is None:
        return np.asarray(sample.keys["rows"], dtype=np.int64)
    return np.asarray(sample.position * sample.grid.shape[1] + sample.grid.asset, dtype=np.int64)


def common_rows(samples: Sequence[Sample]) -> tuple[NDArray[np.int64], list[NDArray[np.intp]]]:
    """Return the keys that all samples have, in increasing order, and where each sample has them.

    Raises:
        CohortError: there are none.
    """
    keys = [keys_of(sample) for sample in samples]
    common = keys[0]
    for other in keys[1:]:
        common = np.intersect1d(common, other)
    if not len(common):
        raise CohortError("no row is predicted by all members", expected="parts that overlap")
    common = np.sort(common)
    places = []
    for own in keys:
        order = np.argsort(own, kind="stable")
        places.append(order[np.searchsorted(own[order], common)])
    return common, places


def together(
    whole: Whole,
    samples: Sequence[Sample],
    model: Callable[[Part], SklearnModel],
    rule: Rule,
) -> tuple[NDArray[np.int64], dict[str, Any]]:
    """Return the common rows' keys, and what the members say of them together."""
    common, places = common_rows(samples)
    said = [
        finite(model(part).predict({"x_test": sample.X[rows]}))
        for part, sample, rows in zip(whole.parts, samples, places, strict=True)
    ]
    assets = assets_of(whole)
    return common, combined(rule, said, None if assets is None else common // len(assets))


def assets_of(whole: Whole) -> list[str] | None:
    """Return the assets of a panel; None for a table."""
    cube = whole.parts[0].prepared.cube
    return cube.assets if isinstance(cube, PanelCube) else None


def frame_of(whole: Whole, part: str, keys: NDArray[np.int64], out: Mapping[str, Any]) -> pd.DataFrame:
    """Return predictions under their rows' names."""
    cube = whole.parts[0].prepared.cube
    values = values_of(out)
    if not isinstance(cube, PanelCube):
        return pd.DataFrame({"part": part, "row": keys, "prediction": values})
    bar, asset = np.divmod(keys, len(cube.assets))
    dates = pd.to_datetime(np.array(cube.days)[bar])
    assets = np.array(cube.assets, dtype=object)[asset]
    return pd.DataFrame({"part": part, "date": dates, "asset": assets, "prediction": values})


__all__ = ["Part", "Whole", "assets_of", "common_rows", "frame_of", "keys_of", "together"]
