"""Running a permutation of another library's experiment: on its original split, and on everything.

On the original split the library's own `run_model` gives what is compared with the log. Beside it the
reference model is trained by itself, since that is what the sensor will hold: where the two predict
differently, `run_model` does something that a refit would lose, and the permutation is not promoted.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zoo.errors import ForeignCodeError, ReferenceModelError
from zoo.experiment.foreign import ARCHITECTURE, EVERYTHING, calling
from zoo.promotion.cells import is_scalar, plain
from zoo.promotion.comparison import compare_predictions
from zoo.promotion.contract import resolve_model_class
from zoo.promotion.foreign_model import PREDS, PROBS, ForeignModel
from zoo.promotion.rows import Rows, is_polars
from zoo.trust import Trust

X_TRAIN, X_TEST = "x_train", "x_test"
#: what such libraries call the features of arrays, and the rows of the predictions
FEATURE_NAMES, ALIGNMENT = "_feature_names", "_alignment"


@dataclass(frozen=True)
class Fitted:
    """A reference model trained on one split.

    Attributes:
        prepared: what `prepare_data` gave.
        model: the trained model.
        retrain: trains a fresh one, with the same arguments, on other prepared data.
        arguments: what it was trained with besides.
    """

    prepared: Mapping[str, Any]
    model: ForeignModel
    retrain: Callable[[Mapping[str, Any]], ForeignModel]
    arguments: Mapping[str, Any] = field(default_factory=dict, kw_only=True)

    @property
    def trained_rows(self) -> int:
        """How many rows the model was trained on."""
        return len(self.prepared[X_TRAIN])

    def scores(self, rows: str) -> NDArray[np.float64]:
        """Return a number for each row of a part."""
        return self.model.scores({**self.prepared, X_TEST: self.prepared[rows]})


@dataclass(frozen=True)
class Run(Fitted):
    """A permutation on its original split.

    Attributes:
        metrics: what `run_model` gave, without what begins with an underscore.
        preds: its predictions of the test part; those of the model where it gave none.
        probs: its probabilities, or None.
        alignment: what the preparation says of the predictions' rows.
    """

    metrics: Mapping[str, Any]
    preds: list[Any]
    probs: list[Any] | None
    alignment: Mapping[str, Any]

    @property
    def scalars(self) -> dict[str, Any]:
        """The metrics that a version can keep."""
        values = {name: plain(value) for name, value in self.metrics.items()}
        return {name: value for name, value in values.items() if is_scalar(value)}


def run(manifest: Any, data: Any, params: Mapping[str, Any], trust: Trust, where: str) -> Run:
    """Run a permutation on the manifest's own split, and train its reference model beside it.

    Raises:
        ForeignCodeError: the library raised, or prepared nothing to train or to test on.
        ReferenceModelError: no such model, or one that does not predict what `run_model` does.
    """
    prepared = _prepared(manifest, data, params, where)
    if prepared.get(X_TEST) is None or len(prepared[X_TEST]) == 0:
        raise ForeignCodeError("prepare_data gave no rows to test on", where=where, expected="x_test, y_test")
    with calling("run_model", where):
        out = manifest.run_model(own_copy(prepared), copy.deepcopy(dict(params)))
    if not isinstance(out, Mapping):
        raise ForeignCodeError(f"run_model gave {type(out).__name__}", where=where, expected="a mapping")
    fitted = _fitted(manifest, prepared, params, trust, where)
    own = fitted.model.predict(prepared)
    given = out if out.get(PREDS) is not None else own
    preds, probs = listed(given[PREDS]), listed(given.get(PROBS))
    if given is out:
        _check_same(fitted.model, own, preds, where)
    metrics = {str(name): value for name, value in out.items() if not str(name).startswith("_")}
    alignment = prepared.get(ALIGNMENT) or {}
    return Run(
        prepared,
        fitted.model,
        fitted.retrain,
        metrics,
        preds or [],
        probs,
        alignment,
        arguments=fitted.arguments,
    )


def refit(manifest: Any, data: Any, params: Mapping[str, Any], run: Run, trust: Trust, where: str) -> Fitted:
    """Train the reference model on every row, by the manifest's own means.

    Raises:
        ForeignCodeError: the override of the split leaves no more rows to train on than before, or changes
            what the model is or is trained with.
    """
    with calling("with_params_override", where):
        whole = manifest.with_params_override(split_config=EVERYTHING)
    fitted = _fitted(whole, _prepared(whole, data, params, where), params, trust, where)
    if not fitted.trained_rows > run.trained_rows:
        raise ForeignCodeError(
            f"split_config={EVERYTHING} trains on {fitted.trained_rows} rows, the original split on "
            f"{run.trained_rows}",
            where=where,
            expected="every row in the train part",
        )
    _check_same_model(run, fitted, where)
    return fitted


def _check_same_model(run: Run, fitted: Fitted, where: str) -> None:
    """What is refitted must be what was reproduced: the same class, trained with the same plain arguments."""
    kinds = [f"{type(one.model.estimator).__qualname__}" for one in (run, fitted)]
    then, now = ({name: _told(value) for name, value in one.arguments.items()} for one in (run, fitted))
    if kinds[0] != kinds[1] or then != now:
        raise ForeignCodeError(
            f"the refit would train {kinds[1]} with {now}, and {kinds[0]} with {then} was reproduced",
            where=where,
            expected="with_params_override to change the split, and nothing else",
        )


def _told(value: Any) -> str:
    """Return what a plain value says; of anything else, which may be made anew each time, its type."""
    if isinstance(value, Mapping):
        return repr({name: _told(item) for name, item in value.items()})
    if isinstance(value, list | tuple):
        return repr([_told(item) for item in value])
    return repr(value) if is_scalar(plain(value)) else type(value).__qualname__


def _prepared(manifest: Any, data: Any, params: Mapping[str, Any], where: str) -> Mapping[str, Any]:
    with calling("prepare_data", where):
        prepared = manifest.prepare_data(own_copy(data), copy.deepcopy(dict(params)))
    missing = [X_TRAIN] if not isinstance(prepared, Mapping) or prepared.get(X_TRAIN) is None else []
    if missing or not hasattr(prepared[X_TRAIN], "__len__") or len(prepared[X_TRAIN]) == 0:
        raise ForeignCodeError(
            "prepare_data gave no rows to train on", where=where, expected="x_train, y_train, ..., y_test"
        )
    return dict(prepared)


def _fitted(
    manifest: Any, prepared: Mapping[str, Any], params: Mapping[str, Any], trust: Trust, where: str
) -> Fitted:
    cls = resolve_model_class(getattr(manifest, ARCHITECTURE, None), trust, where)
    rows = Rows.of(prepared[X_TRAIN], prepared.get(FEATURE_NAMES))

    def resolved() -> dict[str, Any]:
        with calling("resolve_model_kwargs", where):
            return dict(manifest.resolve_model_kwargs(copy.deepcopy(dict(params))))

    def train(given: Mapping[str, Any]) -> ForeignModel:
        arguments = resolved()
        with calling(f"{cls.__name__}.train", where):
            trained = cls().train(own_copy(given), **arguments)
        return ForeignModel(trained, rows, where)

    return Fitted(prepared, train(prepared), train, arguments=resolved())


def own_copy(data: Any) -> Any:
    """Return data that a library may change in place without anybody else noticing.

    Frames, columns and arrays are copied, alone or in dicts and lists; anything else is handed on as it is.
    """
    if type(data) is dict:
        return {name: own_copy(value) for name, value in data.items()}
    if type(data) in (list, tuple):
        return type(data)(own_copy(value) for value in data)
    if isinstance(data, pd.DataFrame | pd.Series | np.ndarray):
        return data.copy()
    return data.clone() if is_polars(data) or is_polars_series(data) else data


def _check_same(model: ForeignModel, own: Mapping[str, Any], preds: list[Any] | None, where: str) -> None:
    """The sensor will hold the model: it must predict what was logged, without `run_model` around it."""
    found = compare_predictions(
        PREDS, _numbers(preds), _numbers(listed(own[PREDS])), deterministic=model.deterministic
    )
    if found:
        raise ReferenceModelError(
            f"{type(model.estimator).__name__}, trained with resolve_model_kwargs, does not predict what "
            f"run_model does: {found[0]}",
            where=where,
            remedy="let the model do all that run_model does, its calibration too; a refit would lose it",
        )


def _numbers(values: list[Any] | None) -> list[Any]:
    """One of the two may give 1, the other 1.0 or True."""
    return [float(value) if isinstance(value, int) else value for value in values or ()]


def listed(values: Any) -> list[Any] | None:
    """Return predictions as a list of Python's own numbers, or None."""
    if values is None:
        return None
    found = values.to_list() if is_polars_series(values) else np.asarray(values).tolist()
    flat = [value[0] if isinstance(value, list) and len(value) == 1 else value for value in found]
    return [None if isinstance(value, float) and np.isnan(value) else value for value in flat]


def is_polars_series(values: Any) -> bool:
    """Tell whether something is a column of polars."""
    return hasattr(values, "to_frame") and is_polars(values.to_frame())


__all__ = ["Fitted", "Run", "listed", "own_copy", "refit", "run"]
