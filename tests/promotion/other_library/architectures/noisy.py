"""A model that never trains the same way twice, within a part in ten thousand."""

import numpy as np
from sklearn.linear_model import Ridge as Estimator


class Noisy:
    deterministic = False

    def train(self, data, alpha=1.0):
        self.model = Estimator(alpha=alpha).fit(data["x_train"], data["y_train"])
        self.model.coef_ = self.model.coef_ * (1 + 1e-4 * np.random.default_rng().uniform(-1, 1))
        return self

    def predict(self, data):
        return {"_preds": self.model.predict(data["x_test"])}

    def evaluate(self, data, inline_metrics=True):
        out = self.predict(data)
        return {"mae": float(np.abs(out["_preds"] - data["y_test"].to_numpy()).mean()), **out}


def noisy(data, alpha=1.0):
    return Noisy().train(data, alpha=alpha).evaluate(data)
