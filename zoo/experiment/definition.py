"""What conf/experiment declares: parameters, search, and a manifest or a single-file decoder."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from zoo.errors import ManifestError, check_keys, did_you_mean
from zoo.experiment.format import VOLATILE
from zoo.experiment.reducers import build_reducers
from zoo.experiment.strategy import STRATEGIES
from zoo.experiment.tolerances import check_tolerances
from zoo.manifest.held_out import COLUMNS
from zoo.spec import NAME

KEYS: Final = (
    "params",
    "search",
    "manifest",
    "sfd_module",
    "description",
    "line",
    "tolerances",
    "volatile",
)
SEARCH_KEYS: Final = (
    "strategy",
    "seed",
    "shuffle",
    "rounds",
    "score",
    "feedback_interval",
    "reducers",
    "delay_s",
)


@dataclass(frozen=True, slots=True)
class Definition:
    """A checked declaration; `manifest` still has its holes.

    Attributes:
        params: the space; None where a decoder declares it.
        search: the declared search, as it is recorded.
        manifest: the declaration, or None.
        sfd_module: a decoder's name, or None.
        line: whose trials its rounds are, or None where they are counted nowhere yet.
        tolerances: how far a second run may be from the logged value, by metric: `absolute`, and `relative`
            to the smaller of the two.
        volatile: metrics that a second run does not reproduce, and that are not compared.
    """

    params: dict[str, list[Any]] | None
    search: Mapping[str, Any]
    manifest: Mapping[str, Any] | None
    sfd_module: str | None
    line: str | None = None
    tolerances: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    volatile: tuple[str, ...] = ()

    @property
    def seed(self) -> int:
        """Makes every choice, and fills every seed that a model leaves open."""
        return int(self.search["seed"])

    @property
    def strategy(self) -> str:
        """The name of the search strategy."""
        return str(self.search["strategy"])

    @classmethod
    def parse(cls, tree: Mapping[str, Any], where: str) -> Definition:
        """Check a declaration.

        Raises:
            ManifestError: a key that does not exist, an empty space, a list that is no list, or not exactly
                one of manifest and sfd_module.
        """
        _check_keys(tree, KEYS, where, "")
        search = _search(tree.get("search") or {}, where)
        if (tree.get("manifest") is None) == (tree.get("sfd_module") is None):
            raise ManifestError(
                "give either manifest or sfd_module", where=where, expected="exactly one of the two"
            )
        declared = tree.get("params")
        params = None if tree.get("sfd_module") and declared is None else check_space(declared, where)
        line = tree.get("line")
        if line is not None and (not isinstance(line, str) or NAME.fullmatch(line) is None):
            raise ManifestError(
                f"line: {line!r} is no line", where=where, expected="a file of conf/line, such as us_equity"
            )
        return cls(
            params,
            search,
            tree.get("manifest"),
            tree.get("sfd_module"),
            line,
            check_tolerances(tree.get("tolerances") or {}, where),
            _volatile(tree.get("volatile") or (), tree.get("tolerances") or {}, where),
        )


def _search(search: object, where: str) -> dict[str, Any]:
    """Check the search's own keys; strategy and reducers check theirs when they are built."""
    _check_keys(search, SEARCH_KEYS, where, "search.")
    found: dict[str, Any] = {"strategy": "grid", "seed": 0, **dict(search)}  # type: ignore[call-overload]
    if type(found["seed"]) is not int or not 0 <= found["seed"] < 2**32:
        raise ManifestError(
            f"search.seed: {found['seed']!r}", where=where, expected="an integer from 0 to 2**32 - 1"
        )
    for key in ("rounds", "feedback_interval"):
        if found.get(key) is not None and (type(found[key]) is not int or found[key] < 1):
            raise ManifestError(f"search.{key}: {found[key]!r}", where=where, expected="a positive integer")
    build_reducers(found.get("reducers"), where)
    if found["strategy"] not in STRATEGIES:
        raise ManifestError(
            f"search.strategy: {found['strategy']!r}",
            where=where,
            expected=f"one of {', '.join(STRATEGIES)}",
            remedy=did_you_mean(found["strategy"], STRATEGIES),
        )
    return found


def _volatile(names: object, tolerances: Mapping[str, Any], where: str) -> tuple[str, ...]:
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) and name for name in names):
        raise ManifestError(f"volatile: {names!r}", where=where, expected="a list of metrics' names")
    twice = [name for place, name in enumerate(names) if name in names[:place] or name in tolerances]
    if twice:
        raise ManifestError(
            f"volatile: {twice[0]!r} stands twice, or has a tolerance as well",
            where=where,
            expected="one of the two",
        )
    return tuple(name for name in names if name not in VOLATILE)


def check_space(params: object, where: str) -> dict[str, list[Any]]:
    """Return a parameter space: a list of different values a name.

    Raises:
        ManifestError: no mapping, an empty list, no list, or a value twice.
    """
    if not isinstance(params, Mapping) or not params:
        raise ManifestError("params: the space is empty", where=where, expected="names with lists of values")
    for name, values in params.items():
        if not isinstance(values, list | tuple) or not values:
            raise ManifestError(
                f"params.{name}: {values!r} is no list of values", where=where, expected="[126, 252]"
            )
        seen = [repr(value) for value in values]
        if len(set(seen)) != len(seen):
            raise ManifestError(
                f"params.{name}: a value stands twice", where=where, expected="each value once"
            )
    size = math.prod(len(values) for values in params.values())
    if size > LARGEST:
        raise ManifestError(
            f"params: the space has {size:.2e} permutations",
            where=where,
            expected=f"at most {LARGEST:.2e}, so that each has an id",
            remedy="declare fewer parameters or fewer values",
        )
    for name in params:
        if not isinstance(name, str) or name.startswith(("val_", "selection_", "_")) or name in RESERVED:
            raise ManifestError(
                f"params.{name}: results.csv has a column of that name",
                where=where,
                remedy="rename the parameter",
            )
    try:  # as JSON gives them back: a tuple is a list from the beginning
        plain: dict[str, list[Any]] = json.loads(json.dumps(dict(params), allow_nan=False))
    except (TypeError, ValueError) as error:
        raise ManifestError(
            f"params: {error}", where=where, expected="numbers, texts, lists and mappings"
        ) from error
    return plain


#: permutations of a space at most: an id is a 64-bit integer
LARGEST: Final = 2**62
#: columns of results.csv that are no parameters
RESERVED: Final = frozenset(
    {"id", "execution_time", "rank_ic", "rank_ic_se", "rank_ic_t", "n_dates", "n_obs", "r2", "mse"}
    | {"accuracy", "auc", "precision", "recall", "log_loss", "brier", "brier_raw", "log_loss_raw"}
    | {"true_negatives", "false_positives", "false_negatives", "true_positives"}
    | COLUMNS
)


def check_used(params: Mapping[str, Any], holes: set[tuple[str, str]], where: str) -> None:
    """Raise `ManifestError` for a parameter that no hole of the manifest names."""
    used = {name for kind, name in holes if kind == "params"}
    for name in params:
        if name not in used:
            raise ManifestError(
                f"params.{name}: nobody uses it",
                where=where,
                expected="every parameter in a hole of the manifest",
                remedy=did_you_mean(name, used - set(params))
                or f"remove it, or refer to it as ${{params.{name}}}",
            )


def _check_keys(tree: object, known: tuple[str, ...], where: str, prefix: str) -> None:
    if not isinstance(tree, Mapping):
        raise ManifestError(
            f"{prefix or 'the experiment'}: is no mapping", where=where, expected=f"keys {', '.join(known)}"
        )
    check_keys(tree, known, ManifestError, where=where, prefix=prefix)


__all__ = ["Definition", "check_space", "check_used"]
