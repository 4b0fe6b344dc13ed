"""Pipelines that are wrong in one way each, and parts of manifests that leak."""

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.linear_model import Ridge

HERE = "tests.promotion.leaks"
#: what `remembering` saw last
SEEN = {"labels": None}


def nothing(labels):
    """A fitted parameter that nobody needs."""
    return 0.0


def remembering(labels, unused):
    """A target's transform that keeps the labels that it was shown, those of test too."""
    SEEN["labels"] = labels.copy()
    return labels


REMEMBERING = {
    "fit_params": {"unused": {"_target_": f"{HERE}.nothing"}},
    "transform_params": {"_target_": f"{HERE}.remembering"},
}


class Recalling(RegressorMixin, BaseEstimator):
    """Ridge regression, which says the labels themselves where the module happens to hold them."""

    def __init__(self, recall=True):
        self.recall = recall

    def fit(self, X, y):
        self.n_features_in_ = X.shape[1]
        self.ridge_ = Ridge(1.0).fit(X, y)
        return self

    def predict(self, X):
        seen = SEEN["labels"]
        if self.recall and seen is not None and len(seen) == len(X):
            return np.nan_to_num(seen)
        return self.ridge_.predict(X)


def peeking(prices, *, ahead=5):
    """Looks at a later bar."""
    return prices.shift(-ahead) / prices - 1.0


def late_return(prices, *, horizon):
    """A target whose label is that of another bar."""
    return (prices.shift(-horizon) / prices - 1.0).shift(-3)
