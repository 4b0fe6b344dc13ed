import datetime as dt

import pytest

from tests.commands.test_shadow import BEFORE, LINE, TRUSTED, world
from tests.evaluation import small

__all__ = ["LINE", "world"]

QUICK = ("leaderboard.draws=0", "leaderboard.permutations=3", "leaderboard.blocks=4")


@pytest.fixture
def shadowed(zoo, world):
    world.shadow(now=dt.datetime.now(dt.UTC))
    return world


def test_the_board_is_an_array_of_objects_the_best_first(zoo, shadowed):
    ran = zoo.json("leaderboard", "line=small", TRUSTED, *QUICK)
    assert ran.code == 0
    rows = ran.document
    assert [one["kind"] for one in rows] == ["version", "version", *["baseline"] * 4]
    assert [one["rank"] for one in rows[:2]] in ([1, 2], [1, 1])
    assert {one["version_id"] for one in rows[:2]} == {
        shadowed.first.version_id,
        shadowed.second.version_id,
    }
    board = rows[0]["board"]
    assert (board["line"], board["champion"]) == ("small", shadowed.first.version_id)
    assert board["policy"]["_target_"] == "zoo.portfolio.quantile_long_short"
    assert rows[0]["days"] == {"held_out": 0, "replayed": rows[0]["days"]["replayed"], "live": 0}


def test_the_table_fits_80_columns(zoo, shadowed):
    late = shadowed.register("late", at=BEFORE, number=5)
    ran = zoo("leaderboard", "line=small", TRUSTED, *QUICK)
    assert ran.code == 0
    lines = ran.out.splitlines()
    assert max(map(len, lines)) <= 80
    assert f"{late.version_id}: not comparable: it was not shadowed" in lines
    assert "momentum_12_1" in ran.out
    assert "the best of them without skill" in ran.out


def test_policy_and_costs_are_groups_of_the_configuration(zoo, shadowed):
    def net(*words):
        rows = zoo.json("leaderboard", "line=small", TRUSTED, *QUICK, *words).document
        return next(one for one in rows if one["version_id"] == shadowed.second.version_id)["net_return"]

    retail, free, ranked = net(), net("costs=none"), net("portfolio=rank_weighted")
    assert free["value"] > retail["value"]
    assert ranked["value"] != retail["value"]
    assert net("portfolio.policy.quantile=0.1")["value"] != retail["value"]


def test_a_long_only_policy_is_put_beside_equal_weight(zoo, shadowed):
    ran = zoo.json("leaderboard", "line=small", TRUSTED, *QUICK, "portfolio=long_only_top")
    assert [one["name"] for one in ran.document[2:]] == [
        "champion_refit",
        "momentum_12_1",
        "equal_weight",
        "permuted",
    ]
    assert ran.document[0]["board"]["long_only"] is True


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("portfolio=best_of_all", "no portfolio is called 'best_of_all'; expected one of directional,"),
        ("costs=cheap", "no costs is called 'cheap'; expected one of institutional, none, retail"),
        ("costs.half_spread_bps=-1", "costs: half_spread_bps is -1.0; expected at least 0"),
        ("costs.half_spread=1", "costs.half_spread: no such key"),
        ("costs=institutional", "an impact cannot be told without a volume"),
        ("portfolio.policy=3", "portfolio.policy: 3"),
        ("portfolio.policy._target_=zoo.portfolio.best", "zoo.portfolio.best"),
        ("+portfolio.policy.share=0.2", "takes no 'share'"),
        ("leaderboard.draws=-1", "leaderboard.draws: -1; expected a whole number of at least 0"),
        ("leaderboard.start=soon", "leaderboard.start: 'soon' is no date"),
        ("leaderboard.start=2030-01-01", "no bar from 2030-01-01 to 2021-07-13 can be compared"),
    ],
)
def test_what_cannot_be_judged_by_is_refused_in_one_line(zoo, shadowed, word, message):
    ran = zoo.json("leaderboard", "line=small", TRUSTED, *QUICK, word)
    assert ran.code in (1, 2)
    assert message in ran.error


def test_nobody_in_the_shadow_is_said_and_nothing_is_made(zoo):
    ran = zoo.json("leaderboard", "line=us_equity")
    assert ran.code == 2
    assert "us_equity: the line has no version" in ran.error
    assert zoo.registry() == []


def test_who_has_not_been_shadowed_yet_is_told_how(zoo, world):
    ran = zoo.json("leaderboard", "line=small", TRUSTED)
    assert ran.code == 2
    assert "nobody was shadowed yet; run `python -m zoo shadow`" in ran.error


def test_versions_on_live_bars_show_them(zoo, world):
    version = world.register("third", at="2021-04-01T12:00:00.000000+00:00", number=7)
    world.shadow(now=dt.datetime.now(dt.UTC))
    rows = zoo.json("leaderboard", "line=small", TRUSTED, *QUICK).document
    days = next(one for one in rows if one["version_id"] == version.version_id)["days"]
    assert days["live"] == (small.STATE["data"].dates > "2021-04-01").sum()


@pytest.mark.slow
def test_the_embedded_demo_has_no_live_bars_and_says_so(zoo, monkeypatch):
    """The seeded experiments, shadowed up to a date and put side by side, from the command line alone."""
    monkeypatch.delenv("PYTHONPATH")  # a spec does what it does, and nothing stands in
    spec = (
        "name: demo\nline: us_equity\nsources:\n"
        "  - experiment: ${paths.experiments}/momentum\n    permutations: [0, 7]\n"
    )
    zoo.spec("demo", spec)
    assert zoo.json("spec=demo").code == 0
    ran = zoo.json("shadow", "until=2022-11-30")
    assert ran.code == 0
    assert {one["live"] for one in ran.document["results"]} == {0}
    assert ran.document["until"] == "2022-11-30"
    rows = zoo.json("leaderboard", "leaderboard.permutations=5", "leaderboard.draws=50").document
    assert [one["kind"] for one in rows].count("version") == 2
    assert rows[0]["days"]["held_out"] > 1000
    assert rows[0]["days"]["live"] == 0
    assert rows[0]["rank"] == 1
