from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from zoo.data import Dataset, Table, tabular
from zoo.errors import ArtifactCorrupt, CohortError, CohortMemberFailed, SensorInputError, TrustError
from zoo.manifest.workbench import Workbench
from zoo.models import SklearnModel
from zoo.promotion import Cohort, Sensor
from zoo.promotion.cohort import load_predictor

OVERRIDES = {"residual_momentum_enabled": True}


@pytest.fixture(scope="module")
def sensors(momentum):
    return momentum.train([14, 0, 7], overrides=OVERRIDES)


@pytest.fixture(scope="module")
def cohort(sensors):
    return Cohort.of(sensors)


@pytest.fixture(scope="module")
def alike(momentum):
    """Members that prepare the same features: only the ridge's strength differs."""
    return Cohort.of(momentum.train([0, 1, 6]))


@pytest.fixture(scope="module")
def classifiers(direction):
    return direction.train([0, 2])


def renamed(sensor, number):
    return replace(sensor, permutation_id=number)


def broken(sensor, error):
    """A sensor whose model raises."""

    class Broken(SklearnModel):
        def predict(self, data):
            raise error

    return replace(sensor, model=Broken(sensor.model.estimator))


def test_members_are_named_and_ordered_by_their_ids_whatever_the_order_they_came_in(cohort, sensors):
    assert list(cohort.members) == ["momentum/0", "momentum/7", "momentum/14"]
    assert list(Cohort.of(sensors[::-1]).members) == list(cohort.members)


def test_raw_bars_go_through_every_members_own_preparation_and_scores_are_averaged(cohort, market):
    alone = [sensor.predict(market) for sensor in cohort.members.values()]
    found = cohort.predict(market)
    expected = pd.concat(alone, axis=1, join="inner").mean(axis=1)
    assert found.index.names == ["date", "asset"]
    assert found.index.equals(expected.index)
    assert np.allclose(found, expected, rtol=0, atol=1e-15)
    assert cohort(market).equals(found)


def test_only_rows_that_every_member_can_predict_are_predicted(momentum, market):
    short, long = momentum.train([0, 14])
    assert len(short.predict(market)) > len(long.predict(market))
    assert Cohort.of([short, long]).predict(market).index.equals(long.predict(market).index)


def test_rank_means_are_of_ranks_within_each_date(sensors, market):
    by_rank = Cohort.of(sensors, combine="rank_mean").predict(market)
    ranks = []
    for sensor in sensors:
        places = sensor.predict(market).groupby("date").rank()
        ranks.append(2 * (places - 1) / 19 - 1)
    assert np.allclose(by_rank, pd.concat(ranks, axis=1).mean(axis=1), rtol=0, atol=1e-12)


def test_probabilities_are_averaged_and_the_threshold_in_use_is_the_one_that_is_told(classifiers, planted):
    cohort = Cohort.of(classifiers)
    alone = [sensor.predict(planted) for sensor in classifiers]
    assert np.allclose(cohort.predict(planted), sum(alone) / 2, rtol=0, atol=1e-15)
    thresholds = [sensor.model.estimator.threshold_ for sensor in classifiers]
    assert cohort.rule.threshold == pytest.approx(np.mean(thresholds), abs=1e-15)
    assert f"threshold in use: {cohort.rule.threshold!r}" in cohort.explain()
    served = classifiers[0].serve(Workbench(planted))
    X = served.F[served.complete][::50]
    out = cohort({"x_test": X})
    assert np.array_equal(out["_preds"] == 1, out["_probs"][:, 1] >= cohort.rule.threshold)
    assert 0 < out["_preds"].mean() < 1


def test_who_offers_classes_only_votes(classifiers, planted):
    voting = Cohort.of(classifiers, combine="vote")
    served = classifiers[0].serve(Workbench(planted))
    X = served.F[served.complete][::50]
    votes = np.array([sensor({"x_test": X})["_preds"] for sensor in classifiers])
    assert np.array_equal(voting({"x_test": X})["_preds"], votes.min(axis=0))  # a tie goes to the first class
    assert "_probs" not in voting({"x_test": X})
    assert set(voting.predict(planted).unique()) == {0.0, 1.0}


def test_one_x_test_serves_all_only_where_all_prepare_the_same_features(cohort, alike):
    X = np.random.RandomState(0).standard_normal((20, 2))
    with pytest.raises(SensorInputError, match=r"prepare different features, though some may have one name"):
        cohort({"x_test": X})
    rows = {name: X + place for place, name in enumerate(cohort.members)}
    alone = [cohort.members[name]({"x_test": rows[name]})["_preds"] for name in rows]
    assert np.allclose(cohort({"x_test": rows})["_preds"], np.mean(alone, axis=0), rtol=0, atol=1e-15)
    one = X[:, :1]
    alone = [sensor({"x_test": one})["_preds"] for sensor in alike.members.values()]
    assert np.allclose(alike({"x_test": one})["_preds"], np.mean(alone, axis=0), rtol=0, atol=1e-15)


def test_rows_for_other_members_or_of_other_numbers_are_refused(cohort):
    X = np.zeros((4, 2))
    with pytest.raises(SensorInputError, match=r"x_test is given for a, b; expected rows for momentum/0"):
        cohort({"x_test": {"a": X, "b": X}})
    rows = {name: X[: 4 - place] for place, name in enumerate(cohort.members)}
    with pytest.raises(SensorInputError, match="4 of momentum/0, 3 of momentum/7, 2 of momentum/14"):
        cohort({"x_test": rows})


def test_ranks_of_prepared_rows_need_their_dates(momentum):
    cohort = Cohort.of(momentum.train([0, 1]), combine="rank_mean")
    X = np.array([[0.1], [0.2], [0.3], [0.4]])
    with pytest.raises(SensorInputError, match="averages ranks within dates, and the rows have none"):
        cohort({"x_test": X})
    out = cohort({"x_test": X, "dates": ["a", "a", "b", "b"]})["_preds"]
    assert sorted(out[:2]) == [-1.0, 1.0]
    assert sorted(out[2:]) == [-1.0, 1.0]


def test_a_member_that_fails_is_named_and_never_left_out(sensors, market):
    bad = [broken(sensors[0], ValueError("no luck")), sensors[1], broken(sensors[2], MemoryError("full"))]
    with pytest.raises(CohortMemberFailed) as failed:
        Cohort.of(bad).predict(market)
    assert "2 of 3 members failed to predict" in str(failed.value)
    assert "momentum/7 (MemoryError: full)" in str(failed.value)
    assert "momentum/14 (ValueError: no luck)" in str(failed.value)
    assert list(failed.value.failures) == ["momentum/7", "momentum/14"]


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_member_that_predicts_what_is_not_finite_fails(sensors, market, value):
    class Odd(SklearnModel):
        def predict(self, data):
            out = super().predict(data)["_preds"].copy()
            out[5] = value
            return {"_preds": out}

    odd = replace(sensors[0], model=Odd(sensors[0].model.estimator))
    with pytest.raises(CohortMemberFailed, match=r"momentum/14 \(.*1 of its _preds are not finite"):
        Cohort.of([odd, sensors[1]]).predict(market)


def test_data_that_a_member_cannot_use_names_the_member(sensors, momentum, market):
    mixed = Cohort.of([sensors[0], *momentum.train([0])])
    with pytest.raises(CohortMemberFailed, match=r"1 of 2 .* momentum/14 .*momentum needs 'factors'"):
        mixed.predict(market.close)


@pytest.mark.parametrize("data", [[1, 2], None, "x"])
def test_what_no_sensor_takes_is_refused(cohort, data):
    with pytest.raises(SensorInputError, match="cannot predict from"):
        cohort.predict(data)


def test_fewer_than_two_members_or_one_of_them_twice_are_no_cohort(sensors):
    for few in ([], sensors[:1]):
        with pytest.raises(CohortError, match=f"it has {len(few)} members"):
            Cohort.of(few)
    with pytest.raises(CohortError, match="member momentum/0 is there twice"):
        Cohort.of([sensors[1], sensors[0], sensors[1]])


def test_sensors_that_cannot_predict_as_one_are_no_cohort(sensors, classifiers, tabular_sensor, momentum):
    with pytest.raises(CohortError, match=r"a mean needs scores of all .*direction/0 offers probabilities"):
        Cohort.of([sensors[0], classifiers[0]])
    with pytest.raises(CohortError, match="bars and tables: diabetes/1 and momentum/14"):
        Cohort.of([sensors[0], tabular_sensor])
    longer = renamed(momentum.train([0], overrides={"forward_days": 60})[0], 99)
    with pytest.raises(CohortError, match=r"different targets: momentum/14 and momentum/99.*rank_mean"):
        Cohort.of([sensors[0], longer])
    assert Cohort.of([sensors[0], longer], combine="rank_mean").rule.combine == "rank_mean"
    for other, kind in ((Cohort.of(sensors), "Cohort"), ("momentum/0", "str"), (None, "NoneType")):
        with pytest.raises(CohortError, match=f"a member is a {kind}; expected sensors"):
            Cohort.of([other, sensors[0]])


def test_a_tables_cohort_predicts_its_rows(tabular_sensor):
    other = renamed(tabular_sensor, 7)
    data = tabular("diabetes")
    cohort = Cohort.of([tabular_sensor, other])
    assert np.allclose(cohort.predict(data), tabular_sensor.predict(data), rtol=0, atol=1e-12)
    assert cohort.marks(data)["in_training"].all()
    with pytest.raises(SensorInputError, match="a table has none"):
        Cohort.of([tabular_sensor, other], combine="rank_mean").predict(data)
    with pytest.raises(CohortMemberFailed, match="add bmi"):
        cohort.predict(Table(data.frame.drop(columns=["bmi"])))


def test_a_cohort_is_the_same_after_save_and_load(cohort, market):
    content = cohort.dumps()
    back = Cohort.loads(content)
    assert list(back.members) == list(cohort.members)
    assert back.rule == cohort.rule
    pd.testing.assert_series_equal(back.predict(market), cohort.predict(market), check_exact=True)
    assert isinstance(load_predictor(content), Cohort)
    with pytest.raises(ArtifactCorrupt, match="is a cohort; expected a sensor"):
        Sensor.loads(content)
    with pytest.raises(ArtifactCorrupt, match="is a sensor; expected a cohort"):
        Cohort.loads(next(iter(cohort.members.values())).dumps())


def test_a_calibrated_cohort_is_the_same_after_save_and_load(classifiers, planted):
    cohort = Cohort.of(classifiers)
    back = Cohort.loads(cohort.dumps())
    assert back.rule.threshold == cohort.rule.threshold
    pd.testing.assert_series_equal(back.predict(planted), cohort.predict(planted), check_exact=True)


def test_every_members_classes_pass_the_trust_list_before_any_is_built(sensors):
    class Lab(type(sensors[0].model.estimator)):
        """Somebody's own pipeline."""

    Lab.__module__, Lab.__qualname__ = "tests.lab", "Lab"
    own = replace(sensors[0], model=SklearnModel(Lab(sensors[0].model.estimator.steps)))
    with pytest.raises(TrustError, match=r"tests\.lab\.Lab"):
        Cohort.of([own, sensors[1]]).dumps()


def test_marks_are_those_of_all_members_together(momentum, market):
    short, long = momentum.train([0, 14])
    cohort = Cohort.of([short, long])
    marks = cohort.marks(market)
    assert marks.index[marks["predicted"]].equals(cohort.predict(market).index)
    one = marks.xs("KO", level="asset")
    assert one["warm_up"].sum() == long.marks(market).xs("KO", level="asset")["warm_up"].sum()
    assert (
        one["reason"].iloc[200].startswith("momentum/0: in training")
        or "momentum/14: " in (one["reason"].iloc[200])
    )
    assert one["reason"].loc["2016-06-01"] == "in training, which ends 2017-11-30"


def test_it_explains_itself_and_each_member(cohort):
    text = cohort.explain()
    assert "a cohort of 3 sensors: momentum/0, momentum/7, momentum/14" in text
    assert "combined by the mean of the members' scores" in text
    assert "members prepare different features" in text
    for name, sensor in cohort.members.items():
        assert f"--- member {name} ---\n\n{sensor.explain()}" in text


def test_threads_that_share_a_cohort_get_what_one_alone_gets(cohort, market):
    part = market.until("1996-12-31")
    alone = cohort.predict(part)
    with ThreadPoolExecutor(6) as pool:
        assert all(found.equals(alone) for found in pool.map(lambda _: cohort.predict(part), range(12)))


def test_features_that_members_share_are_computed_once(alike, market, monkeypatch):
    import zoo.manifest.workbench as workbench

    computed = []
    real = workbench.inject
    monkeypatch.setattr(workbench, "inject", lambda *given: computed.append(given[2]) or real(*given))
    alike.predict(Dataset({"close": market.close}))
    assert computed == ["zoo.features.momentum"]
