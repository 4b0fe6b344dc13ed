import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import BaseEstimator, RegressorMixin, is_regressor
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import LinearRegression, Ridge

from zoo.errors import ManifestError
from zoo.models.blend import ForwardBlend, blend_weight

RANDOM = np.random.RandomState(0)
X = RANDOM.standard_normal((200, 3))
Y = X @ [1.0, 0.5, 0.0] + RANDOM.standard_normal(200)
SEEN = []


class Recorder(RegressorMixin, BaseEstimator):
    """Keeps which rows it was fitted on and which it then predicted; the first feature is a row's number."""

    def fit(self, X, y):
        self.rows_ = X[:, 0]
        return self

    def predict(self, X):
        SEEN.append((self.rows_, X[:, 0]))
        return X[:, 0]


def test_every_forecast_is_of_rows_after_the_gap_after_the_last_fitted_row():
    SEEN.clear()
    rows = np.column_stack([np.arange(200.0), X])
    ForwardBlend(Recorder(), DummyRegressor(), blocks=4, gap=0.05).fit(rows, Y)
    assert len(SEEN) == 3
    for fitted, forecast in SEEN:
        assert fitted[0] == 0
        assert fitted[-1] == forecast[0] - 11  # ten rows of 200 lie between
    assert np.concatenate([forecast for _, forecast in SEEN]).tolist() == list(range(50, 200))


def test_both_are_fitted_on_all_rows_in_the_end():
    fitted = ForwardBlend(LinearRegression(), Ridge(alpha=5)).fit(X, Y)
    assert fitted.linear_.coef_ == pytest.approx(LinearRegression().fit(X, Y).coef_)
    both = [LinearRegression().fit(X, Y).predict(X), Ridge(alpha=5).fit(X, Y).predict(X)]
    assert fitted.predict(X) == pytest.approx(fitted.weights_ @ both)
    assert is_regressor(fitted)


def test_later_labels_never_change_what_earlier_blocks_say():
    blend = ForwardBlend(LinearRegression(), DummyRegressor(), blocks=4, gap=0)
    later = Y.copy()
    later[100:] = 1e6
    for fitted, block in blend.pieces(200)[:1]:
        assert np.array_equal(blend._forecast(X, Y, fitted, block), blend._forecast(X, later, fitted, block))


def test_the_better_forecaster_weighs_more_and_equal_ones_weigh_the_same():
    better = ForwardBlend(LinearRegression(), DummyRegressor()).fit(X, Y)
    worse = ForwardBlend(DummyRegressor(), LinearRegression()).fit(X, Y)
    assert better.weights_[0] > 0.6
    assert worse.weights_[0] == pytest.approx(better.weights_[1])
    assert ForwardBlend(Ridge(), Ridge()).fit(X, Y).weights_.tolist() == [0.5, 0.5]


def test_where_neither_forecasts_anything_the_blend_is_still_no_constant():
    blended = ForwardBlend(Ridge(), Ridge(alpha=1000)).fit(X, -Y[::-1])
    assert blended.predict(X).std() > 0
    assert blended.weights_.sum() == pytest.approx(1)


numbers = st.lists(st.floats(-10, 10), min_size=3, max_size=8)


@given(numbers, st.integers(0, 2**32 - 1), st.floats(0, 10))
def test_the_weight_minimises_what_it_says_between_zero_and_one(a, state, shrinkage):
    a = np.array(a)
    b, y = np.random.RandomState(state).uniform(-10, 10, (2, len(a)))

    def loss(w):
        return np.mean((y - b - w * (a - b)) ** 2) + shrinkage * np.mean((a - b) ** 2) * (w - 0.5) ** 2

    found = blend_weight(a, b, y, shrinkage)
    assert 0 <= found <= 1
    assert loss(found) <= min(loss(w) for w in np.linspace(0, 1, 101)) + 1e-9


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"blocks": 1}, "blocks: 1; expected a number from 2"),
        ({"blocks": 2.0}, "blocks: 2.0"),
        ({"gap": 1.0}, "gap: 1.0; expected a share"),
        ({"gap": -0.1}, "gap: -0.1"),
        ({"gap": float("nan")}, "gap: nan"),
        ({"shrinkage": -1}, "shrinkage: -1"),
        ({"shrinkage": float("nan")}, "shrinkage: nan"),
        ({"gap": 0.2}, "200 rows in 5 blocks leave none to fit.*more than 40 rows"),
    ],
)
def test_what_cannot_be_cut_into_blocks_is_refused(arguments, message):
    with pytest.raises(ManifestError, match=message):
        ForwardBlend(Ridge(), Ridge(), **arguments).fit(X, Y)
