import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoo.manifest.cube import Sample
from zoo.models import Grid
from zoo.promotion.bootstrap import bootstrap_rows, ordered_rows, shortest_block


def panel(dates, assets=3, every=21, unlabelled=()):
    """Rows of so many dates, in the order of time; the last asset's label is missing on some."""
    date, asset = (values.ravel() for values in np.indices((dates, assets)))
    y = np.arange(dates * assets, dtype=float)
    y[[d * assets + assets - 1 for d in unlabelled]] = np.nan
    X = np.arange(dates * assets, dtype=float)[:, None]
    return Sample(X, y, ("x",), date * every, Grid(date, asset, (dates, assets)), {})


def table(rows):
    X = np.arange(rows, dtype=float)[:, None]
    return Sample(X, X[:, 0], ("x",), np.arange(rows), None, {})


def drawn(sample, horizon=21, every=21, seed=7, count=1):
    draws, block = bootstrap_rows(sample, horizon, every, seed)
    return list(itertools.islice(draws, count)), block


@given(st.integers(1, 60), st.integers(1, 4), st.integers(1, 90), st.integers(0, 2**32 - 1))
def test_all_labelled_rows_of_a_date_are_drawn_together_in_the_order_of_time(dates, assets, horizon, seed):
    sample = panel(dates, assets, unlabelled=range(0, dates, 5) if assets > 1 else ())
    (rows,), _ = drawn(sample, horizon, seed=seed)
    assert sample.labelled[rows].all()
    drawn_dates = sample.position[rows]
    assert (np.diff(drawn_dates) >= 0).all()
    size = {d: int((sample.position[sample.labelled] == d).sum()) for d in np.unique(sample.position)}
    times = {d: int((drawn_dates == d).sum()) / size[d] for d in np.unique(drawn_dates)}
    assert all(value == int(value) for value in times.values())
    assert sum(times.values()) == dates


@given(st.integers(2, 80), st.integers(0, 2**32 - 1))
def test_dates_come_in_circular_blocks(dates, seed):
    sample = panel(dates, 1, every=1)
    (rows,), block = drawn(sample, horizon=1, every=1, seed=seed)
    drawn_dates = set(sample.position[rows].tolist())
    alone = [d for d in drawn_dates if not {(d - 1) % dates, (d + 1) % dates} & drawn_dates]
    # only the last block may be cut to one date
    assert block < 2 or dates < 2 * block or len(alone) <= 1


@pytest.mark.parametrize(
    ("dates", "horizon", "every", "block"),
    [(216, 21, 21, 6), (217, 21, 21, 7), (216, 60, 21, 6), (27, 60, 21, 3), (27, 60, 5, 12), (1, 21, 21, 1)],
)
def test_a_block_holds_labels_that_overlap_and_at_least_the_cube_root_of_the_dates(
    dates, horizon, every, block
):
    assert drawn(panel(dates), horizon, every)[1] == block


def test_the_rows_of_a_table_are_drawn_one_by_one():
    (rows,), block = drawn(table(500))
    assert block == 1
    assert len(rows) == 500
    assert 0.5 < len(set(rows.tolist())) / 500 < 0.75  # 1 - 1/e of them, on average


def test_the_seed_makes_every_draw():
    sample = panel(50)
    one, two = (drawn(sample, count=3)[0] for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))
    assert not np.array_equal(one[0], one[1])
    assert not np.array_equal(one[0], drawn(sample, seed=8)[0][0])


def test_a_sequence_of_which_nothing_else_is_known_is_drawn_in_blocks():
    draws, block = ordered_rows(1000, 7)
    rows = next(draws)
    assert block == 10
    assert len(rows) == 1000
    assert (np.diff(rows) == 1).mean() > 0.5
    assert shortest_block(1) == 1
