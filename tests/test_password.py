"""What may be a password is found wherever a URL can hold one, and goes no further than the environment."""

import os
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoo.errors import ConfigError
from zoo.password import VARIABLE, entrusted, scrubbed, without_password


@pytest.mark.parametrize(
    ("url", "bare", "password"),
    [
        ("postgresql+psycopg://a:b@host/db?schema=x", "postgresql+psycopg://a@host/db?schema=x", "b"),
        ("postgres://a:b%40c@host/db", "postgres://a@host/db", "b@c"),
        ("postgres://a:b@c@host/db", "postgres://a@host/db", "b@c"),
        ("postgres://a:b/c?d:e@host/db", "postgres://a@host/db", "b/c?d:e"),
        ("postgres://:b@host/db", "postgres://@host/db", "b"),
        ("postgres://a@host/db", "postgres://a@host/db", None),
        ("postgres://host:5432/db", "postgres://host:5432/db", None),
        ("sqlite:////a:b@c/registry.db", "sqlite:////a:b@c/registry.db", None),
        ("${oc.env:ZOO_REGISTRY}", "${oc.env:ZOO_REGISTRY}", None),
        ("", "", None),
    ],
)
def test_a_url_without_its_password(url, bare, password):
    assert without_password(url) == (bare, password)


@given(password=st.text(st.characters(codec="utf-8"), min_size=1), text=st.text())
def test_no_password_is_too_odd(password, text):
    url = f"postgresql://user:{quote(password, safe='')}@host/db"
    assert without_password(url) == ("postgresql://user@host/db", password)
    shown = scrubbed(f"{text} {url}")
    assert f":{quote(password, safe='')}@" not in shown or password == "***"


def test_a_password_is_entrusted_to_the_environment(monkeypatch):
    monkeypatch.setenv(VARIABLE, "old")
    assert entrusted("postgres://a@host/db") == "postgres://a@host/db"
    assert os.environ[VARIABLE] == "old"
    assert entrusted("postgres://a:new@host/db") == "postgres://a@host/db"
    assert os.environ[VARIABLE] == "new"


def test_no_error_of_ours_shows_the_password_of_a_url():
    for words in (("postgres://a:b@h/d is odd", None), ("odd", "registry.url postgres://a:b@h/d")):
        error = ConfigError(words[0], where=words[1], remedy="not postgresql+psycopg://x:b@h")
        assert ":b@" not in str(error)
        assert "postgres://a:***@h/d" in str(error)
