import json

import pytest

from tests.monitoring.receiver import Receiver


@pytest.fixture
def champion(zoo, registered):
    """Two versions, the first of which is champion."""
    first, second = registered(number=1), registered(number=2)
    assert (
        zoo.json(
            "promote", f"version={first.version_id}", "gate=override", "expect=null", "reason=first"
        ).code
        == 0
    )
    return first.version_id, second.version_id


def test_a_promotion_says_whom_it_replaced_and_that_the_gate_was_overridden(zoo, champion):
    first, second = champion
    ran = zoo.json(
        "promote", f"version={second}", "gate=override", f"expect={first}", "reason=better, by far"
    )
    assert ran.code == 0
    document = ran.document
    assert {key: document[key] for key in ("version_id", "line", "stage", "changed", "replaced", "gate")} == {
        "version_id": second,
        "line": "us_equity",
        "stage": "champion",
        "changed": True,
        "replaced": first,
        "gate": "override",
    }
    assert document["event"]["reason"] == "better, by far"
    assert document["event"]["details"] == {"gate": {"name": "override"}, "replaced": first}


def test_the_table_says_it_too(zoo, champion):
    first, second = champion
    out = zoo("promote", f"version={second}", "gate=override", "reason=better").out
    assert [line.split(None, 1) for line in out.splitlines()] == [
        ["version", second],
        ["line", "us_equity"],
        ["stage", "champion"],
        ["replaced", first],
        ["gate", "override"],
        ["reason", "better"],
        ["event", "4"],
    ]
    assert zoo("promote", f"version={second}", "gate=override", "reason=better").out == (
        f"{second} is the champion of us_equity already; nothing was changed\n"
    )


@pytest.mark.parametrize(
    "reason", ["it's better", 'a "good" one', "a=b, c", "{x: [1]}", "costs ${now:} %", "änd ütf", "null?"]
)
def test_a_reason_is_whatever_a_person_writes(zoo, champion, reason):
    ran = zoo.json("promote", f"version={champion[1]}", "gate=override", f"reason={reason}")
    assert ran.document["event"]["reason"] == reason


def test_a_champion_that_is_another_one_is_exit_code_1_and_named(zoo, champion):
    first, second = champion
    for wrong in (second, "null"):
        ran = zoo.json("promote", f"version={second}", "gate=override", f"expect={wrong}", "reason=better")
        assert ran.code == 1
        assert ran.document["error"]["type"] == "ChampionChanged"
        assert f"us_equity: the champion is {first}; expected" in ran.error
    assert zoo.json("champion", "line=us_equity").document["version_id"] == first


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "no version was named; expected version=<id>"),
        (("version=x", "gate=override"), 'gate=override needs a reason; expected reason="..."'),
        (("version=x", "gate=override", "reason=' '"), "gate=override needs a reason"),
        (("version=x", "gate=non_inferior"), 'gate=non_inferior needs a reason; expected reason="..."'),
        (("version=x", "gate=override", "reason=better"), "no version 'x'"),
        (("version=x",), "no version 'x'"),
        (("version=x", "reason=better", "-m"), "promote takes no -m"),
    ],
)
def test_what_is_missing_is_said_and_no_store_is_made(zoo, words, said):
    ran = zoo.json("promote", *words)
    assert ran.code == 2
    assert said in ran.error
    assert not zoo.outputs.exists()


def test_a_promotion_is_posted_and_so_is_a_failure(zoo, champion, monkeypatch):
    first, second = champion
    monkeypatch.setenv("ZOO_NOTIFY_SECRET", "secret")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with Receiver() as receiver:
        hook = f"notify.url='{receiver.url}'"
        assert zoo.json("promote", f"version={second}", "gate=override", "reason=better", hook).code == 0
        told = json.loads(receiver.next()[2])
        assert zoo.json("promote", f"version={first}", "gate=override", "reason=again", hook).code == 1
        failed = json.loads(receiver.next()[2])
        assert zoo.json("rollback", "line=us_equity", hook).code == 0
        back = json.loads(receiver.next()[2])
        assert (
            zoo.json("promote", f"version={first}", "gate=override", "reason=again", hook).document["changed"]
            is False
        )
        assert receiver.received.empty()
    assert (told["event"], told["version_id"], told["replaced"]) == ("promoted", second, first)
    assert (told["gate"], told["reason"], told["position"]) == ("override", "better", 4)
    assert (failed["event"], failed["command"], failed["error"]) == ("failed", "promote", "MoveRefused")
    assert (back["event"], back["version_id"]) == ("rolled_back", first)


def test_a_server_that_is_down_neither_stops_nor_fails_a_promotion(zoo, champion, monkeypatch):
    monkeypatch.setenv("ZOO_NOTIFY_SECRET", "secret")
    monkeypatch.setattr("zoo.monitoring.webhook._start", lambda *_: None)
    ran = zoo.json(
        "promote", f"version={champion[1]}", "gate=override", "reason=x", "notify.url=http://127.0.0.1:9/"
    )
    assert (ran.code, ran.err) == (0, "")
    assert len(list((zoo.outputs / "notify").glob("*.json"))) == 1
    again = zoo.json("rollback", "line=us_equity", "notify.url=http://127.0.0.1:9/")
    assert again.code == 0
    assert again.err == "note: webhook: notify: 1 earlier notification not delivered yet\n"


def test_the_secret_comes_from_the_environment_and_is_needed(zoo, champion, monkeypatch):
    monkeypatch.delenv("ZOO_NOTIFY_SECRET", raising=False)
    ran = zoo.json(
        "promote", f"version={champion[1]}", "gate=override", "reason=x", "notify.url=http://127.0.0.1:9/"
    )
    assert ran.code == 2
    assert "ZOO_NOTIFY_SECRET" in ran.error
    assert zoo.json("champion", "line=us_equity").document["version_id"] == champion[0]
