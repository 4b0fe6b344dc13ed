"""Rules as they are declared: named conditions on features, and an entry rule that joins them.

    conditions:
      rising: {feature: momentum, above: 0.0}
      calm: {feature: realised_volatility, between: [0.05, 0.30]}
    entry: {all: [rising, {not: calm}]}

Every comparison is strict: `above` means >, `below` <, `between` lo < x < hi, `outside` x < lo or x > hi.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from zoo.errors import ManifestError, check_keys, did_you_mean

LIMITS: Final = ("above", "below")
RANGES: Final = ("between", "outside")
JOINS: Final = ("all", "any", "not", "at_least")
Held = Mapping[str, NDArray[np.bool_]]


def check_rules(conditions: Any, entry: Any, features: Collection[str], where: str | None = None) -> None:
    """Check that conditions and entry rule can be computed from these features.

    Args:
        conditions: name -> `{feature: name, above | below: x}` or
            `{feature: name, between | outside: [lo, hi]}`.
        entry: a condition's name, or `{all: [...]}`, `{any: [...]}`, `{not: rule}`,
            `{at_least: {count: n, of: [...]}}`, nested as deep as one likes.
        features: the names of X's columns.
        where: the file to name in an error.

    Raises:
        ManifestError: nothing declared; an unknown feature, condition, comparison or join; no comparison or
            two of them; a threshold that is no finite number; a condition that the entry rule never uses.
    """
    if not isinstance(conditions, Mapping) or not conditions:
        raise ManifestError(
            "rules.conditions: there are none",
            where=where,
            expected="a mapping, such as {rising: {feature: momentum, above: 0}}",
        )
    for name, condition in conditions.items():
        _check_condition(name, condition, features, where)
    used = set()
    for name, _ in literals(_checked(entry, "rules.entry", where)):
        if name not in conditions:
            raise ManifestError(
                f"rules.entry: there is no condition {name!r}",
                where=where,
                expected=f"one of {', '.join(conditions)}",
                remedy=did_you_mean(name, conditions) or "declare it under rules.conditions",
            )
        used.add(name)
    for name in conditions:
        if name not in used:
            raise ManifestError(
                f"rules.conditions.{name}: the entry rule never uses it",
                where=where,
                remedy="name it in rules.entry, or remove it",
            )


def _check_condition(name: Any, condition: Any, features: Collection[str], where: str | None) -> None:
    key = f"rules.conditions.{name}"
    if not isinstance(name, str) or not name:
        raise ManifestError(f"rules.conditions: {name!r} is no name", where=where, expected="text")
    if not isinstance(condition, Mapping):
        raise ManifestError(
            f"{key}: {condition!r} is no mapping", where=where, expected="{feature: momentum, above: 0}"
        )
    check_keys(condition, ("feature", *LIMITS, *RANGES), ManifestError, where=where, prefix=f"{key}.")
    if condition.get("feature") not in features:
        missing = "feature" not in condition
        raise ManifestError(
            f"{key}: names no feature" if missing else f"{key}: there is no feature {condition['feature']!r}",
            where=where,
            expected=f"one of {', '.join(features)}",
            remedy=None if missing else did_you_mean(condition["feature"], features),
        )
    compared = [word for word in condition if word != "feature"]
    if len(compared) != 1:
        found = f"{' and '.join(compared)} at once" if compared else "no threshold"
        raise ManifestError(
            f"{key}: {found}",
            where=where,
            expected=f"one of {', '.join((*LIMITS, *RANGES))}",
            remedy="declare each comparison as a condition of its own" if compared else None,
        )
    _check_threshold(f"{key}.{compared[0]}", condition[compared[0]], compared[0] in RANGES, where)


def _check_threshold(key: str, value: Any, is_range: bool, where: str | None) -> None:
    if not is_range:
        if not _is_finite(value):
            raise ManifestError(f"{key}: {value!r}", where=where, expected="a finite number")
        return
    pair = isinstance(value, Sequence) and not isinstance(value, str) and len(value) == 2
    if not pair or not all(map(_is_finite, value)) or not value[0] < value[1]:
        raise ManifestError(
            f"{key}: {value!r}", where=where, expected="[lo, hi], two finite numbers with lo < hi"
        )


def _is_finite(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        return False
    # NaN fails, and so does an integer past every float
    return bool(-sys.float_info.max <= value <= sys.float_info.max)


def _checked(rule: Any, key: str, where: str | None) -> Any:
    """Return a rule whose joins are in order."""
    if isinstance(rule, str) and rule:
        return rule
    if not isinstance(rule, Mapping) or len(rule) != 1:
        raise ManifestError(
            f"{key}: {rule!r}",
            where=where,
            expected=f"a condition's name, or a mapping with one of {', '.join(JOINS)}",
        )
    check_keys(rule, JOINS, ManifestError, where=where, prefix=f"{key}.")
    ((join, inner),) = rule.items()
    key = f"{key}.{join}"
    if join == "not":
        _checked(inner, key, where)
        return rule
    parts = _parts(inner, key, where) if join == "at_least" else inner
    if isinstance(parts, str) or not isinstance(parts, Sequence) or not parts:
        raise ManifestError(f"{key}: {parts!r}", where=where, expected="a list of at least one rule")
    for place, part in enumerate(parts):
        _checked(part, f"{key}[{place}]", where)
    return rule


def _parts(inner: Any, key: str, where: str | None) -> Any:
    """Return the rules that `at_least` counts."""
    if not isinstance(inner, Mapping) or set(inner) != {"count", "of"}:
        raise ManifestError(f"{key}: {inner!r}", where=where, expected="{count: 2, of: [a, b, c]}")
    count, parts = inner["count"], inner["of"]
    most = len(parts) if isinstance(parts, Sequence) and not isinstance(parts, str) else 0
    if most and (type(count) is not int or not 1 <= count <= most):
        raise ManifestError(f"{key}.count: {count!r}", where=where, expected=f"a number from 1 to {most}")
    return parts


def literals(rule: Any, wanted: bool = True) -> Iterator[tuple[str, bool]]:
    """Yield each condition that a rule names, and whether it shall hold there: under `not` it shall not."""
    if isinstance(rule, str):
        yield rule, wanted
        return
    ((join, inner),) = rule.items()
    if join == "not":
        yield from literals(inner, not wanted)
        return
    for part in inner["of"] if join == "at_least" else inner:
        yield from literals(part, wanted)


def holds(conditions: Mapping[str, Any], X: NDArray[np.float64], features: Sequence[str]) -> Held:
    """Return for each condition in which rows of X (rows × features) it holds."""
    found = {}
    for name, condition in conditions.items():
        column = X[:, list(features).index(condition["feature"])]
        (word,) = (key for key in condition if key != "feature")
        found[name] = _compared(column, word, condition[word])
    return found


def _compared(column: NDArray[np.float64], word: str, threshold: Any) -> NDArray[np.bool_]:
    if word == "above":
        return np.asarray(column > threshold)
    if word == "below":
        return np.asarray(column < threshold)
    low, high = threshold
    if word == "between":
        return np.asarray((column > low) & (column < high))
    return np.asarray((column < low) | (column > high))


def entered(rule: Any, held: Held) -> NDArray[np.bool_]:
    """Return in which rows a checked entry rule holds."""
    if isinstance(rule, str):
        return held[rule]
    ((join, inner),) = rule.items()
    if join == "not":
        return ~entered(inner, held)
    parts = np.stack([entered(part, held) for part in (inner["of"] if join == "at_least" else inner)])
    needed = {"all": len(parts), "any": 1}.get(join) or inner["count"]
    return np.asarray(parts.sum(axis=0) >= needed)


def share(rule: Any, held: Held) -> NDArray[np.float64]:
    """Return the share of the rule's conditions that hold in each row.

    One under `not` counts where it does not hold; one that the rule names twice counts once.
    """
    found = [held[name] == wanted for name, wanted in dict.fromkeys(literals(rule))]
    return np.asarray(np.mean(found, axis=0), dtype=np.float64)


__all__ = ["JOINS", "LIMITS", "RANGES", "check_rules", "entered", "holds", "literals", "share"]
