import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoo.commands.rotation import by_staleness
from zoo.spec import Spec

NAMES = st.lists(st.sampled_from("abcdefgh"), unique=True, max_size=8)


def spec(name, priority=0):
    return Spec(name, "us_equity", priority=priority)


def test_never_registered_comes_first_then_the_longest_ago():
    last = {"a": "2026-03-01", "b": "2026-01-01", "c": "2026-02-01"}
    assert by_staleness([spec(name) for name in "abcd"], last) == ["d", "b", "c", "a"]


def test_priority_decides_between_equals_only_and_then_the_name():
    specs = [spec("a"), spec("b", 5), spec("c", 9), spec("d"), spec("e", -1)]
    assert by_staleness(specs, {"b": "2026-01-02", "c": "2026-01-02"}) == ["a", "d", "e", "c", "b"]


@given(NAMES, st.data())
def test_whatever_the_priorities_nobody_waits_longer_than_everybody_takes_turns(names, data):
    specs = [spec(name, data.draw(st.integers(-9, 9))) for name in names]
    budget = data.draw(st.integers(1, 8))
    last, turns = {}, dict.fromkeys(names, 0)
    for now in range(3 * len(names)):
        for name in by_staleness(specs, last)[:budget]:
            last[name], turns[name] = f"{now:04}", turns[name] + 1
    assert not turns or max(turns.values()) - min(turns.values()) <= 1 or budget > 1
    assert all(turns.values())


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
    assert planned.statuses["ok_a"] == "skipped"
    assert planned.statuses["ok_b"] != "skipped"


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
