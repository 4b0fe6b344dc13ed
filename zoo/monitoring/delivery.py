"""`python -m zoo.monitoring.delivery <outbox>`: deliver what waits there, with patience, and end.

One process delivers at a time, the oldest first. What is refused for good (4xx) goes into `refused/`; what
fails otherwise is tried again, with growing pauses, and then left for the next process, with whatever else is
for the same address; other addresses do not wait for it.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import hmac
import json
import os
import signal
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence, Set
from http.client import HTTPException
from pathlib import Path
from typing import Any, Final

from zoo import __version__
from zoo.monitoring.webhook import LAST_FAILURE, SECRET, pending

SIGNATURE: Final = "X-Zoo-Signature"
REFUSED: Final = "refused"
_LOCK: Final = ".lock"
_TIMEOUT: Final = 10.0  # seconds that one attempt may take
_PAUSES: Final = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0)  # seconds between attempts
_AGAIN: Final = (408, 425, 429)  # of 4xx, what may go better later


def sign(secret: str, body: bytes) -> str:
    """Return the signature of a body: what a receiver compares, in constant time, with its own."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def deliver(outbox: Path, secret: str, pauses: Sequence[float] = _PAUSES) -> None:
    """Deliver everything that waits; what comes in meanwhile is delivered, too.

    Args:
        outbox: the directory.
        secret: the key of the signatures.
        pauses: seconds before each further attempt at the same item.
    """
    silent: set[str] = set()  # addresses to which nothing can be delivered now
    while _next(outbox, silent) is not None:
        with _alone(outbox) as alone:
            if not alone:
                return  # whoever is at it looks again before it ends
            while (path := _next(outbox, silent)) is not None:
                if not _delivered(path, secret, pauses):
                    silent.add(_address(path))


def _next(outbox: Path, silent: Set[str]) -> Path | None:
    """Return the oldest item whose address is none of those."""
    return next((path for path in pending(outbox) if not silent or _address(path) not in silent), None)


def _address(path: Path) -> str:
    try:
        return str(json.loads(path.read_text(encoding="utf-8"))["url"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


@contextlib.contextmanager
def _alone(outbox: Path) -> Iterator[bool]:
    descriptor = os.open(outbox / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        yield _locked(descriptor)
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _delivered(path: Path, secret: str, pauses: Sequence[float]) -> bool:
    """Deliver one item; False where it has to wait for another time."""
    try:
        item = json.loads(path.read_text(encoding="utf-8"))
        request = _request(item, path.stem, secret)
    except (OSError, ValueError, KeyError, TypeError) as error:
        return _refuse(path, f"is no notification: {error}")
    for pause in (*pauses, None):
        code, said = _attempt(request)
        if code is not None and 200 <= code < 300:
            path.unlink(missing_ok=True)
            (path.parent / LAST_FAILURE).unlink(missing_ok=True)
            return True
        if code is not None and 400 <= code < 500 and code not in _AGAIN:
            return _refuse(path, said)
        (path.parent / LAST_FAILURE).write_text(said + "\n", encoding="utf-8")
        if pause is not None:
            time.sleep(pause)
    return False


def _request(item: dict[str, Any], name: str, secret: str) -> urllib.request.Request:
    body = str(item["body"]).encode()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": f"zoo/{__version__}",
        "X-Zoo-Delivery": name,
        "X-Zoo-Event": str(item["event"]),
        SIGNATURE: sign(secret, body),
    }
    return urllib.request.Request(item["url"], body, headers, method="POST")  # noqa: S310  # http, as parsed


def _attempt(request: urllib.request.Request) -> tuple[int | None, str]:
    """Return the status, None where there was no answer, and a sentence."""
    try:
        with _at_most(_TIMEOUT), _opener().open(request, timeout=_TIMEOUT) as answer:
            return answer.status, f"HTTP {answer.status}"
    except urllib.error.HTTPError as error:
        return error.code, f"HTTP {error.code} {error.reason}"
    except (OSError, HTTPException) as error:  # URLError is an OSError
        return None, f"no answer: {getattr(error, 'reason', None) or error}"


@contextlib.contextmanager
def _at_most(seconds: float) -> Iterator[None]:
    """Raise TimeoutError where the block takes longer; a socket's own limit starts anew with every byte."""

    def stop(*_: object) -> None:
        raise TimeoutError(f"timed out after {seconds:g} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


class _Nowhere(urllib.request.HTTPRedirectHandler):
    """Follow no redirection: a signed notification goes to the configured address, or nowhere."""

    def redirect_request(self, *_: Any) -> None:
        """Take the redirection for the answer."""


def _opener() -> urllib.request.OpenerDirector:
    return urllib.request.build_opener(_Nowhere)


def _refuse(path: Path, said: str) -> bool:
    aside = path.parent / REFUSED
    aside.mkdir(exist_ok=True)
    path.replace(aside / path.name)
    (aside / LAST_FAILURE).write_text(f"{path.name}: {said}\n", encoding="utf-8")
    return True


def main(arguments: Sequence[str], run: Callable[[Path, str], None] = deliver) -> int:
    """Deliver what waits in the directory that is named; the secret is in the environment."""
    with contextlib.suppress(OSError):  # nobody would read it; the items stay
        run(Path(arguments[0]), os.environ.get(SECRET, ""))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))


__all__ = ["REFUSED", "SIGNATURE", "deliver", "main", "sign"]
