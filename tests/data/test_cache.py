"""A cache is fast, and wrong never: whatever is not exactly what was kept is read again."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from pyarrow import parquet

from zoo.data import cache as caching
from zoo.data import csv
from zoo.errors import DataError

TEXT = "date,asset,close,m\n2024-01-02,A,1,0.1\n2024-01-02,B,2,0.1\n2024-01-03,B,3,\n"
FACTORS = {"factors": ["m"]}


@pytest.fixture
def path(tmp_path):
    (tmp_path / "a.csv").write_text(TEXT)
    return tmp_path / "a.csv"


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


@pytest.fixture
def reads(monkeypatch):
    """What was read from the source, and not from the cache."""
    read, found = caching._write, []
    monkeypatch.setattr(caching, "_write", lambda *args: (found.append(args[0].name), read(*args)))
    return found


def kept(cache):
    (found,) = cache.iterdir()
    return found


def test_what_was_kept_comes_back_without_reading_again(path, cache, reads):
    first, second, plain = (
        csv(path, columns=FACTORS, cache=cache),
        csv(path, columns=FACTORS, cache=cache),
        csv(path, columns=FACTORS),
    )
    assert len(reads) == 1
    assert first.fingerprint() == second.fingerprint() == plain.fingerprint()
    assert second.name == "a"
    pd.testing.assert_frame_equal(second.close, plain.close)
    pd.testing.assert_frame_equal(second.factors, plain.factors)


def test_the_content_of_the_file_is_the_key_and_not_its_date_or_place(path, cache, reads):
    csv(path, cache=cache)
    other = path.parent / "elsewhere"
    other.mkdir()
    (other / "a.csv").write_text(TEXT)
    csv(other / "a.csv", cache=cache)
    assert len(reads) == 1
    path.write_text(TEXT.replace("3,", "4,"))
    assert csv(path, cache=cache).close["B"].tolist() == [2.0, 4.0]
    assert len(reads) == 2


def test_other_columns_are_another_key(path, cache, reads):
    csv(path, cache=cache)
    csv(path, columns={"close": "m"}, cache=cache)
    csv(path, columns=FACTORS, cache=cache)
    csv(path, columns={"target": "m"}, cache=cache)
    assert len(reads) == 4


def test_bars_are_cut_after_the_cache(path, cache, reads):
    assert csv(path, cache=cache, end="2024-01-02").close.shape == (1, 2)
    assert csv(path, cache=cache, start="2024-01-03").close.shape == (1, 2)
    assert len(reads) == 1


@pytest.mark.parametrize(
    "damage",
    [
        lambda file: file.write_bytes(b""),
        lambda file: file.write_bytes(file.read_bytes()[:-20]),
        lambda file: file.write_bytes(b"PAR1 and nothing else PAR1"),
        lambda file: pd.DataFrame({"date": [1]}).to_parquet(file),
    ],
)
def test_a_damaged_file_is_read_again_and_replaced(path, cache, reads, damage):
    wanted = csv(path, cache=cache).fingerprint()
    damage(kept(cache))
    assert csv(path, cache=cache).fingerprint() == wanted
    assert csv(path, cache=cache).fingerprint() == wanted
    assert len(reads) == 2


def test_a_single_changed_value_is_noticed(path, cache, reads):
    wanted = csv(path, cache=cache).fingerprint()
    found = parquet.read_table(kept(cache))
    column = found.column("0").to_numpy().copy()
    column[0] = np.nextafter(column[0], 2)
    changed = found.set_column(1, "0", [column])
    parquet.write_table(changed.replace_schema_metadata(found.schema.metadata), kept(cache))
    assert csv(path, cache=cache).fingerprint() == wanted
    assert len(reads) == 2


def test_a_file_under_another_key_is_not_taken(path, cache, reads):
    csv(path, cache=cache)
    other = kept(cache).read_bytes()
    path.write_text(TEXT.replace("3,", "4,"))
    csv(path, cache=cache)
    for file in cache.iterdir():
        file.write_bytes(other)
    assert csv(path, cache=cache).close["B"].tolist() == [2.0, 4.0]
    assert len(reads) == 3


@pytest.mark.parametrize("zone", ["UTC", "+01:00", "America/New_York"])
def test_dates_with_a_zone_are_kept(path, cache, reads, zone):
    offset = {"UTC": "Z", "+01:00": "+01:00"}.get(zone, "")
    path.write_text(f"date,close\n2024-01-02T09:30:00.000001{offset},1\n2024-07-02T09:30{offset},2\n")
    columns = {} if offset else {"date": {"zone": zone}}
    first, second = (csv(path, columns=columns, cache=cache) for _ in range(2))
    assert len(reads) == 1
    assert second.dates.equals(first.dates)
    assert second.fingerprint() == first.fingerprint()


def test_tables_are_kept_too(path, cache, reads):
    path.write_text("x,y,kind\n1,0.5,a\n2,,\n")
    first, second = (csv(path, columns={"target": "x"}, cache=cache) for _ in range(2))
    assert len(reads) == 1
    pd.testing.assert_frame_equal(first.frame, second.frame)


def test_a_cache_that_cannot_be_written_is_named(path, tmp_path):
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(
        DataError, match=r"cache: the cache cannot be written: .*; expected a directory with ro"
    ):
        csv(path, cache=tmp_path / "cache")


def test_a_write_that_fails_leaves_nothing_behind(path, cache, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(parquet, "write_table", full)
    with pytest.raises(DataError, match="the cache cannot be written: No space left on device"):
        csv(path, cache=cache)
    assert list(cache.iterdir()) == []


def test_a_file_that_is_missing_is_missing_with_a_cache_too(path, cache):
    csv(path, cache=cache)
    path.unlink()
    with pytest.raises(DataError, match=r"a\.csv: no such file"):
        csv(path, cache=cache)
