"""The check that every axis of names passes: assets, factors and columns."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from zoo.errors import DataError


def checked_names(names: pd.Index[Any] | Iterable[Any], kind: str, where: str) -> list[str]:
    """Return `names` as a list when they are unique strings.

    Args:
        names: the names in their order.
        kind: what one of them is: `asset`, `factor` or `column`.
        where: where they were found, for the message.

    Raises:
        DataError: a name is no string, is empty, or occurs twice.
    """
    checked: dict[str, None] = {}
    for name in names:
        if not isinstance(name, str) or not name:
            raise DataError(
                f"{kind} name {name!r} is {'empty' if name == '' else f'a {type(name).__name__}'}",
                where=where,
                expected=f"a string for each {kind}",
                remedy="rename with frame.columns = frame.columns.astype(str)",
            )
        if name in checked:
            raise DataError(
                f"{kind} {name!r} occurs twice",
                where=where,
                expected=f"each {kind} once",
                remedy="rename or drop one",
            )
        checked[name] = None
    return list(checked)


__all__ = ["checked_names"]
