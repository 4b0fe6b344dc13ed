"""Markets that differ in every way a portfolio has to bear."""

import numpy as np
import pytest


class Scene:
    """Random prices, weights and rebalances of one seed."""

    def __init__(self, seed, *, holes=True):
        rng = np.random.default_rng(seed)
        self.rng, bars, assets = rng, int(rng.integers(6, 40)), int(rng.integers(1, 6))
        moves = np.exp(0.03 * rng.normal(size=(bars, assets)))
        self.prices = rng.uniform(1, 90, assets) * np.cumprod(moves, axis=0)
        self.volume = rng.lognormal(8, 1, (bars, assets))
        if holes:
            self.prices[rng.random((bars, assets)) < 0.1] = np.nan
            for asset in range(assets):  # some start late, some stop early
                if rng.random() < 0.3:
                    self.prices[: rng.integers(bars), asset] = np.nan
                if rng.random() < 0.3:
                    self.prices[rng.integers(bars) :, asset] = np.nan
            self.volume[rng.random((bars, assets)) < 0.2] = np.nan
        self.every, self.horizon = int(rng.integers(1, 6)), int(rng.integers(1, 16))
        self.delay = int(rng.integers(0, 3))
        spread = rng.random() < 0.3  # rebalances that are late, or were skipped
        count = (bars - 1) // self.every + 1
        regular = np.arange(count) * self.every
        self.positions = np.sort(rng.choice(bars, size=count, replace=False)) if spread else regular
        weights = rng.normal(size=(count, assets)) * (rng.random((count, assets)) < 0.8)
        self.weights = weights / np.maximum(np.abs(weights).sum(axis=1, keepdims=True), 1)

    @property
    def schedule(self):
        return {"horizon": self.horizon, "every": self.every, "delay": self.delay}


@pytest.fixture
def scene():
    return Scene
