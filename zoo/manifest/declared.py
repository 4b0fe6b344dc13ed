"""The keys of a manifest that are not functions to call: what each may say, checked once.

Each function takes a filled value and returns what `Bound` holds.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from math import inf
from typing import Any

from zoo.errors import ManifestError, check_keys, did_you_mean
from zoo.manifest.bound import FEATURE_KEYS, Declaration
from zoo.manifest.dates import SplitDates, Weights
from zoo.trust import TARGET_KEY

#: what transforms get besides what was fitted
LABELS = "labels"


def every_of(rows: Any, where: str | None) -> int:
    """Return `rows: {every: 21}` as a number of bars."""
    every = 1 if rows is None else rows.get("every", 1) if isinstance(rows, Mapping) else rows
    if type(every) is not int or every < 1 or (isinstance(rows, Mapping) and set(rows) - {"every"}):
        raise ManifestError(f"manifest.rows: {rows!r}", where=where, expected="{every: 21}, a number of bars")
    return every


def deterministic_of(value: Any, where: str | None) -> bool | None:
    """Return `deterministic: true`, false or null."""
    if value is not None and not isinstance(value, bool):
        raise ManifestError(f"manifest.deterministic: {value!r}", where=where, expected="true, false or null")
    return value


def split_of(split: Any, where: str | None) -> Weights | SplitDates:
    """Return three proportions, or the dates on which validation and test begin."""
    if isinstance(split, Mapping):
        return _dates(split, where)
    wrong = (
        not isinstance(split, list | tuple)
        or len(split) != 3
        or any(isinstance(w, bool) or not isinstance(w, int | float) for w in split)
        or any(not (0 <= w < inf) for w in split)
        or not (split[0] > 0)
    )
    if wrong:
        raise ManifestError(
            f"manifest.split: {split!r}",
            where=where,
            expected="three proportions, such as [8, 1, 2], or {validation: 2013-01-02, test: 2015-01-02}",
        )
    return tuple(split)


def _dates(split: Mapping[str, Any], where: str | None) -> SplitDates:
    names = SplitDates.__slots__
    check_keys(split, names, ManifestError, where=where, prefix="manifest.split.")
    dates = {name: _day(value, name, where) for name, value in split.items() if value is not None}
    order = [dates[name] for name in ("first", "validation", "test", "last") if name in dates]
    if not order or order != sorted(order):
        raise ManifestError(
            f"manifest.split: {dict(split)!r}",
            where=where,
            expected="dates in order: first, validation, test, last",
        )
    return SplitDates(**dates)


def _day(value: Any, name: str, where: str | None) -> str:
    text = str(value)
    try:
        day = dt.date.fromisoformat(text).isoformat()
    except ValueError:
        day = ""
    if not day or text not in (day, day.replace("-", "")):  # fromisoformat overlooks what follows a date
        raise ManifestError(
            f"manifest.split.{name}: {value!r}", where=where, expected="a date such as 2015-01-02"
        )
    return day


def functions_of(key: str, value: Any, where: str | None) -> list[Declaration]:
    """Return the declarations under `indicators` or `features`.

    Raises:
        ManifestError: no list, an entry that names no function, or a name or group that is no text.
    """
    if value is None:
        return []
    if not isinstance(value, list | tuple):
        raise ManifestError(
            f"manifest.{key}: {value!r:.80} is no list", where=where, expected=f"- {{{TARGET_KEY}: ...}}"
        )
    for place, declaration in enumerate(value):
        check_declaration(f"{key}[{place}]", declaration, where)
        for word in FEATURE_KEYS:
            text = declaration.get(word)
            if word != "include_if" and text is not None and (not isinstance(text, str) or not text):
                raise ManifestError(f"manifest.{key}[{place}].{word}: {text!r}", where=where, expected="text")
    return list(value)


def ablation_of(value: Any, groups: Sequence[Any], where: str | None) -> tuple[str, ...]:
    """Return the groups that are left out: none, one, or a list of them.

    Args:
        value: what `ablation` says.
        groups: the group of every feature that is declared, None for one without.
        where: the file to name in an error.

    Raises:
        ManifestError: a group that no feature has, or none left.
    """
    without = [] if value is None else [value] if isinstance(value, str) else value
    known = {str(group) for group in groups if group is not None}
    if not isinstance(without, list | tuple):
        raise ManifestError(
            f"manifest.ablation: {value!r}", where=where, expected="a group, a list of groups, or null"
        )
    for group in without:
        if not isinstance(group, str) or group not in known:
            raise ManifestError(
                f"manifest.ablation: no feature is of the group {group!r}",
                where=where,
                expected=f"one of {', '.join(sorted(known)) or '(no feature has a group)'}",
                remedy=did_you_mean(str(group), known),
            )
    if without and all(group in without for group in groups):
        raise ManifestError(
            f"manifest.ablation: {value!r} leaves no feature", where=where, remedy="leave out fewer groups"
        )
    return tuple(without)


def target_of(value: Any, where: str | None) -> tuple[Declaration, Declaration | None]:
    """Return the target, and apart from it what is fitted on train: `fit_params` and `transform_params`."""
    check_declaration("target", value, where)
    fitted = {name: value[name] for name in ("fit_params", "transform_params") if name in value}
    plain = {key: item for key, item in value.items() if key not in fitted}
    if not fitted:
        return plain, None
    if set(fitted) != {"fit_params", "transform_params"}:
        raise ManifestError(
            f"manifest.target has {next(iter(fitted))} alone",
            where=where,
            expected="fit_params: {name: {_target_: ...}} and transform_params: {_target_: ...}",
        )
    parameters, transform = fitted["fit_params"], fitted["transform_params"]
    if not isinstance(parameters, Mapping) or not parameters:
        raise ManifestError(
            "manifest.target.fit_params: is no mapping of parameters",
            where=where,
            expected="{cutoff: {_target_: ...}}",
        )
    check_declaration("target.transform_params", transform, where)
    for name, declaration in parameters.items():
        check_declaration(f"target.fit_params.{name}", declaration, where)
        if name == LABELS or name in transform:
            raise ManifestError(
                f"manifest.target.fit_params.{name}: the transform is given {name!r} already",
                where=where,
                expected="a parameter that is only fitted",
                remedy="rename it" if name == LABELS else "remove one of the two",
            )
    return plain, fitted


def required_of(value: Any, where: str | None) -> tuple[str, ...]:
    """Return the columns that bars must have."""
    if value is None:
        return ()
    if not isinstance(value, list | tuple) or not all(isinstance(name, str) for name in value):
        raise ManifestError(
            f"manifest.required_bar_columns: {value!r}", where=where, expected="a list of names"
        )
    return tuple(value)


def optional_of(key: str, value: Any, where: str | None) -> Declaration | None:
    """Return the declaration of a function that need not be there."""
    if value is None:
        return None
    check_declaration(key, value, where)
    found: Declaration = value
    return found


def check_declaration(key: str, value: Any, where: str | None) -> None:
    """Raise `ManifestError` for what is no mapping with a `_target_`."""
    if value is None:
        raise ManifestError(f"manifest.{key}: is missing", where=where, expected=f"{key}: {{_target_: ...}}")
    if not isinstance(value, Mapping) or TARGET_KEY not in value:
        raise ManifestError(
            f"manifest.{key}: {value!r:.80} names no {TARGET_KEY}",
            where=where,
            expected=f"{key}: {{_target_: ...}}",
        )


def check_plain(tree: Any, key: str, where: str | None) -> None:
    """Raise `ManifestError` for what a file could not give, or would give back as something else."""
    if isinstance(tree, Mapping):
        for name, value in tree.items():
            if not isinstance(name, str):
                raise ManifestError(
                    f"{key}: the key {name!r} is no text, and metadata.json would make it one",
                    where=where,
                    expected="keys of text",
                )
            check_plain(value, f"{key}.{name}", where)
    elif isinstance(tree, list | tuple):
        for place, value in enumerate(tree):
            check_plain(value, f"{key}[{place}]", where)
    elif tree is not None and not isinstance(tree, str | bool | int | float):
        raise ManifestError(
            f"{key}: {tree!r:.80} is a {type(tree).__name__}",
            where=where,
            expected="numbers, texts, lists, mappings and {_target_: ...}",
            remedy="hand data in as data, and name code by its path",
        )


__all__ = [
    "LABELS",
    "ablation_of",
    "check_declaration",
    "check_plain",
    "deterministic_of",
    "every_of",
    "functions_of",
    "optional_of",
    "required_of",
    "split_of",
    "target_of",
]
