import math

import pytest

from zoo.report.figures.style import BLUE, QUIET
from zoo.report.line.figures import DRAWN, looks_of
from zoo.report.line.figures.curves import POINTS, _thinned
from zoo.report.line.figures.look import captioned
from zoo.report.line.report import FIGURES


@pytest.fixture(scope="module")
def looks(report):
    return looks_of(report.tracks)


def drawn(report, looks, name):
    return DRAWN[name](report.frames[name], looks)


def numbers(value):
    if isinstance(value, dict):
        for inner in value.values():
            yield from numbers(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from numbers(inner)
    elif isinstance(value, float):
        yield value


def test_every_figure_has_a_chart():
    assert set(DRAWN) == set(FIGURES)


@pytest.mark.parametrize("name", list(FIGURES))
def test_a_chart_holds_no_nan_and_only_tracks_that_there_are(report, looks, name):
    chart = drawn(report, looks, name).to_plotly_json()
    assert all(math.isfinite(value) for value in numbers(chart))
    groups = {trace["legendgroup"] for trace in chart["data"]}
    assert groups <= {look.name for look in looks} | {"as predicted"}
    assert looks[0].name in groups


def test_the_champion_is_blue_on_every_chart_and_who_has_no_rank_is_quiet(report, looks, setting):
    colors = {look.name: look.color for look in looks}
    assert colors[setting.world.first.version_id] == BLUE
    assert colors[setting.world.flat.version_id] == colors[setting.world.retired.version_id] == QUIET
    told = [color for color in colors.values() if color != QUIET]
    assert len(set(told)) == len(told)
    for name in ("equity", "rank_ic", "turnover"):
        for trace in (one for one in drawn(report, looks, name).data if one.meta != "band"):
            assert trace.line.color == colors[trace.legendgroup]


def test_what_is_not_known_is_a_gap_and_not_a_zero(report, looks, setting):
    trace = next(
        one
        for one in drawn(report, looks, "rank_ic").data
        if one.legendgroup == setting.world.third.version_id
    )
    assert trace.y[0] is None
    assert 0 not in trace.y


def test_replayed_tenths_are_hollow_and_live_ones_filled(report, looks, setting):
    own = {
        trace.meta: trace.marker.symbol
        for trace in drawn(report, looks, "calibration").data
        if trace.legendgroup == setting.world.first.version_id
    }
    assert own == {"replayed": "circle-open", "live": "circle"}


def test_a_hover_says_who_when_and_of_which_evidence(report, looks, setting):
    own = [
        trace.hovertemplate
        for trace in drawn(report, looks, "equity").data
        if trace.legendgroup == setting.world.first.version_id
    ]
    assert all(setting.world.first.version_id in said for said in own)
    assert ", replayed: %{y:.3f}" in own[0]
    assert ", live: %{y:.3f}" in own[1]


def test_a_long_line_is_thinned_and_keeps_its_ends_and_extremes(report):
    import pandas as pd

    values = pd.Series([0.0] * 5_000)
    values[1234], values[4321] = -9.0, 7.0
    chosen = _thinned(values)
    assert len(chosen) <= POINTS + 4
    assert {0, 1234, 4321, 4_999} <= set(chosen)
    assert _thinned(pd.Series([math.nan] * 3)) == [0, 1, 2]


def test_a_picture_has_a_title_and_a_key_that_a_page_does_not_need(report, looks):
    plain = drawn(report, looks, "equity")
    assert plain.layout.showlegend is False
    height = plain.layout.height
    told = captioned(plain, "small: net of costs")
    assert told.layout.title.text == "small: net of costs"
    assert told.layout.showlegend is True
    assert told.layout.height > height
    keyed = [trace.name for trace in told.data if trace.showlegend]
    assert len(keyed) == len(set(keyed)) == len(looks)
