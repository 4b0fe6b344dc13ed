"""Every row of bad input that shadow, leaderboard, gate, watch and drift may meet, on the command line.

Of each: what is said (one line, where, what was expected, what to do), the exit code, and that nothing that
was recorded is lost.
"""

import hashlib

import numpy as np
import pandas as pd
import pytest

from tests.commands.conftest import zoo  # noqa: F401  # a command line of its own
from tests.commands.test_shadow import LINE, TRUSTED
from tests.evaluation import small
from zoo.data import Dataset

AT = "2021-01-04T12:00:00.000000+00:00"
BOARD = ("leaderboard", "line=small", TRUSTED, "leaderboard.draws=0", "leaderboard.permutations=0")
SHADOW = ("shadow", "line=small", TRUSTED)
WATCH = ("watch", "line=small", TRUSTED)
DRIFT = ("drift", "line=small", TRUSTED)
SELECT = ("select", "line=small", TRUSTED, "gate.draws=200")
GATED = ("gate.draws=200", TRUSTED)


@pytest.fixture
def source(zoo, monkeypatch):  # noqa: F811
    """Change what the source gives, to this process and to those that it starts."""
    path = zoo.directory / "small.parquet"
    monkeypatch.setenv("ZOO_TEST_SMALL", str(path))
    (zoo.conf / "line").mkdir()
    (zoo.conf / "line" / "small.yaml").write_text(LINE.format(name="small", rebalance=5))

    def gives(close):
        monkeypatch.setitem(small.STATE, "data", Dataset({"close": close}, name="small"))
        close.to_parquet(path)

    gives(small.market().close)
    return gives


@pytest.fixture
def world(zoo, source, monkeypatch):  # noqa: F811
    """A registry of the small line, in which nobody is registered yet."""
    found = small.World(zoo.outputs, monkeypatch)
    found.patch = monkeypatch
    yield found
    found.registry.close()


@pytest.fixture
def duel(world, monkeypatch):
    """A champion and a challenger since the first days of 2021, not shadowed yet."""
    champion = world.register("first", at=AT, kept=True)
    challenger = world.register("second", ("trend", {"window": 20}), at=AT, number=1, kept=True)
    with monkeypatch.context() as patch:
        patch.setattr("zoo.registry.history.now", lambda: AT)
        world.crown(champion)
    return champion, challenger


def close():
    return small.STATE["data"].close.copy()


def recorded(world):
    """The digest of every file of every record."""
    files = sorted(path for path in world.records.rglob("*") if path.suffix in (".parquet", ".jsonl"))
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def row(ran, version):
    return next(one for one in ran.document if one["version_id"] == version.version_id)


def result(ran, version):
    return next(one for one in ran.document["results"] if one["version_id"] == version.version_id)


def refusals(zoo, version, *words):  # noqa: F811
    """Why the gate does not let a version through."""
    ran = zoo.json("promote", f"version={version.version_id}", *GATED, *words)
    assert (ran.code, ran.document["error"]["type"]) == (1, "GateRefused")
    return {one["name"]: one["reason"] for one in ran.document["decision"]["conditions"] if not one["passed"]}


def test_no_champion(zoo, world):  # noqa: F811
    version = world.register("first", at=AT, kept=True)
    ran = zoo.json(*SHADOW)
    assert ran.code == 0
    assert "the line has no champion: only its challengers are shadowed" in ran.err
    assert zoo.json(*BOARD).code == 0
    ran = zoo.json(*WATCH)
    assert (ran.code, ran.document["error"]["type"]) == (1, "NoChampion")
    assert "small: the line has no champion to watch; promote one with `python -m zoo promote" in ran.error
    assert refusals(zoo, version)["better"] == "there is nobody to be better than"
    ran = zoo.json(*SELECT)
    assert (ran.code, ran.document["winner"]) == (0, None)
    assert zoo.json("champion", "line=small").document["version_id"] is None


def test_no_challenger(zoo, world):  # noqa: F811
    world.register("first", at=AT, champion=True, kept=True)
    ran = zoo.json(*SHADOW)
    assert ran.code == 0
    assert "the line has no challenger: only its champion is shadowed" in ran.err
    assert [one["stage"] for one in ran.document["results"]] == ["champion"]
    ran = zoo.json(*SELECT)
    assert (ran.code, ran.document["error"]["type"]) == (2, "NothingToDo")
    assert "small: the line has no challenger; register some with `python -m zoo -m`" in ran.error


@pytest.mark.slow
def test_shadow_before_train_end(zoo, world, duel):  # noqa: F811
    ran = zoo.json(*SHADOW, "until=2020-12-29")
    assert ran.code == 0
    assert [one["bars"] for one in ran.document["results"]] == [0, 0]
    assert all(
        "nothing to predict: the data ends on 2020-12-29" in one["notices"][0]
        for one in ran.document["results"]
    )
    ran = zoo.json(*BOARD)
    assert ran.code == 2
    assert "nobody was shadowed yet; run `python -m zoo shadow`" in ran.error
    ran = zoo.json(*DRIFT)
    assert (ran.code, ran.document["error"]["type"]) == (2, "NothingToDo")
    assert zoo.json(*SHADOW).code == 0  # the rest comes later
    assert zoo.json(*DRIFT).document["versions"][0]["bars"] == 139


@pytest.mark.slow
def test_dates_missing_for_one_version(zoo, world, duel, source):  # noqa: F811
    challenger = duel[1]
    whole = close()
    world.registry.close()
    holed = whole.drop(index=pd.Timestamp("2021-03-10"))
    source(holed)
    assert zoo.json(*SHADOW, "until=2021-04-30").code == 0
    source(whole)
    world.registry = world.registry.open(f"sqlite:///{zoo.outputs}/registry/registry.db")
    late = world.register("late", ("trend", {"window": 15}), at=AT, number=2, kept=True)
    world.crown(late)
    ran = zoo.json(*SHADOW)
    assert ran.code == 0
    ran = zoo.json(*BOARD)
    assert row(ran, challenger)["reason"] == "not comparable: 1 dates are missing from its record"
    assert row(ran, challenger)["rank"] is None
    assert row(ran, late)["rank"] == 1
    assert (
        "1 bars between its first and its last were never predicted"
        in refusals(zoo, challenger)["data health"]
    )


@pytest.mark.slow
def test_an_asset_delisted(zoo, world, duel, source):  # noqa: F811
    zoo.json(*SHADOW, "until=2021-03-31")
    before = recorded(world)
    gone = close()
    gone.loc["2021-04-01":, "A03"] = np.nan
    source(gone)
    ran = zoo.json(*SHADOW)
    assert ran.code == 0
    assert all(one["revised"] == [] for one in ran.document["results"])
    assert before.items() <= {**recorded(world), "index.jsonl": before["index.jsonl"]}.items()
    board = zoo.json(*BOARD)
    assert (board.code, row(board, duel[0])["rank"] is None) == (0, False)
    found = zoo.json(*DRIFT).document["versions"][0]
    assert (found["status"], found["predictions"]["missing"]) == ("steady", 0.0)


def test_all_predictions_equal(zoo, world, duel):  # noqa: F811
    level = world.register("level", "level", at=AT, number=3, kept=True)
    assert zoo.json(*SHADOW).code == 0
    one = row(zoo.json(*BOARD), level)
    assert (one["rank"], one["reason"]) == (None, "no score: all its predictions are equal")
    assert "skill" in refusals(zoo, level)
    found = next(v for v in zoo.json(*DRIFT).document["versions"] if v["version_id"] == level.version_id)
    assert found["status"] == "drifted"
    assert "predictions: dates without an opinion 1, expected at most 0.05" in found["flags"]


def test_constant_returns(zoo, world, duel, source):  # noqa: F811
    dead = close()
    dead.iloc[262:] = dead.iloc[262].to_numpy()
    source(dead)
    assert zoo.json(*SHADOW).code == 0
    ran = zoo.json(*BOARD, "leaderboard.start=2021-03-01", "costs=none")
    assert ran.code == 0
    assert row(ran, duel[0])["rank"] is None
    assert row(ran, duel[0])["reason"].startswith("no score:")
    assert "skill" in refusals(zoo, duel[1], "costs=none")
    ran = zoo.json(*WATCH, "costs=none", "strict=true")
    assert (ran.code, ran.document["watched"], ran.document["alarm"]) == (1, False, None)
    assert "no risk can be told from the champion's past" in ran.document["note"]


@pytest.mark.parametrize("command", [BOARD, SELECT, WATCH], ids=lambda words: words[0])
def test_costs_negative(zoo, world, duel, command):  # noqa: F811
    ran = zoo.json(*command, "costs.half_spread_bps=-1")
    assert (ran.code, ran.document["error"]["type"]) == (2, "PortfolioError")
    assert "costs: half_spread_bps is -1.0; expected at least 0" in ran.error


def test_one_day_only(zoo, world, duel):  # noqa: F811
    assert zoo.json(*SHADOW, "until=2020-12-31").code == 0
    ran = zoo.json(*BOARD, "until=2020-12-31")
    assert ran.code == 0
    assert row(ran, duel[0])["rank"] is None
    assert row(ran, duel[0])["reason"] == "no score: 0 bars with a return"
    ran = zoo.json(*WATCH, "until=2020-12-31", "strict=true")
    assert (ran.code, ran.document["watched"], ran.document["bars"]) == (1, False, 0)
    assert "no risk can be told from the champion's past" in ran.document["note"]
    assert {"skill", "soak"} <= set(refusals(zoo, duel[1], "until=2020-12-31"))
    found = zoo.json(*DRIFT, "until=2020-12-31").document["versions"][0]
    assert (found["bars"], found["features"][0]["drifted"]) == (1, False)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("damage", "said"),
    [(lambda b: b[:-40], "the file is torn"), (lambda b: b[:99] + b"?" + b[100:], "the file was edited")],
)
def test_a_prediction_file_torn_or_edited(zoo, world, duel, damage, said):  # noqa: F811
    champion, challenger = duel
    zoo.json(*SHADOW)
    path = next(world.record(challenger).path.glob("*.parquet"))
    damaged = damage(path.read_bytes())
    path.write_bytes(damaged)
    ran = zoo.json(*SHADOW)
    assert ran.code == 1
    assert result(ran, champion)["status"] == "up_to_date"
    failed = result(ran, challenger)
    assert failed["message"].startswith(f"{path}: {said}")
    assert failed["message"].endswith("restore it from a backup; nothing of it was used")
    assert path.read_bytes() == damaged
    one = row(zoo.json(*BOARD), challenger)
    assert one["rank"] is None
    assert one["reason"].startswith(f"not comparable: {path}: {said}")
    assert said in refusals(zoo, challenger)["data health"]
    ran = zoo.json(*DRIFT)
    assert ran.code == 1
    assert [one["status"] for one in ran.document["versions"]] == ["steady", "failed"]


@pytest.mark.slow
def test_a_bar_revised_after_it_was_shadowed(zoo, world, duel, source):  # noqa: F811
    zoo.json(*SHADOW)
    before = world.record(duel[1]).days()
    revised = close()
    revised.loc["2021-03-10":"2021-03-31", "A05"] *= 1.2
    source(revised)
    ran = zoo.json(*SHADOW)
    assert ran.code == 0
    one = result(ran, duel[1])
    assert "2021-03-10" in one["revised"]
    assert (
        "predicted differently on the data as it is now; the first predictions stay what counts"
        in " ".join(one["notices"])
    )
    assert np.array_equal(world.record(duel[1]).days().scores, before.scores, equal_nan=True)
    assert "bars were revised afterwards" in refusals(zoo, duel[1])["revised"]


@pytest.mark.slow
def test_a_clock_that_says_live_bars_are_in_the_future(zoo, world, duel, source):  # noqa: F811
    zoo.json(*SHADOW)
    before = recorded(world)
    ahead = close()
    ahead.index = pd.bdate_range("2090-01-02", periods=len(ahead))
    source(pd.concat([close(), ahead]))
    ran = zoo.json(*SHADOW)
    assert ran.code == 1
    assert {one["error"] for one in ran.document["results"]} == {"FutureBars"}
    said = result(ran, duel[0])["message"]
    assert "lies in the future of this machine's clock; expected no bar after 20" in said
    assert said.endswith("set the clock, or cut the data with until=<date>")
    for command in (BOARD, SELECT, WATCH):
        ran = zoo.json(*command)
        assert (ran.code, ran.document["error"]["type"]) == (1, "FutureBars")
    assert {one["error"] for one in zoo.json(*DRIFT).document["versions"]} == {"FutureBars"}
    assert recorded(world) == before
    assert zoo.json(*SHADOW, "until=2021-07-13").code == 0


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("portfolio=best_of_all", "no portfolio is called 'best_of_all'; expected one of directional,"),
        ("portfolio.policy._target_=zoo.portfolio.best", "zoo.portfolio.best"),
        ("portfolio.polic=1", "portfolio.polic: no such key"),
        (
            "gate=superb",
            "no gate is called 'superb'; expected one of first, non_inferior, override",
        ),
        ("gate.soak=3", "gate.soak: no such key"),
        ("gate.kind=superb", "superb"),
        ("gate.size=1.5", "gate.size"),
    ],
)
def test_an_unknown_policy_or_gate_key(zoo, world, duel, word, message):  # noqa: F811
    ran = zoo.json(*SELECT, word)
    assert ran.code == 2
    assert message in ran.error
