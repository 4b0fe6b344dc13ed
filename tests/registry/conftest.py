from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from zoo.registry import Registry


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "outputs" / "registry"


@pytest.fixture
def url(root: Path) -> str:
    return f"sqlite:///{root}/registry.db"


@pytest.fixture
def registry(url: str) -> Iterator[Registry]:
    with Registry.open(url) as opened:
        yield opened
