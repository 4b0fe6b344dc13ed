"""What a user of manifests has: a panel, trades, and functions of their own that manifests name."""

import numpy as np
import pandas as pd

from zoo.data import Dataset, trades
from zoo.manifest import Manifest
from zoo.targets import forward_return
from zoo.trust import Trust

HERE = Trust(prefixes=("zoo.", "sklearn.", "tests."))
ME = "tests.manifest.lab"


def path(function):
    """The dotted path of a function of this module."""
    return f"{ME}.{function if isinstance(function, str) else function.__name__}"


def panel(bars=260, assets=5, seed=0):
    """Prices, ranges, volumes and one factor on weekdays."""
    rng = np.random.RandomState(seed)
    dates = pd.bdate_range("2015-01-01", periods=bars)
    names = [f"A{number}" for number in range(assets)]
    market = rng.standard_normal(bars) * 0.01
    close = 50 * np.exp(np.cumsum(rng.standard_normal((bars, assets)) * 0.01 + market[:, None], axis=0))
    high, low = close * (1 + rng.random_sample(close.shape) * 0.01), close * 0.99
    fields = {"close": close, "high": high, "low": low, "volume": rng.lognormal(8, 1, close.shape)}
    frames = {name: pd.DataFrame(values, index=dates, columns=names) for name, values in fields.items()}
    return Dataset(frames, pd.Series(market, index=dates, name="market"), "lab")


def base():
    """A small pipeline over `panel`: nothing but prices are asked for."""
    return (
        Manifest(seed=7, trust=HERE, where="lab.yaml")
        .add_feature("zoo.features.momentum", lookback=10, skip=1)
        .add_feature("zoo.features.reversal", lookback=5)
        .with_target("zoo.targets.forward_return", horizon=5, demean=True)
        .set_rows(every=5)
        .set_split_config(6, 2, 2)
        .set_scaler("standard")
        .with_model("sklearn.linear_model.Ridge", alpha=1)
    )


def ticks(count=4000, seed=1):
    """Trades of one asset, about one a minute, as a panel of instants."""
    rng = np.random.RandomState(seed)
    seconds = np.cumsum(rng.randint(1, 120, count))
    frame = pd.DataFrame(
        {
            "date": pd.Timestamp("2024-03-01 09:00") + pd.to_timedelta(seconds, unit="s"),
            "price": 100 * np.exp(np.cumsum(rng.standard_normal(count) * 0.001)),
            "size": rng.randint(1, 50, count).astype(float),
        }
    )
    return trades(frame, name="TICK")


# --- sources, bars and selectors --------------------------------------------------------------------


def small(assets=5):
    return panel(120, assets)


def no_source():
    return pd.DataFrame({"a": [1.0]})


def thinned(data, *, every):
    """Every so many bars of the data, as bars."""
    fields = {name: frame.iloc[::every] for name, frame in data.fields.items()}
    return Dataset(fields, None if data.factors is None else data.factors.iloc[::every])


def unsorted(data):
    return Dataset({"close": data.close.iloc[::-1]})


def repeated(data):
    return Dataset({"close": pd.concat([data.close, data.close.iloc[-1:]])})


def frame_alone(data):
    return data.close


# --- features ---------------------------------------------------------------------------------------


def spread(prices, *, level):
    """Ask for an indicator called `level`."""
    return prices / level - 1


def optional(prices, *, level=None):
    return prices * 0 if level is None else prices / level - 1


def smooth(prices, *, window):
    return prices.rolling(window).mean()


def smoother(prices, *, level, window):
    """An indicator of an indicator."""
    return level.rolling(window).mean()


def of_smoother(smoother):
    return -smoother


def vandal(level):
    level.iloc[:, :] = 1.0
    return level


def of_volume(prices, *, volume):
    return prices * 0 + volume


def shorter(prices):
    return prices.iloc[1:]


def doubled_date(prices):
    return prices.set_axis([prices.index[0], *prices.index[:-1]], axis=0)


def doubled_asset(prices):
    return prices.set_axis([prices.columns[0], *prices.columns[:-1]], axis=1)


def other_order(prices):
    return prices[prices.columns[::-1]]


def renamed(prices):
    return prices.rename(columns={prices.columns[0]: "Z"})


def infinite(prices):
    return prices / (prices.index != prices.index[40]).astype(float)[:, None]


def text(prices):
    return prices.astype(str).replace("50", "fifty") + "!"


def an_array(prices):
    return prices.to_numpy()


def failing(prices):
    raise KeyError("cvarage")


# --- scalers ----------------------------------------------------------------------------------------


def expanding(values):
    """A causal scaler of one's own."""
    return (values - values.expanding().mean()) / values.expanding().std()


# --- policies ---------------------------------------------------------------------------------------


def long_when_positive(scores):
    """Hold what is expected to rise: the policy of a single asset."""
    return (np.nan_to_num(scores) > 0).astype(float)


def halves(scores):
    return scores[:, :2] * 0


# --- targets ----------------------------------------------------------------------------------------


def up(prices, *, horizon):
    future = prices.shift(-horizon) / prices - 1
    return (future > 0).astype(float).where(future.notna())


def up_or_zero(prices, *, horizon):
    """The classic mistake: the unknown future becomes a zero."""
    return (prices.shift(-horizon) > prices).astype(float)


def always_up(prices, *, horizon):
    future = prices.shift(-horizon)
    return (future > 0).astype(float).where(future.notna())


def infinite_return(prices, *, horizon):
    future = forward_return(prices, horizon=horizon)
    return future.where(future.isna(), np.inf)


# --- what is fitted to labels, and what is done with them -------------------------------------------

SEEN = []


def largest(labels):
    SEEN.append(labels.copy())
    return float(labels.max())


def no_number(labels):
    return "many"


def nan_number(labels):
    return float("nan")


def above_default(labels, *, cutoff=0.0):
    """A transform whose parameter has a default that must not be taken."""
    return np.where(np.isnan(labels), np.nan, (labels > cutoff).astype(float))


def above_zeroed(labels, *, cutoff):
    """The classic mistake again."""
    return (labels > cutoff).astype(float)


def halved(labels, *, cutoff):
    return labels[::2] + 0 * cutoff


def over_zero(labels, *, cutoff):
    with np.errstate(divide="ignore"):
        return labels / (0 * cutoff)


def extremes(labels, *, cutoff):
    """Rows in between lose their label on purpose."""
    return np.where(np.abs(labels) > cutoff / 4, np.sign(labels), np.nan)
