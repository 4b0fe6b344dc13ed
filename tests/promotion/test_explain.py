from dataclasses import replace

import pytest

from zoo.promotion import Sensor, Trainer
from zoo.promotion.external import train_external
from zoo.spec import ExternalTrainer
from zoo.trust import Trust


def sections(text):
    return {part.splitlines()[0]: part.splitlines()[1:] for part in text.split("\n\n")}


def test_a_sensor_says_where_it_comes_from_and_what_was_compared(linear):
    told = sections(Sensor.loads(linear.dumps()).explain())
    assert "permutation 7 of experiment momentum" in told["what it is"][0]
    assert "lookback 189, ridge_alpha 0.1" in told["what it is"][1]
    validation = linear.metadata["validation"]
    compared = f"{validation['metrics']} metrics, {validation['predictions']} predictions and "
    assert compared in told["what was validated"][0]
    assert "residual_momentum_enabled: True (the experiment recorded False)" in told["overrides"][0]
    assert "training ends 2017-11-30" in "".join(told["data"])
    assert linear.metadata["data"]["content"] in "".join(told["data"])
    assert [line.split(" = ")[0].strip() for line in told["features, in order"]] == [
        "1. momentum",
        "2. residual_momentum",
    ]
    assert "lookback=189" in told["features, in order"][0]
    agreed = linear.metadata["agreement"]
    assert told["agreement of the refit with what was validated"] == [
        f"  mean rank correlation a date: {agreed['rank_correlation']:.4f}",
        f"  overlap of the top fifth: {agreed['top_overlap']:.4f}",
        f"  the floor of rank correlation was {agreed['floor']:.4f}, from 20 bootstrapped refits",
    ]
    assert "scikit-learn" in told["libraries"][0]
    assert any("whether it will earn anything" in line for line in told["what was not checked"])


def test_the_threshold_that_is_reported_is_the_one_that_is_used(calibrated):
    back = Sensor.loads(calibrated.dumps())
    threshold = back.model.estimator.threshold_
    assert threshold != 0.5
    assert f"threshold in use: {threshold!r}" in back.explain()
    assert "purged folds" in back.explain()
    changed = Sensor.loads(calibrated.dumps())
    changed.model.estimator.threshold_ = 0.123
    assert "threshold in use: 0.123" in changed.explain()


def test_a_sensor_without_a_threshold_claims_none(linear):
    assert "nothing is calibrated, and there is no threshold" in linear.explain()


def test_changed_libraries_unread_overrides_and_what_was_not_recorded_are_named(linear):
    metadata = {
        **linear.metadata,
        "libraries": {"now": {"numpy": "2.0"}, "changed": {"numpy": ["1.0", "2.0"]}},
        "validation": {**linear.metadata["validation"], "not_checked": ["data fingerprint"]},
        "reads": "unknown",
        "agreement": None,
    }
    text = replace(linear, metadata=metadata).explain()
    assert "numpy was 1.0 when the experiment ran, and 2.0 when it was promoted" in text
    assert "data fingerprint" in sections(text)["what was not checked"][0]
    assert "whether they were read could not be seen" in text
    assert sections(text)["agreement of the refit with what was validated"] == ["  not measured"]


def test_a_random_model_says_so(linear):
    model = type(linear.model)(linear.model.estimator, deterministic=False)
    assert "it is not deterministic" in replace(linear, model=model).explain()


def fit_somewhere():
    from sklearn.linear_model import Ridge

    return Ridge().fit([[0.0], [1.0]], [0.0, 1.0])


def test_an_external_trainers_sensor_claims_nothing():
    outcome = train_external(
        ExternalTrainer(f"{__name__}.fit_somewhere"),
        overrides={},
        allowed=(),
        trust=Trust(prefixes=("zoo.", "sklearn.", "tests.")),
        run_id="x",
    )
    told = sections(outcome.sensor.explain())
    assert told["what was validated"] == ["  nothing was compared with what an experiment logged"]
    assert told["data"] == ["  not known"]
    assert "  reproduction" in told["what was not checked"]


@pytest.mark.parametrize(
    "kind", [pytest.param("boosted", marks=pytest.mark.slow), "tabular_sensor", "calibrated"]
)
def test_every_seeded_experiments_sensor_explains_itself(kind, request):
    sensor = request.getfixturevalue(kind)
    told = sections(sensor.explain())
    assert len(told["features, in order"]) == len(sensor.features)
    assert all(lines for lines in told.values())


def test_a_version_that_was_not_validated_says_so_for_ever(experiment_dir, prices):
    trainer = Trainer(experiment_dir, prices, validation="skip", agreement="off")
    told = sections(trainer.train([0])[0].explain())
    assert told["what was validated"] == [
        "  nothing was compared with what the experiment logged, because validation=skip asked for that"
    ]
    assert "  reproduction" in told["what was not checked"]
    assert "no floor was asked for" in told["agreement of the refit with what was validated"][-1]


def test_another_librarys_sensor_explains_itself(theirs, their_trust):
    sensor = Trainer(theirs(), trusted=their_trust).train([0])[0]
    told = sections(Sensor.loads(sensor.dumps(), their_trust).explain())
    assert "metrics" in told["what was validated"][0]
    assert "  preparation of new data" in told["what was not checked"]
