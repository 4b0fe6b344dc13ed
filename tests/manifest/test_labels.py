"""What of a target is fitted: on the train part of each fit, and never on anything later."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.manifest import lab
from zoo.data import Dataset, Table, tabular
from zoo.errors import DataError, ManifestError
from zoo.manifest import Manifest
from zoo.manifest.labels import Labels, fit_labels
from zoo.manifest.run import run

CUTOFF = {"cutoff": {"_target_": "zoo.targets.quantile", "q": 0.7}}


def classes(fit_params=None, transform_params="zoo.targets.above"):
    return (
        lab.base()
        .with_target(
            "zoo.targets.forward_return",
            horizon=5,
            fit_params=CUTOFF if fit_params is None else fit_params,
            transform_params=transform_params,
        )
        .with_model("sklearn.linear_model.LogisticRegression")
    )


def winsorised():
    bounds = {
        side: {"_target_": "zoo.targets.quantile", "q": q} for side, q in (("lower", 0.05), ("upper", 0.95))
    }
    return lab.base().with_target(
        "zoo.targets.forward_return", horizon=5, fit_params=bounds, transform_params="zoo.targets.winsorised"
    )


def spoilt(panel, first):
    """The panel with other prices from one bar on."""
    close = panel.close.copy()
    close.iloc[first:] *= np.random.RandomState(5).lognormal(0, 0.5, close.iloc[first:].shape)
    return Dataset({**panel.fields, "close": close}, panel.factors)


def test_a_cutoff_is_fitted_on_the_train_parts_labels_alone(panel):
    manifest = classes()
    prepared = manifest.prepare_data(panel, {})
    out = manifest.run_model(prepared, {})
    known = prepared.train.y[prepared.train.labelled]
    assert out["_fitted"] == {"target": {"cutoff": float(np.quantile(known, 0.7))}}
    assert prepared.train.position.max() + 5 < prepared.cuts.validation  # what it was fitted on ends before


def test_test_data_never_changes_train_labels(panel):
    manifest = classes()
    prepared = manifest.prepare_data(panel, {})
    other = manifest.prepare_data(spoilt(panel, prepared.cuts.validation), {})
    mine, theirs = (fit_labels(manifest.bind({}), p.train) for p in (prepared, other))
    assert mine.fitted == theirs.fitted
    assert np.array_equal(mine.of(prepared.train).y, theirs.of(other.train).y)
    assert not np.array_equal(mine.of(prepared.test).y, theirs.of(other.test).y)


def test_validation_and_test_are_cut_where_train_says(panel):
    manifest = classes()
    prepared = manifest.prepare_data(panel, {})
    labels = fit_labels(manifest.bind({}), prepared.train)
    assert labels.of(prepared.train).y.mean() == pytest.approx(0.3, abs=0.02)
    for part in (prepared.validation, prepared.test):
        assert np.array_equal(labels.of(part).y, (part.y > labels.fitted["cutoff"]).astype(float))


def test_each_fold_of_the_walk_forward_fits_anew_on_its_own_train(panel):
    lab.SEEN.clear()
    manifest = classes({"cutoff": {"_target_": lab.path("largest")}}, lab.extremes)
    prepared = manifest.prepare_data(panel, {})
    run(manifest.bind({}), prepared)
    folds = prepared.folds
    seen = [labels.size for labels in lab.SEEN]
    assert seen == [int(s.labelled.sum()) for s in (prepared.train, *(train for train, _ in folds))]
    for labels, (train, _) in zip(lab.SEEN[1:], folds, strict=True):
        assert np.array_equal(labels, train.y[train.labelled])


def test_a_refit_fits_its_labels_on_everything(panel):
    manifest = classes()
    whole = manifest.with_params_override(split_config=(1, 0, 0)).prepare_data(panel, {})
    refit = manifest.run_model(whole, {})
    known = whole.train.y[whole.train.labelled]
    assert refit["_fitted"]["target"]["cutoff"] == float(np.quantile(known, 0.7))
    assert refit["_fitted"] != manifest.run_model(manifest.prepare_data(panel, {}), {})["_fitted"]


def test_the_same_preparation_serves_every_cutoff(panel):
    from zoo.manifest.workbench import Workbench

    bench, prepared = Workbench(panel), []
    for q in (0.5, 0.7):
        manifest = classes({"cutoff": {"_target_": "zoo.targets.quantile", "q": q}})
        prepared.append(manifest.prepare_data(panel, {}, bench=bench))
    assert prepared[0] is prepared[1]


def test_several_parameters_are_fitted_each_for_itself(panel):
    manifest = winsorised()
    prepared = manifest.prepare_data(panel, {})
    fitted = manifest.run_model(prepared, {})["_fitted"]["target"]
    known = prepared.train.y[prepared.train.labelled]
    assert fitted == {"lower": float(np.quantile(known, 0.05)), "upper": float(np.quantile(known, 0.95))}


def test_a_regression_is_measured_on_transformed_labels(panel):
    manifest = winsorised()
    prepared = manifest.prepare_data(panel, {})
    out = run(manifest.bind({}), prepared)
    labels = fit_labels(manifest.bind({}), prepared.train)
    predicted = out.model.predict({"x_test": prepared.test.X})["_preds"]
    y = np.clip(prepared.test.y, labels.fitted["lower"], labels.fitted["upper"])
    assert out.metrics["mse"] == pytest.approx(np.mean((y - predicted) ** 2), rel=1e-12)


def test_a_fitted_parameter_is_given_even_where_the_transform_has_a_default(panel):
    one, two = (
        fit_labels(classes(transform_params=t).bind({}), classes().prepare_data(panel, {}).train)
        for t in ("zoo.targets.above", lab.above_default)
    )
    y = classes().prepare_data(panel, {}).test.y
    assert np.array_equal(one.values(y), two.values(y), equal_nan=True)


def test_rows_may_lose_their_label_and_are_then_left_out(panel):
    manifest = classes({"cutoff": {"_target_": "zoo.targets.interquartile_range"}}, lab.extremes)
    prepared = manifest.prepare_data(panel, {})
    out = manifest.run_model(prepared, {})
    assert 0 < out["n_obs"] < prepared.test.labelled.sum()
    assert len([p for p in out["_preds"] if p is not None]) == len(prepared.test.X)


@given(st.lists(st.floats(-1, 1) | st.just(np.nan), min_size=1, max_size=30), st.floats(-0.5, 0.5))
def test_a_missing_label_stays_missing_in_every_shape(values, cutoff):
    labels = Labels(classes().bind({}), {"cutoff": cutoff})
    flat = np.array(values)
    found = labels.values(flat)
    assert np.array_equal(np.isnan(found), np.isnan(flat))
    square = np.stack([flat, flat[::-1]])
    assert np.array_equal(labels.values(square), np.stack([found, found[::-1]]), equal_nan=True)


MEAN = {"mean": {"_target_": "zoo.targets.mean"}}


@pytest.mark.parametrize(
    ("fit_params", "transform", "message"),
    [
        (
            {"cutoff": {"_target_": lab.path("no_number")}},
            "zoo.targets.above",
            r"fit_params\.cutoff gave 'many'",
        ),
        (
            {"cutoff": {"_target_": lab.path("nan_number")}},
            "zoo.targets.above",
            r"fit_params\.cutoff gave nan",
        ),
        (
            {"cutoff": {"_target_": "zoo.targets.quantile"}},
            "zoo.targets.above",
            r"quantile failed: TypeError.*'q'",
        ),
        ({"cutoff": {"_target_": "zoo.features.roc"}}, "zoo.targets.above", r"roc takes no 'labels'"),
        ({"cutof": CUTOFF["cutoff"]}, "zoo.targets.above", r"above takes no 'cutof'.*did you mean 'cutoff'"),
        ({**CUTOFF, **MEAN}, "zoo.targets.above", r"above takes no 'mean'"),
        (MEAN, "zoo.targets.standardised", r"standardised failed: TypeError.*standard_deviation"),
        (CUTOFF, lab.halved, r"halved gave float64 of \(\d+,\) for \(\d+,\) labels"),
        (CUTOFF, lab.no_number, r"no_number takes no 'cutoff'"),
        (CUTOFF, lab.over_zero, r"over_zero gave an infinite label"),
    ],
)
def test_what_fits_or_transforms_wrongly_is_refused(panel, fit_params, transform, message):
    manifest = classes(fit_params, transform)
    prepared = manifest.prepare_data(panel, {})
    with pytest.raises(ManifestError, match=message) as caught:
        manifest.run_model(prepared, {})
    assert "lab.yaml" in str(caught.value)


def test_a_transform_that_makes_labels_of_nothing_is_refused(panel):
    close = panel.close.copy()
    close.iloc[251:, 1] = np.nan  # what the last label of this asset needs
    manifest = classes(CUTOFF, lab.above_zeroed)
    prepared = manifest.prepare_data(Dataset({**panel.fields, "close": close}, panel.factors), {})
    with pytest.raises(ManifestError, match="above_zeroed gave a label where there was none; expected NaN"):
        manifest.run_model(prepared, {})


def test_labels_that_are_all_the_same_have_no_cutoff(panel):
    flat = classes().with_target(
        lab.always_up, horizon=5, fit_params=CUTOFF, transform_params="zoo.targets.above"
    )
    prepared = flat.prepare_data(panel, {})
    with pytest.raises(DataError, match=r"all \d+ labels are 1\.0"):
        flat.run_model(prepared, {})


def test_the_labels_of_a_table_are_fitted_too(done):
    manifest = (
        Manifest(seed=7)
        .with_target(
            "zoo.targets.column",
            fit_params={"cutoff": "zoo.targets.median"},
            transform_params="zoo.targets.above",
        )
        .set_scaler("standard")
        .with_model("sklearn.linear_model.LogisticRegression")
    )
    out = done(manifest, tabular("diabetes"))
    assert out["auc"] > 0.7
    assert 120 < out["_fitted"]["target"]["cutoff"] < 160


def test_text_has_no_quantile(done):
    frame = tabular("diabetes").frame.assign(target=lambda f: np.where(f["bmi"] > 0, "fat", "thin"))
    manifest = (
        Manifest()
        .with_target("zoo.targets.column", fit_params=CUTOFF, transform_params="zoo.targets.above")
        .with_model("sklearn.linear_model.LogisticRegression")
    )
    with pytest.raises(ManifestError, match="labels are no numbers"):
        done(manifest, Table(frame))
