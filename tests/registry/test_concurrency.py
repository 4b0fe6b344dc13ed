"""Many processes at once, and processes that die: each test runs real ones (see `writers`)."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from .stores import Place, numbered, opened
from .writers import run


def check(deaths: list[dict[str, Any]]) -> None:
    """Whatever a dead writer did: nothing lost, doubled or left over, and the work can be done again."""
    for death in deaths:
        assert death["lost"] == [], death
        assert set(death["kinds"]) <= {"unregistered"}, death
        assert all("is whole but not registered" in message for message in death["unregistered"]), death
        assert death["answers"] == "registered", death
        assert death["second"]["ok"], death
        assert death["repeated"] == 0, death
        assert death["left"] == [], death


def check_rush(store: Place, times: int) -> None:
    for attempt in range(times):
        url = numbered(store.address, attempt)
        answers = run("rush", url, json.dumps([[number] for number in range(8)]))
        assert all(isinstance(answer, list) for answer in answers), answers
        with opened(url, read_only=True) as registry:
            assert len(registry.versions()) == 8
            assert registry.verify().ok


def test_eight_processes_open_a_new_store_at_once(store: Place) -> None:
    check_rush(store, 3)


@pytest.mark.slow
def test_eight_processes_open_a_new_store_at_once_twenty_times(store: Place) -> None:
    check_rush(store, 20)


def test_mixed_new_and_equal_content_from_many_processes_is_each_registered_once(store: Place) -> None:
    chance = random.Random(5)
    shares = [[chance.randrange(25) for _ in range(20)] for _ in range(6)]
    distinct = {content for share in shares for content in share}
    answers = run("rush", store.address, json.dumps(shares))
    assert all(isinstance(answer, list) for answer in answers), answers
    created = [version_id for answer in answers for version_id, new, _ in answer if new]
    told = {version_id for answer in answers for version_id, _, _ in answer}
    assert all(notices == [] for answer in answers for _, _, notices in answer)
    with store.open(read_only=True) as registry:
        assert len(created) == len(set(created)) == len(distinct)
        assert {version.version_id for version in registry.versions()} == set(created) == told
        report = registry.verify()
        assert (report.ok, report.checked, report.swept) == (True, len(distinct), ())


@pytest.mark.slow
def test_a_writer_killed_at_any_line_leaves_no_version_or_a_whole_one(store: Place) -> None:
    deaths = run("kill_at_lines", store.address, random.randrange(1, 80), 80)
    assert len(deaths) > 10
    check(deaths)


@pytest.mark.slow
def test_a_writer_interrupted_at_any_line_leaves_no_version_or_a_whole_one(store: Place) -> None:
    deaths = run("interrupt_at_lines", store.address, random.randrange(1, 80), 80)
    assert len(deaths) > 10
    check(deaths)


@pytest.mark.slow
def test_writers_killed_at_random_times_lose_nothing_that_they_were_told_is_registered(store: Place) -> None:
    deaths = run("kill_at_random", store.address, 20, random.randrange(1000))
    assert len(deaths) == 20
    check(deaths)


@pytest.mark.slow
def test_a_writer_killed_or_interrupted_at_every_ninth_line(store: Place) -> None:
    first = random.randrange(1, 9)
    check(run("kill_at_lines", store.address, first, 9, timeout=600))
    check(run("interrupt_at_lines", store.another().address, first, 9, timeout=600))


@pytest.mark.slow
def test_two_hundred_writers_killed_at_random_times(store: Place) -> None:
    check(run("kill_at_random", store.address, 200, random.randrange(1000), timeout=600))


@pytest.mark.slow
def test_eight_processes_register_a_hundred_each(store: Place) -> None:
    shares = [[random.randrange(400) for _ in range(100)] for _ in range(8)]
    answers = run("rush", store.address, json.dumps(shares), timeout=600)
    assert all(isinstance(answer, list) for answer in answers), answers
    with store.open(read_only=True) as registry:
        assert len(registry.versions()) == len({content for share in shares for content in share})
        assert registry.verify().ok
