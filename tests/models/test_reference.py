import numpy as np
import pytest
from sklearn.ensemble import RandomForestRegressor, VotingRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from zoo.models import ReferenceModel, SklearnModel
from zoo.models.reference import is_deterministic, seed

RANDOM = np.random.RandomState(0)
DATA = {
    "x_train": RANDOM.standard_normal((60, 3)),
    "y_train": RANDOM.standard_normal(60),
    "x_test": RANDOM.standard_normal((20, 3)),
    "y_test": RANDOM.standard_normal(20),
}


def test_any_estimator_keeps_the_reference_contract():
    assert isinstance(SklearnModel(Ridge()), ReferenceModel)


def test_training_returns_the_model_and_leaves_the_given_estimator_unfitted():
    given = Ridge()
    model = SklearnModel(given)
    assert model.train(DATA) is model
    assert not hasattr(given, "coef_")


def test_parameters_given_to_train_are_set_first():
    assert SklearnModel(Ridge()).train(DATA, alpha=5).estimator.alpha == 5


def test_prediction_and_evaluation_agree():
    model = SklearnModel(Ridge()).train(DATA)
    evaluated = model.evaluate(DATA)
    assert np.array_equal(evaluated["_preds"], model.predict(DATA)["_preds"])
    assert evaluated["mse"] == pytest.approx(np.mean((evaluated["_preds"] - DATA["y_test"]) ** 2))
    assert set(model.evaluate(DATA, inline_metrics=False)) == {"_preds"}


def test_a_classifier_gives_probabilities():
    data = {**DATA, "y_train": DATA["y_train"] > 0, "y_test": DATA["y_test"] > 0}
    out = SklearnModel(LogisticRegression()).train(data).evaluate(data)
    assert out["_probs"].shape == (20, 2)
    assert 0 <= out["auc"] <= 1


def test_an_unset_seed_makes_a_model_stochastic_however_deep_it_lies():
    forest = Pipeline([("s", StandardScaler()), ("m", VotingRegressor([("f", RandomForestRegressor())]))])
    assert not is_deterministic(forest)
    assert is_deterministic(seed(forest, 7))
    assert forest.get_params()["m__f__random_state"] == 7


def test_a_seed_that_is_set_is_kept():
    assert seed(RandomForestRegressor(random_state=0), 7).random_state == 0


def test_a_part_with_the_non_deterministic_tag_makes_the_model_stochastic():
    class Tagged(Ridge):
        def __sklearn_tags__(self):
            tags = super().__sklearn_tags__()
            tags.non_deterministic = True
            return tags

    assert not is_deterministic(Pipeline([("m", Tagged())]))
    assert SklearnModel(Tagged(), deterministic=True).deterministic
