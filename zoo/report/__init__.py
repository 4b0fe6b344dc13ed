"""Pages: one file with everything in it, which asks the network for nothing."""

from __future__ import annotations

from zoo.report.writing import write_document, write_page

__all__ = ["write_document", "write_page"]
