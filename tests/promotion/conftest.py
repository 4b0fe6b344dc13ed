"""Another library, importable for the length of a test, and experiments that it has run."""

import shutil
import sys
from pathlib import Path

import pytest

from zoo.trust import LOCAL_PREFIX, Trust

HERE = Path(__file__).parent


def forget(*packages):
    """Have the next test import its own copies; local decoders still hold the ones before."""
    for name in list(sys.modules):
        if name.partition(".")[0] in packages or name.startswith(LOCAL_PREFIX):
            del sys.modules[name]


@pytest.fixture
def their_trust():
    """A trust list with the other library on it."""
    return Trust(prefixes=("zoo.", "sklearn.", "other_library."))


@pytest.fixture
def library(monkeypatch):
    """The other library, on the path."""
    monkeypatch.syspath_prepend(str(HERE))
    yield HERE / "other_library"
    forget("other_library")


@pytest.fixture(scope="session")
def their_experiments(tmp_path_factory):
    """Finished experiments of the other library by name, made once a session."""
    root = tmp_path_factory.mktemp("theirs")
    sys.path.insert(0, str(HERE))
    try:
        from other_library import loop
        from other_library.decoders import direction, returns

        return {
            "direction": loop.run(direction, root / "direction"),
            "returns": loop.run(returns, root / "returns"),
        }
    finally:
        sys.path.remove(str(HERE))
        forget("other_library")


@pytest.fixture
def theirs(library, their_experiments, tmp_path):
    """Copy one of the other library's experiments, to be used or spoilt."""

    def copied(name="direction"):
        return Path(shutil.copytree(their_experiments[name], tmp_path / "experiments" / name))

    return copied
