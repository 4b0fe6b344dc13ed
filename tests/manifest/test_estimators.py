import pytest

from tests.manifest import lab
from zoo.errors import ManifestError
from zoo.manifest.bound import Feature
from zoo.manifest.estimators import SCALERS, calibration_of, model_of, pca_of, scaler_of
from zoo.trust import resolve

FEATURES = [Feature("momentum", {"_target_": "zoo.features.momentum"})]
RULES = {"conditions": {"up": {"feature": "momentum", "above": 0}}, "entry": "up"}


@pytest.mark.parametrize("word", SCALERS)
def test_a_word_is_a_scaler_that_exists(word):
    causal, fitted = scaler_of(word, lab.HERE, None)
    assert (causal is None) == (word != "rolling_robust")
    assert (causal is None and fitted is None) == (word == "none")
    for declaration in (causal, fitted):
        assert declaration is None or callable(resolve(declaration["_target_"]))


def test_a_class_is_fitted_on_train_and_a_function_looks_back():
    fitted = {"_target_": "sklearn.preprocessing.RobustScaler", "quantile_range": [10, 90]}
    assert scaler_of(fitted, lab.HERE, None) == (None, fitted)
    causal = {"_target_": "zoo.features.rolling_robust", "window": 60}
    assert scaler_of(causal, lab.HERE, None) == (causal, None)
    mine = {"_target_": lab.path("expanding")}
    assert scaler_of(mine, lab.HERE, None) == (mine, None)


@pytest.mark.parametrize(
    ("said", "components", "whiten"),
    [(2, 2, None), (0.9, 0.9, None), ({"n_components": 1, "whiten": True}, 1, True)],
)
def test_components_are_a_number_or_a_share_of_variance(said, components, whiten):
    found = pca_of(said, 2, None)
    assert found["n_components"] == components
    assert found.get("whiten") is whiten
    assert found["svd_solver"] == "full"  # exact: the randomised solvers draw


def test_a_tables_columns_are_counted_later():
    assert pca_of(30, 0, None)["n_components"] == 30


@pytest.mark.parametrize(
    ("said", "arguments"),
    [
        (None, None),
        (False, None),
        (True, {}),
        ("isotonic", {"method": "isotonic"}),
        ({"folds": 3, "threshold": 0.3}, {"folds": 3, "threshold": 0.3}),
    ],
)
def test_a_calibration_is_a_word_or_its_arguments(said, arguments):
    assert calibration_of(said, None) == arguments


def test_rules_stand_in_the_place_of_a_model():
    found = model_of({"rules": RULES}, FEATURES, None)
    assert found == {"_target_": "zoo.models.RuleScore", **RULES, "features": ["momentum"]}
    classes = model_of({"rules": {**RULES, "predicts": "class", "graded": True}}, FEATURES, None)
    assert classes["_target_"] == "zoo.models.RuleClass"
    assert classes["graded"] is True


@pytest.mark.parametrize(
    "none", [{"scaler": "none"}, {"scaler": None}, {"calibration": False}, {"pca": None}]
)
def test_rules_may_stand_beside_what_is_switched_off(none):
    assert model_of({"rules": RULES, **none}, FEATURES, None)["features"] == ["momentum"]


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ("up", "manifest.rules: is no mapping"),
        ({**RULES, "predict": "class"}, r"manifest\.rules\.predict: no such key"),
        ({**RULES, "predicts": "rank"}, r"manifest\.rules\.predicts: 'rank'; expected score or class"),
        ({**RULES, "graded": 1}, r"manifest\.rules\.graded: 1; expected true or false"),
        ({**RULES, "entry": "down"}, r"rules\.entry: there is no condition 'down'"),
        ({**RULES, "conditions": {}}, r"rules\.conditions: there are none"),
        (
            {**RULES, "conditions": {"up": {"feature": "momentun", "above": 0}}},
            "there is no feature 'momentun'.*did you mean 'momentum'",
        ),
    ],
)
def test_rules_that_nobody_could_follow_are_refused(rules, message):
    with pytest.raises(ManifestError, match=message) as caught:
        model_of({"rules": rules}, FEATURES, "lab.yaml")
    assert "lab.yaml" in str(caught.value)


def test_rules_of_a_table_have_nothing_to_name():
    with pytest.raises(ManifestError, match=r"manifest\.rules: there is no feature"):
        model_of({"rules": RULES}, [], None)
