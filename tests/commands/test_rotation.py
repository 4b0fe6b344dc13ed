import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoo.commands.rotation import FILE, Waited, by_staleness, turns
from zoo.spec import Spec

NAMES = st.lists(st.sampled_from("abcdefgh"), unique=True, max_size=8)


def spec(name, priority=0):
    return Spec(name, "us_equity", priority=priority)


def since(**last):
    return {name: Waited(registered=at) for name, at in last.items()}


def test_never_registered_comes_first_then_the_longest_ago():
    waited = since(a="2026-03-01", b="2026-01-01", c="2026-02-01")
    assert by_staleness([spec(name) for name in "abcd"], waited) == ["d", "b", "c", "a"]


def test_priority_decides_between_equals_only_and_then_the_name():
    specs = [spec("a"), spec("b", 5), spec("c", 9), spec("d"), spec("e", -1)]
    waited = since(b="2026-01-02", c="2026-01-02")
    assert by_staleness(specs, waited) == ["a", "d", "e", "c", "b"]


def test_a_try_that_registered_nothing_was_a_turn_and_the_later_of_the_two_counts():
    waited = {
        "a": Waited(tried="2026-03-01"),
        "b": Waited(registered="2026-01-01", tried="2026-04-01"),
        "c": Waited(registered="2026-02-01", tried="2026-01-01"),
    }
    assert by_staleness([spec(name) for name in "abcd"], waited) == ["d", "c", "a", "b"]


def test_of_those_that_were_tried_at_once_never_registered_goes_first_whatever_the_priority():
    waited = {
        "a": Waited(registered="2026-01-01", tried="2026-02-01"),
        "b": Waited(tried="2026-02-01"),
        "c": Waited(tried="2026-02-01"),
    }
    specs = [spec("a", 9), spec("b", 1), spec("c", 2)]
    assert by_staleness(specs, waited) == ["c", "b", "a"]


@given(NAMES, st.data())
def test_whatever_fails_and_whatever_the_priorities_nobody_waits_longer_than_everybody_takes_turns(
    names, data
):
    specs = [spec(name, data.draw(st.integers(-9, 9))) for name in names]
    ends = {name: data.draw(st.sampled_from(["new", "failed", "unchanged"])) for name in names}
    budget = data.draw(st.integers(1, 8))
    idle, waited = dict.fromkeys(names, 0), {}
    for now in range(3 * len(names)):
        chosen = by_staleness(specs, waited)[:budget]
        for name in chosen:
            before = waited.get(name, Waited()).registered
            after = f"{now:04}." if ends[name] == "new" or before is None else before
            waited[name] = Waited(None if ends[name] == "failed" else after, f"{now:04}")
        idle = {name: 0 if name in chosen else runs + 1 for name, runs in idle.items()}
        assert all(runs < -(-len(names) // budget) for runs in idle.values())


def test_a_spec_that_always_fails_and_one_that_changes_nothing_starve_nobody(zoo, registered):
    for name in ("breaks_a", "missing_b", "ok_c", "ok_d"):
        zoo.spec(name)
    registered("ok_c")
    registered("ok_d")  # later; what the stand-in for training tells of registers nothing
    ran = [zoo.json("-m", "rotation.budget=2") for _ in range(4)]
    chosen = [{name for name, status in one.statuses.items() if status != "skipped"} for one in ran]
    assert chosen == [{"breaks_a", "missing_b"}, {"ok_c", "ok_d"}] * 2
    assert "note: ok_c: is left out by rotation.budget=2 (registered last at 20" in ran[0].err
    assert "note: breaks_a: is left out by rotation.budget=2 (tried last at 20" in ran[1].err


def test_a_spec_whose_process_dies_each_time_had_its_turn(zoo):
    zoo.spec("killed_a")
    zoo.spec("ok_b")
    ran = [zoo.json("-m", "rotation.budget=1").statuses for _ in range(3)]
    assert [(one["killed_a"], one["ok_b"]) for one in ran] == [
        ("crashed", "skipped"),
        ("skipped", "ok"),
        ("crashed", "skipped"),
    ]


def test_a_plan_is_no_turn_and_neither_is_a_run_without_a_budget(zoo):
    zoo.spec("ok_a")
    zoo.spec("ok_b")
    for words in (("plan", "-m", "rotation.budget=1"), ("-m",), ("-m", "spec=ok_a")):
        zoo.json(*words)
    assert turns(zoo.outputs / "runs", "9999") == {}
    assert zoo.json("-m", "rotation.budget=1").statuses["ok_a"] == "ok"
    assert list(turns(zoo.outputs / "runs", "9999")) == ["ok_a"]


def test_a_clock_that_was_ahead_keeps_no_spec_waiting_until_then(zoo, registered, monkeypatch):
    """The turns and the version that it dated are passed over, once; then all take turns again."""
    zoo.spec("breaks_a")
    zoo.spec("ok_b")
    with monkeypatch.context() as ahead:
        ahead.setattr("zoo.registry.history.now", lambda: "2999-01-01T00:00:00.000000+00:00")
        registered("ok_b")
        assert zoo.json("-m", "rotation.budget=1").statuses["breaks_a"] == "failed"
    ran = [zoo.json("-m", "rotation.budget=1") for _ in range(4)]
    chosen = [name for one in ran for name, status in one.statuses.items() if status in ("ok", "failed")]
    assert chosen == ["breaks_a", "ok_b", "breaks_a", "ok_b"]
    assert "ok_b: is left out by rotation.budget=1 (registered by a clock that was ahead)" in ran[0].err


def test_what_says_nothing_of_turns_is_passed_over(tmp_path):
    for number, text in enumerate(['{"at": "2", "specs": ["a"]}', '{"at": "1", "specs": ["a"]}', "{", "[]"]):
        (tmp_path / str(number)).mkdir()
        (tmp_path / str(number) / FILE).write_text(text)
    assert turns(tmp_path, "9") == {"a": "2"}
    assert turns(tmp_path / "nowhere", "9") == {}


def test_a_run_under_a_budget_takes_the_stalest_and_says_whom_it_left_out(zoo, registered):
    for name in ("ok_a", "ok_b", "ok_c", "ok_d"):
        zoo.spec(name, more="priority: 3\n" if name == "ok_d" else "")
    registered("ok_b")
    registered("ok_a")
    ran = zoo.json("-m", "rotation.budget=2")
    assert ran.code == 0
    known = {name: status for name, status in ran.statuses.items() if name.startswith("ok_")}
    assert known == {"ok_a": "skipped", "ok_b": "skipped", "ok_c": "ok", "ok_d": "ok"}
    [why] = ran.result("ok_a")["notices"]
    assert why.startswith("is left out by rotation.budget=2 (registered last at 20")
    assert "note: ok_b: is left out by rotation.budget=2" in ran.err
    planned = zoo.json("plan", "-m", "rotation.budget=3")
    waiting = [name for name, status in planned.statuses.items() if status == "skipped"]
    assert [name for name in waiting if name.startswith("ok_")] == ["ok_c"]  # its turn was a moment ago


def test_the_table_tells_the_retired_from_those_that_have_to_wait(zoo):
    zoo.spec("ok_a")
    zoo.spec("ok_b")
    out = zoo("-m", "rotation.budget=1").out
    assert "skipped, beyond the budget of the rotation: ok_b\n" in out
    assert "skipped, being retired: " in out


def test_a_spec_that_cannot_be_read_is_reported_and_takes_nobody_s_place(zoo):
    zoo.spec("bad", "name: [")
    zoo.spec("ok_a")
    ran = zoo.json("-m", "rotation.budget=1")
    assert ran.code == 1
    assert (ran.statuses["bad"], ran.statuses["ok_a"]) == ("bad_config", "ok")


@pytest.mark.parametrize("words", [("spec=ok_a",), ("-m", "spec=ok_a,ok_b"), ("plan", "spec=ok_a")])
def test_a_run_that_names_its_specs_has_no_rotation(zoo, words):
    zoo.spec("ok_a")
    zoo.spec("ok_b")
    ran = zoo.json(*words, "rotation.budget=1")
    assert ran.code == 2
    assert "this run names its own; expected -m without spec=" in ran.error


@pytest.mark.parametrize("budget", ["0", "-1", "two", "1.5"])
def test_a_budget_is_a_number_of_specs(zoo, budget):
    assert zoo.json("-m", f"rotation.budget={budget}").code == 2


def test_a_budget_of_the_configuration_does_not_stop_a_run_that_names_its_spec(zoo):
    (zoo.conf / "rotation").mkdir()
    (zoo.conf / "rotation" / "default.yaml").write_text("budget: 1\n")
    zoo.spec("ok_a")
    zoo.spec("ok_b")
    assert zoo.json("spec=ok_b").statuses == {"ok_b": "ok"}
    assert zoo.json("-m").statuses["ok_b"] == "skipped"
