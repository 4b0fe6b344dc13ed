import pytest

from tests.evaluation import small


@pytest.fixture
def world(tmp_path, monkeypatch):
    """A registry of a small line, on prices of 400 bars, of which versions are trained on 262."""
    monkeypatch.setitem(small.STATE, "data", small.market())
    monkeypatch.setitem(small.STATE, "reads", 0)
    found = small.World(tmp_path, monkeypatch)
    yield found
    found.registry.close()


@pytest.fixture
def revise(monkeypatch):
    """Replace what the source gives from now on."""

    def now_is(data):
        monkeypatch.setitem(small.STATE, "data", data)

    return now_is
