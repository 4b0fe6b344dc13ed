"""Promotion: prove that a permutation reproduces, refit it, and wrap it as a sensor."""

from zoo.promotion.sensor import Sensor
from zoo.promotion.trainer import Outcome, Trainer

__all__ = ["Outcome", "Sensor", "Trainer"]
