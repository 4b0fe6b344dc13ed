"""What Postgres says, as one line with the remedy, and never with a password.

A server's answer has a code (SQLSTATE). One that never came to be a session has words only, which libpq and
the server give in English unless they were told otherwise; what we do not know is passed on as it is.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy.exc import DBAPIError

from zoo.errors import StoreDamaged, StoreUnavailable
from zoo.registry.address import Address

_AGAIN: Final = "run again; what was not committed was rolled back"
_WHERE_TO: Final = "put it into ZOO_REGISTRY_PASSWORD, PGPASSWORD or ~/.pgpass"
_ASK: Final = "ask whoever looks after the server, or correct registry.url"
_REACH: Final = "check host and port in registry.url, and that the server runs and is reachable"

_BY_CODE: Final[dict[str, tuple[str, str]]] = {
    "55P03": (
        "the store is locked by another process for more than {timeout:g} s",
        "wait for that process, or give more time with ?timeout=seconds in registry.url",
    ),
    "42501": ("permission was refused to {user}", "{permission}"),
    "3F000": ("permission was refused to {user}", "{permission}"),
    "25006": (
        "the server only reads (a standby, or default_transaction_read_only)",
        "name the primary in registry.url",
    ),
    "53100": ("the server's disk is full", "free some space there and run again; nothing was changed"),
    "53300": ("the server has no connection left", "run fewer processes, or raise max_connections"),
    "57014": ("the server cancelled the statement", f"raise its statement_timeout, then {_AGAIN}"),
    "57P": ("the server is stopping or starting", _AGAIN),
    "25P03": ("the server ended a transaction that had been silent for too long", _AGAIN),
    "40": ("the server took the transaction back", _AGAIN),
    "22P05": ("the database cannot hold this text", "make the database with ENCODING 'UTF8'"),
    "42P01": (
        "a table of the store is missing",
        "restore it from a backup, or make a new store with `zoo verify rebuild=true`",
    ),
    "42703": (
        "a column of the store is missing",
        "restore it from a backup, or make a new store with `zoo verify rebuild=true`",
    ),
    "XX": (
        "the database is damaged",
        "restore it from a backup, or make a new store with `zoo verify rebuild=true`",
    ),
}
_DAMAGE: Final = ("42P01", "42703", "XX")
#: what a server that let nobody in has said, every word of it; the first that fits
_BY_WORDS: Final[tuple[tuple[tuple[str, ...], str, str], ...]] = (
    (("password authentication failed",), "the server refused the password of {user}", _WHERE_TO),
    (("no password supplied",), "the server wants a password for {user}", _WHERE_TO),
    (("authentication failed",), "the server does not let {user} in", "have pg_hba.conf changed"),
    (("pg_hba.conf",), "the server does not let {user} in", "have pg_hba.conf changed"),
    (("permission denied",), "permission was refused to {user}", "have it granted CONNECT"),
    (
        ("database ", "does not exist"),
        "there is no database {database}",
        "create it (createdb {database}), or name another one in registry.url",
    ),
    (("role ", "does not exist"), "the server knows no {user}", "name another user in registry.url"),
    (("connection slots",), "the server has no connection left", "run fewer processes"),
    (("too many",), "the server has no connection left", "run fewer processes"),
    (("starting up",), "the server is starting", "run again"),
    (("shutting down",), "the server is stopping", "run again once it is back"),
)


def refusal(error: DBAPIError, address: Address) -> StoreUnavailable:
    """Return what a driver's error means.

    Args:
        error: what SQLAlchemy raised.
        address: where the store is; its password is taken out of what is passed on.
    """
    code = str(getattr(error.orig, "sqlstate", None) or "")
    said = " ".join(str(error.orig).split())
    if code:
        problem, remedy = _by_code(code, said, address)
    elif error.connection_invalidated or error.statement is not None:
        problem, remedy = (
            "the connection was lost; a change that was being committed may or may not have been made",
            "look at `zoo history` or `zoo versions`, then run again",
        )
    else:
        problem, remedy = _by_words(said, address)
    words = {
        "timeout": address.timeout,
        "user": address.user,
        "database": address.place.database,
        "permission": address.permission,
    }
    kind = StoreDamaged if code.startswith(_DAMAGE) else StoreUnavailable
    return kind(problem.format(**words), where=address.name, remedy=remedy.format(**words))


def _by_code(code: str, said: str, address: Address) -> tuple[str, str]:
    for prefix, found in _BY_CODE.items():
        if code.startswith(prefix):
            return found
    return _braces(f"the database refused ({code}): {_without(said, address)}"), "run `zoo verify`"


def _by_words(said: str, address: Address) -> tuple[str, str]:
    refused = said.partition("FATAL:")[2] or said.partition("fe_sendauth:")[2]
    for words, problem, remedy in _BY_WORDS:
        if all(word in refused for word in words):
            return problem, remedy
    if refused:
        return _braces(f"the server refused: {_without(refused, address).strip()}"), _ASK
    return _braces(f"the server cannot be reached: {_without(said, address)}"), _REACH


def _without(said: str, address: Address) -> str:
    """Take the password out of what others say; it is the shorter for it."""
    secret = str(address.connection().get("password") or "")
    return said.replace(secret, "***") if secret else said


def _braces(said: str) -> str:
    return said.replace("{", "{{").replace("}", "}}")


__all__ = ["refusal"]
