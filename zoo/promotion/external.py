"""An existing training function, called unchanged, with overrides on a module's names around the call.

Nothing of what it does can be reproduced or checked here, and the version's lineage says so. Its training
data is not known either, so every run of it is a version of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from zoo.errors import Interrupted, PromotionError
from zoo.manifest.libraries import library_versions, major
from zoo.manifest.source import source_files, source_hash
from zoo.models import SklearnModel
from zoo.promotion.outcome import Outcome
from zoo.promotion.sensor import Sensor
from zoo.settings import LABEL_SETTING, Reads, check_allowed, settings
from zoo.settings import overrides as overriding
from zoo.spec import ExternalTrainer
from zoo.trust import Trust, import_module, resolve

NOT_CHECKED = ("reproduction", "data fingerprint", "agreement of a refit")


def train_external(
    trainer: ExternalTrainer,
    *,
    overrides: Mapping[str, Any],
    allowed: Iterable[str],
    trust: Trust,
    run_id: str,
) -> Outcome:
    """Call a training function and wrap the estimator that it returns; a failure becomes the outcome's error.

    Args:
        trainer: the function, the module whose names are overridden, and the arguments.
        overrides: names to values, set on that module for the length of the call (the label is ours).
        allowed: the allowlist.
        trust: what may be imported.
        run_id: tells the versions of different runs apart.

    Returns:
        An outcome for permutation 0. The function must return a fitted estimator, or a mapping with `model`
        and, if it likes, `metrics` and `features`.
    """
    try:
        check_allowed(overrides, allowed)
        function = resolve(trainer.target, trust)
        own = {name: value for name, value in overrides.items() if name != LABEL_SETTING}
        target = settings if trainer.settings is None else import_module(trainer.settings, trust)
        with overriding(target, own, allowed) as reads:
            returned = function(**trainer.args)
        reads.require(own, trainer.target)
        return _outcome(trainer, returned, overrides, reads, trust, run_id)
    except Interrupted:
        raise
    except Exception as error:
        return Outcome(0, error=error)


def _outcome(
    trainer: ExternalTrainer,
    returned: Any,
    overrides: Mapping[str, Any],
    reads: Reads,
    trust: Trust,
    run_id: str,
) -> Outcome:
    parts = returned if isinstance(returned, Mapping) else {"model": returned}
    model = parts.get("model")
    if not hasattr(model, "predict"):
        raise PromotionError(
            f"it returned {type(model).__name__}",
            where=trainer.target,
            expected="a fitted estimator, or a mapping with `model`",
        )
    check_fitted(model, trainer.target)
    count = int(getattr(model, "n_features_in_", 0))
    named = parts.get("features", getattr(model, "feature_names_in_", [f"x{n}" for n in range(count)]))
    features = tuple(str(name) for name in named)
    libraries = library_versions([trainer.target])
    source = str(source_hash(source_files([trainer.target], trust))["content"])
    inputs = {
        "trainer": trainer.target,
        "args": dict(trainer.args),
        "overrides": dict(overrides),
        "source": source,
        "libraries": major(libraries),
        "validation": "none",
        "run_id": run_id,
    }
    metadata = {
        "experiment": trainer.target,
        "overrides": dict(overrides),
        "reads": sorted(reads.names) if reads.seen else "unknown",
        "validation": {"mode": "none", "metrics": 0, "predictions": 0, "not_checked": list(NOT_CHECKED)},
        "features": list(features),
        "source": source,
        "libraries": {"now": libraries, "changed": {}},
    }
    metrics = {
        str(name): value.item() if hasattr(value, "item") else value
        for name, value in dict(parts.get("metrics", {})).items()
        if not str(name).startswith("_")
    }
    sensor = Sensor(
        0, SklearnModel(model), dict(trainer.args), metadata, {"reported": metrics}, None, features, trust
    )
    label = overrides.get(LABEL_SETTING)
    return Outcome(0, sensor, _no_predictions(), inputs, None, label)


def check_fitted(model: Any, where: str) -> None:
    """Raise `PromotionError` for an estimator that was never fitted: it would predict nothing."""
    from sklearn.base import BaseEstimator
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import check_is_fitted

    if not isinstance(model, BaseEstimator):
        return
    try:
        check_is_fitted(model)
    except NotFittedError as error:
        raise PromotionError("it returned an estimator that is not fitted", where=where) from error


def _no_predictions() -> pd.DataFrame:
    columns = {"part": "str", "row": "int64", "prediction": "float64"}
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in columns.items()})


__all__ = ["NOT_CHECKED", "check_fitted", "train_external"]
