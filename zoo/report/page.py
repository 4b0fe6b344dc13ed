"""The page as one HTML document: tables that need no script, charts that need no network."""

from __future__ import annotations

import json
from collections.abc import Mapping, Set
from html import escape
from typing import Any, Final

from zoo import __version__
from zoo.experiment.analysis import Analysis
from zoo.report.document import POLICY, asset, embedded, plotly_script
from zoo.report.headline import cards_of, failures_of, kicker_of, lead_of, run_of
from zoo.report.sections import SECTIONS, Chart, Section

#: tells a page of ours from another file
GENERATOR: Final = '<meta name="generator" content="zoo analyze">'
_FOOTER: Final = "Figures of the test part describe; whoever chooses by them has no test part any more."


def page_of(analysis: Analysis) -> str:
    """Return the document: about 5 MB, nearly all of it plotly.js."""
    shown = [section for section in SECTIONS if not _absent(section, analysis)]
    charts = _charts(analysis, {chart.name for section in shown for chart in section.charts})
    title = escape(analysis.record.name)
    body = "".join(_section(section, analysis, charts) for section in shown)
    return asset("page.html").format(
        generator=GENERATOR,
        policy=POLICY,
        title=title,
        heading=f"{title}: analysis",
        css=asset("page.css"),
        kicker=escape(kicker_of(analysis)),
        lead=escape(lead_of(analysis)),
        contents="".join(f'<a href="#{s.table}">{escape(s.title)}</a>' for s in shown),
        cards=cards_of(analysis),
        warning=_warning(analysis),
        failures=failures_of(analysis),
        body=body,
        absent=_absences(analysis),
        run=run_of(analysis),
        footer=f"Written by zoo {escape(__version__)}. {_FOOTER}",
        charts=embedded({name: chart for name, (chart, _) in charts.items()}),
        dark=embedded(_dark()),
        plotly=plotly_script(),
        script=asset("page.js"),
    )


def _charts(analysis: Analysis, wanted: Set[str]) -> dict[str, tuple[Any, int]]:
    """Return every wanted chart that there is something to draw for, with its height."""
    from zoo.report.figures import FIGURES

    found = {name: draw(analysis) for name, draw in FIGURES.items() if name in wanted}
    return {
        name: (json.loads(chart.to_json()), int(chart.layout.height))
        for name, chart in found.items()
        if chart is not None
    }


def _dark() -> Mapping[str, str]:
    from zoo.report.figures import DARK

    return DARK


def _absent(section: Section, analysis: Analysis) -> bool:
    return analysis.tables[section.table].empty


def _section(section: Section, analysis: Analysis, charts: Mapping[str, tuple[Any, int]]) -> str:
    note = analysis.notes.get(section.table)
    noted = f'<p class="note">{escape(note)}</p>' if note else ""
    drawn = "".join(_figure(chart, charts[chart.name][1]) for chart in section.charts if chart.name in charts)
    return (
        f'<section id="{section.table}"><h2>{escape(section.title)}</h2><p>{escape(section.lead)}</p>'
        f"{noted}{drawn}{section.body(analysis)}</section>"
    )


def _figure(chart: Chart, height: int) -> str:
    """Return the place of a chart, as high as it will be: nothing moves when it is drawn."""
    place = f'<div class="chart" data-chart="{chart.name}" style="height:{height}px"></div>'
    return f"<figure>{place}<figcaption>{escape(chart.caption)}</figcaption></figure>"


def _absences(analysis: Analysis) -> str:
    """Say what the directory did not record."""
    lines = "".join(
        f"<div><dt>{escape(section.title)}</dt><dd>{escape(analysis.notes[section.table])}</dd></div>"
        for section in SECTIONS
        if _absent(section, analysis)
    )
    return f'<section id="absent"><h2>Not shown</h2><dl class="facts">{lines}</dl></section>' if lines else ""


def _warning(analysis: Analysis) -> str:
    if analysis.score is None or analysis.score.selects:
        return ""
    return f'<p class="note">{escape(analysis.notes.get("importance", ""))}</p>'


__all__ = ["GENERATOR", "page_of"]
