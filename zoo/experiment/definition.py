"""What conf/experiment declares: parameters, search, and a manifest or a single-file decoder."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from zoo.errors import ManifestError, did_you_mean

KEYS: Final = ("params", "search", "manifest", "sfd_module", "description")
STRATEGIES: Final = ("grid",)


@dataclass(frozen=True, slots=True)
class Definition:
    """A checked declaration; `manifest` still has its holes."""

    params: dict[str, list[Any]] | None
    seed: int
    strategy: str
    manifest: Mapping[str, Any] | None
    sfd_module: str | None

    @classmethod
    def parse(cls, tree: Mapping[str, Any], where: str) -> Definition:
        """Check a declaration.

        Raises:
            ManifestError: a key that does not exist, an empty space, a list that is no list, or not exactly
                one of manifest and sfd_module.
        """
        _check_keys(tree, KEYS, where, "")
        search = tree.get("search") or {}
        _check_keys(search, ("strategy", "seed"), where, "search.")
        seed, strategy = search.get("seed", 0), search.get("strategy", "grid")
        if type(seed) is not int or not 0 <= seed < 2**32:
            raise ManifestError(
                f"search.seed: {seed!r}", where=where, expected="an integer from 0 to 2**32 - 1"
            )
        if strategy not in STRATEGIES:
            raise ManifestError(
                f"search.strategy: {strategy!r}", where=where, expected=f"one of {', '.join(STRATEGIES)}"
            )
        if (tree.get("manifest") is None) == (tree.get("sfd_module") is None):
            raise ManifestError(
                "give either manifest or sfd_module", where=where, expected="exactly one of the two"
            )
        declared = tree.get("params")
        params = None if tree.get("sfd_module") and declared is None else check_space(declared, where)
        return cls(params, seed, strategy, tree.get("manifest"), tree.get("sfd_module"))


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
    return {str(name): list(values) for name, values in params.items()}


def permutations(params: Mapping[str, list[Any]]) -> list[dict[str, Any]]:
    """Return every choice of parameters; a permutation's id is its position."""
    return [dict(zip(params, values, strict=True)) for values in itertools.product(*params.values())]


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
    for key in tree:
        if key not in known:
            raise ManifestError(
                f"{prefix}{key}: no such key",
                where=where,
                expected=f"one of {', '.join(known)}",
                remedy=did_you_mean(key, known) or "remove it",
            )


__all__ = ["Definition", "check_space", "check_used", "permutations"]
