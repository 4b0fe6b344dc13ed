import datetime as dt
import math

import numpy as np
import pandas as pd
import pytest

from tests.evaluation import small
from zoo.data import Dataset
from zoo.errors import FutureBars, NothingToDo
from zoo.evaluation.baselines import MOMENTUM
from zoo.evaluation.score import luck_of_the_best
from zoo.evaluation.standings import baselines_of
from zoo.events import Failed
from zoo.metrics import expected_maximum_sharpe
from zoo.registry import Trial

TARGET = '{"_target_":"zoo.targets.forward_return"}'
SEEN = "2021-03-01T12:00:00.000000+00:00"


@pytest.fixture
def three(world):
    """A champion and two challengers of one vintage, shadowed."""
    champion = world.register("first", champion=True)
    others = [
        world.register("second", ("trend", {"window": 20}), number=1),
        world.register("third", ("zoo.features.reversal", {"lookback": 3}), number=2),
    ]
    world.shadow()
    return [champion, *others]


def entrant(board, version):
    return board.of(version.version_id)


def test_versions_are_ranked_on_the_same_bars_by_the_shrunken_sharpe_ratio(world, three):
    board = world.board()
    assert board.champion == three[0].version_id
    assert {one.version_id for one in board.entrants} == {one.version_id for one in three}
    dates = {tuple(one.standing.held.dates) for one in board.entrants}
    assert len(dates) == 1
    values = [one.score.value for one in board.entrants]
    assert values == sorted(values, reverse=True)
    assert board.matrix().shape == (len(next(iter(dates))), 3)
    for one in board.entrants:
        assert one.score.held_out_bars == len(one.standing.held.net)
        assert one.score.live_bars == 0
        assert one.score.live == 0.0


def test_equal_scores_share_a_rank(world, three):
    twin = world.register("twin", number=9)
    world.shadow()
    board = world.board()
    one, other = entrant(board, three[0]), entrant(board, twin)
    assert one.rank == other.rank
    assert one.score == other.score
    ranks = sorted(one.rank for one in board.entrants)
    assert ranks[0] == 1
    assert all(rank == 1 + sum(other < rank for other in ranks) for rank in ranks)


def test_live_bars_count_whole_and_with_their_sign(world):
    version = world.register("first", at=SEEN)
    world.shadow()
    one = entrant(world.board(), version)
    net, live = one.standing.held.net, one.standing.live
    assert (live == (one.standing.held.dates > pd.Timestamp("2021-03-01"))).all()
    sharpe = net[live].mean() / net[live].std(ddof=1)
    assert one.score.live == pytest.approx(live.sum() * sharpe / (1260 + len(net)))


def test_the_benchmark_is_the_luck_of_the_best_of_the_ledger_and_of_all_who_were_shadowed(world, three):
    noise = np.random.default_rng(3).normal(0, 0.01, (120, 5))
    window = ("2019-01-01T00:00:00", "2019-06-30T00:00:00")
    trials = [
        Trial(f"{n:064x}", "small", "small", n, TARGET, calendar="c" * 64, window=window, net=net)
        for n, net in enumerate(noise.T)
    ]
    trials.append(Trial(f"{9:064x}", "small", "small", 9, TARGET, status="failed"))
    world.registry.ledger.record("small", trials)
    luck = world.board().luck
    assert luck.trials == 6 + 3
    found = world.registry.ledger.sets("small")[0]
    assert luck.variance == found.variance
    assert luck.benchmark == pytest.approx(luck_of_the_best(noise.astype(np.float32), 9))
    assert luck.source == "5 trials, 2019-01-01 to 2019-06-30"


def test_without_a_ledger_luck_is_measured_on_the_versions_themselves(world, three):
    board = world.board()
    assert board.luck.trials == 3
    assert board.luck.benchmark == expected_maximum_sharpe(3, board.luck.variance) > 0
    assert board.luck.source == "3 versions in the shadow"


# --- who is not ranked ----------------------------------------------------------------------------


def test_nobody_in_the_shadow_is_nothing_to_show(world):
    with pytest.raises(NothingToDo, match="the line has no version"):
        world.board()
    world.register("first")
    with pytest.raises(NothingToDo, match="nobody was shadowed yet"):
        world.board()


def test_who_was_not_shadowed_is_listed_without_a_rank(world, three):
    late = world.register("late")
    one = entrant(world.board(), late)
    assert (one.rank, one.score) == (None, None)
    assert one.reason == "not comparable: it was not shadowed"


def test_without_a_champion_the_board_says_so_and_ranks_all_the_same(world):
    world.register("first")
    world.shadow()
    board = world.board()
    assert board.champion is None
    assert "the line has no champion: nothing is compared with one" in board.notices
    assert board.entrants[0].rank == 1


def test_a_champion_that_was_not_shadowed_is_told(world):
    version = world.register("first")
    world.shadow()
    champion = world.register("second", champion=True)
    board = world.board()
    assert f"the champion, {champion.version_id}, was not shadowed" in board.notices
    assert entrant(board, version).rank == 1


def test_a_version_of_a_later_vintage_is_not_comparable_and_shortens_nobody_s_record(world, three):
    late = world.register("late", end="2021-05-31")
    world.shadow()
    board = world.board()
    one = entrant(board, late)
    assert (one.rank, one.standing) == (None, None)
    assert one.reason.startswith("not comparable: its record begins on 2021-05-")
    assert entrant(board, three[0]).rank is not None
    asked = world.board(start="2021-06-01")
    assert entrant(asked, late).rank is not None
    assert str(asked.window.first.date()) == "2021-06-01"


def test_a_version_that_fell_behind_is_not_comparable(world, three, monkeypatch):
    other = world.register("other", number=8)
    world.shadow()
    world.registry.retire(other.version_id, reason="a test")
    small.STATE["data"] = small.market(bars=410)
    world.shadow()
    one = entrant(world.board(), other)
    assert one.reason == "not comparable: its record ends on 2021-07-13, before 2021-07-27"


def test_dates_that_are_missing_for_one_version_make_it_not_comparable(world, revise):
    holed = world.register("holed", at="2026-01-01T00:00:00.000000+00:00")
    whole = small.STATE["data"]
    gap = pd.Timestamp("2021-03-10")
    revise(Dataset({"close": whole.close.drop(index=gap)}, name="small"))
    world.shadow(until="2021-04-30")
    revise(whole)
    champion = world.register("first", champion=True)
    world.shadow()
    board = world.board()
    assert entrant(board, holed).reason == "not comparable: 1 dates are missing from its record"
    assert entrant(board, champion).rank == 1


def test_a_version_that_predicts_nothing_on_some_dates_is_not_comparable(world, revise):
    """A feature that needs a field which has a gap, where the others need none."""
    data = small.STATE["data"]
    volume = data.close * 0 + 1e6
    revise(Dataset({"close": data.close, "volume": volume}, name="small"))
    champion = world.register("first", champion=True)
    needs = world.register("needs", ("zoo.features.vwap", {"window": 5}), "trend")
    volume = volume.copy()
    volume.loc["2021-03-01":"2021-03-31"] = np.nan
    revise(Dataset({"close": data.close, "volume": volume}, name="small"))
    world.shadow()
    board = world.board()
    reason = entrant(board, needs).reason
    assert reason.startswith("not comparable: it predicted nothing on")
    assert "first on 2021-03-0" in reason
    assert entrant(board, champion).rank == 1


def test_retired_versions_stay_on_the_board_without_a_rank(world, three):
    before = world.board()
    world.registry.retire(three[2].version_id, reason="a test")
    board = world.board()
    one = entrant(board, three[2])
    assert one.rank is None
    assert one.reason == "retired: it is out of the race"
    assert one.score == entrant(before, three[2]).score


def test_retiring_losers_helps_nobody(world, three):
    before = world.board()
    for version in three[1:]:
        world.registry.retire(version.version_id, reason="it lost")
    after = world.board()
    assert after.luck == before.luck
    assert entrant(after, three[0]).score == entrant(before, three[0]).score


def test_taking_a_retired_version_s_record_away_makes_no_trial_undone(world, three):
    import shutil

    before = world.board().luck.trials
    world.registry.retire(three[2].version_id, reason="it lost")
    shutil.rmtree(world.record(three[2]).path)
    assert world.board().luck.trials == before


def test_replaying_old_bars_fills_no_soak_and_can_only_cost(world):
    """A version that was made for the bars that it replays is shrunken by the luck of all who tried."""
    for n in range(12):
        world.register(f"v{n}", ("trend", {"window": 5 + 3 * n}), number=n)
    world.shadow()
    board = world.board()
    best = board.entrants[0]
    assert best.score.live_bars == 0
    sharpe = best.score.held_out_sharpe
    assert best.score.value == pytest.approx(
        best.score.held_out_bars * max(0.0, sharpe - board.luck.benchmark) / (1260 + best.score.held_out_bars)
    )
    assert best.score.value < sharpe


def test_all_predictions_equal_is_no_score(world, three):
    level = world.register("level", "level")
    world.shadow()
    one = entrant(world.board(), level)
    assert one.rank is None
    assert one.reason == "no score: all its predictions are equal"
    assert math.isnan(one.score.value)


def test_constant_returns_are_no_score(world, revise):
    version = world.register("first")
    world.shadow()
    dead = small.STATE["data"].close.copy()
    dead.iloc[262:] = dead.iloc[262].to_numpy()
    revise(Dataset({"close": dead}, name="small"))
    one = entrant(world.board(start="2021-03-01"), version)
    assert one.rank is None
    assert one.reason == "no score: its returns are constant"


def test_one_day_only_is_no_score(world):
    version = world.register("first")
    world.shadow()
    one = entrant(world.board(start="2021-07-13"), version)
    assert one.rank is None
    assert one.reason == "no score: 0 bars with a return"


def test_a_start_after_the_last_bar_is_refused(world, three):
    with pytest.raises(NothingToDo, match="no bar from 2021-07-14 to 2021-07-13 can be compared"):
        world.board(start="2021-07-14")


def test_a_prediction_file_that_was_edited_is_named_and_its_version_not_comparable(world, three):
    world.board()  # what it came to is kept
    path = next(world.record(three[1]).path.glob("*.parquet"))
    content = bytearray(path.read_bytes())
    content[100] ^= 1
    path.write_bytes(content)
    heard = []
    one = entrant(world.board(observers=[heard.append]), three[1])
    assert one.rank is None
    assert f"not comparable: {path}: the file was edited" in one.reason
    assert [event.task for event in heard if isinstance(event, Failed)] == [three[1].version_id]


def test_an_index_that_was_edited_is_named_and_counts_as_shadowed(world, three):
    trials = world.board().luck.trials
    path = world.record(three[1]).path / "index.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"live": 0', b'"live": 9'))
    one = entrant(board := world.board(), three[1])
    assert f"not comparable: {path}: line 2 was edited" in one.reason
    assert board.luck.trials == trials


def test_an_asset_that_was_delisted_is_marked_at_its_last_price(world, revise):
    version = world.register("first", champion=True)
    close = small.STATE["data"].close.copy()
    close.loc["2021-04-01":, "A03"] = np.nan
    revise(Dataset({"close": close}, name="small"))
    world.shadow()
    assert entrant(world.board(), version).rank == 1


def test_an_asset_that_vanished_from_the_data_is_named_and_held_as_cash(world, three, revise):
    before = entrant(world.board(), three[0])
    revise(Dataset({"close": small.STATE["data"].close.drop(columns="A03")}, name="small"))
    board = world.board()
    assert any("A03, which the data does not have any more" in notice for notice in board.notices)
    after = entrant(board, three[0])
    assert after.rank is not None
    assert not np.array_equal(after.standing.held.net, before.standing.held.net)


def test_a_clock_behind_the_data_is_refused(world, three):
    with pytest.raises(FutureBars, match="lies in the future of this machine's clock"):
        world.board(now=dt.datetime(2021, 3, 1, tzinfo=dt.UTC))


def test_what_was_computed_once_is_kept_until_something_changes(world, three, monkeypatch):
    first = world.board()

    def never(*_):
        raise AssertionError("computed again")

    monkeypatch.setattr("zoo.evaluation.standing.computed", never)
    again = world.board()
    for one in first.entrants:
        other = again.of(one.version_id)
        np.testing.assert_array_equal(one.standing.held.net, other.standing.held.net)
        np.testing.assert_array_equal(one.standing.live, other.standing.live)
        assert repr(one.standing.held.figures) == repr(other.standing.held.figures)
        assert one.standing.held.dates.equals(other.standing.held.dates)
        assert one.score == other.score
    for options in ({"policy": small.LONG_ONLY}, {"start": "2021-03-01"}):
        with pytest.raises(AssertionError, match="computed again"):
            world.board(**options)


def test_a_board_under_a_long_only_policy_has_equal_weight_beside_it(world, three):
    board = world.board(policy=small.LONG_ONLY)
    assert board.ground.holds_nothing_short
    assert list(baselines_of(board)) == [MOMENTUM, "equal_weight"]
    assert list(baselines_of(world.board())) == [MOMENTUM]
