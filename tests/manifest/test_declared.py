"""Each key of a manifest refuses what it cannot mean, with its file and its name."""

import pytest

from tests.manifest import lab
from zoo.errors import ManifestError, TrustError
from zoo.manifest import Manifest
from zoo.manifest.dates import SplitDates
from zoo.manifest.declared import ablation_of, check_plain, every_of, functions_of, split_of

TREE = lab.base().to_config()
FORWARD = {"_target_": "zoo.targets.forward_return", "horizon": 5}
MEDIAN = {"_target_": "zoo.targets.median"}
ABOVE = {"_target_": "zoo.targets.above"}
RISING = {"rising": {"feature": "momentum", "above": 0}}


def bind(change, params=None):
    tree = {key: value for key, value in {**TREE, **change}.items() if value != "absent"}
    return Manifest.from_config(tree, trust=lab.HERE, where="lab.yaml").bind(params or {})


WRONG = [
    ({"bars": "zoo.data.time_bars"}, r"manifest\.bars: 'zoo\.data\.time_bars' names no _target_"),
    ({"bars": {"every": "1h"}}, r"manifest\.bars: .* names no _target_"),
    ({"selector": 5}, r"manifest\.selector: 5 names no _target_"),
    ({"required_bar_columns": "volume"}, r"manifest\.required_bar_columns: 'volume'; expected a list"),
    ({"required_bar_columns": [1]}, r"manifest\.required_bar_columns: \[1\]"),
    ({"features": {"momentum": 1}}, r"manifest\.features: .* is no list"),
    ({"features": ["momentum"]}, r"manifest\.features\[0\]: 'momentum' names no _target_"),
    ({"features": [{"lookback": 5}]}, r"manifest\.features\[0\]: .* names no _target_"),
    ({"features": [None]}, r"manifest\.features\[0\]: is missing"),
    ({"indicators": [{"_target_": "zoo.features.roc", "group": 3}]}, r"manifest\.indicators\[0\]\.group: 3"),
    ({"indicators": [{"_target_": "zoo.features.roc", "name": ""}]}, r"manifest\.indicators\[0\]\.name: ''"),
    ({"features": [{"_target_": "zoo.features.roc", "include_if": 1}]}, "include_if of feature 'roc' is 1"),
    ({"ablation": "slow"}, r"manifest\.ablation: no feature is of the group 'slow'"),
    ({"ablation": {"a": 1}}, r"manifest\.ablation: .* expected a group, a list of groups, or null"),
    ({"ablation": [None]}, r"manifest\.ablation: no feature is of the group None"),
    ({"target": "absent"}, r"manifest\.target: is missing"),
    ({"target": "forward_return"}, r"manifest\.target: 'forward_return' names no _target_"),
    ({"target": {**FORWARD, "fit_params": {"c": MEDIAN}}}, r"manifest\.target has fit_params alone"),
    ({"target": {**FORWARD, "transform_params": ABOVE}}, r"manifest\.target has transform_params alone"),
    (
        {"target": {**FORWARD, "fit_params": [MEDIAN], "transform_params": ABOVE}},
        r"manifest\.target\.fit_params: is no mapping",
    ),
    (
        {"target": {**FORWARD, "fit_params": {}, "transform_params": ABOVE}},
        r"manifest\.target\.fit_params: is no mapping of parameters",
    ),
    (
        {"target": {**FORWARD, "fit_params": {"c": 0.5}, "transform_params": ABOVE}},
        r"manifest\.target\.fit_params\.c: 0\.5 names no _target_",
    ),
    (
        {"target": {**FORWARD, "fit_params": {"c": MEDIAN}, "transform_params": "above"}},
        r"manifest\.target\.transform_params: 'above' names no _target_",
    ),
    (
        {"target": {**FORWARD, "fit_params": {"labels": MEDIAN}, "transform_params": ABOVE}},
        r"manifest\.target\.fit_params\.labels: the transform is given 'labels' already.*rename it",
    ),
    (
        {"target": {**FORWARD, "fit_params": {"c": MEDIAN}, "transform_params": {**ABOVE, "c": 1}}},
        r"manifest\.target\.fit_params\.c: the transform is given 'c' already.*remove one",
    ),
    ({"rows": 0}, r"manifest\.rows: 0"),
    ({"rows": {"every": 2.0}}, r"manifest\.rows: \{'every': 2\.0\}"),
    ({"rows": {"every": True}}, r"manifest\.rows"),
    ({"split": "8:1:2"}, r"manifest\.split: '8:1:2'"),
    ({"split": [8, True, 2]}, r"manifest\.split"),
    ({"split": {"test": "2015"}}, r"manifest\.split\.test: '2015'; expected a date such as"),
    ({"split": {"test": 20150102.0}}, r"manifest\.split\.test"),
    ({"split": {"tests": "2015-01-02"}}, r"manifest\.split\.tests: no such key.*did you mean 'test'"),
    ({"split": {}}, r"manifest\.split: \{\}; expected dates in order"),
    (
        {"split": {"validation": "2015-09-01", "test": "2015-07-01"}},
        r"manifest\.split.*expected dates in order",
    ),
    ({"split": {"first": "2015-09-01", "test": "2015-07-01"}}, r"manifest\.split.*expected dates in order"),
    ({"split": {"test": "2015-09-01", "last": "2015-07-01"}}, r"manifest\.split.*expected dates in order"),
    ({"scaler": "standart"}, r"manifest\.scaler: 'standart' is no scaler.*did you mean 'standard'"),
    ({"scaler": {"with_mean": False}}, r"manifest\.scaler: .* names no _target_"),
    ({"scaler": False}, r"manifest\.scaler: False names no _target_"),
    ({"pca": 0}, r"manifest\.pca: 0; expected a number of components"),
    ({"pca": True}, r"manifest\.pca: True"),
    ({"pca": 1.0}, r"manifest\.pca: 1\.0"),
    ({"pca": 0.0}, r"manifest\.pca: 0\.0"),
    ({"pca": "mle"}, r"manifest\.pca: 'mle'"),
    ({"pca": {"n_components": 1, "whitened": True}}, r"manifest\.pca"),
    ({"pca": {"n_components": 1, "whiten": "yes"}}, r"manifest\.pca"),
    ({"pca": 3}, r"manifest\.pca: 3 components of 2 features"),
    ({"model": "absent"}, r"manifest\.model: is missing"),
    ({"model": ["ridge"]}, r"manifest\.model: \['ridge'\] names no _target_"),
    ({"rules": RISING}, r"manifest\.model: a manifest with rules has none; remove `model`, or `rules`"),
    ({"rules": RISING, "model": None}, r"manifest\.scaler: a manifest with rules has none"),
    ({"calibration": "sigmod"}, r"manifest\.calibration\.method: 'sigmod'.*did you mean 'sigmoid'"),
    ({"calibration": 5}, r"manifest\.calibration: 5"),
    ({"calibration": {"fold": 5}}, r"manifest\.calibration\.fold: no such key.*did you mean 'folds'"),
    ({"calibration": {"folds": 1}}, r"manifest\.calibration\.folds: 1; expected a whole number, at least 2"),
    ({"calibration": {"embargo": -1}}, r"manifest\.calibration\.embargo: -1"),
    ({"calibration": {"threshold": 1.5}}, r"manifest\.calibration\.threshold: 1\.5"),
    (
        {"calibration": {"threshold": "f2"}},
        r"manifest\.calibration\.threshold: 'f2'; expected one of accuracy",
    ),
    ({"portfolio": "long"}, r"manifest\.portfolio: 'long'"),
    ({"portfolio": {"cost": "retail"}}, r"manifest\.portfolio\.cost: no such key.*did you mean 'costs'"),
    ({"portfolio": {"policy": "long_only_top"}}, r"manifest\.portfolio\.policy: .* names no _target_"),
    ({"portfolio": {"delay": -1}}, r"manifest\.portfolio\.delay: -1"),
    ({"portfolio": {"delay": 1.0}}, r"manifest\.portfolio\.delay: 1\.0"),
    ({"portfolio": {"costs": "retale"}}, r"manifest\.portfolio\.costs: .*'retale'.*did you mean 'retail'"),
    ({"portfolio": {"costs": 5}}, r"manifest\.portfolio\.costs: 5"),
    (
        {"portfolio": {"costs": {"comission_bps": 1}}},
        r"manifest\.portfolio\.costs\.comission_bps: no such key",
    ),
    ({"portfolio": {"costs": {"commission_bps": -1}}}, r"manifest\.portfolio\.costs: commission_bps is -1"),
    ({"deterministic": 1}, r"manifest\.deterministic: 1"),
    (
        {"model": {"_target_": "zoo.models.Logistic", "class_weight": {0: 1}}},
        r"manifest\.model\.class_weight: the key 0",
    ),
    (
        {"model": {"_target_": "zoo.models.Ridge", "alpha": {1, 2}}},
        r"manifest\.model\.alpha: \{1, 2\} is a set",
    ),
    ({"model": {"_target_": "zoo.models.Ridge", "alpha": b"1"}}, r"manifest\.model\.alpha: b'1' is a bytes"),
]


@pytest.mark.parametrize(("change", "message"), WRONG, ids=[str(change)[:60] for change, _ in WRONG])
def test_an_impossible_value_is_refused_with_its_file_and_its_key(change, message):
    with pytest.raises(ManifestError, match=message) as caught:
        bind(change)
    assert str(caught.value).startswith("lab.yaml: ")


@pytest.mark.parametrize("key", ["bars", "selector", "scaler", "model", "target"])
def test_a_target_that_nobody_trusts_is_refused_under_every_key(key):
    with pytest.raises(TrustError, match=r"'os\.system' is not trusted"):
        bind({key: {"_target_": "os.system"}})


@pytest.mark.parametrize("key", ["data", "test_data"])
@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("prices.csv", r"manifest\.KEY: 'prices\.csv' names no _target_"),
        (None, r"manifest\.KEY: is missing"),
        ({"_target_": lab.path("no_source")}, r"manifest\.KEY: .*no_source gave a DataFrame"),
        ({"_target_": lab.path("small"), "asset": 5}, r"takes no 'asset'.*did you mean 'assets'"),
        ({"_target_": lab.path("small"), "assets": "${params.n}"}, r"\$\{params\.n\} names no parameter"),
    ],
)
def test_a_source_that_is_none_is_refused_when_it_is_fetched(key, value, message):
    manifest = Manifest.from_config({**TREE, key: value}, trust=lab.HERE, where="lab.yaml")
    fetch = {"data": manifest.fetch_data, "test_data": manifest.fetch_test_data}[key]
    with pytest.raises(ManifestError, match=message.replace("KEY", key)) as caught:
        fetch()
    assert "lab.yaml" in str(caught.value)


def test_both_sources_are_fetched_each_for_itself():
    manifest = lab.base().set_data_source(lab.small).set_test_data_source(lab.small, assets=2)
    assert len(manifest.fetch_data().assets) == 5
    assert len(manifest.fetch_test_data().assets) == 2


def test_what_a_parameter_brings_is_checked_like_what_is_written():
    with pytest.raises(ManifestError, match=r"manifest\.scaler: 'standart' is no scaler"):
        bind({"scaler": "${params.scaler}"}, {"scaler": "standart"})
    with pytest.raises(ManifestError, match=r"manifest\.ablation: no feature"):
        bind({"ablation": "${params.without}"}, {"without": ["slow"]})
    with pytest.raises(TrustError, match=r"os\.system"):
        bind({"model": "${params.model}"}, {"model": {"_target_": "os.system"}})


def test_nothing_said_is_the_usual():
    assert every_of(None, None) == 1
    assert every_of(21, None) == every_of({"every": 21}, None) == 21
    assert functions_of("features", None, None) == []
    assert split_of({"test": "2015-01-02"}, None) == SplitDates(test="2015-01-02")
    bound = bind({"split": "absent", "rows": "absent", "scaler": "absent", "portfolio": "absent"})
    assert bound.split == (8, 1, 2)
    assert bound.every == 1
    assert (
        bound.scaler is bound.causal is bound.pca is bound.calibration is bound.bars is bound.selector is None
    )
    assert bound.portfolio["costs"] == "retail"
    assert bound.portfolio["delay"] == 1


def test_dates_are_recorded_in_one_form():
    assert split_of({"first": "20100104", "test": "2015-01-02"}, None) == SplitDates(
        first="2010-01-04", test="2015-01-02"
    )


GROUPED = ["a", "b", None]


@pytest.mark.parametrize(
    ("said", "without"), [(None, ()), ("a", ("a",)), (["a", "b"], ("a", "b")), ([], ()), (("b",), ("b",))]
)
def test_groups_are_left_out_one_or_several_or_none(said, without):
    assert ablation_of(said, GROUPED, None) == without


def test_an_ablation_that_leaves_nothing_is_refused():
    with pytest.raises(ManifestError, match="leaves no feature"):
        ablation_of(["a", "b"], ["a", "b", "a"], None)
    assert ablation_of(["a", "b"], GROUPED, None) == ("a", "b")


@pytest.mark.parametrize("value", [None, True, 1, 0.5, "x", [1, ["a"]], {"a": {"b": None}}, (1, 2)])
def test_what_a_file_can_say_is_plain(value):
    check_plain(value, "manifest.x", None)
