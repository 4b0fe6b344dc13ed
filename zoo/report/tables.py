"""Tables of a page: plain HTML that needs no script, and sorts by a click where there is one."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Final

from zoo.report.text import DASH, defined

#: rows of one table; of more the first, and the document of `format=json` has all
MOST: Final = 500
_DETAILS: Final = ("_se", "_t", "_min", "_median", "_max", "n_obs", "n_dates")

_MINUS: Final = re.compile(r"(?<![\w–-])-(?=\d)")

Row = Mapping[Any, Any]


class Markup(str):
    """HTML that is escaped already; whatever else a cell gives is escaped."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        label: its heading.
        cell: writes a row's cell, as text, or as `Markup`.
        key: the row's value that it sorts by; None for text.
        hint: what the heading says when pointed at.
        test: whether it is a figure of the test part, which must choose nothing.
        wraps: whether it is sentences, which go over several lines.
        sorted: whether the rows come in its order, the lowest first.
    """

    label: str
    cell: Callable[[Row], str]
    key: str | None = None
    hint: str = ""
    test: bool = False
    wraps: bool = False
    sorted: bool = False


def is_detail(metric: str) -> bool:
    """Tell whether a metric is an error, a count or a spread of another one."""
    return metric.endswith(_DETAILS)


def table_of(columns: Sequence[Column], rows: Sequence[Row], marked: object = None) -> str:
    """Return a table.

    Args:
        columns: from left to right; the first names the row.
        rows: from top to bottom.
        marked: the `id` of the row that stands out.
    """
    head = "".join(_heading(column) for column in columns)
    body = "".join(_row(columns, row, marked) for row in rows[:MOST])
    left = len(rows) - MOST
    more = f'<p class="more">{left:,} more rows: <code>format=json</code> has them.</p>' if left > 0 else ""
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return f'<div class="scroll" tabindex="0">{table}</div>{more}'


def minus(text: str) -> str:
    """Return a figure with a real minus sign before its numbers; dates and ranges keep their hyphens."""
    return _MINUS.sub("−", text)


def _heading(column: Column) -> str:
    kind = _class(column)
    hint = f' title="{escape(column.hint)}"' if column.hint else ""
    order = ' aria-sort="ascending"' if column.sorted else ""
    mark = '<span class="test" title="measured on the test part: it must choose nothing">test</span>'
    label = f"{escape(column.label)}{mark if column.test else ''}"
    return f'<th scope="col"{kind}{hint}{order}>{label}</th>'


def _class(column: Column) -> str:
    names = [*(["n"] if column.key is not None else []), *(["w"] if column.wraps else [])]
    return f' class="{" ".join(names)}"' if names else ""


def _row(columns: Sequence[Column], row: Row, marked: object) -> str:
    chosen = ' class="best"' if marked is not None and row.get("id") == marked else ""
    first, *others = columns
    cells = [_cell(first, row, "th", ' scope="row"'), *(_cell(column, row, "td", "") for column in others)]
    return f"<tr{chosen}>{''.join(cells)}</tr>"


def _cell(column: Column, row: Row, tag: str, more: str) -> str:
    value = None if column.key is None else row.get(column.key)
    sort = f' data-v="{float(value)!r}"' if value is not None and defined(value) else ""
    text = column.cell(row)
    if not isinstance(text, Markup):
        text = escape(text if column.key is None else minus(text))
    return f"<{tag}{more}{_class(column)}{sort}>{text}</{tag}>"


def facts_of(facts: Sequence[tuple[str, str]]) -> str:
    """Return names and values, a line each."""
    rows = "".join(f"<div><dt>{escape(name)}</dt><dd>{_fact(value)}</dd></div>" for name, value in facts)
    return f'<dl class="facts">{rows}</dl>'


def _fact(value: str) -> str:
    return value if isinstance(value, Markup) else escape(value or DASH)


__all__ = ["MOST", "Column", "Markup", "Row", "facts_of", "is_detail", "minus", "table_of"]
