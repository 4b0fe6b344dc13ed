"""A sensor: a trained permutation with its preprocessing and its provenance. It predicts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zoo.errors import ArtifactCorrupt, SensorInputError
from zoo.manifest.bound import Bound
from zoo.models import SklearnModel
from zoo.promotion.modules import LocalModule, modules_of
from zoo.promotion.serving import INPUTS, Served, checked, rows_of, serve
from zoo.promotion.storage import Stored, dump, read, rebuilding
from zoo.settings import DEFAULTS, Reads, using
from zoo.trust import Trust

if TYPE_CHECKING:
    from zoo.manifest.workbench import Workbench
    from zoo.promotion.foreign_model import ForeignModel


@dataclass(frozen=True)
class Sensor:
    """Predicts from prepared features or from raw bars, through the manifest's own preparation.

    Nothing in it changes when it predicts, so that threads may share one.

    Attributes:
        permutation_id: the permutation that it is.
        model: the fitted estimator with its scaler.
        round_params: the permutation's parameters.
        metadata: provenance: experiment, settings, overrides, data, code, split, validation.
        results: metrics by stage: `logged`, `reproduced`, `variant`, `refit`.
        bound: how features are computed; None where somebody else's function or library made the model.
        features: their names, in the order of X's columns.
        trust: what the model and its features may import.
        modules: the source of modules that lay in the experiment's directory; it travels with the sensor.
    """

    permutation_id: int
    model: SklearnModel | ForeignModel
    round_params: Mapping[str, Any]
    metadata: Mapping[str, Any]
    results: Mapping[str, Mapping[str, Any]]
    bound: Bound | None
    features: tuple[str, ...]
    trust: Trust
    modules: tuple[LocalModule, ...] = ()

    def __post_init__(self) -> None:
        if not self.modules:
            object.__setattr__(self, "modules", modules_of(self.trust))

    def __call__(self, data: Any) -> Any:
        """Predict; as `predict`."""
        return self.predict(data)

    def predict(self, data: Any) -> Any:
        """Predict from one of three kinds of input.

        Args:
            data: `{"x_test": X}` with X as `prepare_data` gives it (rows × features, unscaled); a `Dataset`
                or a `Table`; or a bare frame: closes (dates × assets) where no feature needs more, or the
                rows of a table.

        Returns:
            For a mapping `{"_preds": ...}`, with `_probs` for a classifier. Else a Series by (date, asset),
            or by row for a table, of scores (for two classes: the probability of the second), without the
            rows whose features are incomplete: `marks` says which, and why.

        Raises:
            SensorInputError: features missing, extra, reordered or not numeric, or data that a feature
                cannot use.
            TrustError: features lie in a module of the experiment's directory that is not trusted here.
        """
        if isinstance(data, Mapping):
            model = self.model
            if not isinstance(model, SklearnModel):  # another library's, which checks its rows itself
                return model.predict(data)
            return model.predict({"x_test": checked(data.get("x_test"), self.features)})
        data = self.taken(data)
        return self.rows(data) if data.kind == "table" else self.bars(_bench(data))

    def marks(self, data: Any) -> pd.DataFrame:
        """Say of each bar whether the sensor predicts it, and whether it may be judged by it.

        Args:
            data: a `Dataset`, a `Table` or a bare frame, as `predict` takes it.

        Returns:
            A frame by (date, asset), or by row: `predicted`; `in_training` (up to the end of training: the
            model knows what came after; NA where a table's rows cannot be told); `warm_up` (before the first
            bar on which the asset has every feature); `reason`, in words, empty where there is nothing to
            say.

        Raises:
            SensorInputError, TrustError: as `predict`.
        """
        from zoo.promotion.marks import panel_marks, table_marks

        data = self.taken(data)
        if data.kind == "table":
            self.x_of(data)
            return table_marks(data, self.metadata)
        return panel_marks(self.serve(_bench(data)), self.features, self.metadata)

    def explain(self) -> str:
        """Say in words where the sensor comes from, what was proven of it and what was not."""
        from zoo.promotion.explain import explain

        return explain(self)

    # --- what predicting is made of, for a cohort -----------------------------------------------

    @property
    def recorded(self) -> Sequence[str]:
        """The columns of the data that it was trained on, as its fingerprint has them."""
        return tuple((self.metadata.get("data") or {}).get("columns") or ())

    @property
    def is_panel(self) -> bool:
        """Whether it was trained on bars, and not on the rows of a table."""
        return self.bound is not None and bool(self.bound.features)

    def taken(self, data: Any) -> Any:
        """Return data as a `Dataset` or a `Table` that this sensor can predict from.

        Raises:
            SensorInputError: it is neither, or not of the kind that was trained on.
        """
        if isinstance(data, pd.DataFrame):
            from zoo.data import Dataset, Table

            data = Dataset({"close": data}) if self.is_panel else Table(data)
        if getattr(data, "kind", None) not in ("panel", "table"):
            raise SensorInputError(f"cannot predict from {type(data).__name__}", expected=INPUTS)
        if self.bound is None and data.kind == "panel":
            raise SensorInputError(
                "made by an external trainer or another library: how its features are computed is not known",
                expected="{'x_test': X}",
            )
        if self.bound is not None and self.is_panel != (data.kind == "panel"):
            trained, found = ("bars", "a table") if self.is_panel else ("a table", "bars")
            raise SensorInputError(
                f"was given {found}",
                where=f"the sensor of permutation {self.permutation_id}",
                expected=f"{trained}, as in training, or {{'x_test': X}}",
            )
        return data

    def serve(self, bench: Workbench) -> Served:
        """Compute the features of every bar, under the settings that it was trained under."""
        if self.bound is None:
            raise SensorInputError("how features are computed is not known", expected="{'x_test': X}")
        for module in self.modules:
            module.load(self.trust, f"the sensor of permutation {self.permutation_id}")
        with self.under():
            return serve(replace(self.bound, trust=self.trust), bench, self.recorded)

    def under(self) -> AbstractContextManager[Reads]:
        """Enter the settings of the training: a feature that reads them must read the same again."""
        effective: Mapping[str, Any] = (self.metadata.get("settings") or {}).get("effective") or {}
        return using({**DEFAULTS, **effective})

    def bars(self, bench: Workbench) -> pd.Series:
        """Predict every complete bar of a panel."""
        served = self.serve(bench)
        complete = served.complete
        scores = scores_of(self.model, served.F[complete])
        return pd.Series(scores, index=served.index[complete.ravel()], name="prediction")

    def scores(self, F: NDArray[np.float64]) -> NDArray[np.float64]:
        """Score bars × assets × features, as `serve` gives them: bars × assets, NaN where one is missing."""
        complete = np.isfinite(F).all(axis=2)
        scores = np.full(complete.shape, np.nan)
        if complete.any():
            scores[complete] = scores_of(self.model, F[complete])
        return scores

    def rows(self, table: Any) -> pd.Series:
        """Predict every row of a table."""
        return pd.Series(scores_of(self.model, self.x_of(table)), index=table.frame.index, name="prediction")

    def x_of(self, table: Any) -> NDArray[np.float64]:
        """Return the features of a table's rows."""
        return rows_of(table.frame, self.features, self.recorded)

    # --- storing --------------------------------------------------------------------------------

    def as_document(self) -> dict[str, Any]:
        """Return all of it but the estimator and the modules, as plain values."""
        rows = {} if isinstance(self.model, SklearnModel) else {"rows": self.model.rows.as_dict()}
        return {
            "permutation_id": self.permutation_id,
            "round_params": dict(self.round_params),
            "metadata": dict(self.metadata),
            "results": {stage: dict(values) for stage, values in self.results.items()},
            "bound": None if self.bound is None else self.bound.as_dict(),
            "features": list(self.features),
            "deterministic": self.model.deterministic,
            **rows,
        }

    @classmethod
    def of_document(cls, document: Mapping[str, Any], estimator: Any, stored: Stored, where: str) -> Sensor:
        """Take what `as_document` gave, with its estimator."""
        read_values = _read if stored.document["format"] == 1 else dict
        results = {stage: read_values(values) for stage, values in document["results"].items()}
        bound = document["bound"]
        return cls(
            document["permutation_id"],
            _model(estimator, document, where),
            dict(document["round_params"]),
            dict(document["metadata"]),
            results,
            None if bound is None else Bound.from_dict(bound, stored.trust, where),
            tuple(document["features"]),
            stored.trust,
            stored.modules,
        )

    def dumps(self) -> bytes:
        """Write the sensor as a skops file.

        Raises:
            TrustError: a class that could not be loaded again under the sensor's trust list.
        """
        return dump(self.model.estimator, self.as_document(), self.trust, self.modules)

    @classmethod
    def loads(
        cls, content: bytes, trusted: Trust | Iterable[str] | None = None, where: str = "sensor.skops"
    ) -> Sensor:
        """Read what `dumps` wrote; see `zoo.promotion.storage.read` for what it raises."""
        stored = read(content, Trust.of(trusted), where)
        if isinstance(stored.estimator, list):
            raise ArtifactCorrupt("is a cohort", where=where, expected="a sensor", remedy="use Cohort.loads")
        with rebuilding(where):
            return cls.of_document(stored.document, stored.estimator, stored, where)


def scores_of(model: SklearnModel | ForeignModel, X: NDArray[Any]) -> NDArray[Any]:
    """Return a score a row: the prediction, or for two classes the probability of the second."""
    if not isinstance(model, SklearnModel):
        return model.scores({"x_test": X})
    out = model.predict({"x_test": X})
    probs = out.get("_probs")
    if probs is None or probs.shape[1] != 2:
        return np.asarray(out["_preds"])
    return np.asarray(probs[:, 1])


def _bench(data: Any) -> Workbench:
    from zoo.manifest.workbench import Workbench

    return Workbench(data)


def _model(estimator: Any, document: Mapping[str, Any], where: str) -> SklearnModel | ForeignModel:
    if "rows" not in document:
        return SklearnModel(estimator, deterministic=document["deterministic"])
    from zoo.promotion.foreign_model import ForeignModel
    from zoo.promotion.rows import Rows

    return ForeignModel(estimator, Rows.from_dict(document["rows"]), where)


def _read(values: Mapping[str, Any]) -> dict[str, Any]:
    """Read numbers that are not finite as format 1 spelt them."""
    return {k: float(v) if v in ("nan", "inf", "-inf") else v for k, v in values.items()}


__all__ = ["Sensor", "scores_of"]
