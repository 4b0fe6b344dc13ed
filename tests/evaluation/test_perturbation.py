"""Another future for the same past."""

import numpy as np
import pandas as pd
import pytest

from tests.evaluation.small import market
from zoo.data import Dataset
from zoo.evaluation.perturbation import CHANGED, CUT, DELISTED, KINDS, cut_places, perturbed, seed_of

PLACE = 200


@pytest.fixture(scope="module")
def data():
    close = market().close
    spread = 1.0 + np.random.default_rng(0).uniform(0.0, 0.02, close.shape)
    volume = pd.DataFrame(0.0, close.index, close.columns)
    volume.iloc[:, ::2] = 1_000.0
    fields = {"close": close, "high": close * spread, "low": close / spread, "volume": volume}
    return Dataset(fields, close.pct_change().mean(axis=1).rename("market"), name="small")


def same(one, other):
    return (one == other) | (one.isna() & other.isna())


@pytest.mark.parametrize("kind", KINDS)
def test_the_past_stays_as_it_is_to_the_bit(data, kind):
    found = perturbed(data, PLACE, kind, 1)
    for name, frame in data.fields.items():
        assert found.fields[name].iloc[: PLACE + 1].equals(frame.iloc[: PLACE + 1])
    assert found.factors.iloc[: PLACE + 1].equals(data.factors.iloc[: PLACE + 1])


def test_every_later_value_is_another_one_zeros_and_factors_too(data):
    found = perturbed(data, PLACE, CHANGED, 1)
    for name, frame in data.fields.items():
        assert not same(found.fields[name], frame).iloc[PLACE + 1 :].to_numpy().any()
    assert not same(found.factors, data.factors).iloc[PLACE + 1 :].to_numpy().any()


def test_quotes_of_a_bar_keep_their_order_and_stay_prices(data):
    found = perturbed(data, PLACE, CHANGED, 1).fields
    assert (found["low"] <= found["close"]).all(axis=None)
    assert (found["close"] <= found["high"]).all(axis=None)
    assert (found["low"] > 0).all(axis=None)
    assert (found["volume"] >= 0).all(axis=None)


def test_half_of_the_assets_have_no_value_any_more(data):
    found = perturbed(data, PLACE, DELISTED, 1)
    gone = found.close.iloc[PLACE + 1 :].isna()
    assert gone.all().sum() == len(data.assets) // 2
    assert gone.any().sum() == len(data.assets) // 2


def test_nothing_comes_after_a_cut(data):
    assert perturbed(data, PLACE, CUT, 1).dates.equals(data.dates[: PLACE + 1])


def test_the_changes_are_the_same_every_time_and_others_for_other_data(data):
    one, other = (perturbed(data, PLACE, CHANGED, seed_of(data)).close for _ in range(2))
    assert one.equals(other)
    assert seed_of(market(seed=2)) != seed_of(market(seed=1))


def test_cuts_are_spread_over_all_but_the_first_quarter_and_never_the_last_bar(data):
    places = cut_places(data, 8, seed_of(data))
    assert len(places) == 8
    assert places == sorted(set(places))
    assert 100 <= places[0] < 137
    assert 362 <= places[-1] < len(data.dates) - 1
    assert [data.dates[place].day_of_week for place in places[:5]] == [0, 1, 2, 3, 4]
    assert data.dates[places[5]].month != data.dates[places[5] + 1].month
    assert data.dates[places[6]].month != data.dates[places[6] - 1].month
    assert cut_places(data.until(data.dates[0]), 8, 0) == []
