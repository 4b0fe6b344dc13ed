"""What a manifest may name as a feature: pure functions of frames (dates × assets) that never look ahead."""

from __future__ import annotations

from zoo.features.residual import residual_momentum
from zoo.features.risk import beta, realised_volatility
from zoo.features.trend import momentum, reversal

__all__ = ["beta", "momentum", "realised_volatility", "residual_momentum", "reversal"]
