import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoo.data import Dataset
from zoo.errors import ShadowError
from zoo.evaluation.visible import text_of, visible, visible_digests

DATES = pd.bdate_range("2021-01-04", periods=12)


def dataset(values=None, columns=("A", "B", "C"), factors=False, **more):
    values = np.arange(36.0).reshape(12, 3) + 1 if values is None else values
    frame = pd.DataFrame(values, DATES, list(columns))
    found = {"close": frame, **{name: frame * factor for name, factor in more.items()}}
    return Dataset(found, pd.DataFrame({"M": np.linspace(0, 1, 12)}, DATES) if factors else None)


def test_what_is_visible_at_a_bar_holds_nothing_later():
    data = dataset(factors=True, volume=100.0)
    cut = visible(data, DATES[5])
    assert cut.dates[-1] == DATES[5]
    assert len(cut.factors) == len(cut.field("volume")) == 6
    with pytest.raises(KeyError):
        cut.close.loc[DATES[6]]


def test_a_date_that_is_no_bar_is_refused():
    with pytest.raises(ShadowError, match="2021-01-09 is no bar of panel"):
        visible(dataset(), pd.Timestamp("2021-01-09"))


@given(st.integers(0, 11), st.integers(0, 2), st.floats(0.5, 2.0).filter(lambda x: x != 1.0))
def test_a_digest_follows_from_every_value_up_to_its_bar_and_from_none_after(bar, asset, factor):
    values = np.arange(36.0).reshape(12, 3) + 1
    before = visible_digests(dataset(values))
    values[bar, asset] *= factor
    after = visible_digests(dataset(values))
    assert before[:bar] == after[:bar]
    assert all(one != other for one, other in zip(before[bar:], after[bar:], strict=True))


def test_the_digest_of_a_bar_is_that_of_the_data_cut_there():
    data = dataset(factors=True, volume=3.0)
    assert visible_digests(data)[7] == visible_digests(data.until(DATES[7]))[-1]


def test_names_fields_and_factors_count_and_how_zeros_and_missing_values_are_stored_does_not():
    plain = visible_digests(dataset())[-1]
    assert plain != visible_digests(dataset(columns=("A", "B", "D")))[-1]
    assert plain != visible_digests(dataset(factors=True))[-1]
    assert plain != visible_digests(dataset(volume=1.0))[-1]
    zeros = [np.zeros((12, 3)), -np.zeros((12, 3))]
    assert len({visible_digests(dataset(one))[-1] for one in zeros}) == 1
    other = np.frombuffer(np.array([0x7FF8000000000123], dtype=np.uint64).tobytes(), dtype=np.float64)[0]
    holes = [np.where(np.eye(12, 3) > 0, missing, 1.0) for missing in (np.nan, other)]
    assert len({visible_digests(dataset(one))[-1] for one in holes}) == 1


def test_a_bar_is_called_by_its_day_or_by_its_time():
    assert text_of(pd.Timestamp("2021-01-04")) == "2021-01-04"
    assert text_of(pd.Timestamp("2021-01-04 10:30")) == "2021-01-04T10:30:00"
    assert text_of(pd.Timestamp("2021-01-04", tz="UTC")) == "2021-01-04T00:00:00+00:00"
