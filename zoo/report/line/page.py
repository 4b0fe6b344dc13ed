"""A line's page as one HTML document: tables that need no script, charts that need no network."""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any, Final

from zoo import __version__
from zoo.report.document import POLICY, asset, embedded, plotly_script
from zoo.report.line.board import version_name
from zoo.report.line.headline import cards_of, kicker_of, lead_of, notices_of
from zoo.report.line.report import CALIBRATION, FIGURES, Report
from zoo.report.line.sections import SECTIONS, Section, empty, terms_body

if TYPE_CHECKING:
    from zoo.report.line.figures import Look

#: tells a page of ours from another file
GENERATOR: Final = '<meta name="generator" content="zoo report">'
_FOOTER: Final = (
    "Replayed evidence describes; whoever chooses by it has none left. Profits on the sample data are "
    "illustrative."
)
#: the sections whose charts share one key
_KEYED: Final = ("earnings", "skill", "trading", "calibration")


def page_of(report: Report) -> str:
    """Return the document: about 5 MB, nearly all of it plotly.js."""
    from zoo.report.line.figures import DARK, looks_of

    looks = looks_of(report.tracks)
    charts = charts_of(report, looks)
    name = report.findings.line.name
    return asset("page.html").format(
        generator=GENERATOR,
        policy=POLICY,
        title=version_name(name),
        heading=f"{escape(name)}: report",
        css=asset("page.css") + asset("line/page.css"),
        kicker=escape(kicker_of(report)),
        lead=escape(lead_of(report)),
        contents="".join(f'<a href="#{one.name}">{escape(one.title)}</a>' for one in SECTIONS),
        cards=cards_of(report),
        warning=notices_of(report),
        failures="",
        body=_body(report, looks, charts),
        absent="",
        run=terms_body(report.findings.judged),
        footer=f"Written by zoo {escape(__version__)}. {_FOOTER}",
        charts=embedded(charts),
        dark=embedded(dict(DARK)),
        plotly=plotly_script(),
        script=asset("page.js") + asset("line/page.js"),
    )


def charts_of(report: Report, looks: Sequence[Look]) -> dict[str, Any]:
    """Return every chart that there is something to draw for, as plain values."""
    from zoo.report.line.figures import DRAWN

    drawn = {name: DRAWN[name](report.frames[name], looks) for name in FIGURES if name not in report.missing}
    return {name: json.loads(chart.to_json()) for name, chart in drawn.items()}


def _body(report: Report, looks: Sequence[Look], charts: dict[str, Any]) -> str:
    """Return the sections; those whose lines share their colours stand under one key."""
    parts = {one.name: _section(one, report, charts) for one in SECTIONS}
    keyed = "".join(parts[name] for name in _KEYED)
    key = _key(looks, report.left_out) if charts else ""
    first, *later = (name for name in parts if name not in _KEYED)
    return f'{parts[first]}<div class="keyed">{key}{keyed}</div>' + "".join(parts[name] for name in later)


def _section(section: Section, report: Report, charts: dict[str, Any]) -> str:
    drawn = "".join(_figure(name, caption, charts, report) for name, caption in section.charts)
    return (
        f'<section id="{section.name}"><h2>{escape(section.title)}</h2><p>{escape(section.lead)}</p>'
        f"{drawn}{section.body(report)}</section>"
    )


def _figure(name: str, caption: str, charts: dict[str, Any], report: Report) -> str:
    """Return the place of a chart, as high as it will be, or the reason why there is none."""
    if name in report.missing:
        return empty(report.missing[name])
    height = charts[name]["layout"]["height"]
    place = f'<div class="chart" data-chart="{name}" style="height:{height}px"></div>'
    partly = " Only who leads is drawn; the table has all." if name == CALIBRATION else ""
    return f"<figure>{place}<figcaption>{escape(caption + partly)}</figcaption></figure>"


def _key(looks: Sequence[Look], left_out: int) -> str:
    """Return the key of all charts; its buttons show and hide a track on each of them."""
    buttons = "".join(
        f'<button type="button" aria-pressed="true" data-track="{escape(look.name)}">'
        f'<i data-color="{look.color}" style="background:{look.color}"></i>{escape(look.label)}'
        f"<small>{escape(look.note)}</small></button>"
        for look in looks
    )
    kinds = '<span><i class="dotted"></i>replayed</span><span><i class="solid"></i>live</span>'
    more = f"<span>{left_out:,} more are not drawn</span>" if left_out else ""
    return f'<div class="key" role="group" aria-label="Key: show and hide">{kinds}{buttons}{more}</div>'


__all__ = ["GENERATOR", "charts_of", "page_of"]
