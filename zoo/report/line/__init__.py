"""The page and the pictures of a line: who serves it, who would, and on what evidence."""

from __future__ import annotations

from pathlib import Path

from zoo.report.line.findings import Findings, Judged, Missing, Runs, Trouble
from zoo.report.line.page import GENERATOR, page_of
from zoo.report.line.report import Report, report_of
from zoo.report.writing import write_document


def write_report(report: Report, path: Path | str) -> Path:
    """Write the page of a line whole or not at all, in one step.

    Args:
        report: what to show.
        path: the file; directories above it are made.

    Returns:
        The file.

    Raises:
        OutputUnavailable: it cannot be written, or something else than a page of a line stands there.
    """
    return write_document(lambda: page_of(report), path, generator=GENERATOR, maker="report", option="out=")


__all__ = ["Findings", "Judged", "Missing", "Report", "Runs", "Trouble", "report_of", "write_report"]
