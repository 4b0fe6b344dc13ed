import numpy as np
import pandas as pd
import pytest

from tests.evaluation import small
from zoo.evaluation.ground import Held
from zoo.metrics import mean_with_error
from zoo.report.line.frames import (
    drawdown_frame,
    equity_frame,
    rank_ic_frame,
    rolled,
    rolling_bars,
    turnover_frame,
)
from zoo.report.line.report import FIGURES
from zoo.report.line.tracks import BASELINE, CHALLENGER, CHAMPION, FORMER, Track


def own(report, figure, version):
    frame = report.frames[figure]
    return frame[frame["name"] == version.version_id].reset_index(drop=True)


def track_of(report, version):
    return next(one for one in report.tracks if one.name == version.version_id)


def test_the_champion_comes_first_then_ranks_then_who_is_out_then_baselines(report):
    kinds = [track.kind for track in report.tracks]
    assert kinds == [CHAMPION, CHALLENGER, CHALLENGER, FORMER, CHALLENGER, BASELINE]
    ranks = [track.rank for track in report.tracks if track.kind == CHALLENGER]
    assert ranks == [*sorted(rank for rank in ranks if rank), None]


def test_a_value_begins_with_one_on_the_bar_before_the_first_return_and_compounds(report, setting):
    track, frame = track_of(report, setting.world.first), own(report, "equity", setting.world.first)
    dates = small.STATE["data"].dates
    assert frame["value"][0] == 1.0
    assert np.isnan(frame["net"][0])
    assert frame["date"][0] == dates[dates.get_loc(track.held.dates[0]) - 1]
    np.testing.assert_array_equal(frame["net"][1:], track.held.net)
    assert frame["value"].iloc[-1] == pytest.approx(np.prod(1 + track.held.net), rel=1e-12)


def test_a_drawdown_is_measured_from_the_highest_value_of_the_same_track(report, setting):
    value = own(report, "equity", setting.world.second)["value"].to_numpy()
    found = own(report, "drawdown", setting.world.second)["drawdown"].to_numpy()
    peaks = [max(value[: n + 1]) for n in range(len(value))]
    np.testing.assert_allclose(found, value / peaks - 1)
    assert found.max() == 0
    assert found.min() < 0


def test_bars_after_the_registration_are_live_and_the_others_are_replayed(report, setting):
    frame = own(report, "equity", setting.world.first)
    live = frame["evidence"] == "live"
    assert live.any()
    assert set(frame["evidence"]) == {"live", "replayed"}
    assert (frame["date"][live] > "2021-03-15").all()
    assert (frame["date"][~live] <= "2021-03-15").all()
    assert set(own(report, "equity", setting.world.third)["evidence"]) == {"replayed"}
    assert set(report.frames["equity"].query("kind == 'baseline'")["evidence"]) == {"baseline"}


def test_a_rolling_mean_is_that_of_the_bars_before_and_none_where_one_is_missing(report, setting):
    frame = own(report, "rank_ic", setting.world.first)
    bars = rolling_bars(len(frame))
    assert frame["mean"][: bars - 1].isna().all()
    for end in (bars - 1, 80):
        assert frame["mean"][end] == pytest.approx(frame["rank_ic"][end - bars + 1 : end + 1].mean())
    assert frame["rank_ic"].iloc[-5:].isna().all()  # the horizon is not over
    assert frame["mean"].iloc[-5:].isna().all()


def test_a_rolling_mean_over_replayed_bars_is_no_live_evidence(report, setting):
    frame = own(report, "rank_ic", setting.world.first)
    bars = rolling_bars(len(frame))
    first = frame.index[frame["evidence"] == "live"][0]
    since = frame.index[frame["date"] > "2021-03-15"][0]
    assert first == since + bars - 1


@pytest.mark.parametrize("lags", [0, 4, 60])
def test_the_error_of_a_rolling_mean_is_that_of_its_window(lags):
    series = np.random.default_rng(3).normal(size=90).cumsum()
    series[20] = np.nan
    mean, error = rolled(series, 30, lags)
    assert np.isnan(mean[:29]).all()
    assert np.isnan(mean[29:50]).all()
    assert np.isnan(error[29:50]).all()
    for end in (50, 77, 89):
        found = mean_with_error(series[end - 29 : end + 1], lags)
        assert (mean[end], error[end]) == pytest.approx((found.mean, found.se))
    assert np.isnan(rolled(series[:29], 30, lags)[0]).all()


@pytest.mark.parametrize(("bars", "asked"), [(2_000, 252), (1_008, 252), (400, 100), (40, 21), (0, 21)])
def test_a_rolling_mean_is_over_a_year_or_a_quarter_of_a_short_window(bars, asked):
    assert rolling_bars(bars) == asked


def test_costs_are_what_lies_between_gross_and_net(report, setting):
    track, frame = track_of(report, setting.world.second), own(report, "turnover", setting.world.second)
    np.testing.assert_allclose(frame["cost"], track.held.gross - track.held.net)
    assert frame["paid"].iloc[-1] == pytest.approx(frame["cost"].sum())
    assert frame["paid"].iloc[-1] > 0
    trading = own(report, "trading", setting.world.second).iloc[0]
    assert trading["cost"] == pytest.approx(trading["gross"] - trading["net"])
    assert trading["turnover"] == track.held.figures["annual_turnover"].mean


def made(net, live=None):
    dates = small.STATE["data"].dates[300 : 300 + len(net)]
    net = np.array(net, dtype=float)
    held = Held(dates, net, net, np.zeros(len(net)), np.full(len(net), np.nan), {})
    return Track("made", CHALLENGER, "spec", 1, 5, held, np.zeros(len(net), bool) if live is None else live)


def test_after_a_return_that_is_none_the_value_is_unknown_and_not_zero(report):
    compared = report.findings.compared
    frame = equity_frame(compared, [made([0.1, np.nan, 0.1])])
    assert frame["value"][:2].tolist() == pytest.approx([1.0, 1.1])
    assert frame["value"][2:].isna().all()
    assert drawdown_frame(frame)["drawdown"][2:].isna().all()
    paid = turnover_frame([made([0.1, np.nan, 0.1])])["paid"]
    assert paid[0] == 0
    assert paid[1:].isna().all()


def test_a_track_without_a_bar_has_no_row(report):
    compared = report.findings.compared
    for frame in (
        equity_frame(compared, [made([])]),
        rank_ic_frame(compared, [made([])]),
        turnover_frame([made([])]),
    ):
        assert frame.empty
        assert {"name", "kind", "evidence", "date"} <= set(frame.columns)
    assert drawdown_frame(equity_frame(compared, [made([])])).empty


def test_the_summary_says_of_each_figure_what_is_drawn(report, setting):
    summary = report.summary()
    assert list(summary) == list(FIGURES)
    told = summary["equity"]
    assert told["drawn"] is True
    assert told["series"][0] == setting.world.first.version_id
    assert told["evidence"] == ["baseline", "live", "replayed"]
    assert pd.Timestamp(told["first"]) < pd.Timestamp(told["last"])
    assert summary["trading"]["evidence"] == ["baseline", "live", "replayed"]


def test_the_summary_says_why_a_figure_is_not_drawn(empty):
    for told in empty.report().summary().values():
        assert told == {"drawn": False, "reason": "nobody was shadowed yet; run `python -m zoo shadow`"}


def test_of_very_many_versions_the_first_are_drawn_and_the_others_counted(setting, monkeypatch):
    from zoo.report.line import tracks
    from zoo.report.line.page import page_of

    monkeypatch.setattr(tracks, "MOST", 2)
    report = setting.report(judge=False)
    drawn = [track for track in report.tracks if track.kind != BASELINE]
    assert [track.kind for track in drawn] == [CHAMPION, CHALLENGER]
    assert report.left_out == len(report.findings.compared.board.compared) - 2 > 0
    assert set(report.frames["calibration"]["name"]) <= {track.name for track in drawn}
    assert f"{report.left_out} more are not drawn" in page_of(report)
    assert len(report.rows) > 2
