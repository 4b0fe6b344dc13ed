"""The parts of a page, one a question: what it asks, its charts, its tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from zoo.experiment.analysis import Analysis
from zoo.report.bodies import (
    confusion_table,
    distributions_table,
    net_table,
    overfitting_facts,
    parameters_table,
    quality_table,
)


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart of `FIGURES`, and what it shows."""

    name: str
    caption: str


@dataclass(frozen=True, slots=True)
class Section:
    """One part of a page.

    Attributes:
        table: the table of the analysis that it is about.
        title: its heading.
        lead: what is asked, and how the answer is to be read.
        charts: in order.
        body: makes its tables, as HTML.
    """

    table: str
    title: str
    lead: str
    charts: tuple[Chart, ...]
    body: Callable[[Analysis], str]


SECTIONS: Final[Sequence[Section]] = (
    Section(
        "importance",
        "Parameters",
        "How much of the score's variance does each parameter explain on its own, and in which direction "
        "does it move the score? The share grows with the number of values whatever they do; corrected, "
        "noise has none.",
        (
            Chart("score", "The score of every round by the values of each parameter, with the means."),
            Chart("importance", "The corrected share with its 95% interval, bootstrapped over rounds."),
        ),
        parameters_table,
    ),
    Section(
        "net",
        "Net of costs",
        "What each permutation would have earned on the test part after costs. A strategy that trades every "
        "few weeks is as many strategies as it has starting days: the band is their range, the bar one "
        "standard error.",
        (
            Chart("net", "Annual net Sharpe ratio: mean, standard error, and range over starting phases."),
            Chart("growth", "One unit held over the bars that all compared rounds share, net of costs."),
        ),
        net_table,
    ),
    Section(
        "overfitting",
        "Overfitting",
        "Had the best permutation been chosen on one half of the record, would it have been good in the "
        "other? The probability of backtest overfitting (Bailey et al. 2017) of pure noise has a mean of "
        "0.47 and lies between 0.16 and 0.82: one figure decides nothing.",
        (Chart("logits", "Where the best in sample ranked out of sample, over all splits."),),
        overfitting_facts,
    ),
    Section(
        "quality",
        "Quality over time",
        "How well did each permutation rank the assets, year by year of the test part? Each cell is the "
        "mean rank IC ± its Newey-West standard error, and the number of dates behind it.",
        (
            Chart("cumulative", "The running sum of rank ICs over test dates."),
            Chart("periods", "Mean rank IC of each permutation and year, the best by the score on top."),
        ),
        quality_table,
    ),
    Section(
        "distributions",
        "Metrics",
        "How every metric is spread over the rounds. The band holds the middle half, the line is the "
        "median, the diamond is the best permutation by the score.",
        (Chart("distributions", "Every round's value of the main metrics."),),
        distributions_table,
    ),
    Section(
        "confusion",
        "Confusion",
        "Which rows of the test part were taken for which class.",
        (Chart("confusion", "The best permutation's counts, and recall against false alarms of all."),),
        confusion_table,
    ),
)

__all__ = ["SECTIONS", "Chart", "Section"]
