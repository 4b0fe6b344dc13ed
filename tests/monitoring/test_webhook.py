"""Notifications: what is posted, signed, retried, kept, and never waited for."""

import contextlib
import hashlib
import hmac
import json
import socket
import stat
import threading
import time

import pytest

from tests.monitoring.receiver import Receiver
from zoo.errors import ConfigError
from zoo.monitoring import delivery, webhook
from zoo.monitoring.delivery import deliver, main, sign
from zoo.monitoring.webhook import Webhook, pending

SECRET = "top secret"


@pytest.fixture(autouse=True)
def direct(monkeypatch):
    """This machine is not reached through a proxy."""
    monkeypatch.setenv("no_proxy", "127.0.0.1,localhost")


@pytest.fixture
def outbox(tmp_path):
    return tmp_path / "notify"


@pytest.fixture
def quiet(monkeypatch):
    """Put things into the outbox, and have nobody deliver them."""
    monkeypatch.setattr(webhook, "_start", lambda *_: None)


def refused_address():
    """An address at which nobody listens."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{found.getsockname()[1]}/"


def test_what_happened_is_posted_as_signed_json_by_a_process_of_its_own(outbox):
    with Receiver() as receiver:
        said = Webhook.parse(receiver.url, SECRET, outbox).post("promoted", {"line": "us_equity", "n": 1})
        path, headers, body = receiver.next()
    assert said is None
    assert path == "/hook?token=x"
    document = json.loads(body)
    assert (document["event"], document["line"], document["n"]) == ("promoted", "us_equity", 1)
    assert document["at"].endswith("+00:00")
    assert headers["X-Zoo-Delivery"] == document["id"]
    assert (headers["X-Zoo-Event"], headers["Content-Type"]) == ("promoted", "application/json")
    wanted = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    assert headers["X-Zoo-Signature"] == f"sha256={wanted}"


def test_the_signature_is_the_one_that_everybody_computes():
    assert sign("It's a Secret to Everybody", b"Hello, World!") == (  # GitHub's published example
        "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    )


@pytest.mark.usefixtures("quiet")
def test_another_body_or_another_secret_has_another_signature(outbox):
    assert len({sign(secret, body) for secret in ("a", "b") for body in (b"x", b"y")}) == 4


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("first", [500, 503, 429, 302])
def test_a_failure_is_tried_again_until_it_is_taken_and_a_redirection_is_followed_nowhere(outbox, first):
    with Receiver([first, first, 204]) as receiver:
        Webhook.parse(receiver.url, SECRET, outbox).post("failed", {})
        deliver(outbox, SECRET, pauses=(0, 0, 0))
        assert receiver.received.qsize() == 3
        assert {receiver.next()[0] for _ in range(3)} == {"/hook?token=x"}
    assert pending(outbox) == []
    assert not (outbox / "last_failure.txt").exists()


@pytest.mark.usefixtures("quiet")
def test_what_cannot_be_delivered_waits_and_the_next_one_says_so_and_takes_it_along(outbox):
    dead = Webhook.parse(refused_address(), SECRET, outbox)
    assert dead.post("promoted", {"n": 1}) is None
    deliver(outbox, SECRET, pauses=(0,))
    assert len(pending(outbox)) == 1
    said = dead.post("promoted", {"n": 2})
    assert "1 earlier notification not delivered yet, the last attempt: no answer: " in said
    with Receiver() as receiver:
        for path in pending(outbox):  # the address is where it was; somebody listens again
            item = json.loads(path.read_text())
            path.write_text(json.dumps({**item, "url": receiver.url}))
        deliver(outbox, SECRET, pauses=())
        assert [json.loads(receiver.next()[2])["n"] for _ in range(2)] == [1, 2]
    assert pending(outbox) == []


@pytest.mark.usefixtures("quiet")
def test_what_is_refused_for_good_is_put_aside_and_stops_nothing(outbox):
    with Receiver([401, 204]) as receiver:
        hook = Webhook.parse(receiver.url, SECRET, outbox)
        hook.post("promoted", {"n": 1})
        hook.post("promoted", {"n": 2})
        deliver(outbox, SECRET, pauses=(0,))
        assert receiver.received.qsize() == 2
    (aside,) = (outbox / "refused").glob("*.json")
    assert json.loads(json.loads(aside.read_text())["body"])["n"] == 1
    assert "HTTP 401" in (outbox / "refused" / "last_failure.txt").read_text()


@pytest.mark.usefixtures("quiet")
def test_a_damaged_item_is_put_aside(outbox):
    outbox.mkdir()
    (outbox / "a.json").write_text("{")
    (outbox / "b.json").write_text('{"url": "no address", "event": "x", "body": "{}"}')
    deliver(outbox, SECRET, pauses=())
    assert sorted(path.name for path in (outbox / "refused").glob("*.json")) == ["a.json", "b.json"]


@pytest.mark.usefixtures("quiet")
def test_one_process_delivers_at_a_time(outbox):
    from zoo.monitoring.delivery import _alone

    with Receiver() as receiver:
        Webhook.parse(receiver.url, SECRET, outbox).post("promoted", {})
        with _alone(outbox) as alone:
            assert alone
            deliver(outbox, SECRET, pauses=())
            assert receiver.received.empty()
        deliver(outbox, SECRET, pauses=())
        assert receiver.received.qsize() == 1


@pytest.mark.usefixtures("quiet")
def test_nobody_else_reads_the_outbox_and_the_secret_is_not_in_it(outbox):
    hook = Webhook.parse("https://example.org/x", SECRET, outbox)
    hook.post("promoted", {})
    (path,) = pending(outbox)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert SECRET not in path.read_text()
    assert SECRET not in repr(hook)


def test_an_outbox_that_cannot_be_made_is_a_sentence_and_no_error(tmp_path):
    (tmp_path / "file").write_text("")
    said = Webhook.parse("https://example.org", SECRET, tmp_path / "file" / "notify").post("failed", {})
    assert said.startswith(f"notify: {tmp_path}/file/notify: not posted: ")


def test_an_outbox_that_is_gone_by_then_is_no_error(tmp_path):
    assert main([str(tmp_path / "nowhere")]) == 0


@pytest.mark.parametrize("url", ["ftp://x/", "example.org", "http://", "http://[", "file:///etc/passwd", ""])
def test_an_address_that_is_none_is_refused(outbox, url):
    with pytest.raises(ConfigError, match=r"notify\.url: .*expected http://\.\.\. or https://"):
        Webhook.parse(url, SECRET, outbox)


def test_an_address_that_is_refused_is_shown_without_its_password_and_token(outbox):
    with pytest.raises(ConfigError, match=r"notify\.url: 'example\.org/x'; expected") as caught:
        Webhook.parse("ftp://me:sesame@example.org/x?token=sesame", SECRET, outbox)
    assert "sesame" not in str(caught.value)


@pytest.mark.parametrize("secret", [None, ""])
def test_without_a_secret_there_is_nothing_to_sign_with(outbox, secret):
    with pytest.raises(ConfigError, match="ZOO_NOTIFY_SECRET"):
        Webhook.parse("https://example.org", secret, outbox)


@pytest.mark.usefixtures("quiet")
def test_an_address_where_nobody_answers_holds_up_no_other(outbox):
    with Receiver() as receiver:
        Webhook.parse(refused_address(), SECRET, outbox).post("promoted", {"line": "a"})
        Webhook.parse(receiver.url, SECRET, outbox).post("promoted", {"line": "b"})
        deliver(outbox, SECRET, pauses=())
        _, _, body = receiver.received.get(timeout=1)
    assert json.loads(body)["line"] == "b"
    (kept,) = pending(outbox)
    assert '\\"line\\": \\"a\\"' in kept.read_text()


@pytest.mark.usefixtures("quiet")
def test_an_answer_that_trickles_in_counts_as_none(outbox, monkeypatch):
    monkeypatch.setattr(delivery, "_TIMEOUT", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=trickle, args=(server,), daemon=True).start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        Webhook.parse(url, SECRET, outbox).post("promoted", {})
        started = time.monotonic()
        deliver(outbox, SECRET, pauses=())
        took = time.monotonic() - started
    assert took < 3
    assert len(pending(outbox)) == 1
    assert "timed out" in (outbox / "last_failure.txt").read_text()


def trickle(server):
    """Send a header a byte at a time, for longer than anybody should wait."""
    connection, _ = server.accept()
    with connection, contextlib.suppress(OSError):
        connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
        for _ in range(50):
            connection.sendall(b"a")
            time.sleep(0.1)
