"""Tasks and processes that need no training."""

from pathlib import Path

import pytest

from zoo.driver.process import Job
from zoo.driver.task import Task
from zoo.line import Line
from zoo.spec import Source, Spec

STAND_IN = Path(__file__).parent / "stand_in"


@pytest.fixture
def stand_in(monkeypatch):
    """Have child processes do what their spec's name says (`stand_in/sitecustomize.py`)."""
    monkeypatch.setenv("PYTHONPATH", str(STAND_IN))


@pytest.fixture
def task(tmp_path):
    """Make a task for a spec of a name."""

    def make(name="ok_a"):
        spec = Spec(name, "us_equity", sources=(Source("experiments/small", (7, 19)),))
        line = Line("us_equity", "zoo.data.sp500", "zoo.targets.forward_return", 21, 21)
        return Task(spec, line, "sqlite:///x.db", tmp_path / "registry", "run-1")

    return make


@pytest.fixture
def job(task, tmp_path, stand_in):
    """Make a job for a spec of a name."""

    def make(name="ok_a", **changes):
        return Job(task(name), tmp_path / "run-1" / name, **changes)

    return make


@pytest.fixture
def events():
    """A list that is an observer too."""

    class Events(list):
        def __call__(self, event):
            self.append(event)

        def of(self, kind):
            return [event for event in self if isinstance(event, kind)]

    return Events()
