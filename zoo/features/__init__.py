"""What a manifest may name as a feature: pure functions of frames (dates × assets) that never look ahead."""

from __future__ import annotations

from zoo.features.fractional import fractional_difference
from zoo.features.oscillators import ppo, roc, rsi
from zoo.features.ranges import atr
from zoo.features.residual import residual_momentum
from zoo.features.risk import beta, realised_volatility
from zoo.features.scaling import rolling_robust
from zoo.features.trend import momentum, reversal
from zoo.features.volume import volume_imbalance, vwap

__all__ = [
    "atr",
    "beta",
    "fractional_difference",
    "momentum",
    "ppo",
    "realised_volatility",
    "residual_momentum",
    "reversal",
    "roc",
    "rolling_robust",
    "rsi",
    "volume_imbalance",
    "vwap",
]
