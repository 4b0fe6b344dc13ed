import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.evaluation import small
from zoo.errors import NothingToDo
from zoo.evaluation.isolation import Work, shadow_apart
from zoo.evaluation.rules import ShadowRules
from zoo.events import Failed, Finished


def work(world, **rules):
    url = f"sqlite:///{world.root}/registry/registry.db"
    return Work(
        url, world.artifacts, world.artifacts, world.line, ShadowRules(**rules), small.TRUST, None, small.NOW
    )


@pytest.fixture
def world(world, tmp_path, monkeypatch):
    """The small line, which another process can read too."""
    small.STATE["data"].close.to_parquet(tmp_path / "small.parquet")
    monkeypatch.setenv("ZOO_TEST_SMALL", str(tmp_path / "small.parquet"))
    return world


def states(ran):
    return {one.version_id: (one.status, one.error) for one in ran.results}


def test_apart_or_here_the_same_is_predicted(world):
    version = world.register("first")
    heard = []
    ran = shadow_apart(work(world), [heard.append])
    assert states(ran) == {version.version_id: ("shadowed", None)}
    assert world.result(world.shadow(), version).status == "up_to_date"
    assert any(isinstance(event, Finished) for event in heard)


def test_a_version_that_kills_its_process_takes_nobody_along(world):
    first = world.register("first")
    killing = world.register("killing", "killing")
    last = world.register("last", ("trend", {"window": 30}))
    heard = []
    ran = shadow_apart(work(world), [heard.append])
    assert states(ran) == {
        first.version_id: ("shadowed", None),
        killing.version_id: ("failed", "ShadowError"),
        last.version_id: ("shadowed", None),
    }
    assert "its process died (SIGKILL)" in world.result(ran, killing).message
    assert [event.task for event in heard if isinstance(event, Failed)] == [f"shadow {killing.version_id}"]


def test_a_version_that_cannot_be_interrupted_is_stopped_from_outside(world):
    stubborn = world.register("stubborn", "stubborn")
    first = world.register("first", ("trend", {"window": 30}))
    begun = time.monotonic()
    ran = shadow_apart(work(world, seconds=1.0))
    assert states(ran) == {
        stubborn.version_id: ("failed", "ShadowTimeout"),
        first.version_id: ("shadowed", None),
    }
    assert "could not be interrupted" in world.result(ran, stubborn).message
    assert time.monotonic() - begun < 600


def test_what_is_raised_there_is_raised_here(world):
    with pytest.raises(NothingToDo, match="small: the line has neither champion nor challenger"):
        shadow_apart(work(world))


def test_the_process_is_gone_when_whoever_waits_is_interrupted(world, monkeypatch):
    world.register("stubborn", "stubborn")
    started = []

    def interrupted(self):
        started.append(self._process.pid)
        raise KeyboardInterrupt

    monkeypatch.setattr("zoo.evaluation.isolation._Worker._listen", interrupted)
    with pytest.raises(KeyboardInterrupt):
        shadow_apart(work(world))
    with pytest.raises(ProcessLookupError):
        os.kill(started[0], 0)


ALONE = """
import sys, threading
sys.path.insert(0, "")
from pathlib import Path
from tests.evaluation import small
from tests.evaluation.test_isolation import work
from zoo.evaluation.isolation import shadow_apart
class World: root, line = Path(sys.argv[1]), small.LINE
World.artifacts = World.root / "registry"
if __name__ == "__main__":
    threading.Thread(target=threading.Event().wait, daemon=True).start()
    print(shadow_apart(work(World)).results[0].status)
"""


def test_beside_other_threads_a_process_is_started_afresh(world):
    world.register("first")
    script = world.root / "alone.py"
    script.write_text(ALONE)
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    done = subprocess.run(
        [sys.executable, str(script), str(world.root)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == "shadowed", done.stderr


def test_signals_are_named():
    assert signal.Signals(9).name == "SIGKILL"
