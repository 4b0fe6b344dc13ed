"""A spec that is set to `retired`, and what becomes of its versions."""

import pytest

from zoo.registry import Registry


@pytest.fixture
def registry(zoo):
    with Registry.open(f"sqlite:///{zoo.outputs}/registry/registry.db") as opened:
        yield opened


@pytest.fixture
def retired(zoo, registered, registry):
    """A retired spec with a champion and a challenger, and an active one."""
    champion, challenger = registered("ok_a", 1), registered("ok_a", 2)
    registry.promote(champion.version_id, expect=None, reason="first")
    registered("ok_b", 3)
    zoo.spec("ok_b")
    zoo.spec("ok_a", more="status: retired\n")
    return champion.version_id, challenger.version_id


def stages(registry):
    return {version.permutation_id: version.stage for version in registry.versions()}


AFTER = {1: "champion", 2: "retired", 3: "challenger"}
BEFORE = {1: "champion", 2: "challenger", 3: "challenger"}


@pytest.mark.parametrize("words", [("spec=ok_b",), ("-m", "spec=ok_b"), ("-m",)])
def test_the_next_run_retires_its_challengers_and_warns_of_its_champion(zoo, registry, retired, words):
    champion, challenger = retired
    ran = zoo.json(*words)
    assert ran.code == 0
    assert stages(registry) == AFTER
    [event] = registry.events(version_id=challenger)[1:]
    assert (event.kind, event.reason) == ("retired", "spec ok_a is retired in ok_a.yaml")
    assert f"note: ok_a: is retired, and so is {challenger} now" in ran.err
    warning = f"note: ok_a: is retired, and its {champion} is still champion of us_equity: promote another"
    assert warning in ran.err
    again = zoo.json(*words)
    assert warning in again.err  # on every run until it is replaced
    assert challenger not in again.err
    assert len(registry.history("us_equity")) == 2


def test_a_url_with_a_timeout_is_the_same_store(zoo, registry, retired):
    url = f"sqlite:///{zoo.outputs}/registry/registry.db?timeout=5"
    zoo.json("spec=ok_b", f"registry.url='{url}'")
    assert stages(registry) == AFTER


def test_a_champion_that_was_replaced_is_warned_of_no_more(zoo, registry, retired):
    champion, _ = retired
    other = registry.versions(spec="ok_b")[0].version_id
    zoo.json("promote", f"version={other}", "gate=override", "reason=better")
    assert champion not in zoo.json("spec=ok_b").err


@pytest.mark.parametrize("command", ["promote", "retire", "rollback"])
def test_the_commands_that_move_do_it_first(zoo, registry, retired, command):
    _, challenger = retired
    if command == "rollback":
        assert "no champion before" in zoo.json("rollback", "line=us_equity").error
    else:
        ran = zoo.json(command, f"version={challenger}", "reason=x")
        assert ran.code == (1 if command == "promote" else 0)
        said = ran.error if command == "promote" else ran.document["notices"][0]
        assert "is retired" in said
    assert stages(registry) == AFTER


@pytest.mark.parametrize("words", [("plan", "spec=ok_b"), ("plan", "-m"), ("champion", "line=us_equity")])
def test_what_only_reads_says_what_will_be_retired_and_retires_nothing(zoo, registry, retired, words):
    champion, challenger = retired
    ran = zoo.json(*words)
    assert f"the next apply, promote or retire retires {challenger}" in ran.err
    assert f"its {champion} is still champion" in ran.err
    assert stages(registry) == BEFORE


@pytest.mark.parametrize("words", [("list",), ("versions",), ("verify",), ("history", "line=us_equity"), ()])
def test_the_other_commands_leave_everything_as_it_is(zoo, registry, retired, words):
    zoo.json(*words)
    assert stages(registry) == BEFORE


def test_a_command_line_that_is_refused_retires_nothing(zoo, registry, retired):
    assert zoo.json("spec=ok_a").code == 2
    assert zoo.json("promote", f"version={retired[1]}", "gate=override").code == 2
    assert zoo.json("-m", "nonsense=1").code == 2
    assert stages(registry) == BEFORE


def test_reactivating_brings_nothing_back(zoo, registry, retired, registered):
    zoo.json("-m")
    zoo.spec("ok_a")
    assert zoo.json("-m").statuses["ok_a"] == "ok"
    assert stages(registry) == AFTER
    assert registered("ok_a", 2).stage == "retired"


def test_a_spec_that_cannot_be_read_retires_nothing(zoo, registry, retired):
    zoo.spec("ok_a", "name: ok_a\nstatus: retired\nline: nowhere\n")
    assert zoo.json("-m").code == 1
    assert stages(registry) == BEFORE


def test_without_a_store_nothing_is_made(zoo):
    zoo.spec("ok_b", more="status: retired\n")
    zoo.spec("ok_a")
    zoo.json("plan", "spec=ok_a")
    assert not zoo.outputs.exists()
    zoo.json("spec=ok_a")
    assert not (zoo.outputs / "registry").exists()


def test_a_registry_that_cannot_be_read_is_a_failure_and_the_run_goes_on(zoo):
    zoo.spec("ok_a")
    (zoo.outputs / "registry").mkdir(parents=True)
    (zoo.outputs / "registry" / "registry.db").write_text("no database")
    ran = zoo.json("spec=ok_a")
    assert ran.code == 1
    assert ran.statuses == {"ok_a": "ok"}
    assert "failed: retired specs: StoreDamaged: " in ran.err
