"""Predictions bar by bar, and the proof that none of them needed a later bar.

Features are computed once on all bars, because that takes a thousandth of the time. It is the same as
computing them at each bar on what was visible then, if every feature is causal. Whether it is, is shown on
some bars of every run: the data is cut at the bar, everything is computed again, and compared to the bit.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zoo.errors import LooksAhead
from zoo.evaluation.feed import Feed
from zoo.evaluation.visible import text_of

if TYPE_CHECKING:
    from zoo.promotion.cohort import Predictor

Floats = NDArray[np.float64]
_ROUNDING = 1e-9  # of the root mean square: a matrix product of other rows rounds otherwise


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """The features of every bar that versions share.

    Attributes:
        values: bars × assets × features; NaN where a feature has no value.
        dates: the bars.
        assets: the assets.
        names: the features.
        proven: what was found on the bars on which it was shown already that nothing later was read; for
            all versions that share these features.
    """

    values: Floats
    dates: pd.DatetimeIndex
    assets: tuple[str, ...]
    names: tuple[str, ...]
    proven: dict[pd.Timestamp, Floats] = field(default_factory=dict)


def features_of(sensor: Predictor, feed: Feed) -> Features:
    """Compute the features of all bars, by the manifest's own preparation and the sensor's own settings."""
    served = sensor.serve(feed.bench)
    return Features(served.F, served.data.dates, tuple(served.data.assets), sensor.features)


def predict(sensor: Predictor, features: Floats) -> Floats:
    """Return a score for every asset of every bar that has all features.

    Args:
        sensor: the version's.
        features: bars × assets × features; NaN where there is none.

    Returns:
        Bars × assets; NaN where nothing is predicted.
    """
    return sensor.scores(features)


def sample(feed: Feed, bars: pd.DatetimeIndex, count: int) -> list[pd.Timestamp]:
    """Return the bars on which to prove: chosen by the data's digest, none of them the last of all.

    At the last bar there is nothing later to read, and nothing to be proven.
    """
    earlier = bars[bars < feed.data.dates[-1]]
    if not len(earlier):
        return []
    chance = np.random.default_rng(int(feed.digests[-1][:16], 16))
    chosen = chance.choice(len(earlier), size=min(count, len(earlier)), replace=False)
    return [earlier[place] for place in sorted(chosen.tolist())]


def prove_features(sensor: Predictor, feed: Feed, found: Features, bars: list[pd.Timestamp]) -> list[Floats]:
    """Compute features again at each of these bars, on what was visible at its close.

    Returns:
        What was found at each bar: assets × features.

    Raises:
        LooksAhead: a feature that is another by a single bit.
    """
    for bar in bars:
        if bar not in found.proven:
            found.proven[bar] = _proven(sensor, feed, found, bar)
    return [found.proven[bar] for bar in bars]


def _proven(sensor: Predictor, feed: Feed, found: Features, bar: pd.Timestamp) -> Floats:
    alone = _visible_features(sensor, feed, bar)
    together = found.values[found.dates.get_loc(bar)]
    same = (alone == together) | (np.isnan(alone) & np.isnan(together))
    if not same.all():
        asset, feature = (int(place) for place in np.argwhere(~same)[0])
        raise LooksAhead(
            f"{found.names[feature]} of {found.assets[asset]} on {text_of(bar)} is"
            f" {float(together[asset, feature])!r} when later bars are there, and"
            f" {float(alone[asset, feature])!r} without",
            expected="features that follow from the bars up to their own alone",
            remedy="correct the feature, make its experiment again, and retire the version",
        )
    return alone


def _visible_features(sensor: Predictor, feed: Feed, bar: pd.Timestamp) -> Floats:
    """Return the features of a bar on the data cut there; of a formed bar, where it is there by then."""
    place = feed.position(bar)
    for position in range(place, min(place + 2, len(feed.data.dates))):
        served = sensor.serve(feed.cut(position))
        if bar in served.data.dates:
            row: Floats = served.F[served.data.dates.get_loc(bar)]
            return row
    raise LooksAhead(
        f"the bar of {text_of(bar)} is not there until later bars are",
        expected="bars that are formed of what was there at their close",
    )


def prove_predictions(
    sensor: Predictor, alone: list[Floats], scores: list[Floats], bars: list[pd.Timestamp]
) -> None:
    """Predict each bar by itself, and compare with what was predicted among all others.

    Raises:
        LooksAhead: it differs by more than the rounding of a sum.
    """
    for row, together, bar in zip(alone, scores, bars, strict=True):
        itself = predict(sensor, row[None])[0]
        apart = _differ(itself, together)
        if apart.any():
            asset = int(apart.argmax())
            raise LooksAhead(
                f"the prediction of {text_of(bar)} is {float(together[asset])!r} among other bars, and"
                f" {float(itself[asset])!r} by itself",
                expected="a model that predicts each bar from that bar's features alone",
                remedy="retire the version",
            )


def _differ(one: Floats, other: Floats) -> NDArray[np.bool_]:
    with np.errstate(invalid="ignore"):
        near: NDArray[np.bool_] = np.abs(one - other) <= _ROUNDING * root_mean_square(other)
    return np.asarray(~((one == other) | (np.isnan(one) & np.isnan(other)) | near))


def root_mean_square(values: Floats) -> float:
    """Return the root of the mean square of what is finite; 0 for nothing."""
    finite = values[np.isfinite(values)]
    return float(np.sqrt(np.mean(np.square(finite)))) if len(finite) else 0.0


__all__ = [
    "Features",
    "features_of",
    "predict",
    "prove_features",
    "prove_predictions",
    "root_mean_square",
    "sample",
]
