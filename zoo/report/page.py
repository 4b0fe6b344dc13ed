"""The page as one HTML document."""

from __future__ import annotations

from html import escape
from typing import Final

from zoo.experiment.analysis import Analysis

#: tells a page of ours from another file
GENERATOR: Final = '<meta name="generator" content="zoo analyze">'


def page_of(analysis: Analysis) -> str:
    """Return the document."""
    tables = (f"<h2>{name}</h2>{frame.to_html(index=False)}" for name, frame in analysis.tables.items())
    title = escape(analysis.record.name)
    return f"<!doctype html><html><head>{GENERATOR}<title>{title}</title></head><body>{''.join(tables)}</body></html>"


__all__ = ["GENERATOR", "page_of"]
