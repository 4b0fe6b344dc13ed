"""The ledger on real SQLite stores: each trial once, whole, and never less than was known of it."""

from __future__ import annotations

import contextlib
import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sqlalchemy import text

from zoo.errors import LogAhead, RegistryError, SchemaMismatch, StoreUnavailable
from zoo.metrics import trial_variance
from zoo.registry import Ledger, Registry, Trial
from zoo.registry.database import open_database

from .stores import Place, on_sqlite, opened
from .writers import candidate

LINE = "us_equity"
TARGET = '{"horizon":21}'
CALENDAR = "c" * 64
WINDOW = ("2013-01-02T00:00:00", "2017-12-29T00:00:00")


def content(number: int) -> str:
    return f"{number:064x}"


def returns(number: int, bars: int = 60) -> Any:
    return np.random.default_rng(number).normal(0.0002, 0.01, bars).astype(np.float32)


def trial(number: int = 0, **changes: Any) -> Trial:
    fields: dict[str, Any] = {
        "content": content(number),
        "line": LINE,
        "experiment": "momentum",
        "permutation_id": number,
        "target": TARGET,
        "calendar": CALENDAR,
        "window": WINDOW,
        "metrics": {"rank_ic": 0.02},
        "net": returns(number),
    }
    return Trial(**{**fields, **changes})


def bare(number: int = 0, status: str = "failed", **changes: Any) -> Trial:
    undated = {"calendar": None, "window": None, "net": None, "metrics": {}}
    return trial(number, **{**undated, "status": status, **changes})


def known(registry: Registry) -> list[tuple[str, str, int | None]]:
    found = registry.ledger.trials(LINE)
    return [(t.content, t.status, None if t.net is None else len(t.net)) for t in found]


# --- counting -----------------------------------------------------------------------------------


def test_a_trial_is_counted_once_whoever_finds_it_again(registry: Registry) -> None:
    ledger = registry.ledger
    assert ledger.record(LINE, [trial(0), trial(1), trial(0, experiment="copy", permutation_id=9)]) == 2
    assert ledger.record(LINE, [trial(1, experiment="another"), trial(2)]) == 1
    assert ledger.count(LINE) == 3
    found = ledger.trials(LINE)
    assert [(t.content, t.experiment, t.permutation_id) for t in found] == [
        (content(n), "momentum", n) for n in range(3)
    ]
    assert all(t.recorded_at is not None for t in found)


def test_the_same_trial_counts_for_each_line_that_it_was_made_for(registry: Registry) -> None:
    registry.ledger.record(LINE, [trial(0)])
    registry.ledger.record("tabular", [trial(0, line="tabular")])
    assert registry.ledger.lines() == ["tabular", LINE]
    assert [registry.ledger.count(line) for line in ("tabular", LINE, "nobody")] == [1, 1, 0]


def test_failed_trials_and_such_with_nan_are_counted(registry: Registry) -> None:
    broken = returns(1)
    broken[30:] = np.nan
    registry.ledger.record(LINE, [trial(0), trial(1, net=broken), bare(2), bare(3, "finished")])
    assert registry.ledger.count(LINE) == 4
    dated, undated = registry.ledger.sets(LINE)
    assert (len(dated.trials), dated.finished, dated.failed, dated.nan) == (2, 2, 0, 1)
    assert (len(undated.trials), undated.finished, undated.failed, undated.nan) == (2, 1, 1, 0)
    assert (undated.calendar, undated.window) == (None, None)
    assert undated.matrix()[0] == ()
    assert math.isnan(undated.variance)


def test_reading_a_store_that_is_not_there_makes_none(registry: Registry, root: Path) -> None:
    ledger = registry.ledger
    assert (ledger.trials(LINE), ledger.lines(), ledger.sets(LINE), ledger.count(LINE)) == ([], [], [], 0)
    assert ledger.record(LINE, []) == 0
    assert not root.exists()


def test_a_registry_opened_to_read_records_nothing(url: str, root: Path) -> None:
    with opened(url, read_only=True) as reader, pytest.raises(RegistryError, match="opened to read"):
        reader.ledger.record(LINE, [trial()])
    assert not root.exists()


def test_the_trial_of_another_line_is_refused_and_none_of_the_others_recorded(registry: Registry) -> None:
    with pytest.raises(RegistryError, match="permutation 1: a trial of line 'tabular'"):
        registry.ledger.record(LINE, [trial(0), trial(1, line="tabular")])
    assert registry.ledger.count(LINE) == 0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"status": "done"}, "neither failed nor finished"),
        ({"content": "short"}, "no SHA-256"),
        ({"window": None}, "has some of calendar, window and returns"),
        ({"net": None}, "has some of calendar, window and returns"),
        ({"status": "failed"}, "failed and has returns"),
    ],
)
def test_a_trial_that_contradicts_itself_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(RegistryError, match=f"momentum, permutation 0: a trial .*{message}"):
        trial(**changes)


# --- what is known only grows -------------------------------------------------------------------


def test_a_failed_trial_that_finishes_later_keeps_its_place_and_its_time(registry: Registry) -> None:
    registry.ledger.record(LINE, [bare(0), trial(1)])
    first = registry.ledger.trials(LINE)[0]
    assert registry.ledger.record(LINE, [trial(0, experiment="again", permutation_id=4)]) == 0
    found = registry.ledger.trials(LINE)
    assert [t.content for t in found] == [content(0), content(1)]
    assert found[0].recorded_at == first.recorded_at
    assert (found[0].status, found[0].experiment, found[0].permutation_id) == ("finished", "again", 4)
    assert registry.verify().ok


STEPS = st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["failed", "bare", "net"])), max_size=12)


@given(batches=st.lists(STEPS, max_size=4))
@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_comes_in_whatever_order_the_most_that_was_known_stays(
    batches: list[list[tuple[int, str]]], store: Place
) -> None:
    make = {"failed": bare, "bare": lambda n: bare(n, "finished"), "net": trial}
    ranks = {"failed": 0, "bare": 1, "net": 2}
    with store.another().open() as registry:
        best: dict[int, int] = {}
        for batch in batches:
            new = {number for number, _ in batch} - set(best)
            assert registry.ledger.record(LINE, [make[kind](number) for number, kind in batch]) == len(new)
            for number, kind in batch:
                best[number] = max(best.get(number, -1), ranks[kind])
        found = {
            t.content: (t.status == "finished") + (t.net is not None) for t in registry.ledger.trials(LINE)
        }
        assert found == {content(number): rank for number, rank in best.items()}
        assert sum(len(each.trials) for each in registry.ledger.sets(LINE)) == registry.ledger.count(LINE)
        assert registry.verify().ok


def test_the_database_itself_lets_no_trial_go_and_no_returns_change(registry: Registry, store: Place) -> None:
    registry.ledger.record(LINE, [trial(0), bare(1), bare(2, "finished")])
    for statement in (
        "DELETE FROM trials WHERE position = 2",
        f"UPDATE trials SET net_returns = {store.blob(bytes(240))} WHERE position = 1",
        "UPDATE trials SET status = 'failed' WHERE position = 3",
        "UPDATE trials SET recorded_at = '' WHERE position = 2",
    ):
        with pytest.raises(store.refused):
            store.execute(statement)
    assert registry.verify().ok


# --- returns ------------------------------------------------------------------------------------


@given(net=arrays(np.float32, st.integers(1, 40), elements=st.floats(width=32)))
@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_returns_come_back_to_the_bit(net: Any, store: Place) -> None:
    with store.another().open() as registry:
        registry.ledger.record(LINE, [trial(0, net=net)])
        found = registry.ledger.trials(LINE)[0].net
    assert found is not None
    assert found.dtype == np.float32
    assert found.tobytes() == net.tobytes()


def test_returns_cannot_be_written_to() -> None:
    net = trial().net
    assert net is not None
    with pytest.raises(ValueError, match="read-only"):
        net[0] = 1.0


def test_a_set_is_of_one_target_calendar_and_window(registry: Registry) -> None:
    other = {"window": ("2012-01-03T00:00:00", WINDOW[1])}
    found = [trial(0), trial(1, target="{}"), trial(2, calendar="d" * 64), trial(3, **other), trial(4)]
    registry.ledger.record(LINE, found)
    sets = registry.ledger.sets(LINE)
    assert [[t.permutation_id for t in each.trials] for each in sets] == [[0, 4], [1], [2], [3]]
    ids, matrix = registry.ledger.matrix(LINE, TARGET, CALENDAR, WINDOW)
    assert ids == (content(0), content(4))
    assert matrix.dtype == np.float32
    assert matrix.shape == (60, 2)
    assert np.array_equal(matrix[:, 1], returns(4))
    assert [t.permutation_id for t in registry.ledger.trials(LINE, window=other["window"])] == [3]


def test_v_counts_near_duplicates_once_and_leaves_nan_out_of_v_only(registry: Registry) -> None:
    distinct = [returns(n) for n in range(5)]
    clones = [(distinct[0] * np.float32(1.01)).astype(np.float32) for _ in range(20)]
    broken = np.full(60, np.nan, dtype=np.float32)
    registry.ledger.record(LINE, [trial(n, net=net) for n, net in enumerate([*distinct, *clones, broken])])
    variance = registry.ledger.variance(LINE, TARGET, CALENDAR, WINDOW)
    assert variance == pytest.approx(trial_variance(np.column_stack(distinct)), rel=1e-6)
    assert variance >= (1 - 0.5) / 60
    assert registry.ledger.count(LINE) == 26


def test_v_of_trials_that_hardly_differ_is_what_trials_without_skill_would_have(registry: Registry) -> None:
    """Sharpe ratios that were made equal show no spread; (1 - mean correlation) / T is left of it."""
    nets = [returns(n).astype(np.float64) for n in range(4)]
    level = [(net - net.mean()) / net.std(ddof=1) * 0.01 + 0.0005 for net in nets]
    registry.ledger.record(LINE, [trial(n, net=np.float32(net)) for n, net in enumerate(level)])
    found = registry.ledger.sets(LINE)[0]
    assert found.variance == pytest.approx((1 - found.mean_correlation) / 60, rel=1e-4)


@given(
    table=arrays(
        np.float32, st.tuples(st.integers(3, 30), st.integers(2, 8)), elements=st.floats(-1, 1, width=32)
    )
)
@settings(deadline=None, max_examples=60)
def test_the_mean_correlation_is_that_of_all_pairs(table: Any) -> None:
    from zoo.registry import TrialSet

    members = tuple(trial(n, net=net) for n, net in enumerate(table.T))
    found = TrialSet(LINE, TARGET, CALENDAR, WINDOW, members).mean_correlation
    wide = table.astype(np.float64)
    wide = wide[:, wide.std(axis=0) > 1e-12 * np.abs(wide).max(axis=0)]
    if wide.shape[1] < 2:
        assert math.isnan(found)
        return
    pairs = np.corrcoef(wide, rowvar=False)[np.triu_indices(wide.shape[1], 1)]
    assert found == pytest.approx(pairs.mean(), abs=1e-9)


# --- damage -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("UPDATE trials SET net_returns = {zeros} WHERE position = 2", "trial 2 .* was changed"),
        ("UPDATE trials SET metrics = '{}' WHERE position = 2", "trial 2 .* was changed"),
        ("UPDATE trials SET line = 'tabular' WHERE position = 2", "trial 2 .* was changed"),
        (
            "DELETE FROM trials WHERE position = 2",
            "trial 3 follows trial 1: some are missing, and N is too low",
        ),
    ],
)
def test_verify_finds_a_trial_that_was_edited_or_taken_away(
    registry: Registry, change: str, message: str, store: Place
) -> None:
    registry.ledger.record(LINE, [trial(n) for n in range(4)])
    report = registry.verify()
    assert (report.ok, report.trials) == (True, 4)
    store.unguard()
    store.execute(change.replace("{zeros}", store.blob(bytes(240))))
    problems = registry.verify().problems
    assert [problem.kind for problem in problems] == ["trial"]
    with pytest.raises(AssertionError, match=message):
        raise AssertionError(problems[0].message)


def test_a_damaged_row_is_an_error_that_names_it(registry: Registry, store: Place) -> None:
    registry.ledger.record(LINE, [trial(0), trial(1)])
    store.unguard()
    store.execute(f"UPDATE trials SET net_returns = {store.blob(bytes(1))} WHERE position = 2")
    with pytest.raises(RegistryError, match="trial 2: its row is damaged; run `zoo verify`"):
        registry.ledger.trials(LINE)


def test_trials_of_one_calendar_with_different_numbers_of_bars_make_no_matrix(registry: Registry) -> None:
    registry.ledger.record(LINE, [trial(0), trial(1, net=returns(1, 59))])
    with pytest.raises(RegistryError, match="different numbers of bars"):
        registry.ledger.matrix(LINE, TARGET, CALENDAR, WINDOW)


# --- older stores -------------------------------------------------------------------------------

VERSION_1 = """
CREATE TABLE trials (
    position INTEGER NOT NULL, line VARCHAR(64) NOT NULL, content VARCHAR(64) NOT NULL,
    experiment TEXT NOT NULL, permutation_id INTEGER NOT NULL, recorded_at VARCHAR(32) NOT NULL,
    target TEXT NOT NULL, calendar TEXT NOT NULL, "window" TEXT NOT NULL, metrics TEXT NOT NULL,
    net_returns BLOB, PRIMARY KEY (position), UNIQUE (content))
"""


@pytest.fixture
def older(registry: Registry, store: Place) -> Registry:
    """A store as version 1 left it: one version, and no trials."""
    registry.register(candidate())
    store.execute("DROP TABLE trials", VERSION_1, "UPDATE schema_version SET version = 1")
    return registry


def fill(store: Place) -> None:
    row = "INSERT INTO trials VALUES ({n}, 'us_equity', '{c}', 'momentum', {n}, '2026', '{t}', {w}, {net})"
    dated = f"'{CALENDAR}', '{'/'.join(WINDOW)}', '{{\"rank_ic\":0.02}}'"
    net = f"x'{returns(1).tobytes().hex()}'"
    store.execute(
        row.format(n=1, c=content(1), t=TARGET, w=dated, net=net),
        row.format(n=2, c=content(2), t=TARGET, w="'', '', '{}'", net="NULL"),
    )


@on_sqlite
def test_an_older_store_is_read_as_it_is_and_brought_up_to_date_by_the_next_writer(
    older: Registry, store: Place
) -> None:
    before = older.versions()
    assert older.ledger.trials(LINE) == []
    assert older.verify().ok
    assert older.ledger.record(LINE, [trial(0)]) == 1
    assert older.versions() == before
    assert len(older.events()) == 1
    assert older.ledger.count(LINE) == 1
    assert older.verify().ok
    with pytest.raises(store.refused, match="never deleted"):
        store.execute("DELETE FROM trials")


@on_sqlite
def test_bringing_a_store_up_to_date_keeps_every_trial(older: Registry, root: Path, store: Place) -> None:
    fill(store)
    with pytest.raises(SchemaMismatch, match="brings the store up to date"):
        older.ledger.trials(LINE)
    older.register(candidate(2))
    first, second = older.ledger.trials(LINE)
    assert (first.content, first.status, first.window, first.recorded_at) == (
        content(1),
        "finished",
        WINDOW,
        "2026",
    )
    assert first.net is not None
    assert first.net.tobytes() == returns(1).tobytes()
    assert first.metrics == {"rank_ic": 0.02}
    assert (second.content, second.status, second.net) == (content(2), "failed", None)
    assert older.verify().ok
    assert older.ledger.record(LINE, [trial(3)]) == 1


@on_sqlite
def test_a_migration_that_fails_leaves_the_older_store(
    older: Registry, root: Path, url: str, store: Place
) -> None:
    fill(store)
    with contextlib.suppress(ZeroDivisionError), open_database(store.url).writing() as connection:
        assert connection.execute(text("SELECT version FROM schema_version")).scalar() == 2
        raise ZeroDivisionError
    assert store.fetch("SELECT version FROM schema_version") == [(1,)]
    assert store.fetch("SELECT count(*) FROM trials") == [(2,)]


# --- many at once -------------------------------------------------------------------------------


def test_four_processes_record_the_same_trials_at_once(tmp_path: Path, store: Place) -> None:
    code = (
        "import sys, json; from tests.registry.test_ledger import trial, bare, LINE\n"
        "from tests.registry.stores import opened\n"
        "found = 0\n"
        "with opened(sys.argv[1]) as registry:\n"
        "    for start in range(0, 60, 10):\n"
        "        batch = range(start, start + 20)\n"
        "        makes = [(n, bare if (n + int(sys.argv[2])) % 4 == 0 else trial) for n in batch]\n"
        "        found += registry.ledger.record(LINE, [make(n) for n, make in makes])\n"
        "print(found)\n"
    )
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", code, store.address, str(n)], stdout=subprocess.PIPE, text=True
        )
        for n in range(4)
    ]
    counted = [int(writer.communicate(timeout=100)[0]) for writer in writers]
    assert sum(counted) == 70
    with store.open(read_only=True) as registry:
        found = registry.ledger.trials(LINE)
        assert sorted(t.content for t in found) == [content(n) for n in range(70)]
        assert all(t.net is not None and np.array_equal(t.net, returns(t.permutation_id)) for t in found)
        assert registry.verify().ok


def test_a_writer_killed_in_the_middle_leaves_whole_batches_of_whole_trials(
    tmp_path: Path, store: Place
) -> None:
    code = (
        "import sys; from tests.registry.test_ledger import trial, LINE\n"
        "from tests.registry.stores import opened\n"
        "with opened(sys.argv[1]) as registry:\n"
        "    for start in range(0, 100000, 50):\n"
        "        registry.ledger.record(LINE, [trial(n) for n in range(start, start + 50)])\n"
        "        print(start + 50, flush=True)\n"
    )
    told = 0
    for goal in (50, 250, 400):
        writer = subprocess.Popen(
            [sys.executable, "-c", code, store.address], stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout is not None
        while told < goal:
            told = int(writer.stdout.readline())
        writer.kill()
        writer.wait()
        writer.stdout.close()
        with store.open(read_only=True) as registry:
            count = registry.ledger.count(LINE)
            assert count >= told
            assert count % 50 == 0
            assert registry.verify().ok


def test_a_lock_that_somebody_holds_is_reported_and_nothing_is_recorded(tmp_path: Path, store: Place) -> None:
    with opened(store.patient(0.05)) as registry:
        registry.ledger.record(LINE, [trial(0)])
        with store.holding(), pytest.raises(StoreUnavailable, match="locked by another process"):
            registry.ledger.record(LINE, [trial(1)])
        assert registry.ledger.record(LINE, [trial(0)]) == 0
    assert json.dumps(known(registry)) == json.dumps([[content(0), "finished", 60]])


def test_the_ledger_is_one_of_the_registry_s_own(registry: Registry) -> None:
    assert isinstance(registry.ledger, Ledger)


def test_no_trial_is_recorded_in_the_place_of_a_database_that_is_gone(
    registry: Registry, store: Place
) -> None:
    registry.register(candidate(1))
    store.lose()
    with pytest.raises(LogAhead):
        registry.ledger.record(LINE, [trial(1)])
    assert not store.there()
