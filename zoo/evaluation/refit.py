"""The champion's architecture, trained again on the data that a challenger was trained on.

A challenger that was trained on two more years than the champion beats it by these years, or by its idea;
the champion's own idea on the same years tells which.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pandas as pd

from zoo.errors import ShadowError
from zoo.evaluation.record import About

if TYPE_CHECKING:
    from zoo.data import Dataset
    from zoo.promotion import Sensor
    from zoo.promotion.cohort import Predictor

PREFIX: Final = "refit~"
_ALL: Final = (1, 0, 0)


def name_of(champion: str, vintage: str) -> str:
    """Return what the record of a refit is called; no version can be called so.

    Args:
        champion: the champion's id.
        vintage: the last bar of the data that it is trained on, ISO 8601.
    """
    return f"{PREFIX}{vintage[:10].replace('-', '')}~{champion}"


def refit(sensor: Predictor, data: Dataset) -> tuple[Predictor, dt.date]:
    """Train a sensor's manifest again, under its own settings; of a cohort every member's.

    Args:
        sensor: the champion's.
        data: up to the last bar of the vintage.

    Returns:
        The sensor, and the last bar that any of its labels uses.

    Raises:
        ShadowError: how its features are computed is not known.
        ManifestError: it cannot be trained on this data.
    """
    from zoo.promotion.cohort import Cohort

    if not isinstance(sensor, Cohort):
        return _refitted(sensor, data)
    members = [_refitted(member, data) for member in sensor.members.values()]
    again = Cohort.of(
        [member for member, _ in members],
        combine=sensor.rule.combine,
        metadata=sensor.metadata,
        results=sensor.results,
    )
    return again, max(end for _, end in members)


def _refitted(sensor: Sensor, data: Dataset) -> tuple[Sensor, dt.date]:
    from zoo.manifest.cube import PanelCube
    from zoo.manifest.prepare import prepare
    from zoo.manifest.run import run
    from zoo.manifest.workbench import Workbench

    if sensor.bound is None:
        raise ShadowError("the champion was trained by somebody else's function, and cannot be refitted")
    bound = replace(sensor.bound, split=_ALL, trust=sensor.trust)
    for module in sensor.modules:
        module.load(sensor.trust, "the champion")
    with sensor.under():
        prepared = prepare(bound, Workbench(data))
        model = run(bound, prepared).model
    cube, train = prepared.cube, prepared.train
    assert isinstance(cube, PanelCube)  # noqa: S101  # `data` has bars
    last = cube.dates[int(train.position[train.labelled].max()) + cube.horizon]
    return replace(sensor, model=model), pd.Timestamp(last).date()


def about_refit(champion: About, vintage: str, train_end: dt.date, registered_at: str) -> About:
    """Return what the record of a refit says."""
    return replace(
        champion,
        version_id=name_of(champion.version_id, vintage),
        train_end=train_end.isoformat(),
        trained_until=vintage,
        registered_at=registered_at,
    )


__all__ = ["PREFIX", "about_refit", "name_of", "refit"]
