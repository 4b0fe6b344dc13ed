"""promote, select, power and watch on made-up evidence; the gate itself is tested in tests/evaluation."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tests.evaluation.court import BARS, contender, evidence, returns
from tests.monitoring.receiver import Receiver
from zoo.commands.gating import Court
from zoo.errors import ChampionChanged
from zoo.evaluation.edge import Universe
from zoo.evaluation.outlook import Outlook

LATER = pd.bdate_range("2090-01-01", periods=BARS)


@pytest.fixture
def held(zoo, registered, monkeypatch):
    """Three versions, the first of which is champion, and the evidence that a test gives them."""
    versions = [registered(number=number).version_id for number in (1, 2, 3)]
    ran = zoo.json("promote", f"version={versions[0]}", "gate=override", "reason=first")
    assert ran.code == 0

    def hold(*sharpes, assets=200, **changes):
        ones = [
            contender(name, returns(sharpe, seed=seed), **changes)
            for seed, (name, sharpe) in enumerate(zip(versions, sharpes, strict=True))
        ]

        def court_of(request, registry, line):
            champion = registry.champion(line.name).version_id
            found = replace(evidence(*ones, champion=champion), dates=LATER)
            universe = Universe(0.02**2 * (0.3 + 0.7 * np.eye(assets)))
            return Court(line, found, Outlook(universe, found))

        for module in ("promote", "select", "power", "watch"):
            monkeypatch.setattr(f"zoo.commands.{module}.court_of", court_of)
        return versions

    return hold


def promoted(zoo):
    return zoo.json("champion", "line=us_equity").document["version_id"]


def test_who_passes_is_promoted_and_the_event_keeps_every_condition(zoo, held):
    first, second, _ = held(0.0, 4.0, 0.0)
    ran = zoo.json("promote", f"version={second}", "gate.draws=400")
    assert ran.code == 0
    assert (ran.document["gate"], ran.document["replaced"]) == ("superior", first)
    kept = ran.document["event"]["details"]["gate"]
    assert kept["passed"]
    assert {one["name"] for one in kept["conditions"]} >= {"skill", "better", "soak", "decidable"}
    rows = zoo.json("history", "line=us_equity").document
    assert [row["gate"] for row in rows] == ["override", "superior"]
    assert rows[1]["decision"] == kept
    assert promoted(zoo) == second


def test_who_does_not_pass_is_refused_with_each_reason_and_that_is_posted(zoo, held, monkeypatch):
    first, second, _ = held(0.0, 0.0, 0.0, coverage=0.5, assets=20)
    monkeypatch.setenv("ZOO_NOTIFY_SECRET", "secret")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with Receiver() as receiver:
        ran = zoo.json("promote", f"version={second}", f"notify.url='{receiver.url}'", "gate.draws=400")
        told = json.loads(receiver.next()[2])
    assert ran.code == 1
    assert ran.document["error"]["type"] == "GateRefused"
    failed = [one for one in ran.document["decision"]["conditions"] if not one["passed"]]
    assert {one["name"] for one in failed} == {"decidable", "coverage", "skill", "better"}
    for one in failed:
        assert one["reason"] in ran.error
    assert told["event"] == "gate_refused"
    assert len(told["reasons"]) == 4
    assert promoted(zoo) == first


def test_an_override_needs_no_evidence_and_no_data(zoo, held, monkeypatch):
    _, second, _ = held(0.0, 0.0, 0.0)
    monkeypatch.delattr("zoo.commands.promote.court_of")
    ran = zoo.json("promote", f"version={second}", "gate=override", "reason=by hand")
    assert (ran.code, ran.document["gate"]) == (0, "override")


def test_another_champion_than_expected_is_told_before_anything_is_judged(zoo, held):
    first, second, third = held(0.0, 4.0, 0.0)
    ran = zoo.json("promote", f"version={second}", f"expect={third}")
    assert (ran.code, ran.document["error"]["type"]) == (1, "ChampionChanged")
    assert promoted(zoo) == first


def test_select_names_the_winner_and_why_the_others_lost_and_promotes_nobody(zoo, held):
    first, second, third = held(0.0, 4.0, 0.0)
    ran = zoo.json("select", "gate.draws=400")
    assert (ran.code, ran.document["winner"], ran.document["promoted"]) == (0, second, None)
    lost = {one["version_id"]: one["lost"] for one in ran.document["candidates"]}
    assert lost[second] == []
    assert any(reason.startswith("skill:") for reason in lost[third])
    assert promoted(zoo) == first
    assert f"{second} wins against {first}" in zoo("select", "gate.draws=400").out


def test_select_auto_promotes_the_winner_once(zoo, held):
    first, second, _ = held(0.0, 4.0, 0.0)
    ran = zoo.json("select", "auto=true", "gate.draws=400")
    assert ran.document["promoted"]["replaced"] == first
    again = zoo.json("select", "auto=true", "gate.draws=400")
    assert (again.code, again.document["winner"], again.document["promoted"]) == (0, None, None)
    assert len(zoo.json("history", "line=us_equity").document) == 2
    assert promoted(zoo) == second


def test_select_auto_without_a_winner_posts_once_whom_the_gate_refused_and_why(zoo, held, monkeypatch):
    first, second, third = held(0.0, 0.0, 0.0)
    monkeypatch.setenv("ZOO_NOTIFY_SECRET", "secret")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with Receiver() as receiver:
        hook = f"notify.url='{receiver.url}'"
        assert zoo.json("select", hook, "gate.draws=400").code == 0  # it looks, and tells nobody
        ran = zoo.json("select", "auto=true", hook, "gate.draws=400")
        told = json.loads(receiver.next()[2])
    assert (ran.code, ran.document["winner"], promoted(zoo)) == (0, None, first)
    assert (told["event"], told["reasons"]) == ("gate_refused", ["none of 2 challengers passes"])
    lost = {one["version_id"]: one["lost"] for one in ran.document["candidates"]}
    assert {one["version_id"]: one["reasons"] for one in told["refused"]} == lost
    assert set(lost) == {second, third}


def test_select_auto_promotes_nobody_where_another_was_first(zoo, held, monkeypatch):
    from zoo.commands import select
    from zoo.registry import Registry

    first, _, third = held(0.0, 4.0, 0.0)
    chosen = select.chosen

    def slow(request, registry):
        found = chosen(request, registry)
        with Registry.open(request.registry_url, artifacts=request.artifacts) as other:
            other.promote(third, expect=first, reason="quicker")
        return found

    monkeypatch.setattr(select, "chosen", slow)
    ran = zoo.json("select", "auto=true", "gate.draws=400")
    assert (ran.code, ran.document["error"]["type"]) == (1, ChampionChanged.__name__)
    assert promoted(zoo) == third


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("select", "gate=override", "reason=x"), "an override chooses nobody"),
        (("select", "gate=non_inferior"), "gate=non_inferior needs a reason"),
        (("select", "gate.soka_days=40"), "did you mean 'soak_days'?"),
        (("promote", "version=x", "gate=superoir"), "did you mean 'superior'?"),
        (("power", "gate.horizon_years=0.1"), "outlast gate.horizon_years"),
        (("select", "shadow.cap=3", "gate.soak_days=126"), "gate.soak_days 126 is never reached"),
        (("watch", "watch.treshold=3"), "did you mean 'threshold'?"),
    ],
)
def test_what_cannot_be_asked_is_refused(zoo, words, said):
    ran = zoo.json(*words)
    assert ran.code == 2
    assert said in ran.error


def test_power_tells_each_gate_s_time(zoo, held):
    held(0.0, 0.0, 0.0)
    rows = zoo.json("power").document["gates"]
    assert [row["gate"] for row in rows if row["version_id"] is None] == ["superior", "non_inferior", "first"]
    assert all(row["years"] > 0 for row in rows)
    held(0.0, 0.0, 0.0, assets=20)
    assert "undecidable" in zoo("power").out


def test_the_watch_alarms_on_every_run_and_fails_only_when_strict(zoo, held, monkeypatch):
    first, _, _ = held(-6.0, 0.0, 0.0, live_from=250)
    monkeypatch.setenv("ZOO_NOTIFY_SECRET", "secret")
    monkeypatch.setattr("zoo.monitoring.webhook._start", lambda *_: None)
    for words, code in (((), 0), (("strict=true",), 1), ((), 0)):
        ran = zoo.json("watch", *words, "notify.url=http://127.0.0.1:9/")
        assert ran.code == code
        assert ran.document["version_id"] == first
        assert ran.document["alarm"] > "2090"
        assert ran.document["false_alarm_years"] >= 5
        assert ran.document["delays_years"]["-1"] < ran.document["delays_years"]["0"]
    posted = [json.loads(path.read_text()) for path in (zoo.outputs / "notify").glob("*.json")]
    assert [item["event"] for item in posted] == ["alarmed"] * 3
    assert "ALARM" in zoo("watch").out


def test_a_champion_that_earns_what_it_should_is_left_alone(zoo, held):
    held(2.0, 0.0, 0.0, live_from=250)
    ran = zoo.json("watch", "strict=true")
    assert (ran.code, ran.document["alarm"], ran.document["bars"]) == (0, None, 750)


def test_a_champion_whose_risk_nobody_knows_is_not_watched_and_strictly_that_is_a_failure(zoo, held):
    held(-6.0, 0.0, 0.0)
    assert zoo.json("watch").document["watched"] is False
    assert zoo.json("watch", "strict=true").code == 1


def test_a_line_without_a_champion_has_nobody_to_watch(zoo, registered):
    registered()
    ran = zoo.json("watch")
    assert (ran.code, ran.document["error"]["type"]) == (1, "NoChampion")


def test_select_and_promote_say_the_same_of_when_a_version_can_be_decided(zoo, held):
    _, second, third = held(0.0, 4.0, 0.0, assets=20)
    chosen = {
        one["version_id"]: one["decision"]
        for one in zoo.json("select", "gate.draws=400").document["candidates"]
    }
    for name in (second, third):
        alone = zoo.json("promote", f"version={name}", "gate.draws=400").document["decision"]
        assert chosen[name]["conditions"] == alone["conditions"]
