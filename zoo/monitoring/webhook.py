"""Telling another program: promotions, rollbacks, failures and refusals, posted as JSON.

A command never waits for the other side and never fails because of it. What is to be posted is put into an
outbox, a directory, and a process of its own delivers it (`zoo.monitoring.delivery`), again and again for a
while, also after the command has ended. What could not be delivered stays in the outbox until the next time.
"""

from __future__ import annotations

import datetime
import json
import os
import secrets
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from zoo.errors import ConfigError

SECRET: Final = "ZOO_NOTIFY_SECRET"  # noqa: S105  # the variable's name
PROMOTED: Final = "promoted"
ROLLED_BACK: Final = "rolled_back"
FAILED: Final = "failed"
GATE_REFUSED: Final = "gate_refused"
ALARMED: Final = "alarmed"
LAST_FAILURE: Final = "last_failure.txt"
_MODULE: Final = "zoo.monitoring.delivery"


@dataclass(frozen=True)
class Webhook:
    """Who is told.

    Attributes:
        url: where to post; http or https.
        secret: the key of the signature, `X-Zoo-Signature: sha256=<HMAC-SHA256 of the body, hexadecimal>`.
        outbox: the directory of what is still to be delivered.
    """

    url: str
    secret: str = field(repr=False)
    outbox: Path

    @classmethod
    def parse(cls, url: str, secret: str | None, outbox: Path) -> Webhook:
        """Check what a configuration says.

        Raises:
            ConfigError: no http address, or no secret to sign with.
        """
        try:
            parts = urlsplit(url)
            sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            sound = False
        if not sound:
            shown = url.rpartition("@")[2].partition("?")[0]  # before and after may stand a password, a token
            raise ConfigError(f"notify.url: {shown!r}", expected="http://... or https://...")
        if not secret:
            raise ConfigError(
                "notify.url is set, and there is no secret to sign with",
                expected=f"notify.secret, or the environment variable {SECRET}",
                remedy="give the receiver the same secret, so that it can tell ours from forged ones",
            )
        return cls(url, secret, outbox)

    def post(self, kind: str, facts: Mapping[str, Any]) -> str | None:
        """Have something posted, and return at once.

        Args:
            kind: `promoted`, `rolled_back`, `failed`, `gate_refused` or `alarmed`.
            facts: strict JSON types.

        Returns:
            A sentence for the user where it could not be put into the outbox, or where others wait there.
        """
        try:
            waiting = pending(self.outbox)
            self._put(kind, facts)
            _start(self.outbox, self.secret)
        except OSError as error:
            return f"notify: {self.outbox}: not posted: {error.strerror or error}"
        return _said(self.outbox, len(waiting)) if waiting else None

    def _put(self, kind: str, facts: Mapping[str, Any]) -> None:
        now = datetime.datetime.now(datetime.UTC)
        name = f"{now:%Y%m%dT%H%M%S_%fZ}-{os.getpid()}-{secrets.token_hex(4)}"
        body = {"id": name, "event": kind, "at": now.isoformat(timespec="microseconds"), **facts}
        item = {"url": self.url, "event": kind, "body": json.dumps(body, allow_nan=False, sort_keys=True)}
        self.outbox.mkdir(parents=True, exist_ok=True)
        temporary = self.outbox / f".{name}.tmp"
        temporary.touch(mode=0o600)  # an address may hold a token
        temporary.write_text(json.dumps(item), encoding="utf-8")
        temporary.replace(self.outbox / f"{name}.json")


def pending(outbox: Path) -> list[Path]:
    """Return what is still to be delivered, the oldest first."""
    return sorted(path for path in outbox.glob("*.json") if not path.name.startswith("."))


def _start(outbox: Path, secret: str) -> None:
    """Start the process that delivers; it outlives this one, and says nothing on its terminal."""
    subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", _MODULE, str(outbox.absolute())],
        env={**os.environ, SECRET: secret},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        close_fds=True,
    )


def _said(outbox: Path, count: int) -> str:
    try:
        last = f", the last attempt: {(outbox / LAST_FAILURE).read_text(encoding='utf-8').strip()}"
    except OSError:
        last = ""
    return f"notify: {count} earlier notification{'' if count == 1 else 's'} not delivered yet{last}"


__all__ = [
    "ALARMED",
    "FAILED",
    "GATE_REFUSED",
    "LAST_FAILURE",
    "PROMOTED",
    "ROLLED_BACK",
    "SECRET",
    "Webhook",
    "pending",
]
