"""What the commands that move versions share: here, who is told."""

import json

from tests.monitoring.receiver import Receiver


def test_the_failures_of_a_run_are_posted_in_one_message(zoo, monkeypatch):
    for name in ("ok_a", "partial_b", "breaks_c"):
        zoo.spec(name)
    monkeypatch.setenv("ZOO_NOTIFY_SECRET", "secret")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with Receiver() as receiver:
        hook = f"notify.url='{receiver.url}'"
        ran = zoo.json("-m", "spec=ok_a,partial_b,breaks_c", hook)
        told = json.loads(receiver.next()[2])
        zoo.json("spec=ok_a", hook)
        assert receiver.received.empty()  # what went well is not posted
    assert ran.code == 1
    assert (told["event"], told["command"], told["run_id"]) == ("failed", "apply", ran.document["run_id"])
    assert [(one["spec"], one["status"], one["error"]) for one in told["failures"]] == [
        ("partial_b", "partial", "UnknownPermutation"),
        ("breaks_c", "failed", "ZeroDivisionError"),
    ]


def test_the_secret_is_in_no_file(zoo, monkeypatch):
    zoo.spec("breaks_a")
    monkeypatch.setenv("ZOO_NOTIFY_SECRET", "k3y-0f-m1ne")
    monkeypatch.setattr("zoo.monitoring.webhook._start", lambda *_: None)
    zoo.json("spec=breaks_a", "notify.url=http://127.0.0.1:9/")
    files = [path for path in zoo.outputs.rglob("*") if path.is_file()]
    assert [path for path in files if path.parent.name == "notify"]
    assert not [path for path in files if b"k3y-0f-m1ne" in path.read_bytes()]
