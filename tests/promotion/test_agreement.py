from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from zoo.data import Dataset
from zoo.errors import AgreementError, Interrupted
from zoo.experiment.loop import run_experiment
from zoo.models import SklearnModel
from zoo.promotion import Trainer
from zoo.promotion.agreement import (
    REFITS,
    Agreement,
    Opinion,
    agreement,
    check_agreement,
    compared,
    correlated,
    figures_of,
    opinion,
)
from zoo.trust import Trust

NAN = np.nan


def said(scores, classes=None):
    return Opinion(np.atleast_2d(np.asarray(scores, dtype=float)), classes)


# --- figures --------------------------------------------------------------------------------------

panels = hnp.arrays(float, st.tuples(st.integers(1, 6), st.integers(3, 8)), elements=st.floats(-9, 9))


@given(panels)
def test_a_model_agrees_with_itself_or_ranks_nothing(scores):
    correlation, dates = correlated(scores, scores)
    assert correlation is None if dates == 0 else correlation == pytest.approx(1.0)
    assert compared(said(scores), said(scores)).top_overlap == 1.0


@given(panels, st.floats(0.1, 9), st.floats(-9, 9))
def test_only_the_order_of_scores_counts(scores, scale, shift):
    scores = np.round(scores, 3)  # so that no two of them are merged by the shift
    found = correlated(scores, scores * scale + shift)
    assert found[0] is None or found[0] == pytest.approx(1.0)


def test_a_reversed_order_is_minus_one_and_no_order_is_nothing():
    scores = np.arange(12.0).reshape(3, 4)
    assert correlated(scores, -scores) == (pytest.approx(-1.0), 3)
    assert correlated(scores, np.zeros((3, 4))) == (0.0, 3)
    assert correlated(np.zeros((3, 4)), scores) == (None, 0)


def test_a_date_on_which_only_the_other_ranks_nothing_counts_nothing():
    scores = np.arange(12.0).reshape(3, 4)
    other = scores.copy()
    other[0] = 5.0
    assert correlated(scores, other) == (pytest.approx(2 / 3), 3)


def test_the_share_of_equal_classes_is_for_classes_only():
    one, two = np.array(["a", "b", "a", "b"]), np.array(["a", "b", "b", "b"])
    found = compared(said([1, 2, 3, 4], one), said([1, 2, 3, 4], two))
    assert found.equal_classes == 0.75
    assert compared(said([1, 2, 3, 4]), said([1, 2, 3, 4])).equal_classes is None


def test_the_overlap_is_that_of_the_top_fifth_of_each_date():
    first = [[9, 8, 1, 2, 3, 4, 5, 6, 7, 0], [1, 2, 3, 4, 5, 6, 7, 8, 9, 0]]
    other = [[9, 0, 1, 2, 3, 4, 5, 6, 8, 7], [1, 2, 3, 4, 5, 6, 7, 8, 9, 0]]
    assert compared(said(first), said(other)).top_overlap == pytest.approx((0.5 + 1.0) / 2)


def test_several_classes_have_no_order_and_are_compared_as_classes():
    scores, classes = [NAN] * 4, np.array([0, 1, 2, 1])
    found = compared(said(scores, classes), said(scores, np.array([0, 1, 2, 2])))
    assert (found.figure, found.value) == ("equal_classes", 0.75)


# --- the floor ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "floor", "passes"),
    [(0.5, 0.4, True), (0.4, 0.4, True), (0.39, 0.4, False), (1 - 1e-12, 1.0, True), (NAN, 0.4, False)],
)
def test_what_is_below_the_floor_is_an_error_that_names_both(value, floor, passes):
    found = Agreement(value, None, None, 3, "rank_correlation", floor, "bootstrap", REFITS, 6)
    if passes:
        check_agreement(found, "x")
        return
    with pytest.raises(
        AgreementError, match=rf"rank correlation .* is {value:.4f}, below the floor of 0\.4000"
    ):
        check_agreement(found, "x")


@pytest.mark.parametrize(
    ("value", "floor", "passes"),
    [(0.1, -1.0, True), (0.0, -0.5, True), (-0.1, -0.5, False), (-1.0, -1.0, False)],
)
def test_a_floor_below_zero_lets_nothing_pass_that_ranks_the_other_way(value, floor, passes):
    found = Agreement(value, None, None, 3, "rank_correlation", floor, "bootstrap", REFITS, 6)
    if not passes:
        with pytest.raises(AgreementError, match=r"ranks the other way round.*expected at least 0"):
            check_agreement(found, "x")
    else:
        check_agreement(found, "x")
    check_agreement(replace(found, how="number"), "x")


def test_scores_that_rank_nothing_have_no_agreement_unless_nobody_asks():
    found = Agreement(None, None, None, 0, "rank_correlation", 0.0, "bootstrap", REFITS, 6)
    with pytest.raises(AgreementError, match=r"nobody can tell.*promotion\.agreement=off"):
        check_agreement(found, "x")
    check_agreement(replace(found, floor=None), "x")


@pytest.fixture(scope="module")
def trainer(made_experiment, prices):
    return Trainer(made_experiment, prices)


@pytest.fixture(scope="module")
def variant(trainer):
    return trainer.pipeline.run(trainer.directory.round(0).params, trainer.bench)


def reversed_(done):
    """The same permutation, trained on labels of the other sign."""
    train = done.prepared.train
    known = train.labelled
    model = SklearnModel(done.model.estimator, deterministic=True)
    return replace(done, model=model.train({"x_train": train.X[known], "y_train": -train.y[known]}))


def test_the_floor_is_the_fifth_percentile_of_bootstrapped_refits(trainer, variant):
    refit = trainer.pipeline.refit(trainer.directory.round(0).params, trainer.bench)
    found = agreement(variant, refit, "bootstrap")
    assert (found.how, found.refits, found.block) == ("bootstrap", 20, 5)
    assert found.floor < found.rank_correlation
    assert agreement(variant, refit, "bootstrap") == found


def test_a_refit_that_says_the_opposite_is_an_error(variant):
    steady = replace(variant, bound=variant.bound)
    with pytest.raises(
        AgreementError, match=r"is -1\.0000, below the floor of 0\.9000, promotion\.agreement"
    ):
        agreement(steady, reversed_(variant), 0.9, where="x")
    assert agreement(steady, reversed_(variant), "off").rank_correlation == pytest.approx(-1.0)
    with pytest.raises(AgreementError):  # whatever the floor: refits of so small an experiment turn round too
        agreement(steady, reversed_(variant), "bootstrap", where="x")


def test_a_floor_of_ones_own_and_none_are_kept_in_the_lineage(made_experiment, prices):
    for given_, how, floor in ((0.25, "number", 0.25), ("off", "off", None)):
        sensor = Trainer(made_experiment, prices, agreement=given_).train([0])[0]
        found = sensor.metadata["agreement"]
        assert (found["how"], found["floor"], found["refits"]) == (how, floor, 0)
        assert found["rank_correlation"] > 0.5
        assert sensor.metadata["terms"]["agreement"] == given_


def test_an_interruption_is_no_failed_refit():
    def interrupted():
        raise Interrupted("SIGTERM")

    with pytest.raises(Interrupted):
        figures_of(iter([interrupted] * 40), "rank_correlation", said([1, 2, 3]), "x")


def test_draws_that_cannot_be_fitted_are_drawn_again_but_not_for_ever():
    good, tries = said([1, 2, 3]), []

    def sometimes():
        tries.append(1)
        if len(tries) % 2:
            raise ValueError("one class only")
        return good

    assert figures_of(iter([sometimes] * 99), "rank_correlation", good, "x") == [pytest.approx(1.0)] * 20

    def never():
        raise ValueError("one class only")

    with pytest.raises(AgreementError, match=r"only 0 of 40 .* one class only"):
        figures_of(iter([never] * 99), "rank_correlation", good, "x")


# --- a market that turns round ------------------------------------------------------------------


def signal(signal):
    return signal


@pytest.fixture(scope="module")
def turned():
    """Bars on which a signal is followed by what it says, and from the validation part on by the opposite."""
    random = np.random.RandomState(7)
    dates, names = pd.bdate_range("2000-01-03", periods=660), list("ABCDEFGH")
    shown = random.standard_normal((len(dates), len(names)))
    sign = np.where(np.arange(len(dates)) < 470, 1.0, -6.0)[:, None]
    returns = 0.002 * sign * shown + 0.001 * random.standard_normal(shown.shape)
    close = 100 * np.cumprod(1 + np.vstack([np.zeros(len(names)), returns[:-1]]), axis=0)
    frames = {"close": close, "signal": shown}
    return Dataset({n: pd.DataFrame(v, index=dates, columns=names) for n, v in frames.items()})


@pytest.fixture(scope="module")
def made_turned(tmp_path_factory, turned):
    trust = Trust(prefixes=("zoo.", "sklearn.", "tests."))
    definition = {
        "params": {"alpha": [1.0]},
        "search": {"seed": 7},
        "manifest": {
            "features": [{"_target_": f"{__name__}.signal"}],
            "target": {"_target_": "zoo.targets.forward_return", "horizon": 1, "demean": True},
            "rows": {"every": 1},
            "split": [8, 1, 2],
            "model": {"_target_": "sklearn.linear_model.Ridge", "alpha": "${params.alpha}"},
            "portfolio": False,
        },
    }
    path = tmp_path_factory.mktemp("turned") / "turned"
    run_experiment(definition, path, data=turned, trust=trust)
    return path, trust


def test_a_refit_turned_round_by_what_it_adds_is_never_registered_by_default(made_turned, turned):
    path, trust = made_turned
    with pytest.raises(
        AgreementError, match=r"is -1\.0000, below the floor of 1\.0000, the 5th percentile of 20"
    ):
        Trainer(path, turned, trusted=trust).train([0])
    sensor = Trainer(path, turned, trusted=trust, agreement="off").train([0])[0]
    assert sensor.metadata["agreement"]["rank_correlation"] == pytest.approx(-1.0)
    assert sensor.metadata["agreement"]["how"] == "off"


# --- classifiers and tables -----------------------------------------------------------------------


def test_a_table_is_compared_over_all_rows(tmp_path):
    definition = {
        "params": {"C": [1.0]},
        "search": {"seed": 7},
        "manifest": {
            "data": {"_target_": "zoo.data.tabular", "name": "breast_cancer"},
            "target": {"_target_": "zoo.targets.column"},
            "scaler": {"_target_": "sklearn.preprocessing.StandardScaler"},
            "model": {"_target_": "sklearn.linear_model.LogisticRegression", "C": "${params.C}"},
        },
    }
    run_experiment(definition, tmp_path / "cancer")
    found = Trainer(tmp_path / "cancer").train([0])[0].metadata["agreement"]
    assert (found["dates"], found["block"], found["refits"]) == (1, 1, 20)
    assert 0.9 < found["floor"] < found["rank_correlation"] <= 1
    assert found["equal_classes"] > 0.95


def test_a_single_asset_is_compared_over_all_its_rows(variant):
    sample = variant.prepared.test
    one = sample.grid.asset == 0
    narrow = replace(sample, X=sample.X[one], grid=sample.grid.take(one))
    assert opinion(variant.model, narrow).scores.shape == (1, int(one.sum()))
    assert opinion(variant.model, sample).scores.shape == sample.grid.shape
