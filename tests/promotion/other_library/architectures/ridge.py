"""Next bar's return, from frames of pandas."""

import numpy as np
from sklearn.linear_model import Ridge as Estimator


class Ridge:
    deterministic = True

    def train(self, data, alpha=1.0):
        self.model = Estimator(alpha=alpha).fit(data["x_train"], data["y_train"])
        return self

    def predict(self, data):
        return {"_preds": self.model.predict(data["x_test"])}

    def evaluate(self, data, inline_metrics=True):
        out = self.predict(data)
        wrong = out["_preds"] - data["y_test"].to_numpy()
        return {"mae": float(np.abs(wrong).mean()), "bias": float(wrong.mean()), **out}


def ridge(data, alpha=1.0):
    return Ridge().train(data, alpha=alpha).evaluate(data)
