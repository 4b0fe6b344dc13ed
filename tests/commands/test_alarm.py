"""An alarm on the champion is told by every command that looks at the line."""

import json

import pytest

from tests.commands.test_shadow import TRUSTED, small_world

AT = "2021-01-04T12:00:00.000000+00:00"
RUINOUS = "costs.half_spread_bps=400"
BLIND = ("leaderboard.draws=0", "leaderboard.permutations=0")


@pytest.fixture
def world(zoo, monkeypatch):
    """A champion since the first days of 2021, whose bars from then on are live."""
    found = small_world(zoo, monkeypatch)
    found.first = found.register("first", at=AT, kept=True)
    found.second = found.register("second", ("trend", {"window": 20}), at=AT, number=1, kept=True)
    with monkeypatch.context() as patch:
        patch.setattr("zoo.registry.history.now", lambda: AT)
        found.crown(found.first)
    yield found
    found.registry.close()


@pytest.fixture
def alarmed(zoo, world):
    ran = zoo.json("shadow", "line=small", TRUSTED, RUINOUS)
    assert ran.code == 0
    assert f"note: watch small: ALARM: {world.first.version_id} earns less than" in ran.err
    return world.first.version_id


@pytest.mark.parametrize(
    "words",
    [
        ("champion",),
        ("history",),
        ("drift", TRUSTED),
        ("leaderboard", TRUSTED, *BLIND),
        ("select", TRUSTED, "gate.draws=200"),
        ("shadow", TRUSTED, RUINOUS),
    ],
    ids=lambda words: words[0],
)
def test_every_command_that_looks_at_the_line_says_so(zoo, alarmed, words):
    ran = zoo.json(*words, "line=small")
    assert ran.code == 0
    assert f"ALARM: {alarmed} earns less than a net Sharpe ratio of 0, seen on 2021-" in ran.err
    if words[0] != "select":
        assert zoo.json(*words, "line=small", "strict=true").code == 1


def test_the_watch_says_the_same_of_the_same_record(zoo, alarmed):
    kept = json.loads((zoo.outputs / "registry/small/shadow/.standings/alarm.json").read_text())
    ran = zoo.json("watch", "line=small", TRUSTED, RUINOUS, "strict=true")
    assert ran.code == 1
    assert {name: ran.document[name] for name in kept} == kept


def test_shadowing_posts_the_alarm_each_time(zoo, world, monkeypatch):
    monkeypatch.setenv("ZOO_NOTIFY_SECRET", "secret")
    monkeypatch.setattr("zoo.monitoring.webhook._start", lambda *_: None)
    for _ in range(2):
        zoo.json("shadow", "line=small", TRUSTED, RUINOUS, "notify.url=http://127.0.0.1:9/")
    posted = [json.loads(path.read_text()) for path in (zoo.outputs / "notify").glob("*.json")]
    assert [item["event"] for item in posted] == ["alarmed"] * 2


def test_a_champion_that_earns_enough_is_not_spoken_of(zoo, world):
    ran = zoo.json("shadow", "line=small", TRUSTED, "costs=none")
    assert "ALARM" not in ran.err
    assert "ALARM" not in zoo.json("champion", "line=small").err


def test_the_alarm_was_the_old_champion_s_and_the_new_one_is_free_of_it(zoo, alarmed, world):
    world.crown(world.second)
    assert "ALARM" not in zoo.json("champion", "line=small").err


def test_without_live_bars_there_is_no_alarm(zoo, world):
    ran = zoo.json("shadow", "line=small", "until=2020-12-31", TRUSTED, RUINOUS)
    assert "ALARM" not in ran.err
    ran = zoo.json("champion", "line=small", "strict=true")
    assert (ran.code, "ALARM" in ran.err) == (0, False)


def test_a_torn_note_of_an_alarm_is_none_until_the_shadow_is_run_again(zoo, alarmed):
    (zoo.outputs / "registry/small/shadow/.standings/alarm.json").write_text("{")
    assert "ALARM" not in zoo.json("champion", "line=small").err
    zoo.json("shadow", "line=small", TRUSTED, RUINOUS)
    assert "ALARM" in zoo.json("champion", "line=small").err


def test_a_delay_at_the_baseline_is_called_a_false_alarm(zoo, alarmed):
    out = zoo("watch", "line=small", TRUSTED).out
    assert "delay at 0   " in out
    assert "the baseline is 0, so that this is a false alarm" in out
    assert "false alarm  after 5." in out
    assert out.count("so that this is a false alarm") == 1
