"""Data that took long to read, kept as Parquet under the hash of its source, and never trusted blindly.

A file of the cache holds its own key and the fingerprint of its content. Whatever does not agree with both,
or cannot be read, counts as not there: the source is read again, and the file replaced.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from zoo.data.dataset import Dataset
from zoo.data.table import Table
from zoo.errors import DataError

#: part of every key: whoever changes how sources are read or kept counts up, so that no old file is found
FORMAT: Final = 1
_META: Final = b"zoo"
_BLOCK: Final = 1 << 20


def key(kind: str, parts: list[Any]) -> str:
    """Return the hash of what determines the data: the source's content, and how it is read."""
    text = json.dumps([FORMAT, kind, parts], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def file_content(path: Path) -> tuple[int, str]:
    """Return the size of a file and the sha256 of its bytes.

    Raises:
        DataError: there is no such file, or it cannot be read.
    """
    found, size = hashlib.sha256(), 0
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                found.update(block)
                size += len(block)
    except FileNotFoundError as error:
        raise DataError("no such file", where=path) from error
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", where=path) from error
    return size, found.hexdigest()


def through(directory: str | Path, source_key: str, load: Callable[[], Dataset | Table]) -> Dataset | Table:
    """Return what the cache holds under the key, or load it and keep it.

    Raises:
        DataError: what `load` raises; the directory cannot be made or written.
    """
    path = Path(directory).expanduser() / f"{source_key}.parquet"
    kept = _read(path, source_key)
    if kept is not None:
        return kept
    data = load()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(path, data, source_key)
    except OSError as error:
        raise DataError(
            f"the cache cannot be written: {error.strerror or error}",
            where=path.parent,
            expected="a directory with room",
            remedy="name another one, or leave `cache` out",
        ) from error
    return data


def _write(path: Path, data: Dataset | Table, source_key: str) -> None:
    from pyarrow import parquet

    found = _of_panel(data) if isinstance(data, Dataset) else _of_table(data)
    meta = {
        "key": source_key,
        "kind": data.kind,
        "name": data.name,
        "content": data.fingerprint().content,
        **_axes(data),
    }
    found = found.replace_schema_metadata({**(found.schema.metadata or {}), _META: json.dumps(meta).encode()})
    # A reader sees the whole file or none, also while another process writes the same one.
    temporary = path.with_name(f".{path.stem}.{uuid.uuid4().hex}.tmp")
    try:
        parquet.write_table(found, temporary)
        temporary.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


def _axes(data: Dataset | Table) -> dict[str, Any]:
    if isinstance(data, Table):
        return {}
    factors = None if data.factors is None else list(data.factors.columns)
    return {"fields": list(data.fields), "assets": data.assets, "factors": factors}


def _of_panel(data: Dataset) -> Any:
    import pyarrow as pa

    blocks = [*data.fields.values(), *([] if data.factors is None else [data.factors])]
    columns = [pa.array(column) for block in blocks for column in block.to_numpy().T]
    names = ["date", *(str(position) for position in range(len(columns)))]
    return pa.table([pa.Array.from_pandas(data.dates), *columns], names=names)


def _of_table(data: Table) -> Any:
    import pyarrow as pa

    return pa.Table.from_pandas(data.frame)


def _read(path: Path, source_key: str) -> Dataset | Table | None:
    from pyarrow import parquet

    if not path.is_file():
        return None
    try:
        found = parquet.read_table(path)
        meta = json.loads(found.schema.metadata[_META])
        data = _panel(found, meta) if meta["kind"] == "panel" else Table(found.to_pandas(), meta["name"])
        trusted = meta["key"] == source_key and data.fingerprint().content == meta["content"]
    except Exception:  # whatever a damaged file makes of a reader, the source itself is at hand
        return None
    return data if trusted else None


def _panel(found: Any, meta: dict[str, Any]) -> Dataset:
    dates = pd.DatetimeIndex(found.column("date").to_pandas()).rename(None)
    values = [found.column(position).to_numpy() for position in range(1, found.num_columns)]
    width = len(meta["assets"])

    def block(start: int, names: list[str]) -> pd.DataFrame:
        return pd.DataFrame(np.column_stack(values[start : start + len(names)]), dates, names)

    fields = {name: block(i * width, meta["assets"]) for i, name in enumerate(meta["fields"])}
    beside = None if meta["factors"] is None else block(len(fields) * width, meta["factors"])
    return Dataset(fields, beside, meta["name"])


__all__ = ["FORMAT", "file_content", "key", "through"]
