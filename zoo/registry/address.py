"""Where a store on Postgres is: a URL taken apart, its password kept to itself."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final, Self

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from zoo.errors import did_you_mean
from zoo.password import VARIABLE, without_password
from zoo.registry.database import bad_url, seconds

SCHEMA: Final = "zoo"
_NAME = re.compile(r"(?!pg_)[a-z_][a-z0-9_]{0,62}")
_RESERVED: Final = ("public", "information_schema")
#: what goes on to the driver, each by its name there
_PASSED: Final = (
    "host",
    "port",
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "passfile",
    "service",
    "connect_timeout",
    "target_session_attrs",
)


@dataclass(frozen=True)
class Address:
    """A schema of a database on a server.

    Attributes:
        place: server, database, user and what is passed on to the driver.
        schema: the store's own.
        timeout: seconds to wait for another writer.
        password: as the URL had it; otherwise that of the environment, or of the driver's own files.
    """

    place: URL
    schema: str
    timeout: float
    password: str | None = field(repr=False)

    @classmethod
    def of(cls, url: str) -> Self:
        """Take `postgresql+psycopg://user@host:port/database?schema=name&timeout=seconds` apart.

        The password is best left to `ZOO_REGISTRY_PASSWORD`, PGPASSWORD or ~/.pgpass. Options of the driver
        (`sslmode`, `host` of a socket, ...) are passed on.

        Raises:
            ConfigError: it cannot be used; of what may be a password nothing is shown.
        """
        bare, password = without_password(url)
        try:
            place = make_url(bare)
        except (ArgumentError, ValueError) as error:
            raise bad_url(url, "the URL cannot be read", "write special characters as %40") from error
        options = {name: value for name, value in place.query.items() if isinstance(value, str)}
        for name in place.query:
            if name not in (*_PASSED, "schema", "timeout") or name not in options:
                raise bad_url(url, f"the option {name} cannot be used", _instead(name))
        if not place.database and "service" not in options:
            raise bad_url(url, "no database is named")
        schema = options.get("schema", SCHEMA)
        if not _NAME.fullmatch(schema) or schema in _RESERVED:
            raise bad_url(
                url, f"schema {schema!r} cannot be used", "give it small letters, digits and _, such as zoo"
            )
        passed = {name: value for name, value in options.items() if name in _PASSED}
        return cls(
            place.set(drivername="postgresql+psycopg", query=passed), schema, seconds(url, options), password
        )

    def renamed(self, schema: str) -> Self:
        """Return the address of another schema there."""
        return replace(self, schema=schema)

    @cached_property
    def name(self) -> str:
        """The URL without its password, which it needs not where the environment has it."""
        return self._url.render_as_string(hide_password=False)

    @property
    def url(self) -> str:
        """The URL with all that was in it."""
        query = {**self.place.query, "schema": self.schema, "timeout": str(self.timeout)}
        return self.place.set(password=self.password, query=query).render_as_string(hide_password=False)

    @property
    def user(self) -> str:
        """Who connects, as far as the URL says it."""
        return self.place.username or "this user"

    @property
    def permission(self) -> str:
        """How the owner of the database lets this user in."""
        who = f'"{self.place.username}"' if self.place.username else "<user>"
        grant = f'GRANT CREATE ON DATABASE "{self.place.database}" TO {who}'
        return f'have the owner run CREATE SCHEMA "{self.schema}" AUTHORIZATION {who}, or {grant}'

    def connection(self) -> dict[str, Any]:
        """Return what psycopg connects with."""
        password = self.password if self.password is not None else os.environ.get(VARIABLE)
        found: dict[str, Any] = {
            "connect_timeout": "10",
            "host": self.place.host,
            "port": self.place.port,
            "dbname": self.place.database,
            "user": self.place.username,
            "password": password,
            **self.place.query,
            "application_name": "zoo",
            "client_encoding": "utf8",
            "prepare_threshold": None,  # a pooler may give the next transaction another session
        }
        return {
            name: value for name, value in found.items() if value is not None or name == "prepare_threshold"
        }

    @property
    def _url(self) -> URL:
        return self.place.set(password=None, query={**self.place.query, "schema": self.schema})


def _instead(name: str) -> str:
    if "password" in name:
        return f"put the password into {VARIABLE}, or into ~/.pgpass"
    return did_you_mean(name, (*_PASSED, "schema", "timeout")) or f"use {', '.join(_PASSED)}"


__all__ = ["SCHEMA", "Address"]
