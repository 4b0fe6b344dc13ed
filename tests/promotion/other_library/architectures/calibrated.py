"""An architecture that does more than its model: it moves the threshold on the validation part."""

import numpy as np
from other_library.architectures.logistic import Logistic as Plain


class Calibrated(Plain):
    deterministic = True


def calibrated(data, C=1.0):
    model = Calibrated().train(data, C=C)
    probs = model.predict(data)["_probs"]
    preds = (probs > np.quantile(probs, 0.9)).astype(int)
    return {"up": float(preds.mean()), "_preds": preds}
