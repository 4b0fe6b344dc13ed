"""A trained reference model of another library, as a sensor holds it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zoo.errors import ReferenceModelError
from zoo.experiment.foreign import calling
from zoo.models.contract import offers_contract
from zoo.promotion.rows import Rows, own_copy

PREDS = "_preds"
PROBS = "_probs"


class ForeignModel:
    """Predicts through a model's own `predict`, from rows in the form that the model was trained on.

    Args:
        estimator: the trained model.
        rows: what its rows were like in training.
        where: the experiment, or the file that it was read from, for errors.
    """

    def __init__(self, estimator: Any, rows: Rows, where: str) -> None:
        if not offers_contract(estimator):
            raise ReferenceModelError(
                f"{type(estimator).__name__} is no reference model once it is trained",
                where=where,
                expected="train, predict, evaluate, and deterministic: true or false",
            )
        self.estimator = estimator
        self.rows = rows
        self.where = where

    @property
    def deterministic(self) -> bool:
        """Whether a second training gives the same model, as the model says."""
        return bool(self.estimator.deterministic)

    def predict(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the model predicts, `_preds` and `_probs` as arrays.

        Args:
            data: `x_test`: rows × features, prepared as `prepare_data` does it; what else the model asks for
                is handed on.

        Raises:
            SensorInputError: rows that are not like those of the training.
            ReferenceModelError: no `_preds`, or not one a row.
            ForeignCodeError: the model raised.
        """
        X = self.rows.conform(data.get("x_test"))
        with calling(f"{type(self.estimator).__name__}.predict", self.where):
            out = self.estimator.predict({**data, "x_test": own_copy(X)})  # it may scale them in place
        if not isinstance(out, Mapping) or PREDS not in out:
            raise self._broken("predict gave no _preds")
        found = {**out, PREDS: np.asarray(out[PREDS])}
        if out.get(PROBS) is not None:
            found[PROBS] = np.asarray(out[PROBS])
        for name in (PREDS, PROBS):
            if name in found and hasattr(X, "__len__") and len(found[name]) != len(X):
                raise self._broken(f"predict gave {len(found[name])} {name} for {len(X)} rows")
        return found

    def scores(self, data: Mapping[str, Any]) -> NDArray[np.float64]:
        """Return a number a row: the probability of the second class where there is one, else the prediction.

        Raises:
            ReferenceModelError: predictions that are no numbers, without probabilities.
        """
        out = self.predict(data)
        probs = probabilities(out)
        if probs is not None:
            return probs
        preds = out[PREDS]
        if preds.dtype.kind not in "fiub":
            raise self._broken(f"predict gave {preds.dtype} predictions, which are no numbers")
        return np.asarray(preds, dtype=np.float64).reshape(len(preds))

    def _broken(self, problem: str) -> ReferenceModelError:
        return ReferenceModelError(
            f"{type(self.estimator).__name__}.{problem}", where=self.where, expected="{'_preds': one a row}"
        )


def probabilities(out: Mapping[str, Any]) -> NDArray[np.float64] | None:
    """Return the probabilities of the second of two classes, of what `predict` gave; None for none."""
    probs = out.get(PROBS)
    if probs is None or (np.ndim(probs) != 1 and np.shape(probs)[1:] != (2,)):
        return None
    return np.asarray(probs if np.ndim(probs) == 1 else probs[:, 1], dtype=np.float64)


__all__ = ["PREDS", "PROBS", "ForeignModel", "probabilities"]
