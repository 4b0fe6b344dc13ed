"""What a finished experiment says about itself: functions over its record that return frames.

Every function takes a `Record`, an `ExperimentDirectory` or a path. A frame without rows means that the
directory did not record what the question is about; nothing is guessed.
"""

from __future__ import annotations

from zoo.experiment.analysis.analysis import TABLES, Analysis, analyse
from zoo.experiment.analysis.confusion import confusion
from zoo.experiment.analysis.correlation import parameter_correlation
from zoo.experiment.analysis.distributions import metric_distributions
from zoo.experiment.analysis.importance import parameter_importance
from zoo.experiment.analysis.net import net_results
from zoo.experiment.analysis.overfitting import overfitting, overfitting_logits
from zoo.experiment.analysis.quality import quality_by_date, quality_over_time
from zoo.experiment.analysis.record import Record, read_record
from zoo.experiment.analysis.score import Score, resolve_score

__all__ = [
    "TABLES",
    "Analysis",
    "Record",
    "Score",
    "analyse",
    "confusion",
    "metric_distributions",
    "net_results",
    "overfitting",
    "overfitting_logits",
    "parameter_correlation",
    "parameter_importance",
    "quality_by_date",
    "quality_over_time",
    "read_record",
    "resolve_score",
]
