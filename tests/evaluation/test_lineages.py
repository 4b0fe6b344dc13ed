import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.evaluation.test_days import days
from zoo.evaluation.lineages import followed


def test_from_its_first_bar_on_the_later_version_is_followed():
    old, new = days(np.ones((6, 2))), days(np.ones((3, 2)) * 2, start="2021-01-07")
    found = followed([old, new])
    assert found.dates.equals(old.dates)
    assert found.scores[:, 0].tolist() == [1, 1, 1, 2, 2, 2]
    assert found.visible == (*old.visible[:3], *new.visible)


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(1, 12)), min_size=1, max_size=5))
def test_every_bar_that_anybody_has_is_there_once_and_from_the_last_who_has_it(spans):
    calendar = days(np.zeros((40, 1))).dates
    parts = [
        days(np.full((length, 1), float(n)), start=calendar[first]) for n, (first, length) in enumerate(spans)
    ]
    found = followed(parts)
    assert found.dates.is_unique
    assert found.dates.is_monotonic_increasing
    for bar, score in zip(found.dates, found.scores[:, 0], strict=True):
        assert score == max(n for n, part in enumerate(parts) if bar in part.dates)
    assert set(found.dates) == {bar for part in parts for bar in part.dates}
