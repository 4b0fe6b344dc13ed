from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zoo.errors import (
    ArtifactCorrupt,
    ChampionChanged,
    ConfigError,
    MoveRefused,
    NoChampion,
    RegistryError,
    StoreUnavailable,
    VersionNotFound,
)
from zoo.registry import Registry, history

from .stores import Place, opened
from .writers import candidate, run

LINE = "us_equity"


def register(registry: Registry, *contents: int) -> list[str]:
    return [registry.register(candidate(content)).version.version_id for content in contents]


def stages(registry: Registry) -> list[str]:
    """Stages in order of registering."""
    return [version.stage for version in reversed(registry.versions())]


def champion(registry: Registry) -> str | None:
    found = registry.champion(LINE)
    return None if found is None else found.version_id


@pytest.fixture
def three(registry: Registry) -> tuple[str, str, str]:
    """Three versions that were promoted one after the other; the last is champion."""
    a, b, c = register(registry, 1, 2, 3)
    registry.promote(a, expect=None, reason="first")
    registry.promote(b, expect=a, reason="better")
    registry.promote(c, expect=b, reason="better still")
    return a, b, c


def test_a_challenger_becomes_champion_and_the_one_before_is_archived(registry: Registry) -> None:
    a, b = register(registry, 1, 2)
    first = registry.promote(a, expect=None, reason="the first")
    assert (first.changed, first.replaced, first.version.stage) == (True, None, "champion")
    second = registry.promote(b, expect=a, reason=" a higher rank IC ")
    assert (second.changed, second.replaced) == (True, a)
    assert stages(registry) == ["archived", "champion"]
    assert champion(registry) == b
    assert registry.get(b) == second.version
    assert registry.verify().ok


def test_the_event_says_who_when_from_to_and_why_and_that_no_gate_was_asked(registry: Registry) -> None:
    a, b = register(registry, 1, 2)
    registry.promote(a, expect=None, reason="the first")
    move = registry.promote(b, expect=a, reason=" a higher rank IC ")
    event = registry.history(LINE)[-1]
    assert event == move.event
    assert (event.kind, event.version_id, event.line) == ("promoted", b, LINE)
    assert event.details == {"replaced": a, "gate": "none"}
    assert event.reason == "a higher rank IC"
    assert event.actor
    assert event.host
    assert json.loads(json.dumps(move.as_dict(), allow_nan=False))["event"]["details"]["replaced"] == a


def test_a_gate_s_decision_is_recorded_and_needs_no_reason(registry: Registry) -> None:
    (a,) = register(registry, 1)
    move = registry.promote(a, expect=None, decision={"passed": True, "deflated_sharpe": 0.97})
    assert move.event is not None
    assert move.event.details["gate"] == {"passed": True, "deflated_sharpe": 0.97}
    assert move.event.reason is None


@pytest.mark.parametrize("reason", [None, "", "  \n"])
def test_without_a_gate_and_without_a_reason_nothing_is_promoted(
    registry: Registry, reason: str | None
) -> None:
    (a,) = register(registry, 1)
    with pytest.raises(ConfigError, match="needs a reason"):
        registry.promote(a, expect=None, reason=reason)
    assert stages(registry) == ["challenger"]


@pytest.mark.parametrize("wrong", [None, "resmom-20171229-00000000"])
def test_a_champion_that_is_not_the_expected_one_stays(registry: Registry, wrong: str | None) -> None:
    a, b = register(registry, 1, 2)
    registry.promote(a, expect=None, reason="first")
    with pytest.raises(ChampionChanged, match=f"the champion is {a}; expected") as caught:
        registry.promote(b, expect=wrong, reason="better")
    assert caught.value.current == a
    assert stages(registry) == ["champion", "challenger"]
    assert len(registry.history(LINE)) == 1


def test_an_expected_champion_where_there_is_none_is_refused(registry: Registry) -> None:
    a, b = register(registry, 1, 2)
    with pytest.raises(ChampionChanged, match="the champion is none") as caught:
        registry.promote(a, expect=b, reason="better")
    assert caught.value.current is None


def test_promoting_the_champion_again_is_a_notice_and_no_second_event(registry: Registry) -> None:
    a, b = register(registry, 1, 2)
    registry.promote(a, expect=None, reason="first")
    registry.promote(b, expect=a, reason="better")
    again = registry.promote(b, expect=a, reason="better")  # as the second of two runs for one date says it
    assert (again.changed, again.event, again.replaced) == (False, None, None)
    assert f"{b} is the champion of us_equity already" in again.notices[0]
    assert len(registry.history(LINE)) == 2


def test_each_line_has_a_champion_of_its_own(registry: Registry) -> None:
    (a,) = register(registry, 1)
    other = registry.register(candidate(2, line="tabular")).version.version_id
    registry.promote(a, expect=None, reason="first")
    registry.promote(other, expect=None, reason="first")
    assert champion(registry) == a
    assert [event.version_id for event in registry.history("tabular")] == [other]
    assert registry.verify().ok


def test_a_rollback_is_a_new_event_and_brings_the_champion_before_back(
    registry: Registry, three: tuple[str, str, str]
) -> None:
    _, b, c = three
    move = registry.rollback(LINE, expect=c, reason="c trades twice as much")
    assert (move.version.version_id, move.version.stage, move.replaced) == (b, "champion", c)
    assert stages(registry) == ["archived", "champion", "archived"]
    assert [event.kind for event in registry.history(LINE)] == ["promoted"] * 3 + ["rolled_back"]
    assert registry.verify().ok


def test_rolling_back_twice_goes_back_two_and_not_forth_again(
    registry: Registry, three: tuple[str, str, str]
) -> None:
    a, b, c = three
    registry.rollback(LINE, expect=c)
    registry.rollback(LINE, expect=b)
    assert champion(registry) == a
    with pytest.raises(NoChampion, match=f"no champion before {a} is left"):
        registry.rollback(LINE, expect=a)
    back = registry.rollback(LINE, expect=a, version_id=c)
    assert (back.replaced, champion(registry)) == (a, c)
    registry.rollback(LINE, expect=c)
    assert champion(registry) == a
    assert registry.verify().ok


def test_a_rollback_expects_a_champion_too(registry: Registry, three: tuple[str, str, str]) -> None:
    a, b, c = three
    for version_id in (None, a):
        with pytest.raises(ChampionChanged, match=f"the champion is {c}"):
            registry.rollback(LINE, expect=b, version_id=version_id)
    assert champion(registry) == c


def test_a_line_without_a_champion_cannot_be_rolled_back(registry: Registry) -> None:
    register(registry, 1)
    with pytest.raises(NoChampion, match="us_equity: the line has no champion"):
        registry.rollback(LINE, expect=None)


def test_a_rollback_does_not_reach_into_another_line(registry: Registry, three: tuple[str, str, str]) -> None:
    other = registry.register(candidate(9, line="tabular")).version.version_id
    registry.promote(other, expect=None, reason="first")
    with pytest.raises(MoveRefused, match=f"{three[0]} is of line us_equity"):
        registry.rollback("tabular", expect=other, version_id=three[0])


def test_a_challenger_is_retired_and_stays_registered(registry: Registry) -> None:
    (a,) = register(registry, 1)
    move = registry.retire(a, reason="too dear to trade")
    assert (move.changed, move.version.stage) == (True, "retired")
    assert [event.kind for event in registry.history(LINE)] == ["retired"]
    again = registry.retire(a)
    assert (again.changed, again.event) == (False, None)
    assert len(registry.events()) == 2
    assert registry.register(candidate(1)).notices == (f"{a}: is retired, and stays so",)
    assert registry.verify().ok


def test_what_a_move_cannot_do_is_refused_with_what_can_be_done(
    registry: Registry, three: tuple[str, str, str]
) -> None:
    a, _, c = three
    d, e = register(registry, 4, 5)
    registry.retire(d)
    for attempt, said in [
        (
            lambda: registry.promote(a, expect=c, reason="x"),
            "is archived; expected a version that is chall.*roll",
        ),
        (lambda: registry.promote(d, expect=c, reason="x"), "is retired; .*another label"),
        (lambda: registry.retire(c), "is champion; expected a version that is challenger; promote another"),
        (lambda: registry.retire(a), "is archived"),
        (lambda: registry.rollback(LINE, expect=c, version_id=e), "is challenger; .*zoo promote"),
        (lambda: registry.rollback(LINE, expect=c, version_id=d), "is retired"),
    ]:
        with pytest.raises(MoveRefused, match=said):
            attempt()
    assert stages(registry) == ["archived", "archived", "champion", "retired", "challenger"]


def test_an_unknown_version_is_moved_nowhere_and_no_store_is_made(url: str, tmp_path: Path) -> None:
    with opened(url) as registry:
        for attempt in (
            lambda: registry.promote("resmom-20171229-00000000", expect=None, reason="x"),
            lambda: registry.retire("resmom-20171229-00000000"),
            lambda: registry.rollback(LINE, expect=None, version_id="resmom-20171229-00000000"),
        ):
            with pytest.raises(VersionNotFound):
                attempt()
        with pytest.raises(NoChampion):
            registry.rollback(LINE, expect=None)
        assert registry.retire_spec("residual_momentum", reason="x") == []
    assert list(tmp_path.iterdir()) == []


def test_a_registry_opened_to_read_moves_nothing(registry: Registry, url: str) -> None:
    (a,) = register(registry, 1)
    with opened(url, read_only=True) as reader:
        for attempt in (
            lambda: reader.promote(a, expect=None, reason="x"),
            lambda: reader.retire(a),
            lambda: reader.rollback(LINE, expect=None),
            lambda: reader.retire_spec("residual_momentum", reason="x"),
        ):
            with pytest.raises(RegistryError, match="opened to read"):
                attempt()
    assert stages(registry) == ["challenger"]


def test_a_version_that_could_not_be_loaded_becomes_no_champion(registry: Registry, root: Path) -> None:
    a, b = register(registry, 1, 2)
    registry.promote(a, expect=None, reason="first")
    (root / LINE / b / "sensor.skops").write_bytes(b"damaged")
    with pytest.raises(ArtifactCorrupt, match=r"sensor\.skops"):
        registry.promote(b, expect=a, reason="better")
    assert champion(registry) == a
    (c,) = register(registry, 3)
    registry.promote(c, expect=a, reason="better")
    shutil.rmtree(root / LINE / a)
    with pytest.raises(ArtifactCorrupt, match="missing"):
        registry.rollback(LINE, expect=c)
    assert champion(registry) == c


def test_a_spec_s_challengers_retire_and_its_champion_keeps_serving(registry: Registry) -> None:
    a, b, c = register(registry, 1, 2, 3)
    other = registry.register(candidate(4, spec="horizon_60d", label="h60")).version
    registry.promote(a, expect=None, reason="first")
    moved = registry.retire_spec("residual_momentum", reason="retired in residual_momentum.yaml")
    assert [move.version.version_id for move in moved] == [b, c]
    assert {move.event.reason for move in moved if move.event} == {"retired in residual_momentum.yaml"}
    assert champion(registry) == a
    assert registry.get(other.version_id).stage == "challenger"
    assert registry.retire_spec("residual_momentum", reason="again") == []
    assert len(registry.history(LINE)) == 3


def test_a_stage_that_was_edited_is_found_by_the_events(registry: Registry, store: Place) -> None:
    a, b = register(registry, 1, 2)
    registry.promote(a, expect=None, reason="first")
    store.execute(
        f"UPDATE versions SET stage = 'archived' WHERE version_id = '{a}'",
        f"UPDATE versions SET stage = 'champion' WHERE version_id = '{b}'",
    )
    found = {problem.version_id: problem.message for problem in registry.verify().problems}
    assert found == {
        a: "its stage is archived, and its events say champion",
        b: "its stage is champion, and its events say challenger",
    }


def test_a_clock_that_jumps_back_changes_no_order(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = iter(range(28, 0, -1))
    monkeypatch.setattr(history, "now", lambda: f"2030-01-{next(days):02}T00:00:00.000000+00:00")
    a, b = register(registry, 1, 2)
    registry.promote(a, expect=None, reason="first")
    registry.promote(b, expect=a, reason="better")
    registry.rollback(LINE, expect=b)
    assert champion(registry) == a
    assert [event.version_id for event in registry.history(LINE)] == [a, b, a]
    assert registry.versions()[0].version_id == b
    assert registry.verify().ok


def test_a_database_that_is_locked_for_long_is_one_clear_error(registry: Registry, store: Place) -> None:
    (a,) = register(registry, 1)
    with (
        store.holding(),
        opened(store.patient(0.05)) as impatient,
        pytest.raises(StoreUnavailable, match=r": the .* locked by another process for more than 0\.05"),
    ):
        impatient.promote(a, expect=None, reason="first")
    assert stages(registry) == ["challenger"]
    assert registry.promote(a, expect=None, reason="first").changed


def test_a_directory_that_cannot_be_written_is_one_clear_error(
    registry: Registry, url: str, root: Path
) -> None:
    (a,) = register(registry, 1)
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    said = run("promote_as_nobody", url, a)
    assert said.startswith("StoreUnavailable: ")
    assert "make it writable" in said
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} == before


MOVES = st.lists(
    st.tuples(st.sampled_from(["promote", "rollback", "bring", "retire"]), st.integers(0, 4)), max_size=10
)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=MOVES)
def test_whatever_is_asked_the_events_and_the_rows_agree(store: Place, moves: list[tuple[str, int]]) -> None:
    with store.another().open() as registry:
        ids = register(registry, *range(5))
        for move, number in moves:
            now = champion(registry)
            try:
                if move == "promote":
                    done = registry.promote(ids[number], expect=now, reason="x")
                elif move == "retire":
                    done = registry.retire(ids[number])
                else:
                    whom = ids[number] if move == "bring" else None
                    done = registry.rollback(LINE, expect=now, version_id=whom)
            except (MoveRefused, NoChampion):
                assert champion(registry) == now
            else:
                assert done.version == registry.get(done.version.version_id)
                assert (champion(registry) != now) == (done.changed and move != "retire")
        assert stages(registry).count("champion") == (champion(registry) is not None)
        assert registry.verify().problems == ()
