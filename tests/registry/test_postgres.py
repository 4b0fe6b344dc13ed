"""What only a server can do to a store: refuse, vanish, wait, and be shared."""

from __future__ import annotations

import multiprocessing
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from zoo.errors import ConfigError, RegistryError, SchemaMismatch, StoreDamaged, StoreUnavailable
from zoo.password import VARIABLE, without_password
from zoo.registry import Registry
from zoo.registry.database import open_database

from .postgres_server import plain
from .stores import Place, PostgresPlace, on_postgres, opened
from .writers import candidate

pytestmark = on_postgres


@pytest.fixture(autouse=True)
def _no_password_of_another_test(store: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)


@pytest.fixture
def role(store: PostgresPlace) -> Iterator[str]:
    """A user of the server who may do nothing yet."""
    name = f"zoo_test_{secrets.token_hex(6)}"
    administer(store, f"CREATE ROLE {name} LOGIN PASSWORD '{secret_of(name)}'")
    yield name
    administer(store, f"DROP OWNED BY {name} CASCADE", f"DROP ROLE {name}")


def administer(store: PostgresPlace, *statements: str) -> None:
    import psycopg

    with psycopg.connect(plain(store.server), autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def secret_of(user: str) -> str:
    return f"pw@{user[::-1]}"


def of(store: PostgresPlace, user: str, password: str | None = None) -> str:
    """The store's URL for another user."""
    from sqlalchemy import make_url

    place = make_url(store.url).set(username=user, password=password or secret_of(user))
    return place.render_as_string(hide_password=False)


def refusal(url: str, root: Path, ask: Any = Registry.versions, **options: Any) -> str:
    """What is said, in one line and without the password."""
    with pytest.raises(RegistryError) as caught, Registry.open(url, artifacts=root, **options) as registry:
        ask(registry)
    said, error = str(caught.value), caught.value
    while error is not None:
        assert (without_password(url)[1] or "\0") not in str(error)
        error = error.__cause__ or error.__context__
    assert "\n" not in said
    return said


# --- the server refuses ---------------------------------------------------------------------------


def test_a_wrong_password_is_said_and_not_shown(store: PostgresPlace, role: str, root: Path) -> None:
    said = refusal(of(store, role, "not-this-one"), root)
    assert f"the server refused the password of {role}; put it into ZOO_REGISTRY_PASSWORD" in said


def test_a_missing_password_is_said(store: PostgresPlace, role: str, root: Path) -> None:
    url = without_password(of(store, role))[0]
    assert f"the server wants a password for {role}; put it into" in refusal(url, root)


def test_the_password_may_come_from_the_environment(
    store: PostgresPlace, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, password = without_password(store.url)
    assert password
    for variable in (VARIABLE, "PGPASSWORD"):
        with monkeypatch.context() as patch:
            patch.setenv(variable, password)
            with Registry.open(url, artifacts=root) as registry:
                assert registry.verify().ok


def test_a_missing_database_is_said(store: PostgresPlace, root: Path) -> None:
    from sqlalchemy import make_url

    url = make_url(store.url).set(database="no_such_place").render_as_string(hide_password=False)
    said = refusal(url, root)
    assert "there is no database no_such_place; create it (createdb no_such_place)" in said


def test_a_server_that_cannot_be_reached_is_said(root: Path) -> None:
    said = refusal("postgresql://a:secret@127.0.0.1:1/db", root)
    assert said.startswith("postgresql+psycopg://a@127.0.0.1:1/db?schema=zoo: the server cannot be reached")
    assert "check host and port in registry.url" in said


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("CONNECTION LIMIT 0", "the server has no connection left; run fewer processes"),
        ("NOLOGIN", "the server refused: role .* is not permitted to log in; ask whoever looks after"),
        ("VALID UNTIL '2000-01-01'", "the server refused the password of zoo_test_"),
    ],
)
def test_what_else_keeps_a_user_out_is_said(
    store: PostgresPlace, role: str, root: Path, change: str, said: str
) -> None:
    administer(store, f"ALTER ROLE {role} {change}")
    with pytest.raises(StoreUnavailable, match=said):
        Registry.open(of(store, role), artifacts=root)


def test_a_statement_that_the_server_cancels_is_said(store: PostgresPlace, role: str) -> None:
    administer(store, f"ALTER ROLE {role} SET statement_timeout = '20ms'")
    database = open_database(of(store, role))

    def sleep() -> None:
        with database.reading() as connection:
            assert connection is None
        with database.writing(create=False) as connection:
            connection.exec_driver_sql("SELECT pg_sleep(5)")

    with pytest.raises(StoreUnavailable, match="the server cancelled the statement; raise its statement_tim"):
        sleep()
    database.close()


def test_a_missing_driver_is_said(store: Place) -> None:
    code = (
        "import sys; sys.modules['psycopg'] = None\n"
        "from tests.registry.stores import opened\n"
        "opened(sys.argv[1])\n"
    )
    done = subprocess.run([sys.executable, "-c", code, store.address], capture_output=True, text=True)
    assert "psycopg, the driver for Postgres, cannot be loaded; pip install 'zoo[postgres]'" in done.stderr
    assert without_password(store.url)[1] not in done.stderr.splitlines()[-1]


def test_the_driver_is_not_imported_before_it_is_needed() -> None:
    code = (
        "import sys; import zoo.registry; from zoo.registry.database import open_database\n"
        "open_database('postgresql://host/db'); assert 'psycopg' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_directory_must_be_named(store: Place) -> None:
    with pytest.raises(ConfigError, match=r"no place is given.*set registry\.artifacts"):
        Registry.open(store.url)


# --- rights ---------------------------------------------------------------------------------------


def test_who_may_make_no_schema_is_told_what_its_owner_can_do(
    store: PostgresPlace, role: str, root: Path
) -> None:
    said = refusal(of(store, role), root)
    assert "this user may not write there; have the owner run CREATE SCHEMA " in said
    assert f'CREATE SCHEMA "{store.schema}" AUTHORIZATION "{role}", or GRANT CREATE ON DATABASE' in said
    administer(store, f'CREATE SCHEMA "{store.schema}" AUTHORIZATION "{role}"')
    with Registry.open(of(store, role), artifacts=root) as registry:
        assert registry.register(candidate(1)).created


def test_who_may_only_read_reads(store: PostgresPlace, registry: Registry, role: str, root: Path) -> None:
    registry.register(candidate(1))
    assert "permission was refused" in refusal(of(store, role), root, read_only=True)
    administer(
        store,
        f"GRANT USAGE ON SCHEMA {store.schema} TO {role}",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA {store.schema} TO {role}",
    )
    with Registry.open(of(store, role), artifacts=root, read_only=True) as reader:
        assert len(reader.versions()) == 1
        assert reader.verify().ok
    assert "this user may not write there" in refusal(of(store, role), root)


def test_a_server_that_only_reads_is_said_before_anything_is_trained(
    store: PostgresPlace, registry: Registry, role: str, root: Path
) -> None:
    registry.register(candidate(1))
    administer(
        store,
        f"GRANT ALL ON SCHEMA {store.schema} TO {role}",
        f"GRANT ALL ON ALL TABLES IN SCHEMA {store.schema} TO {role}",
        f"ALTER ROLE {role} SET default_transaction_read_only = on",
    )
    assert "the server only reads (a standby" in refusal(of(store, role), root)
    with Registry.open(of(store, role), artifacts=root, read_only=True) as reader:
        assert len(reader.versions()) == 1


def test_a_role_s_own_defaults_change_nothing(
    store: PostgresPlace, registry: Registry, role: str, root: Path
) -> None:
    administer(
        store,
        f"ALTER ROLE {role} SET default_transaction_isolation = 'serializable'",
        f"ALTER ROLE {role} SET synchronous_commit = off",
        f"ALTER ROLE {role} SET search_path = pg_catalog",
        f'CREATE SCHEMA "{store.schema}" AUTHORIZATION "{role}"',
    )
    database = open_database(of(store, role))
    with database.writing() as connection:
        shown = {
            name: connection.exec_driver_sql(f"SHOW {name}").scalar()
            for name in ("transaction_isolation", "synchronous_commit", "search_path")
        }
    database.close()
    assert shown == {
        "transaction_isolation": "read committed",
        "synchronous_commit": "on",
        "search_path": store.schema,
    }


# --- the tables -----------------------------------------------------------------------------------


def test_a_reader_can_write_nothing(store: PostgresPlace, registry: Registry) -> None:
    registry.register(candidate(1))
    database = open_database(store.url)

    def write() -> None:
        with database.reading() as connection:
            assert connection is not None
            connection.exec_driver_sql("INSERT INTO schema_version VALUES (3)")

    with pytest.raises(StoreUnavailable, match="only reads"):
        write()
    database.close()


def test_events_and_trials_cannot_be_truncated(store: PostgresPlace, registry: Registry) -> None:
    registry.register(candidate(1))
    for table in ("events", "trials"):
        with pytest.raises(store.refused, match=r"append-only|never deleted"):
            store.execute(f"TRUNCATE {table}")
    assert registry.verify().ok


def test_a_missing_table_is_damage_and_not_an_empty_store(store: PostgresPlace, registry: Registry) -> None:
    registry.register(candidate(1))
    store.spoil()
    with pytest.raises(StoreDamaged, match="a table of the store is missing"):
        registry.versions()


def test_two_stores_of_one_database_know_nothing_of_each_other(
    store: PostgresPlace, registry: Registry
) -> None:
    another = store.another()
    with another.open() as other:
        other.register(candidate(1))
        registry.register(candidate(2))
        assert [len(each.versions()) for each in (registry, other)] == [1, 1]
        with another.holding():
            assert registry.register(candidate(3)).created  # each has its own lock
    assert registry.store_id != other.store_id


def test_another_program_s_tables_are_refused_and_left_alone(store: PostgresPlace) -> None:
    store.execute("CREATE TABLE songs (title TEXT)")
    with pytest.raises(SchemaMismatch, match=r"other tables \(songs\)"):
        store.open()
    assert store.fetch("SELECT count(*) FROM songs") == [(0,)]


# --- the connection -------------------------------------------------------------------------------


def test_no_time_to_wait_is_no_time_to_wait(store: PostgresPlace, registry: Registry) -> None:
    registry.register(candidate(1))
    with store.holding(), opened(store.patient(0)) as hasty, pytest.raises(StoreUnavailable, match="locked"):
        hasty.register(candidate(2))


def test_a_registry_that_was_used_works_in_a_fork_and_after_it(registry: Registry) -> None:
    registry.register(candidate(1))
    context = multiprocessing.get_context("fork")
    found = context.SimpleQueue()
    child = context.Process(target=lambda: found.put(registry.register(candidate(2)).created))
    child.start()
    assert found.get() is True
    child.join()
    assert len(registry.versions()) == 2
    assert registry.register(candidate(3)).created


def test_a_connection_that_was_cut_is_made_again(store: PostgresPlace, registry: Registry) -> None:
    registry.register(candidate(1))
    database = open_database(store.url)
    pids = []
    for _ in range(2):
        with database.reading() as connection:
            assert connection is not None
            pids.append(connection.exec_driver_sql("SELECT pg_backend_pid()").scalar())
        store.fetch(f"SELECT pg_terminate_backend({pids[-1]}, 5000)")
    database.close()
    assert pids[0] != pids[1]


def test_a_connection_that_is_cut_in_the_middle_leaves_nothing(
    store: PostgresPlace, registry: Registry
) -> None:
    registry.register(candidate(1))
    database = open_database(store.url)

    def cut() -> None:
        with database.writing() as connection:
            connection.exec_driver_sql("UPDATE versions SET spec = 'half'")
            pid = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar()
            store.fetch(f"SELECT pg_terminate_backend({pid}, 5000)")
            connection.exec_driver_sql("UPDATE versions SET spec = 'other half'")

    with pytest.raises(StoreUnavailable, match=r"stopping or starting|connection was lost"):
        cut()
    database.close()
    assert registry.verify().ok


def test_what_one_registers_another_machine_loads(store: PostgresPlace, registry: Registry) -> None:
    version = registry.register(candidate(1)).version
    with store.open(read_only=True) as other:
        assert other.read(version.version_id, "sensor.skops") == candidate(1).sensor


def test_no_password_is_in_anything_that_is_written(store: PostgresPlace, registry: Registry) -> None:
    version_id = registry.register(candidate(1)).version.version_id
    registry.promote(version_id, expect=None, reason="first")
    password = without_password(store.url)[1]
    assert password
    told = [
        repr(registry.verify().as_dict()),
        repr(store.rebuild().as_dict()),
        repr(registry.history("us_equity")),
    ]
    told += [path.read_bytes().decode("latin-1") for path in store.root.rglob("*") if path.is_file()]
    assert len(told) > 6
    assert not [text for text in told if password in text]
