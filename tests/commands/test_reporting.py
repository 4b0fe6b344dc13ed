import pytest

from zoo.commands.reporting import last_runs
from zoo.driver.result import Failure, Outcome, SpecResult


@pytest.fixture
def ran(tmp_path):
    def write(run_id, **specs):
        for name, (status, *failures) in specs.items():
            directory = tmp_path / run_id / name
            directory.mkdir(parents=True)
            SpecResult(name, status, failures=failures).write(directory)
        return tmp_path

    return write


def test_the_last_runs_come_first_and_older_ones_are_not_looked_at(ran):
    for day in range(1, 8):
        root = ran(f"2026010{day}T000000_000000Z-1", a=(Outcome.failed, Failure(None, "E", f"day {day}")))
    found = last_runs(root, 3)
    assert found.seen == tuple(f"2026010{day}T000000_000000Z-1" for day in (7, 6, 5))
    assert [one.message for one in found.troubles] == ["day 7", "day 6", "day 5"]
    assert found.specs == 3


@pytest.mark.parametrize("status", [Outcome.ok, Outcome.skipped])
def test_what_ended_well_is_no_trouble(ran, status):
    found = last_runs(ran("run", a=(status,)))
    assert (found.seen, found.troubles) == (("run",), ())


@pytest.mark.parametrize("status", [Outcome.crashed, Outcome.interrupted])
def test_what_ended_badly_without_a_word_is_trouble_all_the_same(ran, status):
    (trouble,) = last_runs(ran("run", a=(status,))).troubles
    assert (trouble.spec, trouble.status, trouble.message) == ("a", status.value, "nothing more was said")


def test_no_runs_are_no_error(tmp_path):
    assert last_runs(tmp_path / "runs").seen == ()
