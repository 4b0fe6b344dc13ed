"""What the commands that move versions share: here, who is told, by a real server and real processes."""

import json
import socket
import subprocess
import sys
import time

import pytest

from tests.monitoring.receiver import Receiver

SECRET = "k3y-0f-m1ne"
#: seconds that a command may take longer for a server that never answers; it has to start a process
LIMIT = 5.0


@pytest.fixture
def told(monkeypatch):
    """The environment of somebody who is told."""
    monkeypatch.setenv("ZOO_NOTIFY_SECRET", SECRET)
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def crown(zoo, version, *words):
    """Run `promote` as a user does, in a process of its own that has to end; return it and its seconds."""
    command = [sys.executable, "-m", "zoo", "promote", f"version={version.version_id}", "gate=override"]
    command += ["reason=x", "format=json", f"paths.outputs={zoo.outputs}", *words]
    started = time.monotonic()
    ran = subprocess.run(command, capture_output=True, text=True, timeout=120)
    return ran, time.monotonic() - started


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
    monkeypatch.setenv("ZOO_NOTIFY_SECRET", SECRET)
    monkeypatch.setattr("zoo.monitoring.webhook._start", lambda *_: None)
    zoo.json("spec=breaks_a", "notify.url=http://127.0.0.1:9/")
    files = [path for path in zoo.outputs.rglob("*") if path.is_file()]
    assert [path for path in files if path.parent.name == "notify"]
    assert not [path for path in files if SECRET.encode() in path.read_bytes()]


def test_the_secret_is_printed_by_no_command_and_by_no_flag_that_shows_the_configuration(
    zoo, registered, told
):
    version = registered()
    hook = "notify.url=http://127.0.0.1:9/"
    for words in (("--cfg", "job", "--resolve"), ("--info", "all")):
        out, err = zoo.start(*words, hook).communicate()
        assert "hydra" in out + err or "notify" in out
        assert SECRET not in out + err
    ran, _ = crown(zoo, version, hook)
    assert ran.returncode == 0
    assert SECRET not in ran.stdout + ran.stderr


def test_a_server_that_hangs_makes_no_command_wait(zoo, registered, told):
    first, second = registered(number=1), registered(number=2)
    _, quiet = crown(zoo, first)
    with socket.create_server(("127.0.0.1", 0)) as server:  # it takes connections, and never answers
        ran, took = crown(zoo, second, f"notify.url=http://127.0.0.1:{server.getsockname()[1]}/")
        server.settimeout(30)
        connection, _ = server.accept()  # somebody did knock
        connection.close()
    assert (ran.returncode, ran.stderr) == (0, "")
    assert json.loads(ran.stdout)["replaced"] == first.version_id
    assert took < quiet + LIMIT


@pytest.mark.parametrize("code", [500, 302])
def test_a_server_that_fails_at_first_or_sends_us_elsewhere_is_asked_again(zoo, registered, told, code):
    with Receiver([code, 204]) as receiver:
        ran, _ = crown(zoo, registered(), f"notify.url='{receiver.url}'")
        first, second = receiver.next(), receiver.next()
    assert (ran.returncode, ran.stderr) == (0, "")
    assert first[0] == second[0] == "/hook?token=x"  # never at the address that it was sent to
    assert first[2] == second[2]
    assert json.loads(second[2])["event"] == "promoted"


def test_a_command_that_fails_as_a_whole_is_posted(zoo, registered, told):
    zoo.spec("ok_a")
    database = zoo.outputs / "registry" / "registry.db"
    database.parent.mkdir(parents=True)
    database.write_bytes(b"no database at all" * 100)
    with Receiver() as receiver:
        for command, words in [
            ("apply", ("-m", "rotation.budget=1")),
            ("gc", ("gc",)),
            ("verify", ("verify",)),
        ]:
            assert zoo.json(*words, f"notify.url='{receiver.url}'").code != 0
            told = json.loads(receiver.next()[2])
            assert (told["event"], told["command"], told["error"]) == ("failed", command, "StoreDamaged")
        assert receiver.received.empty()


def test_what_verify_finds_is_posted(zoo, registered, told):
    version = registered()
    (zoo.outputs / "registry" / "us_equity" / version.version_id / "sensor.skops").write_bytes(b"other")
    with Receiver() as receiver:
        assert zoo.json("verify", f"notify.url='{receiver.url}'").code == 1
        told = json.loads(receiver.next()[2])
    assert (told["event"], told["command"]) == ("failed", "verify")
    assert [(one["version_id"], one["kind"]) for one in told["problems"]] == [
        (version.version_id, "artefact")
    ]
