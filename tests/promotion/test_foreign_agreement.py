import numpy as np
import pandas as pd
import polars as pl
import pytest

from zoo.errors import AgreementError, ForeignCodeError
from zoo.promotion.foreign_agreement import foreign_agreement, taken, test_rows
from zoo.promotion.foreign_model import ForeignModel
from zoo.promotion.foreign_runs import Fitted, Run
from zoo.promotion.rows import Rows

test_rows.__test__ = False  # it is no test
DRAWS = np.random.RandomState(1)
X = DRAWS.standard_normal((120, 3))
Y = X @ [1.0, 0.5, 0.0] + 0.5 * DRAWS.standard_normal(120)


class Linear:
    deterministic = True

    def train(self, data):
        self.weights = np.linalg.lstsq(np.asarray(data["x_train"]), np.asarray(data["y_train"]), rcond=None)[
            0
        ]
        return self

    def predict(self, data):
        return {"_preds": np.asarray(data["x_test"]) @ self.weights}

    def evaluate(self, data, inline_metrics=True):
        return {}


class Classes(Linear):
    def predict(self, data):
        return {"_preds": np.where(super().predict(data)["_preds"] > 0, "up", "down")}


class Constant(Linear):
    def predict(self, data):
        return {"_preds": np.ones(len(data["x_test"]))}


def fitted(X_train, y_train, kind=Linear, **more):
    prepared = {"x_train": X_train, "y_train": y_train, **more}
    rows = Rows.of(X_train)

    def train(given):
        return ForeignModel(kind().train(given), rows, "here")

    return Fitted(prepared, train(prepared), train)


def variant(kind=Linear, form=np.array):
    found = fitted(form(X[:90]), list(Y[:90]), kind, x_test=form(X[90:]), y_test=list(Y[90:]))
    return Run(found.prepared, found.model, found.retrain, {}, [], None, {})


@pytest.mark.parametrize("form", [np.array, pd.DataFrame, lambda X: pl.DataFrame(X, schema=["a", "b", "c"])])
def test_a_refit_on_more_of_the_same_agrees_above_a_bootstrapped_floor(form):
    found = foreign_agreement(variant(form=form), fitted(form(X), list(Y)), "bootstrap", "here")
    assert found.rank_correlation > 0.9
    assert found.floor < found.rank_correlation
    assert (found.refits, found.block, found.how) == (20, 5, "bootstrap")


def test_the_floor_is_the_same_every_time():
    floors = {foreign_agreement(variant(), fitted(X, list(Y)), "bootstrap", "").floor for _ in range(2)}
    assert len(floors) == 1


def test_a_refit_that_says_the_opposite_is_refused():
    for floor in ("bootstrap", 0.0):
        with pytest.raises(AgreementError, match="below the floor"):
            foreign_agreement(variant(), fitted(X, list(-Y)), floor, "here")
    assert foreign_agreement(variant(), fitted(X, list(-Y)), "off", "here").rank_correlation < 0


def test_classes_without_probabilities_are_compared_as_classes():
    found = foreign_agreement(variant(Classes), fitted(X, list(Y), Classes), "bootstrap", "here")
    assert found.figure == "equal_classes"
    assert found.rank_correlation is None
    assert found.floor <= found.equal_classes <= 1


def test_scores_that_are_all_equal_tell_nothing():
    with pytest.raises(AgreementError, match="all equal"):
        foreign_agreement(variant(Constant), fitted(X, list(Y), Constant), "bootstrap", "here")
    assert foreign_agreement(variant(Constant), fitted(X, list(Y), Constant), "off", "").value is None


def test_test_rows_are_those_of_the_refits_own_preparation_where_their_labels_say_so():
    whole = fitted(10 * X, list(Y))
    assert np.array_equal(test_rows(variant(), whole)["x_test"], 10 * X[90:])
    for labels in (list(Y[::-1]), list(Y[:100]), None):
        other = Fitted({**whole.prepared, "y_train": labels}, whole.model, whole.retrain)
        assert test_rows(variant(), other)["x_test"] is not None
        assert np.array_equal(test_rows(variant(), other)["x_test"], X[90:])


def test_rows_of_an_unknown_container_cannot_be_drawn_and_the_error_says_so():
    run = variant()
    run = Run({**run.prepared, "x_train": dict(enumerate(X[:90]))}, run.model, run.retrain, {}, [], None, {})
    with pytest.raises(AgreementError, match="rows of a dict cannot be taken"):
        foreign_agreement(run, fitted(X, list(Y)), "bootstrap", "here")


@pytest.mark.parametrize(
    "values",
    [np.arange(5), pd.Series(range(5)), pl.Series(range(5)), list(range(5)), tuple(range(5))],
    ids=lambda values: type(values).__module__ + "." + type(values).__name__,
)
def test_rows_are_taken_by_position(values):
    assert list(taken(values, np.array([4, 0, 0]))) == [4, 0, 0]


def test_rows_that_cannot_be_taken_are_our_error():
    with pytest.raises(ForeignCodeError, match="rows of a set"):
        taken({1, 2}, np.array([0]))
