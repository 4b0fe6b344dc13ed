"""What a manifest may name as its target, and what it may fit to and do with labels."""

from __future__ import annotations

from zoo.targets.columns import column
from zoo.targets.direction import forward_direction
from zoo.targets.fitted import (
    above,
    interquartile_range,
    mean,
    median,
    quantile,
    standard_deviation,
    standardised,
    winsorised,
)
from zoo.targets.forward import forward_return

__all__ = [
    "above",
    "column",
    "forward_direction",
    "forward_return",
    "interquartile_range",
    "mean",
    "median",
    "quantile",
    "standard_deviation",
    "standardised",
    "winsorised",
]
