import json

import pytest

from zoo.errors import ManifestError, TrustError
from zoo.manifest import Manifest
from zoo.settings import overrides, recorded, settings

PARAMS = {"lookback": 20, "alpha": 1}


@pytest.fixture
def manifest(definition):
    return Manifest.from_config(definition["manifest"], seed=7, where="a.yaml")


def test_the_builder_says_the_same_as_yaml(definition):
    built = (
        Manifest(seed=7)
        .set_data_source("zoo.data.sp500", end="1997-12-31")
        .add_feature("zoo.features.momentum", lookback="${params.lookback}", skip=5)
        .add_feature(
            "zoo.features.residual_momentum",
            window=60,
            lookback=40,
            skip=5,
            include_if="${settings.residual_momentum_enabled}",
        )
        .with_target(
            "zoo.targets.forward_return",
            horizon="${settings.forward_days}",
            demean="${settings.xsec_demean_alpha_enabled}",
        )
        .set_rows(every=21)
        .set_split_config(8, 1, 2)
        .set_scaler("sklearn.preprocessing.StandardScaler")
        .with_model("sklearn.linear_model.Ridge", alpha="${params.alpha}")
    )
    assert built.to_config() == definition["manifest"]
    assert (
        built.bind(PARAMS).as_dict()
        == Manifest.from_config(definition["manifest"], seed=7).bind(PARAMS).as_dict()
    )


def test_the_builder_takes_the_objects_themselves():
    from sklearn.preprocessing import StandardScaler

    declared = Manifest().set_scaler(StandardScaler, with_mean=False).to_config()["scaler"]
    assert declared == {"_target_": "sklearn.preprocessing.StandardScaler", "with_mean": False}


def test_a_builder_step_leaves_the_manifest_before_it_alone(manifest):
    before = json.dumps(manifest.to_config())
    manifest.add_feature("zoo.features.reversal", lookback=5).set_split_config(1, 0, 0)
    assert json.dumps(manifest.to_config()) == before


def test_binding_fills_every_hole_and_reads_the_settings(manifest):
    with recorded() as reads:
        bound = manifest.bind(PARAMS)
    assert bound.features[0].declaration["lookback"] == 20
    assert bound.target["horizon"] == 21
    assert [f.name for f in bound.features] == ["momentum"]
    assert reads.names == {"forward_days", "residual_momentum_enabled", "xsec_demean_alpha_enabled"}


def test_a_feature_is_included_by_a_setting(manifest):
    with overrides(settings, {"residual_momentum_enabled": True}):
        assert [f.name for f in manifest.bind(PARAMS).features] == ["momentum", "residual_momentum"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"modell": {}}, r"manifest\.modell: no such key.*did you mean 'model'"),
        ({"target": None}, r"manifest\.target: is missing"),
        ({"model": None}, r"manifest\.model: is missing"),
        ({"model": {"alpha": 1}}, r"manifest\.model: .*names no _target_"),
        ({"split": [8, 1]}, r"manifest\.split"),
        ({"split": [0, 1, 2]}, r"manifest\.split"),
        ({"split": [8, -1, 2]}, r"manifest\.split"),
        ({"split": [8, float("nan"), 2]}, r"manifest\.split"),
        ({"split": [float("inf"), 1, 2]}, r"manifest\.split"),
        ({"rows": {"every": 0}}, r"manifest\.rows"),
        ({"rows": {"evry": 21}}, r"manifest\.rows"),
        ({"deterministic": "yes"}, r"manifest\.deterministic"),
    ],
)
def test_an_impossible_declaration_is_refused_with_its_key_and_file(definition, change, message):
    with pytest.raises(ManifestError, match=message) as caught:
        Manifest.from_config({**definition["manifest"], **change}, where="a.yaml").bind(PARAMS)
    assert "a.yaml" in str(caught.value)


def test_two_features_of_one_name_are_refused(manifest):
    twice = manifest.add_feature("zoo.features.momentum", lookback=10, skip=1)
    with pytest.raises(ManifestError, match="two features are called 'momentum'"):
        twice.bind(PARAMS)
    named = manifest.add_feature("zoo.features.momentum", name="short", lookback=10, skip=1)
    assert [f.name for f in named.bind(PARAMS).features] == ["momentum", "short"]


def test_include_if_must_be_a_bool(manifest):
    with pytest.raises(ManifestError, match="include_if of feature 'beta' is 'no'"):
        manifest.add_feature("zoo.features.beta", include_if="no", window=20).bind(PARAMS)


def test_a_target_that_a_parameter_smuggles_in_is_refused_too(definition):
    definition["manifest"]["model"] = {"_target_": "${params.lookback}"}
    with pytest.raises(TrustError):
        Manifest.from_config(definition["manifest"]).bind({"lookback": "os.system", "alpha": 1})


def test_an_untrusted_target_is_refused_when_the_manifest_is_read(definition):
    definition["manifest"]["scaler"] = {"_target_": "os.system"}
    with pytest.raises(TrustError, match=r"os\.system"):
        Manifest.from_config(definition["manifest"], where="a.yaml")


def test_a_hole_of_the_data_or_of_a_feature_left_out_counts_as_nobody_reading_it(manifest):
    where = manifest.set_data_source("zoo.data.sp500", end="${settings.forward_days}").add_feature(
        "zoo.features.reversal", lookback="${settings.forward_days}", include_if=False
    )
    still = where.with_target("zoo.targets.forward_return", horizon=5, demean=True)
    with recorded() as reads:
        still.bind(PARAMS)
    assert "forward_days" not in reads.names


def test_a_target_is_no_feature(manifest):
    with pytest.raises(ManifestError, match="feature 'forward_return' is a target: it looks ahead"):
        manifest.add_feature("zoo.targets.forward_return", horizon=5).bind(PARAMS)


def test_the_builder_names_objects_as_yaml_would():
    from zoo.data import sp500
    from zoo.features import momentum

    built = Manifest().set_data_source(sp500).add_feature(momentum, lookback=20, skip=5).to_config()
    assert built["data"] == {"_target_": "zoo.data.sp500"}
    assert built["features"][0]["_target_"] == "zoo.features.momentum"
