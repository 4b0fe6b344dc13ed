"""A sensor on disk: skops, never pickle. The types that may be built are listed here, never in the file."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from typing import Any, Final

from zoo.errors import ArtifactCorrupt, PromotionError, TrustError, ZooError
from zoo.models.reference import caches
from zoo.trust import DEFAULT_PREFIXES, LOCAL_PREFIX, Trust

#: bump when a reader of the format before would misread a sensor, and keep reading the older one
SENSOR_FORMAT: Final = 1

#: types that skops does not trust by itself and that the estimators we ship need; none runs code when it is
#: built, and what a `ContractEstimator` holds is checked by its own type
TRUSTED_TYPES: Final = frozenset(
    {
        "collections.OrderedDict",
        "sklearn.calibration._CalibratedClassifier",
        "sklearn.calibration._SigmoidCalibration",
        "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
        "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
        "sklearn.tree._tree.Tree",
        "sklearn.utils._bunch.Bunch",
        "zoo.models.blend.ForwardBlend",
        "zoo.models.calibration.Calibrated",
        "zoo.models.contract.ContractEstimator",
        "zoo.models.rules.RuleClass",
        "zoo.models.rules.RuleScore",
    }
)


def dump(estimator: Any, document: dict[str, Any], trust: Trust) -> bytes:
    """Write an estimator and what is to be known of it.

    Raises:
        TrustError: a class that could not be loaded again under this trust list.
        PromotionError: skops cannot write it.
    """
    import skops.io

    text = json.dumps({"format": SENSOR_FORMAT, **document}, allow_nan=False)
    try:
        content: bytes = skops.io.dumps({"estimator": estimator, "document": text})
    except ZooError:
        raise
    except Exception as error:
        raise PromotionError(
            f"the model {type(estimator).__name__} cannot be stored: {type(error).__name__}: {error}",
            expected="a model whose state skops can write",
            remedy="keep arrays, numbers, texts and estimators in it",
        ) from error
    _check_types(content, trust, "the model")
    return content


def load(content: bytes, trust: Trust, where: str) -> tuple[Any, dict[str, Any]]:
    """Read what `dump` wrote; every type is checked before anything is built.

    Raises:
        ArtifactCorrupt: no skops file, or not one of ours.
        TrustError: a type outside the trust list; nothing was built.
    """
    import skops.io

    try:
        types = _check_types(content, trust, where)
        found = skops.io.loads(content, trusted=types)
        document = json.loads(found["document"])
        estimator = found["estimator"]
    except TrustError:
        raise
    except Exception as error:
        raise ArtifactCorrupt(
            f"is no sensor: {error}", where=where, remedy="restore it from a copy"
        ) from error
    if caches(estimator):
        raise TrustError("would keep a cache of pickles on disk", where=where, expected="memory: null")
    if document.get("format") != SENSOR_FORMAT:
        raise ArtifactCorrupt(
            f"has sensor format {document.get('format')!r}", where=where, expected=str(SENSOR_FORMAT)
        )
    return estimator, document


def _check_types(content: bytes, trust: Trust, where: str) -> list[str]:
    """Return the untrusted types of the file that our list trusts; raise for any other."""
    import skops.io

    types = skops.io.get_untrusted_types(data=content)
    refused = [name for name in types if not _trusted(name, trust)]
    if refused:
        raise TrustError(
            f"holds classes outside the trust list: {', '.join(refused)}",
            where=where,
            expected="classes that skops or zoo trusts",
            remedy=_remedy(refused),
        )
    return list(types)


def _trusted(name: str, trust: Trust) -> bool:
    """A listed type, or one under a prefix that the user added; the default prefixes trust no type here."""
    added = tuple(prefix for prefix in trust.prefixes if prefix not in DEFAULT_PREFIXES)
    return name in TRUSTED_TYPES or Trust(prefixes=added).covers(name)


def _remedy(refused: Iterable[str]) -> str:
    """Trusting a package helps, unless another process cannot import it, or it is Python's own."""
    names = list(refused)
    local = [name for name in names if name.startswith((LOCAL_PREFIX, "__main__"))]
    if local:
        return (
            f"move {', '.join(_bare(name) for name in local)} into a package: no other process finds it here"
        )
    python = [name for name in names if name.partition(".")[0] in sys.stdlib_module_names]
    if python:
        return f"keep no {', '.join(python)} in the model: numbers, texts, arrays and estimators are enough"
    return f"if you trust them, add {_packages(names)} to trust.prefixes in conf/trust"


def _bare(name: str) -> str:
    return name.rpartition(".")[2]


def _packages(names: Iterable[str]) -> str:
    return ", ".join(sorted({f"'{name.partition('.')[0]}.'" for name in names}))


__all__ = ["SENSOR_FORMAT", "TRUSTED_TYPES", "dump", "load"]
