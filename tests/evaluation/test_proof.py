import numpy as np
import pandas as pd
import pytest

from tests.evaluation import small
from zoo.errors import LooksAhead
from zoo.evaluation.feed import Feed
from zoo.evaluation.proof import features_of, predict, prove_features, prove_predictions, sample


@pytest.fixture
def feed(monkeypatch):
    monkeypatch.setitem(small.STATE, "data", small.market())
    return Feed(small.STATE["data"])


def sensor(*features):
    return small.sensor_of([(one, {}) if isinstance(one, str) else one for one in features])[0]


ZOO = [
    ("zoo.features.momentum", {"lookback": 60, "skip": 5}),
    ("zoo.features.reversal", {"lookback": 5}),
    ("zoo.features.realised_volatility", {"window": 20}),
    ("zoo.features.rsi", {"window": 14}),
    ("zoo.features.fractional_difference", {"order": 0.4, "window": 30}),
]


def test_features_of_the_cut_data_are_those_of_all_bars_to_the_bit(feed):
    found = sensor(*ZOO)
    features = features_of(found, feed)
    bars = [features.dates[place] for place in (100, 262, 350, 398)]
    for alone, bar in zip(prove_features(found, feed, features, bars), bars, strict=True):
        np.testing.assert_array_equal(alone, features.values[features.dates.get_loc(bar)])


def test_a_feature_that_looks_one_bar_ahead_is_named_with_bar_asset_and_both_values(feed):
    found = sensor("trend", ("peeking", {}))
    features = features_of(found, feed)
    bar = features.dates[300]
    with pytest.raises(LooksAhead) as caught:
        prove_features(found, feed, features, [bar])
    value = float(features.values[300, 0, 1])
    assert f"peeking of A00 on {bar.date()} is {value!r} when later bars are there, and nan without" in str(
        caught.value
    )


def test_a_difference_of_the_last_bit_is_a_difference(feed):
    found = sensor("trend")
    features = features_of(found, feed)
    features.values[300, 4, 0] = np.nextafter(features.values[300, 4, 0], 1.0)
    with pytest.raises(LooksAhead, match="trend of A04"):
        prove_features(found, feed, features, [features.dates[300]])


def test_versions_that_share_features_share_their_proof_and_nobody_shares_a_failure(feed, monkeypatch):
    found = sensor("trend")
    features = features_of(found, feed)
    bars = list(features.dates[[300, 350]])
    served = []
    serve = type(found).serve
    monkeypatch.setattr(type(found), "serve", lambda self, bench: served.append(bench) or serve(self, bench))
    first = prove_features(found, feed, features, bars)
    again = prove_features(found, feed, features, bars)
    assert len(served) == 2
    assert all(one is other for one, other in zip(first, again, strict=True))
    features.values[310, 4, 0] += 1.0
    for _ in range(2):
        with pytest.raises(LooksAhead):
            prove_features(found, feed, features, [features.dates[310]])


def test_bars_to_prove_on_are_some_of_the_new_ones_never_the_last_of_all(feed):
    new = feed.data.dates[380:]
    chosen = sample(feed, new, 3)
    assert len(chosen) == 3
    assert set(chosen) <= set(new[:-1])
    assert sample(feed, new, 3) == chosen
    assert len(sample(feed, new, 50)) == 19
    assert sample(feed, new[-1:], 3) == []


def test_other_data_is_proven_on_other_bars(feed):
    chosen = {tuple(sample(Feed(small.market(seed=seed)), feed.data.dates[200:], 3)) for seed in range(8)}
    assert len(chosen) > 4


def test_nothing_is_predicted_where_a_feature_is_missing(feed):
    found = sensor("trend")
    features = features_of(found, feed)
    scores = predict(found, features.values[:12])
    assert np.isnan(scores[:10]).all()
    assert np.isfinite(scores[10:]).all()
    assert np.isnan(predict(found, features.values[:5])).all()


def test_a_model_that_ranks_a_bar_among_the_others_is_found_out(feed):
    found = sensor("trend")
    features = features_of(found, feed)
    bars = [features.dates[300]]
    alone = prove_features(found, feed, features, bars)
    own = predict(found, features.values[300:301])[0]
    prove_predictions(found, alone, [own], bars)
    with pytest.raises(
        LooksAhead, match=r"the prediction of 2021-02-24 is .* among other bars, and .* by itself"
    ):
        prove_predictions(found, alone, [own - own.mean()], bars)


def test_a_monthly_bar_is_proven_on_the_data_by_which_it_was_there():
    """A month is over on its last weekday, or with the first bar of the next."""
    data = small.market(bars=500)
    holiday = data.close.drop(index=pd.Timestamp("2021-04-30"))
    monthly = Feed(type(data)({"close": holiday}, name="small"))
    place = monthly.position(pd.Timestamp("2021-04-29"))
    assert monthly.data.dates[place] == pd.Timestamp("2021-04-29")
    assert pd.Timestamp("2021-04-29") not in monthly.cut(place).data.resample("ME").dates
    assert pd.Timestamp("2021-04-29") in monthly.cut(place + 1).data.resample("ME").dates
