"""The next bar's return: pandas, with a regression."""

from other_library.architectures.ridge import ridge
from other_library.bars import pandas_bars
from other_library.manifest import Manifest, cut


def params():
    return {"window": [5, 10], "alpha": [0.1, 1.0]}


def prepare(data, round_params, split):
    data["momentum"] = data["close"].pct_change(round_params["window"])  # in place: it is that careless
    data["next"] = data["close"].shift(-1) / data["close"] - 1
    frame = data.dropna()
    first, second = cut(len(frame), split)
    parts = {"train": frame[:first], "val": frame[first:second], "test": frame[second:]}
    return {
        **{f"x_{name}": part[["momentum", "volume"]] for name, part in parts.items()},
        **{f"y_{name}": part["next"] for name, part in parts.items()},
    }


def manifest():
    return Manifest(pandas_bars, prepare, ridge)
