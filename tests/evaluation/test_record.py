import json

import numpy as np
import pandas as pd
import pytest

from tests.evaluation.test_days import days
from zoo.errors import RecordBusy, RecordCorrupt, StoreUnavailable
from zoo.evaluation.record import DAYS, INDEX, REVISED, About, Record, records_of, records_root, writing

ABOUT = About(
    version_id="v-20201224-00000001",
    line="small",
    spec="v",
    experiment="small",
    permutation_id=3,
    train_end="2020-12-24",
    trained_until="2020-12-31T00:00:00",
    registered_at="2026-01-05T12:00:00+00:00",
    horizon=5,
)


@pytest.fixture
def record(tmp_path):
    return Record(records_root(tmp_path, "small"), ABOUT.version_id)


@pytest.fixture
def filled(record):
    index = record.begin(ABOUT)
    index = record.append(index, days(np.eye(3)), "seen at 3")
    record.append(index, days(np.eye(3) * 2, start="2021-01-07"), "seen at 6")
    return record


def test_a_record_that_was_never_begun_is_empty(record):
    assert record.index() is None
    assert record.days() is None
    assert records_of(record.path.parent) == []


def test_a_record_says_what_it_is_about_and_what_it_holds(filled):
    index = filled.index()
    assert index.about == ABOUT
    assert [entry.kind for entry in index.entries] == [DAYS, DAYS]
    assert (index.entries[0].first, index.entries[0].last) == ("2021-01-04", "2021-01-06")
    assert (index.bars, index.live) == (6, 4)
    assert index.last == pd.Timestamp("2021-01-11")
    assert [entry.visible for entry in index.entries] == ["seen at 3", "seen at 6"]
    assert [one.version_id for one in records_of(filled.path.parent)] == [ABOUT.version_id]


def test_days_are_read_back_in_order(filled):
    found = filled.days()
    np.testing.assert_array_equal(found.scores, np.vstack([np.eye(3), np.eye(3) * 2]))
    assert found.dates.is_monotonic_increasing


def test_what_was_revised_lies_beside_and_does_not_count(filled):
    index = filled.append(filled.index(), days(np.eye(3) * 9, start="2021-01-05"), "seen again", REVISED)
    assert index.bars == 6
    assert len(filled.days()) == 6
    np.testing.assert_array_equal(filled.days(REVISED).scores, np.eye(3) * 9)
    assert filled.index() == index


def test_going_on_changes_nothing(filled):
    before = (filled.path / INDEX).read_bytes()
    filled.begin(ABOUT)
    assert (filled.path / INDEX).read_bytes() == before


def test_a_record_of_another_version_is_refused(filled):
    from dataclasses import replace

    with pytest.raises(RecordCorrupt, match="describes another version"):
        filled.begin(replace(ABOUT, registered_at="2020-01-01T00:00:00+00:00"))
    moved = Record(filled.path.parent, "w-20201224-00000001")
    filled.path.rename(moved.path)
    with pytest.raises(RecordCorrupt, match=f"describes {ABOUT.version_id}"):
        moved.index()


def lines_of(record):
    return (record.path / INDEX).read_bytes().splitlines(keepends=True)


def write(record, lines):
    (record.path / INDEX).write_bytes(b"".join(lines))


def test_a_torn_last_line_is_no_line(filled):
    lines = lines_of(filled)
    write(filled, [*lines[:-1], lines[-1][:40]])
    assert filled.index().bars == 3
    filled.begin(ABOUT)
    assert lines_of(filled) == lines[:-1]


@pytest.mark.parametrize("place", [0, 1, 2])
def test_an_edited_line_is_named(filled, place):
    lines = lines_of(filled)
    edited = json.loads(lines[place])
    edited["horizon" if place == 0 else "live"] = 60
    lines[place] = json.dumps(edited, sort_keys=True).encode() + b"\n"
    write(filled, lines)
    with pytest.raises(RecordCorrupt, match=f"line {place + 1} was edited"):
        filled.index()


def test_a_line_that_is_taken_out_is_missed(filled):
    lines = lines_of(filled)
    write(filled, [lines[0], lines[2]])
    with pytest.raises(RecordCorrupt, match="lines are missing before line 2"):
        filled.index()


@pytest.mark.parametrize("line", [b"no json\n", b"[1, 2]\n", b"{}\n", b'{"previous": ""}\n'])
def test_what_is_no_index_is_refused_in_one_line(record, line):
    record.path.mkdir(parents=True)
    write(record, [line])
    with pytest.raises(RecordCorrupt) as caught:
        record.index()
    assert "\n" not in str(caught.value)
    assert str(record.path / INDEX) in str(caught.value)


def test_days_are_recorded_once(filled):
    index = filled.append(filled.index(), days(np.eye(3) * 5, start="2021-01-06"), "again")
    assert index.bars == 9
    with pytest.raises(RecordCorrupt, match="does not come after 2021-01-11"):
        filled.index()


def test_days_that_are_others_than_their_line_says_are_refused(filled):
    index = filled.index()
    path = filled.path / index.entries[0].file
    path.write_bytes(days(np.eye(3), start="2021-01-05").to_parquet())
    with pytest.raises(RecordCorrupt, match=r"the file was edited|is torn"):
        filled.days()


def test_only_one_process_writes(tmp_path):
    root = records_root(tmp_path, "small")
    busy = pytest.raises(RecordBusy, match="another process shadows this line, or deletes files of it; wait")
    with writing(root), busy, writing(root):
        pass
    with writing(root):
        pass


def test_a_directory_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "small").write_text("a file")
    with pytest.raises(StoreUnavailable, match="cannot be written"), writing(records_root(tmp_path, "small")):
        pass
