"""A cohort is shadowed, proven and refitted as a single sensor is."""

import numpy as np
import pytest

from zoo.evaluation.feed import Feed
from zoo.evaluation.proof import features_of, predict, prove_features, prove_predictions, sample
from zoo.evaluation.refit import refit
from zoo.promotion import Cohort, Trainer


@pytest.fixture(scope="module", params=["mean", "rank_mean"])
def cohort(request, made_experiment, prices):
    return Cohort.of(Trainer(made_experiment, prices).train([0, 2]), combine=request.param)


def test_its_scores_of_all_bars_are_what_it_predicts(cohort, prices):
    features = features_of(cohort, Feed(prices))
    assert features.names == ("small/0:momentum", "small/2:momentum")
    scores = predict(cohort, features.values)
    series = cohort.predict(prices)
    dates, assets = series.index.get_level_values("date"), series.index.get_level_values("asset")
    places = features.dates.get_indexer(dates), [features.assets.index(asset) for asset in assets]
    assert np.array_equal(scores[places], series.to_numpy())
    assert np.isfinite(scores).sum() == len(series)


def test_nothing_later_is_read_by_any_member(cohort, prices):
    feed = Feed(prices)
    features = features_of(cohort, feed)
    bars = sample(feed, features.dates[100:], 5)
    alone = prove_features(cohort, feed, features, bars)
    scores = predict(cohort, features.values)
    prove_predictions(cohort, alone, [scores[features.dates.get_loc(bar)] for bar in bars], bars)


def test_a_refit_trains_every_member_again(cohort, prices):
    early = prices.until("1996-12-31")
    again, end = refit(cohort, early)
    alone = [refit(member, early) for member in cohort.members.values()]
    assert end == max(own for _, own in alone)
    expected = Cohort.of([member for member, _ in alone], combine=cohort.rule.combine)
    assert again.predict(prices).equals(expected.predict(prices))
    for name, member in again.members.items():
        assert not member.predict(prices).equals(cohort.members[name].predict(prices))
