import datetime as dt
import os
import signal
import sys

import numpy as np
import pandas as pd
import pytest

from tests.evaluation import small
from zoo.data import Dataset
from zoo.errors import FutureBars, NothingToDo, RecordBusy, ShadowError
from zoo.evaluation.record import DAYS, INDEX, REVISED, writing
from zoo.events import Failed, Noticed
from zoo.line import Line

LAST = "2021-07-13"  # of 400 business days from 2020-01-01 on


def test_champion_and_challengers_predict_every_bar_after_their_training(world):
    champion = world.register("first", champion=True)
    challenger = world.register("second", ("trend", {"window": 20}))
    ran = world.shadow()
    assert ran.champion == champion.version_id
    assert ran.until == LAST
    for version in (champion, challenger):
        one = world.result(ran, version)
        assert (one.status, one.new, one.last) == ("shadowed", one.bars, LAST)
        days = world.record(version).days()
        after = small.STATE["data"].dates
        after = after[after > pd.Timestamp(version.train_end)]
        assert days.dates.equals(after)
        assert one.bars == len(after)
        assert np.isfinite(days.scores).all()


def test_a_prediction_is_the_one_that_the_sensor_makes_of_the_data_cut_at_its_bar(world):
    version = world.register("first", "trend", ("trend", {"window": 20, "name": "slow"}))
    world.shadow()
    days, sensor = world.record(version).days(), world.registry.load(version.version_id, trusted=small.TRUST)
    for bar in days.dates[[0, 40, -1]]:
        alone = sensor.predict(small.STATE["data"].until(bar)).loc[bar]
        np.testing.assert_array_equal(days.scores[days.dates.get_loc(bar)], alone.to_numpy())


def test_rebalances_are_marked_on_the_bars_that_training_took(world):
    version = world.register("first")
    world.shadow()
    days = world.record(version).days()
    places = small.STATE["data"].dates.get_indexer(days.dates)
    assert (days.rebalance == (places % 5 == 0)).all()
    assert days.rebalance.sum() in range(len(days) // 5 - 1, len(days) // 5 + 2)


def test_what_existed_when_a_version_was_registered_is_replayed_and_what_came_later_is_live(world):
    version = world.register("first", at="2021-03-01T12:00:00.000000+00:00")
    one = world.result(world.shadow(), version)
    days = world.record(version).days()
    assert (days.live == (days.dates > pd.Timestamp("2021-03-01"))).all()
    assert one.live == days.live.sum() > 0
    assert one.replayed == one.bars - one.live > 0


def test_a_version_that_was_registered_after_the_data_has_no_live_bar(world):
    version = world.register("first")
    assert world.result(world.shadow(), version).live == 0


def test_until_cuts_the_data_and_a_later_run_goes_on_from_there(world):
    version = world.register("first")
    world.shadow(until="2021-02-26")
    first = world.record(version).days()
    assert str(first.dates[-1].date()) == "2021-02-26"
    one = world.result(world.shadow(), version)
    both = world.record(version).days()
    assert one.new == len(both) - len(first)
    np.testing.assert_array_equal(both.scores[: len(first)], first.scores)
    assert [entry.kind for entry in world.record(version).index().entries] == [DAYS, DAYS]


def test_a_second_run_changes_no_byte(world):
    world.register("first", champion=True)
    world.register("second")
    world.shadow()
    before = {path: path.read_bytes() for path in world.records.rglob("*.*") if path.is_file()}
    ran = world.shadow()
    assert {one.status for one in ran.results} == {"up_to_date"}
    assert {path: path.read_bytes() for path in world.records.rglob("*.*") if path.is_file()} == before


def test_piece_by_piece_or_at_once_the_same_is_predicted(world):
    version = world.register("first")
    for until in pd.bdate_range("2021-01-04", "2021-01-13").strftime("%Y-%m-%d"):
        world.shadow(until=until)
    pieces = world.record(version).days()
    again = world.register("again")
    world.shadow(until="2021-01-13")
    at_once = world.record(again).days()
    np.testing.assert_array_equal(pieces.scores, at_once.scores)
    assert pieces.visible == at_once.visible


# --- looking ahead ------------------------------------------------------------------------------


@pytest.mark.parametrize("feature", [("peeking", {}), ("peeking", {"ahead": 20}), ("whole", {})])
def test_a_version_whose_feature_looks_ahead_fails_and_nothing_of_it_is_kept(world, feature):
    honest = world.register("honest")
    leaking = world.register("leaking", feature)
    ran = world.shadow()
    one = world.result(ran, leaking)
    assert (one.status, one.error) == ("failed", "LooksAhead")
    assert f"{feature[0]} of A" in one.message
    assert "when later bars are there" in one.message
    assert world.record(leaking).index().bars == 0
    assert world.result(ran, honest).status == "shadowed"
    assert world.result(ran, honest).proven == 3


def test_a_feature_that_reads_a_later_bar_by_its_date_finds_none(world):
    leaking = world.register("leaking", "late", end=LAST)
    small.STATE["data"] = small.market(bars=440)
    one = world.result(world.shadow(), leaking)
    assert one.status == "failed"
    assert "late failed: KeyError" in one.message


def test_at_the_last_bar_nothing_is_to_be_proven_since_nothing_later_is_there(world):
    version = world.register("first")
    world.shadow(until="2021-07-12")
    one = world.result(world.shadow(), version)
    assert (one.new, one.proven) == (1, 0)


# --- failures of one --------------------------------------------------------------------------


def test_one_version_s_failure_is_never_another_s(world):
    versions = [world.register(name, name) for name in ("trend", "broken")]
    gone = world.register("gone", ("trend", {"window": 7}))
    (world.artifacts / "small" / gone.version_id / "sensor.skops").write_bytes(b"other bytes")
    heard = []
    ran = world.shadow(observers=[heard.append])
    fine, broken = (world.result(ran, one) for one in versions)
    assert fine.status == "shadowed"
    assert (broken.status, broken.error) == ("failed", "SensorInputError")
    assert "this feature broke" in broken.message
    assert world.result(ran, gone).error == "ArtifactCorrupt"
    assert {event.task for event in heard if isinstance(event, Failed)} == {
        f"shadow {one.version_id}" for one in ran.failures
    }


def test_a_version_that_takes_too_long_is_stopped_and_the_others_go_on(world):
    slow = world.register("slow", "sleepy")
    fine = world.register("fine")
    ran = world.shadow(seconds=0.3)
    one = world.result(ran, slow)
    assert (one.status, one.error) == ("failed", "ShadowTimeout")
    assert "longer than 0.3 seconds" in one.message
    assert "shadow.seconds" in one.message
    assert world.result(ran, fine).status == "shadowed"


def test_a_version_of_another_source_is_refused_and_the_others_go_on(world, monkeypatch):
    other = world.register("other", source=f"{small.HERE}.market")
    fine = world.register("fine")
    ran = world.shadow()
    assert "was trained on 'tests.evaluation.small.market'" in world.result(ran, other).message
    assert world.result(ran, fine).status == "shadowed"


# --- who is shadowed ----------------------------------------------------------------------------


def test_a_line_without_versions_has_nothing_to_shadow(world):
    with pytest.raises(NothingToDo, match="small: the line has neither champion nor challenger"):
        world.shadow()
    assert not world.records.exists()


def test_without_champion_or_challenger_the_others_are_shadowed_and_it_is_said(world):
    version = world.register("first")
    assert world.shadow().notices == ("the line has no champion: only its challengers are shadowed",)
    world.crown(version)
    ran = world.shadow()
    assert ran.notices == ("the line has no challenger: only its champion is shadowed",)
    assert [one.stage for one in ran.results] == ["champion"]


def test_a_line_without_bars_is_refused(world):
    world.line = Line("small", f"{small.HERE}.prices", "zoo.targets.column", horizon=0, rebalance=0)
    with pytest.raises(ShadowError, match="line 'small' has no bars to be shadowed on"):
        world.shadow()


def test_retired_versions_are_left_alone_and_stay_in_the_record(world):
    version, other = world.register("first"), world.register("second")
    world.shadow(until="2021-02-26")
    world.registry.retire(version.version_id, reason="a test")
    ran = world.shadow()
    assert [one.version_id for one in ran.results] == [other.version_id]
    assert str(world.record(version).index().last.date()) == "2021-02-26"


def test_before_the_end_of_training_there_is_nothing_to_predict_and_it_is_said(world):
    version = world.register("first")
    ran = world.shadow(until="2020-06-30")
    one = world.result(ran, version)
    assert (one.status, one.bars) == ("up_to_date", 0)
    assert f"the data ends on 2020-06-30, and its training on {version.train_end}" in one.notices[0]


def test_under_a_cap_those_who_came_first_are_seated_and_the_others_wait(world):
    versions = [
        world.register(f"v{n}", at=f"2026-01-0{n}T00:00:00.000000+00:00", number=n) for n in range(1, 5)
    ]
    ran = world.shadow(cap=2)
    states = {one.version_id: one.status for one in ran.results}
    assert [states[one.version_id] for one in versions] == ["shadowed", "shadowed", "waiting", "waiting"]
    assert "shadow.cap 2: 2 of 4 challengers wait" in ran.notices[-1]


def test_who_waited_gets_every_bar_when_its_turn_comes(world):
    first = world.register("first", at="2020-12-31T00:00:00.000000+00:00")
    second = world.register("second", at="2021-01-01T00:00:00.000000+00:00")
    world.shadow(cap=1, soak_days=20, until="2021-02-10")
    assert world.record(second).index() is None
    world.shadow(cap=1, soak_days=20)
    days = world.record(second).days()
    assert days.dates[0] > pd.Timestamp(second.train_end)
    assert world.record(first).index().live >= 20


def test_a_cap_under_which_not_all_can_be_judged_is_refused_at_start(world):
    for n in range(7):
        world.register(f"v{n}", at="2026-02-01T00:00:00.000000+00:00", number=n)
    with pytest.raises(ShadowError, match=r"shadow.cap 2 gives 6 turns in the 3 days.*set shadow.cap to 3"):
        world.shadow(cap=2, soak_days=3)
    assert not world.records.exists()
    assert world.shadow(cap=3, soak_days=3).results


# --- the record under attack --------------------------------------------------------------------


def files_of(world, version):
    return sorted(world.record(version).path.glob("*.parquet"))


def test_an_edited_day_file_is_named_and_never_predicted_over(world):
    version, other = world.register("first"), world.register("second")
    world.shadow(until="2021-02-26")
    (path,) = files_of(world, version)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    ran = world.shadow()
    one = world.result(ran, version)
    assert (one.status, one.error) == ("failed", "RecordCorrupt")
    assert f"{path}: the file was edited" in one.message
    assert path.read_bytes() == content
    assert files_of(world, version) == [path]
    assert world.result(ran, other).status == "shadowed"


def test_a_torn_or_a_missing_day_file_is_named(world):
    version = world.register("first")
    world.shadow(until="2021-02-26")
    (path,) = files_of(world, version)
    whole = path.read_bytes()
    path.write_bytes(whole[:-100])
    assert f"{path}: the file is torn" in world.result(world.shadow(), version).message
    path.unlink()
    assert f"{path}: the file is missing" in world.result(world.shadow(), version).message
    path.write_bytes(whole)
    assert world.result(world.shadow(), version).status == "shadowed"


def test_a_file_that_is_not_in_the_index_is_named_and_not_used(world):
    version = world.register("first")
    world.shadow(until="2021-02-26")
    (path,) = files_of(world, version)
    stray = path.with_name("20210301_20210301_aaaaaaaa.parquet")
    stray.write_bytes(path.read_bytes())
    one = world.result(world.shadow(), version)
    assert one.status == "shadowed"
    assert any(str(stray) in notice and "not in the index" in notice for notice in one.notices)
    assert stray.exists()


def test_a_line_that_a_killed_writer_left_half_written_is_written_again(world):
    version = world.register("first")
    world.shadow(until="2021-02-26")
    path = world.record(version).path / INDEX
    path.write_bytes(path.read_bytes() + b'{"kind": "days", "fi')
    one = world.result(world.shadow(), version)
    assert one.status == "shadowed"
    assert str(world.record(version).index().last.date()) == LAST


def test_only_one_process_shadows_a_line(world):
    world.register("first")
    with writing(world.records), pytest.raises(RecordBusy, match="another process shadows this line"):
        world.shadow()


# --- revised data and clocks --------------------------------------------------------------------


def changed(data, bar, factor):
    close = data.close.copy()
    close.loc[bar] *= factor
    return Dataset({"close": close}, name=data.name)


def test_a_bar_that_is_revised_after_it_was_shadowed_is_predicted_beside_and_the_first_stays(world, revise):
    version = world.register("first")
    world.shadow(until="2021-02-26")
    first = world.record(version).days()
    bar = pd.Timestamp("2021-02-10")
    revise(changed(small.STATE["data"], bar, np.linspace(0.9, 1.1, 12)))
    one = world.result(world.shadow(), version)
    assert one.revised[0] == "2021-02-10"
    assert any("the first predictions stay what counts" in notice for notice in one.notices)
    both = world.record(version).days()
    np.testing.assert_array_equal(both.scores[: len(first)], first.scores)
    beside = world.record(version).days(REVISED)
    assert [str(day.date()) for day in beside.dates] == one.revised
    assert bar in beside.dates
    assert bar + pd.offsets.BDay(10) in beside.dates  # its price is in the trend ten bars later
    assert bar + pd.offsets.BDay(1) not in beside.dates


def test_what_was_revised_is_told_once(world, revise):
    version = world.register("first")
    world.shadow()
    revise(changed(small.STATE["data"], pd.Timestamp("2021-02-10"), np.linspace(0.9, 1.1, 12)))
    assert world.result(world.shadow(), version).revised
    again = world.result(world.shadow(), version)
    assert (again.status, again.revised) == ("up_to_date", [])
    assert len(world.record(version).index().of(REVISED)) == 1


def test_data_that_was_only_rounded_differently_is_no_revision(world, revise):
    version = world.register("first")
    world.shadow(until="2021-02-26")
    close = small.STATE["data"].close * (1.0 + 1e-13)
    revise(Dataset({"close": close}, name="small"))
    one = world.result(world.shadow(), version)
    assert (one.status, one.revised) == ("shadowed", [])


def test_a_revision_of_the_future_is_seen_by_nobody(world, revise):
    """The digest of what was visible at a bar says nothing of later bars."""
    version = world.register("first")
    world.shadow(until="2021-02-26")
    revise(changed(small.STATE["data"], pd.Timestamp("2021-03-10"), np.linspace(0.9, 1.1, 12)))
    assert world.result(world.shadow(), version).revised == []


def test_an_asset_that_is_delisted_is_not_predicted_any_more(world, revise):
    version = world.register("first")
    close = small.STATE["data"].close.copy()
    close.loc["2021-03-01":, "A03"] = np.nan
    revise(Dataset({"close": close}, name="small"))
    assert world.result(world.shadow(), version).status == "shadowed"
    days = world.record(version).days()
    held = np.isfinite(days.on(["A03"]).ravel())
    assert held[days.dates < pd.Timestamp("2021-03-01")].all()
    assert not held[days.dates >= pd.Timestamp("2021-03-01")].any()


def test_an_asset_that_vanishes_from_the_source_is_a_revision_only_where_it_matters(world, revise):
    version = world.register("first")
    world.shadow(until="2021-02-26")
    revise(Dataset({"close": small.STATE["data"].close.drop(columns="A03")}, name="small"))
    one = world.result(world.shadow(), version)
    assert one.status == "shadowed"
    assert one.revised == []  # no other prediction follows from it
    days = world.record(version).days()
    assert np.isfinite(days.on(["A03"])[:5]).all()
    assert np.isnan(days.on(["A03"])[-5:]).all()


def test_a_bar_that_is_not_in_the_data_any_more_is_told(world, revise):
    version = world.register("first")
    world.shadow(until="2021-02-26")
    close = small.STATE["data"].close.drop(index=pd.Timestamp("2021-02-10"))
    revise(Dataset({"close": close}, name="small"))
    one = world.result(world.shadow(), version)
    assert "1 bars that were shadowed are not in the data any more" in one.notices[0]


def test_a_clock_that_says_that_bars_are_in_the_future_is_refused(world):
    version = world.register("first", at="2021-01-04T00:00:00.000000+00:00")
    ran = world.shadow(now=dt.datetime(2021, 6, 1, tzinfo=dt.UTC))
    one = world.result(ran, version)
    assert one.error == "FutureBars"
    assert "the last bar, 2021-07-13, lies in the future of this machine's clock" in one.message
    assert "no bar after 2021-06-01 00:00 UTC" in one.message
    ran = world.shadow(now=dt.datetime(2021, 6, 1, tzinfo=dt.UTC), until="2021-05-31")
    assert world.result(ran, version).status == "shadowed"


def test_a_version_that_was_registered_in_the_future_is_refused(world):
    version = world.register("first", at="2027-01-01T00:00:00.000000+00:00")
    one = world.result(world.shadow(), version)
    assert one.error == "FutureBars"
    assert "what is live cannot be told" in one.message


def test_the_error_of_the_clock_is_a_shadow_error():
    assert issubclass(FutureBars, ShadowError)


# --- the champion's architecture on a later vintage -----------------------------------------------


def test_the_champion_s_architecture_is_trained_again_on_a_challenger_s_vintage(world):
    champion = world.register("old", champion=True)
    challenger = world.register("new", ("trend", {"window": 20}), end="2021-03-31")
    ran = world.shadow()
    refit = next(one for one in ran.results if one.stage == "baseline")
    assert refit.version_id == f"refit~20210331~{champion.version_id}"
    record = world.records / refit.version_id
    assert record.is_dir()
    assert refit.first > "2021-03-15"
    assert refit.bars == world.result(ran, challenger).bars
    assert world.shadow().results[-1].status == "up_to_date"


def test_challengers_of_the_champion_s_vintage_need_no_refit(world):
    world.register("old", champion=True)
    world.register("new", ("trend", {"window": 20}))
    assert {one.stage for one in world.shadow().results} == {"champion", "challenger"}


# --- killed ---------------------------------------------------------------------------------------


WRITERS = ("evaluation/record.py", "evaluation/subject.py")


def killed_at(world, line):
    """Shadow in a process that is killed at some line of the code that writes; return how it ended."""
    child = os.fork()
    if child == 0:
        left = line

        def trace(frame, event, _):
            nonlocal left
            if not frame.f_code.co_filename.endswith(WRITERS):
                return None
            left -= event == "line"
            if left <= 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return trace

        sys.settrace(trace)
        try:
            world.shadow()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0


def test_a_kill_anywhere_leaves_whole_days_and_the_next_run_completes_them(world):
    versions = [world.register("first"), world.register("second")]
    world.shadow(until="2021-01-29")
    before = {one.version_id: world.record(one).days() for one in versions}
    line, ends = 5, []
    while not ends or ends[-1] == signal.SIGKILL:
        ends.append(killed_at(world, line))
        for one in versions:
            days, first = world.record(one).days(), before[one.version_id]
            assert days.dates[: len(first)].equals(first.dates)
            np.testing.assert_array_equal(days.scores[: len(first)], first.scores)
            assert np.isfinite(days.scores).all()
        line += 43
    assert len(ends) > 4
    assert not world.shadow().failures
    for one in versions:
        assert str(world.record(one).index().last.date()) == LAST
        assert not list(world.record(one).path.glob(".staging*"))
        assert (
            len(world.record(one).days()) == (small.STATE["data"].dates > pd.Timestamp(one.train_end)).sum()
        )


def test_notices_are_told_to_observers(world):
    world.register("first")
    heard = []
    world.shadow(observers=[heard.append], until="2020-06-30")
    assert any(isinstance(event, Noticed) and "nothing to predict" in event.message for event in heard)
