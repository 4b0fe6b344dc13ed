"""Up or down: polars, scaled by the train part, with a classifier."""

import polars as pl
from other_library.architectures.logistic import logistic
from other_library.bars import polars_bars
from other_library.manifest import Manifest, cut


def params():
    return {"window": [5, 10], "C": [0.1, 1.0], "use_volume": [True]}


def prepare(data, round_params, split):
    close = pl.col("close")
    frame = data.with_columns(
        momentum=close / close.shift(round_params["window"]) - 1,
        volume=pl.col("volume").log(),
        up=(close.shift(-1) > close).cast(pl.Int8),
    ).drop_nulls()
    first, second = cut(len(frame), split)
    parts = {"train": frame[:first], "val": frame[first:second], "test": frame[second:]}
    features = ["momentum", "volume"]
    mean, deviation = parts["train"][features].mean(), parts["train"][features].std()
    prepared = {}
    for name, part in parts.items():
        scaled = [(pl.col(f) - mean[f][0]) / deviation[f][0] for f in features]
        prepared[f"x_{name}"] = part.select(scaled)
        prepared[f"y_{name}"] = part["up"]
    dates = parts["test"]["datetime"]
    prepared["_alignment"] = {
        "missing_datetimes": [],
        "first_test_datetime": dates.min(),
        "last_test_datetime": dates.max(),
    }
    prepared["_feature_names"] = features
    return prepared


def manifest():
    return Manifest(polars_bars, prepare, logistic)
