"""Whose files `gc` leaves because of their shadow results; every record is written by a real run."""

import pytest

from zoo.errors import RecordBusy
from zoo.evaluation.record import FOLDER, INDEX, writing
from zoo.evaluation.retention import Retention
from zoo.evaluation.rules import BoardRules
from zoo.registry.collection import RECORDS


@pytest.fixture
def retired(world):
    """A champion, and two challengers that are retired by now; the second came too late to be shadowed."""
    world.champion = world.register("first", champion=True)
    version = world.register("second", ("trend", {"window": 20}))
    world.shadow(until="2021-03-31")
    world.late = world.register("third", ("trend", {"window": 30}))
    for one in (version, world.late):
        world.registry.retire(one.version_id)
    return version


def deleted(world, *, dry_run=False, **rules):
    retention = Retention(world.registry, world.artifacts, BoardRules(**rules))
    with retention.holding([world.line.name]):
        return world.registry.gc(dry_run=dry_run, shadowed=retention)


def ids(items):
    return [item.version_id for item in items]


def test_who_is_compared_on_the_leaderboard_keeps_its_files_and_who_never_was_does_not(world, retired):
    found = deleted(world)
    assert ids(found.deleted) == [world.late.version_id]
    why = {item.version_id: item.why for item in found.kept}[retired.version_id]
    assert why == "it has shadow results that the leaderboard compares from 2020-12-31 on"
    assert world.registry.load(retired.version_id, trusted=["tests.evaluation.small."]) is not None
    assert retired.version_id in {one.version_id for one in world.board().entrants}


def test_results_from_before_the_window_are_no_reason(world, retired):
    world.shadow()  # the champion's record goes on; the retired one's ends in March
    assert ids(deleted(world, start="2021-04-01").deleted) == [retired.version_id, world.late.version_id]


def test_a_record_that_cannot_be_read_is_a_reason(world, retired):
    (world.record(retired).path / INDEX).write_bytes(b"{}\n")
    found = deleted(world)
    assert ids(found.deleted) == [world.late.version_id]
    assert any("its shadow results cannot be read: " in item.why for item in found.kept)


@pytest.mark.parametrize("damaged", [True, False])
def test_where_the_window_cannot_be_told_every_result_is_wanted(world, retired, damaged):
    index = world.record(world.champion).path / INDEX
    index.write_bytes(b"{}\n") if damaged else index.unlink()
    found = deleted(world, start="2021-04-01")
    assert ids(found.deleted) == [world.late.version_id]
    assert "it has shadow results" in {item.why for item in found.kept}


def test_while_somebody_shadows_the_line_nothing_of_it_is_deleted(world, retired):
    with writing(world.records):
        found = deleted(world)
    assert found.deleted == ()
    assert {item.why for item in found.kept} >= {"its line is being shadowed by another process"}
    assert ids(deleted(world).deleted) == [world.late.version_id]


def test_while_files_are_deleted_nobody_shadows_the_line(world, retired):
    retention = Retention(world.registry, world.artifacts, BoardRules())
    with retention.holding([world.line.name]), pytest.raises(RecordBusy, match="or deletes files of it"):
        world.shadow()
    assert world.shadow().failures == []


def test_results_that_are_written_between_the_survey_and_the_deletion_count(world, retired):
    asked = []

    def shadowed(version):
        """Say what is there at the first look, and have it shadowed before the second."""
        asked.append(version.version_id)
        if asked.count(world.late.version_id) == 2:
            world.record(world.late).path.mkdir()
            content = (world.record(retired).path / INDEX).read_bytes()
            (world.record(world.late).path / INDEX).write_bytes(content)
        return Retention(world.registry, world.artifacts, BoardRules())(version)

    assert world.registry.gc(dry_run=False, shadowed=shadowed).deleted == ()
    assert asked.count(world.late.version_id) == 2


def test_who_calls_without_a_leaderboard_deletes_nobody_who_was_ever_shadowed(world, retired):
    assert RECORDS == FOLDER
    assert ids(world.registry.gc(dry_run=False).deleted) == [world.late.version_id]
