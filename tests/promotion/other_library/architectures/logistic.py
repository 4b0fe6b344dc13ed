"""Up or down, from frames of polars."""

import numpy as np
from other_library.architectures.base import ReferenceModel
from sklearn.linear_model import LogisticRegression


class Logistic(ReferenceModel):
    deterministic = True

    def train(self, data, C=1.0):
        self.model = LogisticRegression(C=C).fit(data["x_train"], data["y_train"].to_numpy())
        return self

    def predict(self, data):
        probs = self.model.predict_proba(data["x_test"])[:, 1]
        return {"_preds": (probs > 0.5).astype(int), "_probs": probs}

    def evaluate(self, data, inline_metrics=True):
        out = self.predict(data)
        truth = data["y_test"].to_numpy()
        up = out["_preds"] == 1
        metrics = {
            "accuracy": float((out["_preds"] == truth).mean()),
            "brier": float(((out["_probs"] - truth) ** 2).mean()),
            "hits": int((up & (truth == 1)).sum()),
            "precision_of_nothing": float("nan"),
            "threshold": None,
            "balanced": bool(0.3 < up.mean() < 0.7),
            "solver": self.model.solver,
        }
        return {**(metrics if inline_metrics else {}), **out, "confusion": np.zeros((2, 2))}


def logistic(data, C=1.0):
    return Logistic().train(data, C=C).evaluate(data)
