"""Estimators that break what is around them, or look at it."""

import os

from sklearn.linear_model import Ridge
from threadpoolctl import threadpool_info


class Dying(Ridge):
    """Its process dies where it is fitted with a large penalty, unless that is the process of the tests."""

    def fit(self, X, y):
        if self.alpha > 5 and str(os.getpid()) != os.environ.get("ZOO_TESTS_PID"):
            os._exit(3)
        return super().fit(X, y)


class Counting(Ridge):
    """It remembers how many threads numeric libraries had when it was fitted."""

    def fit(self, X, y):
        self.threads_ = max(pool["num_threads"] for pool in threadpool_info())
        return super().fit(X, y)


class Clinging(Ridge):
    """What it has fitted cannot leave its process."""

    def fit(self, X, y):
        self.held_ = lambda: None
        return super().fit(X, y)
