"""From the source's data to the panel that features see: bars formed, columns required, assets selected."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zoo.errors import ManifestError
from zoo.manifest.bound import Bound
from zoo.manifest.construct import inject, partial
from zoo.trust import TARGET_KEY


def form(data: Any, bound: Bound) -> Any:
    """Form bars, check that they have what is required, then select among them.

    Raises:
        ManifestError: a table, a function that gives no panel, or bars without a required column.
    """
    if data.kind != "panel":
        raise ManifestError(
            "bars and selectors need a time axis", where=bound.where, remedy="remove them, or give a panel"
        )
    formed = data if bound.bars is None else _dataset(bound.bars, data, bound)
    missing = [name for name in bound.required if name not in formed.fields]
    if missing:
        raise ManifestError(
            f"the bars have no {', '.join(missing)}",
            where=bound.where,
            expected=f"columns {', '.join(bound.required)}",
            remedy=f"there are {', '.join(formed.fields)}: map the column in the source, or require less",
        )
    return formed if bound.selector is None else _dataset(bound.selector, formed, bound)


def _dataset(declaration: Mapping[str, Any], data: Any, bound: Bound) -> Any:
    name = str(declaration[TARGET_KEY])
    found = inject(partial(declaration, bound.trust, bound.where), {"data": data}, name, bound.where)
    if getattr(found, "kind", None) != "panel":
        raise ManifestError(
            f"{name} gave a {type(found).__name__}", where=bound.where, expected="a Dataset of bars"
        )
    return found


__all__ = ["form"]
