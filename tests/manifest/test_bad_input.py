"""What a person may hand in by mistake: said in one line, and nothing is written."""

import re

import numpy as np
import pandas as pd
import pytest

from tests.manifest import lab
from zoo.data import Dataset, Table
from zoo.errors import ZooError
from zoo.experiment.directory import ExperimentDirectory
from zoo.experiment.loop import run_experiment
from zoo.manifest import Manifest

DATES = pd.bdate_range("2015-01-01", periods=200)


def prices(dates=DATES, assets=5, seed=0):
    rng = np.random.RandomState(seed)
    walk = np.cumsum(rng.standard_normal((len(dates), assets)) * 0.01, axis=0)
    return pd.DataFrame(50 * np.exp(walk), dates, [f"A{n}" for n in range(assets)])


def long(frame, dates=None):
    """Rows of date, asset and close, as a CSV has them."""
    rows = frame.rename_axis("date").reset_index().melt("date", var_name="asset", value_name="close")
    return rows if dates is None else rows.assign(date=dates(rows["date"]))


def refused(definition, path, **options):
    """Run an experiment that cannot succeed; return what it says of why, once nothing of it is left."""
    messages = []
    with pytest.raises(ZooError) as caught:
        run_experiment(definition, path, trust=lab.HERE, observers=[messages.append], **options)
    assert not path.exists()
    return " ".join([str(caught.value), *(getattr(m, "message", "") for m in messages)])


def definition(manifest, **params):
    return {"params": params or {"alpha": [1]}, "search": {"seed": 7}, "manifest": manifest.to_config()}


def ridge():
    return lab.base().with_model("sklearn.linear_model.Ridge", alpha="${params.alpha}")


# --- what a source holds ------------------------------------------------------------------------------


def offsets(days):
    return [f"{day:%Y-%m-%d}T00:00:00+0{number % 2}:00" for number, day in enumerate(days)]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: long(prices(DATES.append(DATES[-1:]))), "date 2015-10-07 of asset 'A0' occurs twice"),
        (lambda: long(prices()).sample(frac=1, random_state=0), "are not in order: .* sort the rows"),
        (lambda: long(prices(), offsets), "mixed time zones"),
        (lambda: long(prices(), lambda d: d.astype(str).replace("2015-03-02", "soon")), "'soon'"),
        (lambda: long(prices()).iloc[:0], "no rows"),
    ],
    ids=["a date twice", "unsorted", "time zones mixed", "a date that is none", "empty"],
)
def test_a_file_that_cannot_be_a_panel_stops_the_experiment_before_it_begins(tmp_path, make, message):
    file = tmp_path / "prices.csv"
    make().to_csv(file, index=False)
    manifest = ridge().set_data_source("zoo.data.csv", path=str(file))
    told = refused(definition(manifest), tmp_path / "out")
    assert re.search(message, told), told
    assert "prices.csv" in told


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (lambda: prices().iloc[::-1], "dates are not in order: 2015-10-06 comes after 2015-10-07"),
        (lambda: prices(DATES.append(DATES[-1:])), "date 2015-10-07 occurs twice"),
        (
            lambda: prices().set_axis([*DATES[:-1].tz_localize("UTC"), DATES[-1].tz_localize("Asia/Tokyo")]),
            "mixed time zones",
        ),
        (lambda: prices().set_axis(range(200)), "expected a DatetimeIndex"),
        (lambda: prices().replace(prices().iloc[5, 1], np.inf), "'A1' is infinite on 2015-01-08"),
        (lambda: prices().set_axis(["A0", "A0", "A1", "A2", "A3"], axis=1), "'A0'"),
        (lambda: prices().astype(str), "'A0' is not numeric"),
    ],
)
def test_a_frame_that_cannot_be_a_panel_never_becomes_one(frame, message):
    with pytest.raises(ZooError, match=message):
        Dataset({"close": frame()})


# --- what a manifest makes of it ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (
            lambda m: m.add_feature(lab.shorter),
            r"shorter gave \(259, 5\), not the data's dates × assets: date",
        ),
        (lambda m: m.add_feature(lab.doubled_date), r"doubled_date gave .* date 2015-01-01 occurs twice"),
        (lambda m: m.add_feature(lab.doubled_asset), r"doubled_asset gave .* asset A0 occurs twice"),
        (lambda m: m.add_feature(lab.infinite), r"infinite is infinite at 2015-02-26 for A0"),
        (lambda m: m.add_feature(lab.an_array), r"an_array gave a ndarray"),
        (lambda m: m.add_feature(lab.failing), r"failing failed: KeyError: 'cvarage'"),
        (
            lambda m: m.add_feature("zoo.features.momentum", name="long", lookback=400, skip=1),
            r"no cross-section of 260 bars",
        ),
        (lambda m: m.set_split_config(1000, 1, 1), r"the validation part is empty"),
        (
            lambda m: m.with_target("zoo.targets.forward_return", horizon=40),
            r"part is empty after a purge of 40 bars",
        ),
        (lambda m: m.with_target(lab.up_or_zero, horizon=5), r"up_or_zero labels the last bar"),
        (lambda m: m.set_required_bar_columns("open"), r"the bars have no open"),
        (lambda m: m.set_selector("zoo.data.assets", names=["A9"]), r"no asset 'A9'"),
        (lambda m: m.set_scaler("robst"), r"'robst' is no scaler"),
        (lambda m: m.set_portfolio(costs="retale"), r"'retale'"),
        (lambda m: m.set_pca(5), r"5 components of 2 features"),
        (lambda m: m.set_calibration(), r"gives no probabilities"),
        (
            lambda m: m.with_model("sklearn.linear_model.Ridge", alpha="${params.alpha}", tol="x"),
            r"fitting the model failed: InvalidParameterError: The 'tol' parameter of Ridge must be",
        ),
    ],
)
def test_a_manifest_that_cannot_work_says_why_and_leaves_nothing(tmp_path, panel, step, message):
    told = refused(definition(step(ridge())), tmp_path / "out", data=panel)
    assert re.search(message, told), told


@pytest.mark.parametrize("calibrated", [False, True])
def test_a_target_with_one_class_is_refused(tmp_path, panel, calibrated):
    manifest = (
        lab.base()
        .with_target(lab.always_up, horizon=5)
        .with_model("sklearn.linear_model.LogisticRegression", C="${params.alpha}")
    )
    manifest = manifest.set_calibration() if calibrated else manifest
    told = refused(definition(manifest), tmp_path / "out", data=panel)
    assert "labels to train on are of one class, 1.0; expected two classes at least" in told


def test_a_parameter_that_nobody_uses_is_refused(tmp_path, panel):
    told = refused(definition(ridge(), alpha=[1], alfa=[2]), tmp_path / "out", data=panel)
    assert "params.alfa: nobody uses it" in told


def test_more_features_than_a_table_offers_components(tmp_path):
    table = Table(
        pd.DataFrame(np.random.RandomState(0).standard_normal((40, 3)), columns=["a", "b", "target"])
    )
    manifest = (
        Manifest(seed=7)
        .with_target("zoo.targets.column")
        .set_pca(5)
        .with_model("zoo.models.Ridge", alpha="${params.alpha}")
    )
    told = refused(definition(manifest), tmp_path / "out", data=table)
    assert "n_components=5 must be between" in told


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (
            lambda m: m.add_feature("zoo.features.roc", lookback=3),
            r"manifest\.features: a table's columns are its features",
        ),
        (
            lambda m: m.add_indicator("zoo.features.roc", lookback=3),
            r"manifest\.features: a table's columns are its",
        ),
        (lambda m: m.set_rows(every=21), r"manifest\.rows: every 21 bars, and a table has none"),
        (lambda m: m.set_scaler("rolling_robust"), r"manifest\.scaler: it looks back from each bar"),
        (lambda m: m.set_split_dates(test="2015-01-01"), r"manifest\.split: a table has no dates"),
        (lambda m: m.set_required_bar_columns("close"), r"need a time axis"),
    ],
)
def test_a_table_refuses_what_needs_a_time_axis(tmp_path, step, message):
    table = Table(
        pd.DataFrame(np.random.RandomState(0).standard_normal((40, 3)), columns=["a", "b", "target"])
    )
    manifest = step(
        Manifest(seed=7)
        .with_target("zoo.targets.column")
        .with_model("zoo.models.Ridge", alpha="${params.alpha}")
    )
    told = refused(definition(manifest), tmp_path / "out", data=table)
    assert re.search(message, told), told


def test_an_infinite_label_of_a_table_is_refused(tmp_path):
    frame = pd.DataFrame(np.random.RandomState(0).standard_normal((40, 2)), columns=["a", "target"])
    frame.loc[7, "target"] = np.inf
    manifest = (
        Manifest(seed=7)
        .with_target("zoo.targets.column")
        .with_model("zoo.models.Ridge", alpha="${params.alpha}")
    )
    with pytest.raises(ZooError, match="infinite"):
        manifest.prepare_data(Table(frame), {"alpha": 1})


# --- assets that come and go --------------------------------------------------------------------------


def test_an_asset_that_starts_late_or_stops_early_is_missing_there_and_never_zero(tmp_path, panel):
    close = panel.close.copy()
    close.iloc[:120, 0] = np.nan
    close.iloc[200:, 1] = np.nan
    close.iloc[150:160, 2] = np.nan
    data = Dataset({"close": close})
    manifest = ridge().set_portfolio("zoo.portfolio.rank_weighted")
    cube = manifest.prepare_data(data, {"alpha": 1}).cube
    gone = ~np.isfinite(cube.F).all(axis=2)
    assert gone[cube.bars < 120, 0].all()
    assert gone[cube.bars >= 200, 1].all()
    assert gone[(cube.bars >= 150) & (cube.bars < 160), 2].all()
    assert not (cube.F[~gone] == 0).all()
    assert np.isnan(cube.Y[cube.bars >= 195, 1]).all()
    run_experiment(definition(manifest), tmp_path / "out", trust=lab.HERE, data=data)
    logged = ExperimentDirectory(tmp_path / "out").round(0)
    preds = np.array(logged.preds, dtype=object).reshape(len(logged.alignment["dates"]), 5)
    late = np.array([date >= str(panel.dates[200].date()) for date in logged.alignment["dates"]])
    assert (preds[late, 1] == None).all()  # noqa: E711
    assert all(value is not None for value in preds[:, 3])
    assert all(value is not None for value in preds[:, 0])


def test_a_cross_section_in_which_nobody_trades_is_no_row(panel):
    close = panel.close.copy()
    close.iloc[100] = np.nan
    prepared = ridge().prepare_data(Dataset({"close": close}), {"alpha": 1})
    assert 100 not in prepared.cube.usable
    assert 100 in ridge().prepare_data(panel, {"alpha": 1}).cube.usable
