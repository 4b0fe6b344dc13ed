"""Builder and YAML say the same words."""

import datetime as dt
import json
import textwrap

import numpy as np
import pandas as pd
import pytest

from tests.manifest import lab
from zoo.errors import ManifestError
from zoo.experiment.directory import ExperimentDirectory
from zoo.experiment.loop import run_experiment
from zoo.manifest import Manifest
from zoo.manifest.builder import Builder
from zoo.manifest.manifest import KEYS
from zoo.trust import Trust

MOMENTUM = {"_target_": "zoo.features.momentum", "lookback": 20, "skip": 1}

#: a step of the builder, and what it is in YAML
WORDS = {
    "set_data_source": (
        lambda m: m.set_data_source("zoo.data.sp500", end="1997-12-31"),
        {"data": {"_target_": "zoo.data.sp500", "end": "1997-12-31"}},
    ),
    "set_test_data_source": (
        lambda m: m.set_test_data_source(lab.small, assets=3),
        {"test_data": {"_target_": "tests.manifest.lab.small", "assets": 3}},
    ),
    "set_bar_formation": (
        lambda m: m.set_bar_formation("zoo.data.volume_bars", volume=1e6, clock="A0"),
        {"bars": {"_target_": "zoo.data.volume_bars", "volume": 1e6, "clock": "A0"}},
    ),
    "set_required_bar_columns": (
        lambda m: m.set_required_bar_columns("close", "volume"),
        {"required_bar_columns": ["close", "volume"]},
    ),
    "set_selector": (
        lambda m: m.set_selector("zoo.data.assets", without=("A1",)),
        {"selector": {"_target_": "zoo.data.assets", "without": ["A1"]}},
    ),
    "add_indicator": (
        lambda m: m.add_indicator("zoo.features.roc", name="roc", group="speed", lookback=5),
        {"indicators": [{"_target_": "zoo.features.roc", "name": "roc", "group": "speed", "lookback": 5}]},
    ),
    "add_feature": (
        lambda m: m.add_feature(
            "zoo.features.momentum", include_if="${settings.residual_momentum_enabled}", lookback=20, skip=1
        ),
        {"features": [{**MOMENTUM, "include_if": "${settings.residual_momentum_enabled}"}]},
    ),
    "set_ablation": (
        lambda m: (
            m.add_feature("zoo.features.momentum", group="a", lookback=20, skip=1)
            .add_feature("zoo.features.momentum", name="b", lookback=20, skip=1)
            .set_ablation(["a"])
        ),
        {"features": [{**MOMENTUM, "group": "a"}, {**MOMENTUM, "name": "b"}], "ablation": ["a"]},
    ),
    "set_rows": (lambda m: m.set_rows(every=21), {"rows": {"every": 21}}),
    "set_split_config": (lambda m: m.set_split_config(8, 1, 2), {"split": [8, 1, 2]}),
    "set_split_dates": (
        lambda m: m.set_split_dates(validation=dt.date(2010, 1, 4), test=pd.Timestamp("2013-01-02")),
        {"split": {"validation": "2010-01-04", "test": "2013-01-02"}},
    ),
    "with_target": (
        lambda m: m.with_target(
            "zoo.targets.forward_return",
            fit_params={"cutoff": {"_target_": "zoo.targets.quantile", "q": 0.7}},
            transform_params="zoo.targets.above",
            horizon=5,
        ),
        {
            "target": {
                "_target_": "zoo.targets.forward_return",
                "horizon": 5,
                "fit_params": {"cutoff": {"_target_": "zoo.targets.quantile", "q": 0.7}},
                "transform_params": {"_target_": "zoo.targets.above"},
            }
        },
    ),
    "set_scaler": (lambda m: m.set_scaler("robust"), {"scaler": "robust"}),
    "set_pca": (lambda m: m.set_pca(1, whiten=True), {"pca": {"n_components": 1, "whiten": True}}),
    "with_model": (
        lambda m: m.with_model("zoo.models.Ridge", deterministic=False, alpha=10),
        {"model": {"_target_": "zoo.models.Ridge", "alpha": 10}, "deterministic": False},
    ),
    "with_rules": (
        lambda m: m.with_rules({"up": {"feature": "momentum", "above": 0}}, "up", predicts="class"),
        {
            "rules": {
                "conditions": {"up": {"feature": "momentum", "above": 0}},
                "entry": "up",
                "predicts": "class",
            }
        },
    ),
    "set_calibration": (
        lambda m: m.set_calibration("sigmoid", folds=3, threshold=0.4),
        {"calibration": {"method": "sigmoid", "folds": 3, "threshold": 0.4}},
    ),
    "set_portfolio": (
        lambda m: m.set_portfolio("zoo.portfolio.long_only_top", fraction=0.2, costs="none", delay=2),
        {
            "portfolio": {
                "policy": {"_target_": "zoo.portfolio.long_only_top", "fraction": 0.2},
                "costs": "none",
                "delay": 2,
            }
        },
    ),
}


def rest(*said):
    """What a manifest needs besides, in YAML."""
    tree = {
        "features": [MOMENTUM],
        "target": {"_target_": "zoo.targets.forward_return", "horizon": 5},
        "model": {"_target_": "sklearn.linear_model.Ridge"},
    }
    return {
        key: value
        for key, value in tree.items()
        if key not in said and not ("rules" in said and key == "model")
    }


def test_every_method_and_every_key_is_here():
    methods = {
        name for name in vars(Builder) if not name.startswith("_") and name not in Builder.__annotations__
    }
    assert methods - {"with_params_override"} == set(WORDS)
    said = {key for _, tree in WORDS.values() for key in tree}
    assert said == set(KEYS)


@pytest.mark.parametrize("method", WORDS)
def test_a_method_says_what_yaml_says(method):
    step, tree = WORDS[method]
    built = step(Manifest(seed=7, trust=lab.HERE))
    assert built.to_config() == tree
    assert json.loads(json.dumps(built.to_config())) == tree
    whole = {**tree, **rest(*tree)}
    written = Manifest.from_config(whole, seed=7, trust=lab.HERE)
    started = Manifest.from_config(rest(*tree), seed=7, trust=lab.HERE)
    assert step(started).to_config() == whole
    assert step(started).bind({}).as_dict() == written.bind({}).as_dict()


def test_a_portfolio_may_be_left_out():
    assert Manifest().set_portfolio(False).to_config() == {"portfolio": False}


PARAMS = {
    "period": [5, 10],
    "alpha": [1, 10],
    "scaler": ["standard", "rolling_robust"],
    "fast": [True, False],
    "without": [None, "slow"],
}
DECODER = """
    from zoo import Manifest

    def params():
        return {params!r}

    def manifest():
        return (
            Manifest()
            .add_indicator("zoo.features.roc", name="roc_{{period}}", lookback="period", group="slow")
            .add_feature("zoo.features.reversal", name="fast", lookback=5, include_if="fast")
            .add_feature("zoo.features.momentum", lookback=20, skip=1)
            .set_ablation("without")
            .with_target("zoo.targets.forward_return", horizon=5)
            .set_rows(every=5)
            .set_split_config(6, 2, 2)
            .set_scaler("scaler")
            .with_model("sklearn.linear_model.Ridge", alpha="alpha")
        )
"""
WRITTEN = {
    "indicators": [
        {
            "_target_": "zoo.features.roc",
            "lookback": "${params.period}",
            "name": "roc_${params.period}",
            "group": "slow",
        }
    ],
    "features": [
        {"_target_": "zoo.features.reversal", "lookback": 5, "name": "fast", "include_if": "${params.fast}"},
        MOMENTUM,
    ],
    "ablation": "${params.without}",
    "target": {"_target_": "zoo.targets.forward_return", "horizon": 5},
    "rows": {"every": 5},
    "split": [6, 2, 2],
    "scaler": "${params.scaler}",
    "model": {"_target_": "sklearn.linear_model.Ridge", "alpha": "${params.alpha}"},
}


def decoder(params=PARAMS):
    space = {}
    exec(textwrap.dedent(DECODER.format(params=params)), space)
    return space["manifest"]()


def test_plain_keys_become_parameters():
    assert decoder().spelt(PARAMS).to_config() == WRITTEN
    assert decoder().spelt({}).to_config()["model"]["alpha"] == "alpha"


def test_a_manifest_of_the_builder_is_bound_with_plain_keys():
    round_params = {"period": 10, "alpha": 3, "scaler": "robust", "fast": True, "without": None}
    bound = decoder().bind(round_params)
    assert [f.name for f in bound.features] == ["roc_10", "fast", "momentum"]
    assert bound.features[0].declaration["lookback"] == 10
    assert bound.model["alpha"] == 3
    assert bound.as_dict() == Manifest.from_config(WRITTEN).bind(round_params).as_dict()


def test_a_decoder_and_yaml_make_the_same_experiment(tmp_path, panel):
    few = {**PARAMS, "scaler": ["standard"], "alpha": [1]}
    path = tmp_path / "decoder"
    path.mkdir()
    (path / "lab_decoder.py").write_text(textwrap.dedent(DECODER.format(params=few)))
    run_experiment({"sfd_module": "lab_decoder"}, path, trust=Trust(local=True), data=panel)
    run_experiment({"params": few, "manifest": WRITTEN}, tmp_path / "yaml", data=panel)
    one, two = ExperimentDirectory(path), ExperimentDirectory(tmp_path / "yaml")
    assert one.ids == two.ids == tuple(range(8))
    for number in one.ids:
        assert one.round(number).params == two.round(number).params
        assert one.round(number).metrics == two.round(number).metrics
        assert one.round(number).preds == two.round(number).preds


def test_braces_that_name_no_parameter_stay():
    named = Manifest().add_feature("zoo.features.roc", name="roc_{period}_{unit}", lookback="period")
    declared = named.spelt({"period": [5]}).to_config()["features"][0]
    assert declared["name"] == "roc_${params.period}_{unit}"


def test_a_hole_that_is_written_out_is_not_touched():
    named = Manifest().add_feature(
        "zoo.features.roc", name="roc_${params.period}", lookback="${params.period}"
    )
    assert named.spelt({"period": [5]}).to_config() == named.to_config()


def test_names_and_targets_are_no_parameters_of_the_same_name():
    params = {"momentum": [True], "trend": [1], "zoo.models.Ridge": [2]}
    declared = (
        Manifest()
        .add_feature("zoo.features.momentum", name="momentum", group="trend", include_if="momentum")
        .with_model("zoo.models.Ridge", alpha="trend")
        .spelt(params)
        .to_config()
    )
    assert declared["features"][0]["name"] == "momentum"
    assert declared["features"][0]["group"] == "trend"
    assert declared["features"][0]["include_if"] == "${params.momentum}"
    assert declared["model"] == {"_target_": "zoo.models.Ridge", "alpha": "${params.trend}"}


def test_a_rule_may_be_called_like_the_parameter_that_it_compares_with():
    rules = (
        Manifest()
        .add_feature("zoo.features.roc", name="roc_{period}", lookback="period")
        .with_rules(
            {
                "strong": {"feature": "roc_{period}", "above": "strong"},
                "weak": {"feature": "roc_{period}", "below": 0},
            },
            {"any": ["strong", {"not": "weak"}]},
        )
    )
    bound = rules.with_target("zoo.targets.forward_return", horizon=5).bind({"strong": 0.1, "period": 5})
    assert bound.model["conditions"]["strong"] == {"feature": "roc_5", "above": 0.1}
    assert bound.model["entry"] == {"any": ["strong", {"not": "weak"}]}


def test_an_entry_rule_may_be_a_parameter():
    rules = (
        Manifest()
        .add_feature("zoo.features.roc", lookback=5)
        .with_rules({"up": {"feature": "roc", "above": 0}}, "entry")
        .with_target("zoo.targets.forward_return", horizon=5)
    )
    assert rules.bind({"entry": {"not": "up"}}).model["entry"] == {"not": "up"}


def test_a_parameter_may_choose_the_whole_of_a_declaration(base):
    chosen = (
        base.with_model("model")
        .set_bar_formation("bars")
        .with_target("${params.target}")
        .set_scaler("scaler")
    )
    params = {
        "model": {"_target_": "zoo.models.Ridge", "alpha": 3},
        "bars": None,
        "target": {"_target_": "zoo.targets.forward_direction", "horizon": 2},
        "scaler": {"_target_": "zoo.features.rolling_robust", "window": 20},
    }
    assert chosen.spelt(params).to_config()["model"] == "${params.model}"
    bound = chosen.bind(params)
    assert bound.model == params["model"]
    assert bound.target == params["target"]
    assert bound.causal == params["scaler"]
    assert bound.bars is None
    with pytest.raises(ManifestError, match=r"manifest\.model: 'ridge' names no _target_"):
        base.with_model("ridge").bind({})


def test_values_are_taken_as_json_gives_them_back():
    declared = (
        Manifest()
        .set_data_source("zoo.data.sp500", end=dt.date(2017, 12, 29))
        .with_model("zoo.models.Ridge", alpha=np.float64(0.5), sizes=(np.int64(3), 4))
        .to_config()
    )
    assert declared["data"]["end"] == "2017-12-29"
    assert declared["model"] == {"_target_": "zoo.models.Ridge", "alpha": 0.5, "sizes": [3, 4]}
    assert json.loads(json.dumps(declared)) == declared


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (lambda m: m.with_model("zoo.models.Ridge", alpha=np.log), "as an argument"),
        (lambda m: m.with_model("sklearn.pipeline.Pipeline", steps=[("a", Manifest)]), "as an argument"),
        (lambda m: m.with_model(3), "3 is no function or class"),
        (lambda m: m.set_portfolio(True), "True is no function or class"),
        (lambda m: m.set_scaler("rolling_robust", window=60), "'rolling_robust' takes no window"),
        (lambda m: m.with_model("model", alpha=3), "'model' takes no alpha"),
    ],
)
def test_what_yaml_could_not_say_the_builder_refuses(step, message):
    with pytest.raises(ManifestError, match=message):
        step(Manifest())


def test_an_object_in_the_declaration_is_refused_when_it_is_bound(base):
    from sklearn.linear_model import Ridge

    stacked = base.with_model("sklearn.ensemble.VotingRegressor", estimators=[("ridge", Ridge())])
    with pytest.raises(ManifestError, match=r"lab\.yaml: manifest\.model\.estimators\[0\]\[1\].*is a Ridge"):
        stacked.bind({})


def test_nested_functions_and_classes_are_named_by_path():
    from sklearn.linear_model import Ridge

    model = Manifest().with_model(
        "sklearn.ensemble.VotingRegressor", estimators=[("ridge", {"_target_": Ridge, "alpha": 3})]
    )
    estimators = [["ridge", {"_target_": "sklearn.linear_model.Ridge", "alpha": 3}]]
    assert model.to_config()["model"]["estimators"] == estimators


def test_a_refit_takes_everything_but_what_dates_keep_out(base):
    dated = base.set_split_dates(
        first="2015-02-02", validation="2015-07-01", test="2015-09-01", last="2015-11-02"
    )
    refit = dated.with_params_override(split_config=(1, 0, 0))
    assert refit.to_config()["split"] == {"first": "2015-02-02", "last": "2015-11-02"}
    assert dated.with_params_override(split_config=(8, 1, 2)).to_config()["split"] == [8, 1, 2]
    open_ended = base.set_split_dates(test="2015-09-01").with_params_override(split_config=(1, 0, 0))
    assert open_ended.to_config()["split"] == [1, 0, 0]
    assert base.with_params_override(split_config=(1, 0, 0)).to_config()["split"] == [1, 0, 0]
