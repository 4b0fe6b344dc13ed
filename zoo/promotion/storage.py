"""A sensor on disk: skops, never pickle. The types that may be built are listed here, never in the file."""

from __future__ import annotations

import hashlib
import io
import json
import math
import sys
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from zoo.errors import ArtifactCorrupt, PromotionError, TrustError, ZooError
from zoo.models.reference import caches
from zoo.promotion.modules import FOLDER, LocalModule, load_trusted, parse_member
from zoo.trust import DEFAULT_PREFIXES, LOCAL_PREFIX, Trust

#: bump when a reader of the format before would misread a sensor, and keep reading the older one.
#: 2: numbers that are not finite are spelt out wherever they stand; cohorts; modules beside the model
SENSOR_FORMAT: Final = 2
READABLE: Final = (1, 2)
#: of so many files the types are remembered
_REMEMBERED: Final = 64
_KNOWN: dict[bytes, tuple[str, ...]] = {}
#: how JSON spells a number that is not finite
_FLOAT: Final = "__float__"

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


@dataclass(frozen=True)
class Stored:
    """What a file holds.

    Attributes:
        estimator: the fitted estimator, or a list of them.
        document: what is to be known of it.
        modules: the source of local modules.
        trust: the reader's list, and what the modules define that were imported.
    """

    estimator: Any
    document: dict[str, Any]
    modules: tuple[LocalModule, ...]
    trust: Trust


@contextmanager
def rebuilding(where: str) -> Iterator[None]:
    """Tell of a document that lacks something, or has it in another form, as of a corrupt file."""
    try:
        yield
    except ZooError:
        raise
    except Exception as error:
        raise ArtifactCorrupt(
            f"is no sensor: {type(error).__name__}: {error}", where=where, remedy="restore it from a copy"
        ) from error


def dump(
    estimator: Any, document: Mapping[str, Any], trust: Trust, modules: Iterable[LocalModule] = ()
) -> bytes:
    """Write an estimator and what is to be known of it.

    Raises:
        TrustError: a class that could not be loaded again under this trust list.
        PromotionError: skops cannot write it.
    """
    import skops.io

    modules = tuple(modules)
    hashes = {module.member: module.digest for module in modules}
    text = json.dumps(_spelt({"format": SENSOR_FORMAT, **document, "modules": hashes}), allow_nan=False)
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
    buffer = io.BytesIO(content)
    with zipfile.ZipFile(buffer, "a") as archive:
        for module in modules:
            archive.writestr(module.member, module.source)
    return buffer.getvalue()


def load(content: bytes, trust: Trust, where: str) -> tuple[Any, dict[str, Any]]:
    """Return the estimator and what is to be known of it; as `read`."""
    stored = read(content, trust, where)
    return stored.estimator, stored.document


def read(content: bytes, trust: Trust, where: str) -> Stored:
    """Read what `dump` wrote; every type is checked before anything is built.

    Raises:
        ArtifactCorrupt: no skops file, or not one of ours.
        TrustError: a type outside the trust list; nothing was built.
    """
    import skops.io

    try:
        modules = _modules(content, where)
        trust = load_trusted(modules, trust, where)
        types = _check_types(content, trust, where, modules)
        found = skops.io.loads(content, trusted=types)
        document = json.loads(found["document"], object_hook=_read)
        estimator = found["estimator"]
    except (TrustError, ArtifactCorrupt):
        raise
    except Exception as error:
        raise ArtifactCorrupt(
            f"is no sensor: {error}", where=where, remedy="restore it from a copy"
        ) from error
    _check_document(document, modules, where)
    if any(caches(part) for part in (estimator if isinstance(estimator, list) else [estimator])):
        raise TrustError("would keep a cache of pickles on disk", where=where, expected="memory: null")
    return Stored(estimator, document, modules, trust)


def _modules(content: bytes, where: str) -> tuple[LocalModule, ...]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = [name for name in archive.namelist() if name.startswith(FOLDER)]
        return tuple(parse_member(name, archive.read(name), where) for name in members)


def _check_document(document: Any, modules: Sequence[LocalModule], where: str) -> None:
    if not isinstance(document, dict) or document.get("format") not in READABLE:
        found = document.get("format") if isinstance(document, dict) else document
        raise ArtifactCorrupt(
            f"has sensor format {found!r}", where=where, expected=" or ".join(map(str, READABLE))
        )
    if {module.member: module.digest for module in modules} != document.get("modules", {}):
        raise ArtifactCorrupt(
            "its modules are not those that were stored with it",
            where=where,
            remedy="restore it from a copy",
        )


def _check_types(content: bytes, trust: Trust, where: str, modules: Iterable[LocalModule] = ()) -> list[str]:
    """Return the untrusted types of the file that our list trusts; raise for any other."""
    types = _untrusted(content)
    refused = [name for name in types if not _trusted(name, trust)]
    for module in modules:
        if any(name.startswith(f"{module.name}.") for name in refused):
            module.load(trust, where)  # raises: it is not trusted
    if refused:
        raise TrustError(
            f"holds classes outside the trust list: {', '.join(refused)}",
            where=where,
            expected="classes that skops or zoo trusts",
            remedy=_remedy(refused),
        )
    return list(types)


def _untrusted(content: bytes) -> tuple[str, ...]:
    """Return the types of a file that skops does not trust by itself, remembered by the file's digest.

    They follow from the bytes alone, and finding them takes as long as building a small model; whether we
    trust them is asked each time.
    """
    import skops.io

    digest = hashlib.sha256(content).digest()
    types = _KNOWN.get(digest)
    if types is None:
        types = tuple(skops.io.get_untrusted_types(data=content))
        while len(_KNOWN) >= _REMEMBERED:
            _KNOWN.pop(next(iter(_KNOWN), digest), None)
        _KNOWN[digest] = types
    return types


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


def _spelt(value: Any) -> Any:
    """Spell numbers that JSON has not: NaN and infinities."""
    if isinstance(value, Mapping):
        return {key: _spelt(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_spelt(item) for item in value]
    return {_FLOAT: repr(float(value))} if isinstance(value, float) and not math.isfinite(value) else value


def _read(value: dict[str, Any]) -> Any:
    return float(value[_FLOAT]) if set(value) == {_FLOAT} else value


__all__ = ["READABLE", "SENSOR_FORMAT", "TRUSTED_TYPES", "Stored", "dump", "load", "read", "rebuilding"]
