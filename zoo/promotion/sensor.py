"""A sensor: a trained permutation with its preprocessing and its provenance. It predicts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zoo.errors import ManifestError, SensorInputError
from zoo.manifest.bound import Bound
from zoo.manifest.workbench import Workbench
from zoo.models import SklearnModel
from zoo.promotion.foreign_model import ForeignModel
from zoo.promotion.rows import Rows
from zoo.promotion.storage import dump, load
from zoo.settings import DEFAULTS, using
from zoo.trust import Trust


@dataclass(frozen=True)
class Sensor:
    """Predicts from prepared features or from raw bars, through the manifest's own preparation.

    Attributes:
        permutation_id: the permutation that it is.
        model: the fitted estimator with its scaler.
        round_params: the permutation's parameters.
        metadata: provenance: experiment, settings, overrides, data, code, split, validation.
        results: metrics by stage: `logged`, `reproduced`, `variant`, `refit`.
        bound: how features are computed; None where somebody else's function or library made the model.
        features: their names, in the order of X's columns.
        trust: what the model and its features may import.
    """

    permutation_id: int
    model: SklearnModel | ForeignModel
    round_params: Mapping[str, Any]
    metadata: Mapping[str, Any]
    results: Mapping[str, Mapping[str, Any]]
    bound: Bound | None
    features: tuple[str, ...]
    trust: Trust

    def __call__(self, data: Any) -> Any:
        """Predict; as `predict`."""
        return self.predict(data)

    def predict(self, data: Any) -> Any:
        """Predict from one of three kinds of input.

        Args:
            data: `{"x_test": X}` with X as `prepare_data` gives it (rows × features, unscaled); a `Dataset`
                or a `Table`; or a bare frame of closes (dates × assets), where no feature needs factors.

        Returns:
            For a mapping `{"_preds": ...}`, with `_probs` for a classifier. Else a Series by (date, asset),
            or by row for a table, of scores (for two classes: the probability of the second), without the
            rows whose features are incomplete.

        Raises:
            SensorInputError: features missing, extra, reordered or not numeric, or data that a feature
                cannot use.
        """
        if isinstance(self.model, ForeignModel) and isinstance(data, Mapping):
            return self.model.predict(data)
        if isinstance(data, Mapping):
            return self.model.predict({"x_test": self._checked(data.get("x_test"))})
        if isinstance(data, pd.DataFrame):
            from zoo.data import Dataset

            data = Dataset({"close": data})
        if not hasattr(data, "kind"):
            raise SensorInputError(
                f"cannot predict from {type(data).__name__}",
                expected="{'x_test': X}, a Dataset, a Table or a frame",
            )
        return self._from_panel(data) if data.kind == "panel" else self._from_table(data)

    def _from_panel(self, data: Any) -> pd.Series:
        if self.bound is None:
            raise SensorInputError(
                "made by an external trainer or another library: how its features are computed is not known",
                expected="{'x_test': X}",
            )
        bench = Workbench(data)
        try:
            with using(self._settings()):
                bench = bench.formed(replace(self.bound, selector=None, trust=self.trust))
                columns = bench.columns(replace(self.bound, trust=self.trust))
        except ManifestError as error:
            raise SensorInputError(
                error.problem,
                expected=error.expected,
                remedy="give a Dataset with the fields and factors needed",
            ) from error
        F, data = np.stack(columns, axis=-1), bench.data
        date, asset = np.nonzero(np.isfinite(F).all(axis=2))
        names = pd.Index(data.assets)
        index = pd.MultiIndex.from_arrays([data.dates[date], names[asset]], names=["date", "asset"])
        return pd.Series(self._scores(F[date, asset]), index=index, name="prediction")

    def _settings(self) -> Mapping[str, Any]:
        """The settings that it was trained under: a feature that reads them must read the same again."""
        effective: Mapping[str, Any] = (self.metadata.get("settings") or {}).get("effective") or {}
        return {**DEFAULTS, **effective}

    def _from_table(self, data: Any) -> pd.Series:
        missing = [name for name in self.features if name not in data.frame.columns]
        if missing:
            raise SensorInputError(
                f"the table lacks {', '.join(missing)}", expected=f"columns {', '.join(self.features)}"
            )
        frame = self._checked(data.frame[list(self.features)])
        return pd.Series(self._scores(frame), index=data.frame.index, name="prediction")

    def _scores(self, X: NDArray[Any]) -> NDArray[Any]:
        return scores_of(self.model, X)

    def _checked(self, X: Any) -> NDArray[Any]:
        """Return X as an array, or refuse it with the features' names."""
        expected = f"columns {', '.join(self.features)}, in this order"
        if isinstance(X, pd.DataFrame):
            found = [str(name) for name in X.columns]
            if found != list(self.features):
                raise SensorInputError(
                    f"x_test has columns {', '.join(found)}",
                    expected=expected,
                    remedy=_remedy(found, self.features),
                )
            wrong = [n for n in X.columns if X[n].dtype == bool or not pd.api.types.is_numeric_dtype(X[n])]
            if wrong:
                raise SensorInputError(
                    f"x_test column {wrong[0]!r} is {X[wrong[0]].dtype}", expected="numbers"
                )
            X = X.to_numpy(dtype=np.float64)
        X = np.asarray(X)
        if X.ndim != 2 or X.shape[1] != len(self.features) or X.dtype.kind not in "fiu":
            raise SensorInputError(
                f"x_test is {X.dtype} of shape {X.shape}",
                expected=f"numbers, rows × {len(self.features)}: {expected}",
            )
        if not np.isfinite(X).all():
            raise SensorInputError(
                "x_test has NaN or infinite values", expected="finite numbers", remedy="drop those rows"
            )
        return np.asarray(X, dtype=np.float64)

    def dumps(self) -> bytes:
        """Write the sensor as a skops file.

        Raises:
            TrustError: a class that could not be loaded again under the sensor's trust list.
        """
        document = {
            "permutation_id": self.permutation_id,
            "round_params": dict(self.round_params),
            "metadata": dict(self.metadata),
            "results": {stage: _spelt(values) for stage, values in self.results.items()},
            "bound": None if self.bound is None else self.bound.as_dict(),
            "features": list(self.features),
            "deterministic": self.model.deterministic,
        }
        if isinstance(self.model, ForeignModel):
            document["rows"] = self.model.rows.as_dict()
        return dump(self.model.estimator, document, self.trust)

    @classmethod
    def loads(
        cls, content: bytes, trusted: Trust | Iterable[str] | None = None, where: str = "sensor.skops"
    ) -> Sensor:
        """Read what `dumps` wrote; see `zoo.promotion.storage.load` for what it raises."""
        trust = Trust.of(trusted)
        estimator, document = load(content, trust, where)
        model = (
            ForeignModel(estimator, Rows.from_dict(document["rows"]), where)
            if "rows" in document
            else SklearnModel(estimator, deterministic=document["deterministic"])
        )
        return cls(
            document["permutation_id"],
            model,
            document["round_params"],
            document["metadata"],
            {stage: _read(values) for stage, values in document["results"].items()},
            None if document["bound"] is None else Bound.from_dict(document["bound"], trust, where),
            tuple(document["features"]),
            trust,
        )


def scores_of(model: SklearnModel | ForeignModel, X: NDArray[Any]) -> NDArray[Any]:
    """Return a score a row: the prediction, or for two classes the probability of the second."""
    if isinstance(model, ForeignModel):
        return model.scores({"x_test": X})
    out = model.predict({"x_test": X})
    probs = out.get("_probs")
    if probs is None or probs.shape[1] != 2:
        return np.asarray(out["_preds"])
    return np.asarray(probs[:, 1])


def _remedy(found: list[str], expected: Iterable[str]) -> str:
    expected = list(expected)
    missing, extra = [n for n in expected if n not in found], [n for n in found if n not in expected]
    if not missing and not extra:
        return "reorder the columns"
    return "; ".join(
        f"{word} {', '.join(names)}" for word, names in (("add", missing), ("remove", extra)) if names
    )


def _spelt(values: Mapping[str, Any]) -> dict[str, Any]:
    """Spell numbers that JSON has not: NaN and infinities become words."""
    return {k: repr(v) if isinstance(v, float) and not np.isfinite(v) else v for k, v in values.items()}


def _read(values: Mapping[str, Any]) -> dict[str, Any]:
    return {k: float(v) if v in ("nan", "inf", "-inf") else v for k, v in values.items()}


__all__ = ["Sensor", "scores_of"]
