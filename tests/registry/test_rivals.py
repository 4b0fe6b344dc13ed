"""Champions moved by many processes, read meanwhile, and moved by processes that die (see `movers`)."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from zoo.registry import Registry

from .movers import LINE, run


def check_contest(url: str, rounds: int, promoters: int) -> None:
    told = run("contest", url, rounds, promoters, timeout=600)
    winner = None
    for answers in told:
        won = [answer for answer in answers if answer[0] == "won"]
        lost = [answer for answer in answers if answer[0] == "lost"]
        assert (len(won), len(lost)) == (1, promoters - 1), answers
        assert {answer[2] for answer in answers} == {winner}
        winner = won[0][1]
        assert {answer[1] for answer in lost} == {winner}
    with Registry.open(url, read_only=True) as registry:
        assert len(registry.history(LINE)) == rounds
        champion = registry.champion(LINE)
        assert champion is not None
        assert champion.version_id == winner
        assert registry.verify().ok


def check_deaths(deaths: list[dict[str, Any]]) -> None:
    """Whenever a mover died: the chain is whole, the champion resolves, and what was told has happened."""
    for death in deaths:
        assert death["problems"] == [], death
        assert death["champion"] == death["last"], death
        assert death["resolved"], death
        assert death["logged"] == death["position"], death
        assert death["left"] == [], death
        assert death.get("acknowledged") is None or death["acknowledged"] <= death["position"], death


def test_of_four_promoters_exactly_one_wins_each_round(tmp_path: Path) -> None:
    check_contest(f"sqlite:///{tmp_path}/registry.db", 3, 4)


@pytest.mark.slow
def test_of_eight_promoters_exactly_one_wins_each_round(tmp_path: Path) -> None:
    check_contest(f"sqlite:///{tmp_path}/registry.db", 25, 8)


def check_reader(root: Path, swaps: int, reads: int = 1) -> None:
    found = run("read_while_replaced", f"sqlite:///{root}/registry.db", swaps, timeout=900)
    assert found["errors"] == []
    assert (found["mixtures"], found["exitcode"]) == (0, 0)
    assert found["reads"] >= reads
    with Registry.open(f"sqlite:///{root}/registry.db", read_only=True) as registry:
        assert len(registry.history(LINE)) == 3 + swaps
        assert registry.verify().ok


def test_a_reader_sees_one_champion_or_the_other_and_never_an_error(tmp_path: Path) -> None:
    check_reader(tmp_path, 20)


@pytest.mark.slow
def test_a_reader_sees_no_error_while_the_champion_is_replaced_a_thousand_times(tmp_path: Path) -> None:
    check_reader(tmp_path, 1000, reads=200)


def test_a_promoter_killed_at_any_line_has_promoted_or_has_not(tmp_path: Path) -> None:
    deaths = run("kill_at_lines", tmp_path, random.randrange(1, 90), 90)
    assert len(deaths) > 3
    check_deaths(deaths)


def test_promoters_killed_at_random_times_leave_a_whole_store(tmp_path: Path) -> None:
    deaths = run("kill_at_random", tmp_path, 8, random.randrange(1000))
    assert len(deaths) == 8
    check_deaths(deaths)


@pytest.mark.slow
def test_a_promoter_killed_at_every_fifth_line(tmp_path: Path) -> None:
    check_deaths(run("kill_at_lines", tmp_path, random.randrange(1, 5), 5, timeout=600))


@pytest.mark.slow
def test_two_hundred_promoters_killed_at_random_times(tmp_path: Path) -> None:
    check_deaths(run("kill_at_random", tmp_path, 200, random.randrange(1000), timeout=600))
