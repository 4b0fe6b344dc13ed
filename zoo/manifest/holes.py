"""Holes of a manifest: `${params.lookback}` and `${settings.forward_days}` in quoted strings.

They are filled by `Manifest.bind`, never by OmegaConf. A string that is one hole takes the value with its
type; inside a longer string the value is formatted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from zoo.errors import ManifestError, did_you_mean

HOLE: Final = re.compile(r"\$\{(params|settings)\.([A-Za-z_][A-Za-z0-9_]*)\}")
_BRACES: Final = re.compile(r"(?<!\$)\{([A-Za-z_][A-Za-z0-9_]*)\}")
_LITERAL: Final = ("_target_", "group")
_UNFILLED: Final = re.compile(r"\$\{[^}]*\}")


def fill(tree: Any, params: Mapping[str, Any], settings: Any, where: str | None = None) -> Any:
    """Return a copy of `tree` with every hole filled.

    Args:
        tree: nested mappings, lists and scalars.
        params: one choice of parameters.
        settings: anything with `settings[name]`; each look-up is a read.
        where: the file to name in an error.

    Raises:
        ManifestError: a parameter that the experiment does not declare, or another kind of hole.
        SettingsError: a setting that does not exist.
    """
    if isinstance(tree, Mapping):
        return {key: fill(value, params, settings, where) for key, value in tree.items()}
    if isinstance(tree, list | tuple):
        return [fill(value, params, settings, where) for value in tree]
    return _fill_text(tree, params, settings, where) if isinstance(tree, str) else tree


def _fill_text(text: str, params: Mapping[str, Any], settings: Any, where: str | None) -> Any:
    def value(kind: str, name: str) -> Any:
        if kind == "settings":
            return settings[name]
        if name not in params:
            raise ManifestError(
                f"${{params.{name}}} names no parameter",
                where=where,
                expected=f"one of {', '.join(params) or '(none declared)'}",
                remedy=did_you_mean(name, params) or f"declare {name} under params",
            )
        return params[name]

    whole = HOLE.fullmatch(text)
    if whole is not None:
        return value(whole[1], whole[2])
    filled = HOLE.sub(lambda hole: str(value(hole[1], hole[2])), text)
    if _UNFILLED.search(filled):
        raise ManifestError(
            f"{text!r} has a hole of another kind", where=where, expected="${params.x} or ${settings.x}"
        )
    return filled


def holes(tree: Any) -> Iterator[tuple[str, str]]:
    """Yield every hole as (`params` or `settings`, name)."""
    if isinstance(tree, Mapping):
        for value in tree.values():
            yield from holes(value)
    elif isinstance(tree, list | tuple):
        for value in tree:
            yield from holes(value)
    elif isinstance(tree, str):
        yield from ((hole[1], hole[2]) for hole in HOLE.finditer(tree))


def spelt(tree: Mapping[str, Any], params: Mapping[str, Any]) -> dict[str, Any]:
    """Return a manifest of the builder with its references to parameters spelt as holes.

    A string that equals a parameter's name is that parameter, and `"roc_{period}"` has its value in it.
    Paths of targets and names of groups are what they are. Names of features, and of conditions in an entry
    rule, only take braces: a feature may be called like the parameter that includes it.

    Args:
        tree: what the builder declared.
        params: the parameters that an experiment declares.
    """
    found: dict[str, Any] = {key: _spelt(value, params) for key, value in tree.items()}
    for key in ("indicators", "features"):
        if isinstance(tree.get(key), list | tuple):
            found[key] = [
                _kept("name", old, new, params) for old, new in zip(tree[key], found[key], strict=True)
            ]
    rules = tree.get("rules")
    if isinstance(rules, Mapping) and isinstance(rules.get("conditions"), Mapping):
        old, new = rules["conditions"], found["rules"]["conditions"]
        conditions = {name: _kept("feature", old[name], new[name], params) for name in old}
        others = {name: value for name, value in params.items() if name not in conditions}
        found["rules"] |= {"conditions": conditions, "entry": _spelt(rules.get("entry"), others)}
    return found


def _spelt(tree: Any, params: Mapping[str, Any]) -> Any:
    if isinstance(tree, Mapping):
        return {key: value if key in _LITERAL else _spelt(value, params) for key, value in tree.items()}
    if isinstance(tree, list | tuple):
        return [_spelt(value, params) for value in tree]
    if not isinstance(tree, str):
        return tree
    return f"${{params.{tree}}}" if tree in params else _braced(tree, params)


def _kept(key: str, declared: Any, found: Any, params: Mapping[str, Any]) -> Any:
    """Return what was spelt, but with the name under `key` as declared, only its braces filled."""
    if not isinstance(declared, Mapping) or not isinstance(declared.get(key), str):
        return found
    return {**found, key: _braced(declared[key], params)}


def _braced(text: str, params: Mapping[str, Any]) -> str:
    return _BRACES.sub(lambda name: f"${{params.{name[1]}}}" if name[1] in params else name[0], text)


__all__ = ["HOLE", "fill", "holes", "spelt"]
