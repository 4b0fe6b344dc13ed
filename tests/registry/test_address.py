"""Where a store on Postgres is, as a URL says it; no server is asked."""

from __future__ import annotations

import pytest

from zoo.errors import ConfigError
from zoo.password import VARIABLE
from zoo.registry.address import Address

URL = "postgresql+psycopg://desk:secret@db:5433/research?schema=us&timeout=5&sslmode=require"


def test_a_url_is_taken_apart() -> None:
    address = Address.of(URL)
    assert (address.schema, address.timeout, address.password) == ("us", 5.0, "secret")
    found = address.connection()
    assert (found["host"], found["port"], found["dbname"], found["user"]) == ("db", 5433, "research", "desk")
    assert (found["password"], found["sslmode"]) == ("secret", "require")
    assert found["prepare_threshold"] is None


@pytest.mark.parametrize("scheme", ["postgresql+psycopg", "postgresql", "postgres"])
def test_what_is_not_said_has_a_default(scheme: str) -> None:
    address = Address.of(f"{scheme}://host/db")
    assert (address.schema, address.timeout, address.password) == ("zoo", 30.0, None)
    assert address.name == "postgresql+psycopg://host/db?schema=zoo"
    assert not {"user", "port", "password"} & address.connection().keys()


def test_its_name_can_be_used_and_holds_no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    address = Address.of(URL)
    assert "secret" not in address.name + repr(address) + str(address)
    assert Address.of(address.name).place == address.place
    assert Address.of(address.url) == address
    monkeypatch.setenv(VARIABLE, "secret")
    assert Address.of(address.name).connection()["password"] == "secret"
    assert Address.of("postgresql://a:own@h/d").connection()["password"] == "own"


def test_another_schema_is_the_same_place() -> None:
    other = Address.of(URL).renamed("us_rebuilt")
    assert other.schema == "us_rebuilt"
    assert other.connection() == Address.of(URL).connection()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://a:secret@host", "no database is named"),
        ("postgresql://a:secret@host:port/db", "the URL cannot be read.*%40"),
        ("postgresql://a:secret@host/db?sslmod=require", "sslmod cannot be used.*did you mean 'sslmode'"),
        ("postgresql://a@host/db?password=secret", "put the password into ZOO_REGISTRY_PASSWORD"),
        ("postgresql://a@host/db?sslpassword=secret", "put the password into ZOO_REGISTRY_PASSWORD"),
        ("postgresql://a@host/db?options=-csearch_path%3Dx", "options cannot be used"),
        ("postgresql://a@host/db?schema=a&schema=b", "schema cannot be used"),
        ("postgresql://a@host/db?schema=pg_zoo", "schema 'pg_zoo' cannot be used"),
        ("postgresql://a@host/db?schema=a%22b", "cannot be used; .* small letters"),
        ("postgresql://a@host/db?schema=public", "schema 'public' cannot be used"),
        ("postgresql://a@host/db?timeout=-1", "this timeout cannot be used"),
        ("postgresql://a@host/db?timeout=inf", "this timeout cannot be used"),
    ],
)
def test_what_cannot_be_used_is_refused_without_showing_what_may_be_secret(url: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        Address.of(url)
    assert "secret" not in str(caught.value)
    assert caught.value.exit_code == 2
