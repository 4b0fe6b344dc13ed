"""Attempts to look better than one is, each carried out on the command line, and each to no avail.

The arithmetic behind it is tested in test_score, test_skill, test_superiority and test_verdict.
"""

import shutil
import sqlite3
from contextlib import closing

import numpy as np
import pytest

from tests.commands.conftest import zoo  # noqa: F401
from tests.commands.test_shadow import TRUSTED
from tests.evaluation import small
from tests.evaluation.test_bad_input import (  # noqa: F401
    AT,
    BOARD,
    SHADOW,
    close,
    duel,
    recorded,
    refusals,
    row,
    source,
    world,
)
from zoo.registry import Trial

TARGET = "zoo.targets.forward_return"
WINDOW = ("2019-01-01T00:00:00", "2019-06-30T00:00:00")


def judged(zoo, version):  # noqa: F811
    """Every condition of the gate, by name."""
    words = (f"version={version.version_id}", "gate.draws=400", TRUSTED)
    ran = zoo.json("promote", *words)
    assert ran.code == 1
    return {one["name"]: one for one in ran.document["decision"]["conditions"]}


def trial(number, net, name="small"):
    return Trial(f"{number:064x}", "small", name, number, TARGET, calendar="c" * 64, window=WINDOW, net=net)


# --- replaying old bars -----------------------------------------------------------------------------


def test_the_best_of_many_on_replayed_bars_fills_no_soak_and_passes_no_test(zoo, world, duel):  # noqa: F811
    many = [world.register(f"v{n}", ("trend", {"window": 4 + 3 * n}), number=n + 2) for n in range(6)]
    assert zoo.json(*SHADOW).code == 0
    rows = zoo.json(*BOARD).document
    best = max((row_ for row_ in rows if row_["version_id"] in {v.version_id for v in many}), key=_net)
    assert best["days"]["live"] == 0
    chosen = next(v for v in many if v.version_id == best["version_id"])
    why = refusals(zoo, chosen)
    assert "0 live bars" in why["soak"]
    assert "skill" in why
    assert zoo.json("select", "line=small", TRUSTED, "gate.draws=200").document["winner"] is None


def _net(one):
    return one["net_sharpe"]["value"]


def test_calling_replayed_bars_live_in_the_record_is_found_out(zoo, world, duel):  # noqa: F811
    late = world.register("late", ("trend", {"window": 7}), number=5)
    assert zoo.json(*SHADOW).code == 0
    index = world.record(late).path / "index.jsonl"
    index.write_bytes(index.read_bytes().replace(b'"live": 0', b'"live": 139'))
    assert "line 2 was edited" in refusals(zoo, late)["data health"]
    assert row(zoo.json(*BOARD), late)["rank"] is None


def backdate(zoo, version):  # noqa: F811
    """Say in the database that a version was registered before the bars that it is to be judged on."""
    with closing(sqlite3.connect(zoo.outputs / "registry" / "registry.db")) as database, database:
        database.execute("UPDATE versions SET created_at = ? WHERE version_id = ?", (AT, version.version_id))


def test_backdating_a_version_that_was_shadowed_is_found_out(zoo, world, duel):  # noqa: F811
    late = world.register("late", ("trend", {"window": 7}), number=5)
    assert zoo.json(*SHADOW).code == 0
    backdate(zoo, late)
    assert zoo.json(*SHADOW).code == 1
    why = refusals(zoo, late)
    assert "0 live bars" in why["soak"]
    assert zoo.json("verify").code == 1


def test_backdating_a_version_before_it_is_shadowed_is_found_out(zoo, world, duel):  # noqa: F811
    late = world.register("late", ("trend", {"window": 7}), number=5)
    backdate(zoo, late)
    ran = zoo.json(*SHADOW)
    assert ran.code == 1
    (failed,) = [one for one in ran.document["results"] if one["status"] == "failed"]
    assert failed["version_id"] == late.version_id
    said = f"the database says that it was registered at {AT}, and its version.json 2026-"
    assert said in failed["message"]
    assert not world.record(late).path.exists()
    assert zoo.json("verify").code == 1
    assert "it was never shadowed" in refusals(zoo, late)["record"]


# --- retiring losers --------------------------------------------------------------------------------


def test_retiring_losers_and_deleting_their_records_lowers_no_bar(zoo, world, duel):  # noqa: F811
    losers = [
        world.register(f"v{n}", ("trend", {"window": 30 + 9 * n}), at=AT, number=n + 2) for n in range(4)
    ]
    assert zoo.json(*SHADOW).code == 0
    before, luck = judged(zoo, duel[1]), _luck(zoo)
    for one in losers:
        assert zoo.json("retire", f"version={one.version_id}").code == 0
    retired = judged(zoo, duel[1])
    for name in ("skill", "better"):
        assert retired[name]["reason"] == before[name]["reason"]
    assert _luck(zoo) == luck
    for one in losers:
        shutil.rmtree(world.record(one).path)
    deleted = judged(zoo, duel[1])
    assert "6 trials" in before["skill"]["reason"]
    assert "6 trials" in deleted["skill"]["reason"]
    assert deleted["skill"]["bar"] >= before["skill"]["bar"] - 0.05
    assert _luck(zoo)["trials"] == luck["trials"]


def _luck(zoo):  # noqa: F811
    board = zoo.json(*BOARD).document[0]["board"]
    return {name: board[name] for name in ("trials", "benchmark")}


# --- cloning trials ---------------------------------------------------------------------------------


def test_two_thousand_clones_of_a_trial_lower_no_bar(zoo, world, duel):  # noqa: F811
    noise = np.random.default_rng(3).normal(0, 0.01, (30, 120))
    world.registry.ledger.record("small", [trial(n, net) for n, net in enumerate(noise)])
    assert zoo.json(*SHADOW).code == 0
    before, luck = judged(zoo, duel[1]), _luck(zoo)
    clones = [trial(1_000 + n, noise[4], name="clones") for n in range(2_000)]
    assert world.registry.ledger.record("small", clones) == 2_000
    after, crowded = judged(zoo, duel[1]), _luck(zoo)
    assert crowded["trials"] == luck["trials"] + 2_000
    assert crowded["benchmark"] >= luck["benchmark"]
    assert after["skill"]["bar"] >= before["skill"]["bar"]
    assert after["better"]["reason"] == before["better"]["reason"]


def test_the_same_trial_counts_once_however_often_it_is_recorded(zoo, world, duel):  # noqa: F811
    net = np.random.default_rng(3).normal(0, 0.01, 120)
    for _ in range(3):
        world.registry.ledger.record("small", [trial(1, net), trial(1, net)])
    assert world.registry.ledger.count("small") == 1


# --- selecting on test ------------------------------------------------------------------------------


@pytest.mark.parametrize("metric", ["test_rank_ic", "mse"])
def test_selecting_by_what_the_test_part_says_is_refused(zoo, experiment_dir, metric, monkeypatch):  # noqa: F811
    monkeypatch.delenv("PYTHONPATH")  # the real driver
    zoo.spec(
        "greedy",
        "name: greedy\nline: us_equity\nsources:\n"
        f"  - experiment: {experiment_dir}\n    permutations: {{top: 1, by: {metric}}}\n",
    )
    ran = zoo.json("plan", "spec=greedy")
    assert ran.code == 1
    assert "selecting by a test metric is refused" in ran.document["results"][0]["failures"][0]["message"]
    ran = zoo.json("spec=greedy")
    assert ran.code == 1
    assert ran.statuses == {"greedy": "failed"}
    assert zoo.json("versions").document == []


def test_a_result_that_was_edited_to_be_chosen_is_not(zoo, experiment_dir):  # noqa: F811
    zoo.spec(
        "greedy",
        "name: greedy\nline: us_equity\nsources:\n"
        f"  - experiment: {experiment_dir}\n    permutations: {{top: 1, by: rank_ic}}\n",
    )
    chosen = zoo.json("plan", "spec=greedy").document["results"][0]["sources"][0]["permutations"]
    path = experiment_dir / "results.csv"
    head, *lines = path.read_text().splitlines()
    place = head.split(",").index("selection_rank_ic")
    cells = [line.split(",") for line in lines]
    other = next(n for n, line in enumerate(cells) if int(line[0]) not in chosen)
    cells[other][place] = "0.9"
    path.write_text("\n".join([head, *(",".join(line) for line in cells)]) + "\n")
    ran = zoo.json("plan", "spec=greedy")
    assert ran.code == 1
    assert "results.csv" in ran.document["results"][0]["failures"][0]["message"]


def test_nothing_of_these_attempts_changed_a_record(zoo, world, duel):  # noqa: F811
    assert zoo.json(*SHADOW).code == 0
    before = recorded(world)
    world.register("v0", ("trend", {"window": 30}), at=AT, number=9)
    judged(zoo, duel[1])
    zoo.json(*BOARD)
    assert recorded(world) == before
    assert close().equals(small.market().close)
