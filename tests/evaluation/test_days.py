import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zoo.errors import RecordCorrupt
from zoo.evaluation.days import Days


def days(scores, start="2021-01-04", assets=None, tz=None, freq="B"):
    scores = np.asarray(scores, dtype=float)
    bars = len(scores)
    return Days(
        pd.date_range(start, periods=bars, freq=freq, tz=tz),
        tuple(assets or (f"A{n}" for n in range(scores.shape[1]))),
        scores,
        np.arange(bars) >= bars // 2,
        np.arange(bars) % 3 == 0,
        tuple(f"{n:032x}" for n in range(bars)),
    )


def same(one, other):
    assert one.dates.equals(other.dates)
    assert one.dates.tz == other.dates.tz
    assert one.assets == other.assets
    np.testing.assert_array_equal(one.scores, other.scores)
    np.testing.assert_array_equal(one.live, other.live)
    np.testing.assert_array_equal(one.rebalance, other.rebalance)
    assert one.visible == other.visible


@settings(max_examples=30)
@given(
    st.integers(1, 6),
    st.integers(1, 5),
    st.sampled_from([None, "UTC", "America/New_York"]),
    st.sampled_from(["B", "h"]),
    st.data(),
)
def test_what_is_written_is_read_back_to_the_bit(bars, assets, tz, freq, data):
    numbers = st.floats(width=64) | st.just(float("nan"))
    values = data.draw(st.lists(numbers, min_size=bars * assets, max_size=bars * assets))
    found = days(np.array(values).reshape(bars, assets), tz=tz, freq=freq)
    same(found, Days.from_parquet(found.to_parquet(), "x"))


def test_equal_days_are_equal_bytes():
    assert days(np.eye(4)).to_parquet() == days(np.eye(4)).to_parquet()


def test_a_file_is_a_table_that_anybody_can_read(tmp_path):
    (tmp_path / "days.parquet").write_bytes(days([[0.5, np.nan], [1.0, 2.0]]).to_parquet())
    frame = pd.read_parquet(tmp_path / "days.parquet")
    assert list(frame) == ["date", "asset", "prediction", "evidence", "rebalance", "visible"]
    assert frame["asset"].tolist() == ["A0", "A1", "A0", "A1"]
    assert frame["evidence"].tolist() == ["replayed", "replayed", "live", "live"]
    assert frame["prediction"].isna().tolist() == [False, True, False, False]


def test_parts_are_joined_on_all_assets_that_any_of_them_has():
    first = days([[1.0, 2.0]], assets=("A", "B"))
    second = days([[3.0, 4.0]], start="2021-01-05", assets=("C", "A"))
    both = Days.joined([first, second])
    assert both.assets == ("A", "B", "C")
    np.testing.assert_array_equal(both.scores, [[1.0, 2.0, np.nan], [4.0, np.nan, 3.0]])
    assert len(both) == 2


def test_a_part_is_some_of_the_bars_with_all_that_belongs_to_them():
    found = days(np.arange(12.0).reshape(6, 2))
    same(found.part(slice(2, 4)), found.part(np.array([2, 3])))
    assert found.part(slice(2, 4)).visible == found.visible[2:4]


def test_scores_of_assets_that_were_not_there_are_missing():
    np.testing.assert_array_equal(days([[1.0, 2.0]]).on(["A1", "Z"]), [[2.0, np.nan]])


@pytest.mark.parametrize("content", [b"", b"PAR1", b"no parquet at all"])
def test_what_is_no_file_of_days_is_refused_with_its_name(content):
    with pytest.raises(RecordCorrupt, match=r"the_file: is no file of days"):
        Days.from_parquet(content, "the_file")


def test_rows_that_are_no_whole_days_are_refused(tmp_path):
    frame = pd.read_parquet(written(tmp_path, days(np.eye(3))))
    for rows in (frame.iloc[:-1], frame.iloc[::-1], pd.concat([frame, frame])):
        rows.to_parquet(tmp_path / "other.parquet", index=False)
        with pytest.raises(RecordCorrupt, match="whole days"):
            Days.from_parquet((tmp_path / "other.parquet").read_bytes(), "x")


def written(tmp_path, found):
    path = tmp_path / "days.parquet"
    path.write_bytes(found.to_parquet())
    return path
