"""An MLflow server that shows the registry: every version with its metrics, and who is champion.

One way: what is changed there changes nothing here, and is put right the next time that all is looked at.
"""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlsplit

from zoo.errors import ConfigError
from zoo.events import Observer
from zoo.registry.mirror.client import Client
from zoo.registry.mirror.following import Followed, Following
from zoo.registry.mirror.owner import Owner
from zoo.registry.mirror.shelf import Shelf
from zoo.registry.store import Registry

TIMEOUT = 10.0  # seconds
_PREFIX = re.compile(r"[A-Za-z0-9_-]{0,64}")


@dataclass(frozen=True)
class Mirror:
    """An MLflow server.

    Attributes:
        url: its address, without a slash at the end.
        prefix: what the names of our registered models begin with; the line follows.
        timeout: seconds that one answer may take, and that a command may wait for all of them.
        authorization: the HTTP header of that name; None for none.
    """

    url: str
    prefix: str = ""
    timeout: float = TIMEOUT
    authorization: str | None = field(default=None, repr=False)

    @classmethod
    def parse(
        cls,
        url: str,
        *,
        prefix: str = "",
        timeout: float = TIMEOUT,
        username: str | None = None,
        password: str | None = None,
        token: str | None = None,
    ) -> Self:
        """Check what a configuration says.

        Args:
            url: http or https, of the server and not of its UI's pages.
            prefix: letters, digits, `_` and `-`.
            timeout: seconds, above 0.
            username: for HTTP's basic authentication, with `password`.
            password: see there.
            token: for a bearer token; it goes before `username`.

        Raises:
            ConfigError: what cannot be used.
        """
        _check_address(url)
        if _PREFIX.fullmatch(prefix) is None:
            raise ConfigError(f"mirror.prefix: {prefix!r}", expected="up to 64 letters, digits, _ or -")
        if not timeout > 0:
            raise ConfigError(f"mirror.timeout: {timeout}", expected="seconds, above 0")
        return cls(url.rstrip("/"), prefix, timeout, _authorization(username, password, token))

    def sync(
        self,
        registry: Registry,
        *,
        line: str | None = None,
        anew: bool = True,
        seconds: float | None = None,
        observers: Iterable[Observer] = (),
    ) -> list[Followed]:
        """Bring the mirror up to date; doing it again changes nothing.

        Args:
            registry: what it is to show.
            line: only this one; None for all.
            anew: look at everything, also at what was shown before; else only at what happened since.
            seconds: for all of it; None for as long as it takes.
            observers: told of every version.

        Returns:
            What was done for each line.

        Raises:
            MirrorUnavailable: the server does not answer, or the time is over; what is done is done.
            RegistryError: the registry cannot be read.
        """
        store = registry.store_id
        if store is None:
            return []
        client = Client(
            self.url,
            self.authorization,
            self.timeout,
            None if seconds is None else time.monotonic() + seconds,
        )
        lines = [name for name in registry.lines() if line in (None, name)]
        return [
            Following(registry, Shelf(client, self.prefix + name, Owner(store, name)), name, observers).run(
                anew=anew
            )
            for name in lines
        ]


def _check_address(url: str) -> None:
    expected = "http://host[:port] or https://..., an MLflow server's"
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError as error:
        raise ConfigError(f"mirror.uri: {url!r}", expected=expected) from error
    if parts.username is not None or parts.password is not None:
        raise ConfigError(
            "mirror.uri holds a user's name",
            expected=expected,
            remedy="set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD",
        )
    if not sound or parts.query or parts.fragment:
        raise ConfigError(
            f"mirror.uri: {url!r}", expected=expected, remedy="start one with `mlflow server`, or name one"
        )


def _authorization(username: str | None, password: str | None, token: str | None) -> str | None:
    """Return the header, as MLflow's own clients send it."""
    if token:
        return f"Bearer {token}"
    if username:
        pair = f"{username}:{password or ''}".encode()
        return f"Basic {base64.b64encode(pair).decode()}"
    return None


__all__ = ["TIMEOUT", "Followed", "Mirror"]
