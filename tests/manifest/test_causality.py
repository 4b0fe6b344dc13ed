"""No row of X knows a later bar, whatever forms the bars, scales the features, or stands between them.

Every bar after t is changed, and every value at or before t must stay as it was, to the bit. Peeking one bar
ahead hides from every score: only this finds it.
"""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.manifest import lab
from zoo.data import Dataset, trades
from zoo.manifest import Manifest
from zoo.manifest.run import run

PANEL = lab.panel(160, 4)
TICKS = lab.ticks(1500)
UNSEEN = hypothesis_settings(max_examples=8, deadline=None)


def perturbed(data, after, seed):
    """The data with every value after bar `after` changed."""
    rng = np.random.RandomState(seed)
    fields = {}
    for name, frame in data.fields.items():
        values = frame.to_numpy().copy()
        values[after + 1 :] *= rng.lognormal(0, 0.5, values[after + 1 :].shape)
        fields[name] = pd.DataFrame(values, frame.index, frame.columns)
    factors = None if data.factors is None else data.factors.copy()
    if factors is not None:
        factors.iloc[after + 1 :] = rng.standard_normal(factors.iloc[after + 1 :].shape)
    return Dataset(fields, factors)


def wide():
    """Every feature that the house has, and indicators of one's own."""
    return (
        Manifest(seed=7, trust=lab.HERE)
        .add_indicator(lab.smooth, name="level", window=5)
        .add_indicator(lab.smoother, name="smoother", window=3)
        .add_feature(lab.spread)
        .add_feature(lab.of_smoother)
        .add_feature("zoo.features.momentum", lookback=10, skip=2)
        .add_feature("zoo.features.residual_momentum", window=30, lookback=10, skip=2)
        .add_feature("zoo.features.reversal", lookback=5)
        .add_feature("zoo.features.realised_volatility", window=10)
        .add_feature("zoo.features.beta", window=20)
        .add_feature("zoo.features.rsi", window=7)
        .add_feature("zoo.features.atr", window=7)
        .add_feature("zoo.features.ppo", fast=5, slow=10)
        .add_feature("zoo.features.roc", lookback=5)
        .add_feature("zoo.features.fractional_difference", order=0.4, window=20)
        .add_feature("zoo.features.vwap", window=5, relative=True)
        .add_feature("zoo.features.volume_imbalance", window=5)
        .with_target("zoo.targets.forward_return", horizon=5, demean=True)
        .set_rows(every=3)
        .set_split_config(6, 2, 2)
        .with_model("sklearn.linear_model.Ridge")
    )


CAUSAL = {
    "unscaled": lambda m: m,
    "scaled with the model": lambda m: m.set_scaler("robust"),
    "rolling robust": lambda m: m.set_scaler("zoo.features.rolling_robust", window=30),
    "one's own": lambda m: m.set_scaler(lab.path("expanding")),
    "of other bars": lambda m: m.set_bar_formation(lab.thinned, every=2).set_rows(every=2),
    "of selected assets": lambda m: m.set_selector("zoo.data.assets", without="A2"),
}


@pytest.mark.parametrize("kind", CAUSAL)
@UNSEEN
@given(after=st.integers(90, 158), seed=st.integers(0, 1000))
def test_a_row_never_knows_a_later_bar(kind, after, seed):
    manifest = CAUSAL[kind](wide())
    one = manifest.prepare_data(PANEL, {})
    two = manifest.prepare_data(perturbed(PANEL, after, seed), {})
    date = PANEL.dates[after]
    mine, theirs = (p.cube.F[p.cube.dates[p.cube.bars] <= date] for p in (one, two))
    assert len(mine) > 10
    assert np.isfinite(mine).all(axis=2).any()
    assert np.array_equal(mine, theirs, equal_nan=True)
    later = (p.cube.F[p.cube.dates[p.cube.bars] > date] for p in (one, two))
    if after < 150:
        assert not np.array_equal(*later, equal_nan=True)  # or the test would see nothing


@UNSEEN
@given(after=st.integers(90, 158), seed=st.integers(0, 1000))
def test_a_label_never_knows_a_bar_beyond_its_horizon(after, seed):
    for target in ("zoo.targets.forward_return", "zoo.targets.forward_direction", lab.path("up")):
        manifest = wide().with_target(target, horizon=5)
        one, two = (manifest.prepare_data(d, {}) for d in (PANEL, perturbed(PANEL, after, seed)))
        known = one.cube.bars + 5 <= after
        assert np.array_equal(one.cube.Y[known], two.cube.Y[known], equal_nan=True)


BARS = {
    "time": lambda m: m.set_bar_formation("zoo.data.time_bars", every="15min"),
    "volume": lambda m: m.set_bar_formation("zoo.data.volume_bars", volume=300),
    "trade count": lambda m: m.set_bar_formation("zoo.data.trade_count_bars", count=12),
    "dollar": lambda m: m.set_bar_formation("zoo.data.dollar_bars", dollars=30_000),
}


@pytest.mark.parametrize("kind", BARS)
@UNSEEN
@given(after=st.integers(900, 1498), seed=st.integers(0, 1000))
def test_a_bar_that_is_complete_never_knows_a_later_trade(kind, after, seed):
    manifest = BARS[kind](
        Manifest(seed=7)
        .add_feature("zoo.features.momentum", lookback=5, skip=1)
        .add_feature("zoo.features.vwap", window=3, relative=True)
        .add_feature("zoo.features.atr", window=4)
        .with_target("zoo.targets.forward_return", horizon=2)
        .set_scaler("zoo.features.rolling_robust", window=10)
        .set_split_config(6, 2, 2)
        .with_model("sklearn.linear_model.Ridge")
    )
    one = manifest.prepare_data(TICKS, {})
    two = manifest.prepare_data(later_trades(after, seed), {})
    moment = TICKS.dates[after]
    dates = [p.cube.dates[p.cube.dates <= moment] for p in (one, two)]
    assert dates[0].equals(dates[1])
    assert len(dates[0]) > 20
    mine, theirs = (p.cube.F[: len(dates[0])] for p in (one, two))
    assert np.isfinite(mine).any()
    assert np.array_equal(mine, theirs, equal_nan=True)


def later_trades(after, seed):
    """The trades with other prices, sizes and times after one of them."""
    rng = np.random.RandomState(seed)
    seconds = np.cumsum(rng.randint(1, 120, len(TICKS.dates) - after - 1))
    times = TICKS.dates[: after + 1].append(TICKS.dates[after] + pd.to_timedelta(seconds, unit="s"))
    price, size = (TICKS.fields[name].to_numpy()[:, 0].copy() for name in ("close", "volume"))
    price[after + 1 :] *= rng.lognormal(0, 0.2, len(price) - after - 1)
    size[after + 1 :] = rng.randint(1, 50, len(size) - after - 1)
    return trades(pd.DataFrame({"date": times, "price": price, "size": size}), name="TICK")


FITTED = {
    **{word: lambda m, word=word: m.set_scaler(word) for word in ("standard", "robust", "rank_gauss")},
    "components": lambda m: m.set_scaler("standard").set_pca(2),
    "calibrated": lambda m: (
        m.set_scaler("standard")
        .with_target("zoo.targets.forward_direction", horizon=5)
        .with_model("zoo.models.Logistic", C=0.1)
        .set_calibration("sigmoid", folds=3)
    ),
    "fitted labels": lambda m: m.with_target(
        "zoo.targets.forward_return",
        horizon=5,
        fit_params={"cutoff": "zoo.targets.median"},
        transform_params="zoo.targets.above",
    ).with_model("zoo.models.Logistic", C=0.1),
}


@pytest.mark.parametrize("kind", FITTED)
def test_what_is_fitted_never_knows_a_bar_of_validation_or_test(kind):
    manifest = FITTED[kind](lab.base())
    panel = lab.panel()
    prepared = manifest.prepare_data(panel, {})
    other = manifest.prepare_data(perturbed(panel, prepared.cuts.validation - 1, 3), {})
    one, two = run(manifest.bind({}), prepared), run(manifest.bind({}), other)
    X = np.random.RandomState(0).standard_normal((40, 2)) * 0.02
    mine, theirs = (r.model.predict({"x_test": X}) for r in (one, two))
    for name in mine:
        assert np.array_equal(mine[name], theirs[name])
    assert one.fitted == two.fitted
    assert not np.array_equal(prepared.test.X, other.test.X)
