import pytest

from zoo.errors import ManifestError, TrustError
from zoo.manifest.construct import call, inject, partial
from zoo.trust import Trust


def test_nested_declarations_are_built_first():
    tree = {
        "_target_": "sklearn.ensemble.VotingRegressor",
        "estimators": [["ridge", {"_target_": "sklearn.linear_model.Ridge", "alpha": 3}]],
    }
    built = call(tree, Trust())
    assert built.estimators[0][1].alpha == 3


def test_an_argument_that_the_target_does_not_take_is_named_with_the_nearest():
    with pytest.raises(ManifestError, match=r"Ridge takes no 'alfa'.*did you mean 'alpha'"):
        call({"_target_": "sklearn.linear_model.Ridge", "alfa": 3}, Trust(), "a.yaml")


def test_a_target_that_refuses_its_arguments_says_why():
    with pytest.raises(ManifestError, match=r"ColumnTransformer refused its arguments.*'transformers'"):
        call({"_target_": "sklearn.compose.ColumnTransformer"}, Trust(), "a.yaml")


def test_an_untrusted_target_deep_inside_is_refused():
    tree = {"_target_": "sklearn.linear_model.Ridge", "alpha": {"_target_": "os.getcwd"}}
    with pytest.raises(TrustError, match=r"os\.getcwd"):
        call(tree, Trust())


def test_a_function_gets_the_data_that_its_parameters_name():
    function = partial({"_target_": "zoo.features.momentum", "lookback": 2, "skip": 1}, Trust())
    assert set(function.keywords) == {"lookback", "skip"}


def test_data_that_a_function_needs_and_nobody_has_is_named():
    function = partial({"_target_": "zoo.features.beta", "window": 20}, Trust())
    with pytest.raises(ManifestError, match="needs 'factors'"):
        inject(function, {"prices": 1}, "zoo.features.beta", "a.yaml")
