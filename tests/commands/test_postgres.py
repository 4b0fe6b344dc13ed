"""The commands on a store of a team: a real Postgres, a password in the URL, and nowhere else."""

import secrets

import pytest

from tests.registry.postgres_server import plain
from zoo.password import VARIABLE, without_password
from zoo.registry import Registry


@pytest.fixture
def team(zoo, postgres_server, tmp_path, monkeypatch):
    """What a command line says of the store, which has three versions."""
    import psycopg

    from tests.registry.writers import candidate

    monkeypatch.delenv(VARIABLE, raising=False)
    schema = f"test_{secrets.token_hex(8)}"
    url = f"{postgres_server}{'&' if '?' in postgres_server else '?'}schema={schema}&timeout=20"
    artifacts = tmp_path / "shared"
    with Registry.open(url, artifacts=artifacts) as registry:
        ids = [registry.register(candidate(content, spec="ok_a")).version.version_id for content in range(3)]
    yield ids, ["registry=postgres", f"registry.url={url}", f"registry.artifacts={artifacts}"]
    with psycopg.connect(plain(postgres_server)) as connection:
        names = connection.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE %s", [f"{schema}%"])
        for (name,) in names.fetchall():
            connection.execute(f'DROP SCHEMA "{name}" CASCADE')


def secret(words):
    return without_password(words[1].partition("=")[2])[1]


def test_every_command_of_the_registry_works_there(zoo, team):
    (first, second, third), words = team
    for command in (
        ["promote", f"version={first}", "gate=override", "reason=first"],
        ["promote", f"version={second}", f"expect={first}", "gate=override", "reason=better"],
        ["rollback", "line=us_equity", "reason=worse"],
        ["retire", f"version={third}"],
        ["versions"],
        ["show", f"version={first}"],
        ["diff", f"a={first}", f"b={second}"],
        ["champion", "line=us_equity"],
        ["history", "line=us_equity"],
        ["trials"],
        ["gc", "dry_run=false"],
        ["verify"],
        ["verify", "rebuild=true"],
        ["list"],
    ):
        ran = zoo(*command, *words, "format=json")
        assert ran.code == 0, (command, ran.err)
        assert secret(words) not in ran.out + ran.err
    assert ran.document
    assert zoo("champion", "line=us_equity", *words, "format=json").document["version_id"] == first


def test_a_champion_that_is_not_the_expected_one_is_not_replaced_there(zoo, team):
    (first, second, _), words = team
    assert zoo("promote", f"version={first}", "gate=override", "reason=x", *words).code == 0
    ran = zoo(
        "promote", f"version={second}", "expect=null", "gate=override", "reason=x", *words, "format=json"
    )
    assert ran.code == 1
    assert f"the champion is {first}" in ran.error


def test_a_spec_is_told_where_the_store_is_without_its_password(zoo, team):
    """The stand-in's specs run in real processes, which are told in a file."""
    _, words = team
    zoo.spec("ok_a")
    ran = zoo("spec=ok_a", *words, "format=json")
    assert ran.code == 0, ran.err
    written = [path for path in zoo.outputs.rglob("*") if path.is_file()]
    told = [path.read_text() for path in written if path.name == "task.json"]
    assert len(told) == 1
    assert "schema=test_" in told[0]
    assert not [path for path in written if secret(words).encode() in path.read_bytes()]
    assert secret(words) not in ran.out + ran.err


@pytest.mark.parametrize("launcher", ["joblib", "basic"])
def test_another_launcher_logs_no_password(zoo, team, launcher):
    _, words = team
    zoo.spec("ok_a")
    ran = zoo("-m", "spec=ok_a", f"hydra/launcher={launcher}", *words, "format=json")
    assert ran.statuses == {"ok_a": "ok"}, ran.err
    assert secret(words) not in ran.out + ran.err


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("registry.url=", "registry.url"),
        ("registry.ulr=postgresql://a:hidden@h/d", "registry.ulr: no such key"),
        ("registry.url=postgresql://a:hidden@127.0.0.1:1/d", "the server cannot be reached"),
        ("registry.url=postgresql://a:hid,den]@127.0.0.1:1/d?schema=a&timeout=1", "cannot be reached"),
        ("registry.url=postgresql://a:hidden@h/d?schema=A", "schema 'A' cannot be used"),
        ("registry={url: 'postgresql://a:hidden@127.0.0.1:1/d'}", "registry"),
        ("registry.url=postgresql://a:hidden@h:x/d", "the URL cannot be read"),
    ],
)
def test_what_is_wrong_with_a_url_is_said_without_its_password(zoo, monkeypatch, word, said):
    monkeypatch.delenv(VARIABLE, raising=False)
    ran = zoo("versions", "registry=postgres", word, "format=json")
    assert ran.code in (1, 2)
    assert said in ran.error
    assert "hid" not in ran.out + ran.err


def test_a_store_of_a_team_must_be_named(zoo):
    ran = zoo("versions", "registry=postgres", "format=json")
    assert ran.code == 2
    assert ran.error == "the command line: registry.url is not given; expected registry.url=..."


def test_the_url_may_come_from_the_environment(zoo, team, monkeypatch):
    ids, (choice, url, artifacts) = team
    monkeypatch.setenv("ZOO_TEST_STORE", url.partition("=")[2])
    ran = zoo("versions", choice, "registry.url=${oc.env:ZOO_TEST_STORE}", artifacts, "format=json")
    assert {row["version_id"] for row in ran.document} == set(ids)
