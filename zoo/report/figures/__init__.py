"""The charts of an analysis, as plotly figures; plotly is imported with this package and nowhere before."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from zoo.experiment.analysis import Analysis
from zoo.report.figures.confusion import confusion_figure
from zoo.report.figures.distributions import distributions_figure
from zoo.report.figures.net import growth_figure, net_figure
from zoo.report.figures.overfitting import logits_figure
from zoo.report.figures.parameters import importance_figure, score_figure
from zoo.report.figures.quality import cumulative_figure, periods_figure
from zoo.report.figures.style import DARK

#: charts by name; each function returns None where there is nothing to draw
FIGURES: Final[Mapping[str, Callable[[Analysis], Any]]] = {
    "score": score_figure,
    "importance": importance_figure,
    "net": net_figure,
    "growth": growth_figure,
    "logits": logits_figure,
    "cumulative": cumulative_figure,
    "periods": periods_figure,
    "distributions": distributions_figure,
    "confusion": confusion_figure,
}

__all__ = ["DARK", "FIGURES"]
