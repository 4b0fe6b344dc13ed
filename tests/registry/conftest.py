from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from zoo.registry import Registry

from .stores import BACKENDS, Place, PostgresPlace, SQLitePlace


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "outputs" / "registry"


@pytest.fixture(params=BACKENDS)
def store(request: pytest.FixtureRequest, root: Path) -> Iterator[Place]:
    """The same tests on either backend; on Postgres each has a schema of its own."""
    if request.param == "sqlite":
        yield SQLitePlace(root)
        return
    place = PostgresPlace(request.getfixturevalue("postgres_server"), root)
    yield place
    place.sweep()


@pytest.fixture
def url(store: Place) -> str:
    """Where the store is, as `opened` takes it."""
    return store.address


@pytest.fixture
def file_url(root: Path) -> str:
    """A store in a file, for tests of where its artefacts lie."""
    return f"sqlite:///{root}/registry.db"


@pytest.fixture
def registry(store: Place) -> Iterator[Registry]:
    with store.open() as opened:
        yield opened
