"""An analysis as the one JSON document of `analyze format=json`."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from zoo.experiment.analysis import Analysis


def document_of(analysis: Analysis, page: Path) -> dict[str, Any]:
    """Return every table as a list of rows, and what was analysed.

    A value that is not defined is null; a table that was not recorded is empty, and `notes` says why.

    Args:
        analysis: the tables.
        page: where the page was written.
    """
    record, score = analysis.record, analysis.score
    metadata = record.metadata
    return {
        "experiment": record.name,
        "directory": str(record.path),
        "page": str(page),
        "created_at": metadata.get("created_at"),
        "zoo_version": metadata.get("zoo_version"),
        "seed": metadata.get("seed"),
        "fingerprints": metadata.get("fingerprints"),
        "finished": record.finished,
        "rounds": len(record.rounds),
        "failed": None if record.failed is None else [{"id": n, **told} for n, told in record.failed.items()],
        "score": None
        if score is None
        else {"column": score.column, "part": score.part, "selects": score.selects},
        "notes": dict(analysis.notes),
        "tables": {name: rows_of(frame) for name, frame in analysis.tables.items()},
    }


def rows_of(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return a frame's rows as plain JSON values."""
    columns = [str(name) for name in frame.columns]
    return [
        {name: plain(value) for name, value in zip(columns, row, strict=True)}
        for row in frame.itertuples(index=False, name=None)
    ]


def plain(value: Any) -> Any:
    """Return a cell as JSON says it: a date in ISO form, null for what is not defined."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    if value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, pd.Timestamp):
        midnight = value == value.normalize()
        return value.date().isoformat() if midnight else value.isoformat()
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


__all__ = ["document_of", "plain", "rows_of"]
