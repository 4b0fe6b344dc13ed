import numpy as np
import polars as pl
import pytest

from zoo.errors import ForeignCodeError, ReferenceModelError, SensorInputError
from zoo.promotion.foreign_model import ForeignModel
from zoo.promotion.rows import Rows

X = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])


class Given:
    """Predicts what it was told to."""

    deterministic = True

    def __init__(self, out):
        self.out = out
        self.seen = None

    def train(self, data):
        return self

    def predict(self, data):
        self.seen = data
        if isinstance(self.out, Exception):
            raise self.out
        return self.out

    def evaluate(self, data, inline_metrics=True):
        return {}


def model(out):
    return ForeignModel(Given(out), Rows.of(X), "here")


@pytest.mark.parametrize("preds", [[1, 0, 1], np.array([1, 0, 1]), pl.Series([1, 0, 1])])
def test_predictions_come_as_arrays_whatever_the_model_gives(preds):
    out = model({"_preds": preds, "_probs": pl.Series([0.9, 0.1, 0.8]), "extra": "kept"}).predict(
        {"x_test": X}
    )
    assert type(out["_preds"]) is type(out["_probs"]) is np.ndarray
    assert out["_preds"].tolist() == [1, 0, 1]
    assert out["extra"] == "kept"


def test_what_else_the_model_asks_for_is_handed_on():
    given = model({"_preds": [1, 2, 3]})
    given.predict({"x_test": X, "x_val": "theirs"})
    assert given.estimator.seen["x_val"] == "theirs"


@pytest.mark.parametrize("out", [None, {}, {"preds": [1, 2, 3]}, [1, 2, 3], {"_preds": [1, 2]}])
def test_a_model_that_breaks_the_contract_is_named(out):
    with pytest.raises(ReferenceModelError, match=r"Given\.predict gave .*expected \{'_preds': one a row\}"):
        model(out).predict({"x_test": X})


def test_probabilities_that_are_not_one_a_row_are_refused():
    with pytest.raises(ReferenceModelError, match="2 _probs for 3 rows"):
        model({"_preds": [1, 2, 3], "_probs": [0.1, 0.2]}).predict({"x_test": X})


def test_what_the_model_raises_becomes_our_error():
    with pytest.raises(ForeignCodeError, match=r"Given\.predict of the other library raised KeyError: 'x'"):
        model(KeyError("x")).predict({"x_test": X})


def test_rows_are_checked_before_the_model_sees_them():
    given = model({"_preds": [1]})
    with pytest.raises(SensorInputError):
        given.predict({"x_test": np.ones((1, 3))})
    with pytest.raises(SensorInputError):
        given.predict({})
    assert given.estimator.seen is None


@pytest.mark.parametrize(
    ("out", "scores"),
    [
        ({"_preds": [1, 2, 3]}, [1, 2, 3]),
        ({"_preds": [[1], [2], [3]]}, [1, 2, 3]),
        ({"_preds": ["a", "b", "a"], "_probs": [0.1, 0.2, 0.3]}, [0.1, 0.2, 0.3]),
        ({"_preds": [0, 1, 0], "_probs": [[0.9, 0.1], [0.8, 0.2], [0.7, 0.3]]}, [0.1, 0.2, 0.3]),
        ({"_preds": [0, 1, 2], "_probs": [[0.9, 0.05, 0.05]] * 3}, [0, 1, 2]),
    ],
)
def test_a_score_is_the_second_class_or_the_prediction(out, scores):
    assert model(out).scores({"x_test": X}).tolist() == scores


def test_words_without_probabilities_have_no_score():
    with pytest.raises(ReferenceModelError, match="are no numbers"):
        model({"_preds": ["a", "b", "c"]}).scores({"x_test": X})


@pytest.mark.parametrize("value", [None, 1, "yes"])
def test_a_model_that_does_not_say_whether_it_is_deterministic_is_refused(value):
    broken = Given({})
    broken.deterministic = value
    with pytest.raises(ReferenceModelError, match="deterministic: true or false"):
        ForeignModel(broken, Rows.of(X), "here")


def test_train_that_returned_nothing_is_refused():
    with pytest.raises(ReferenceModelError, match="NoneType is no reference model"):
        ForeignModel(None, Rows.of(X), "here")


def test_a_model_that_scales_its_rows_in_place_changes_nobody_elses():
    class Careless(Given):
        def predict(self, data):
            data["x_test"][:, 0] *= 10.0
            return {"_preds": data["x_test"][:, 0]}

    careless, mine = ForeignModel(Careless(None), Rows.of(X), "here"), X.copy()
    first = careless.predict({"x_test": mine})["_preds"]
    assert first.tolist() == [10.0, 30.0, 50.0]
    assert careless.predict({"x_test": mine})["_preds"].tolist() == first.tolist()
    assert mine.tolist() == X.tolist()
