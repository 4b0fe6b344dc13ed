"""Processes that register: run as a script, it forks writers, kills some, and prints what came of it as JSON.

The script is a process of its own so that its children inherit no thread, no lock and no test runner.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import multiprocessing
import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet  # noqa: F401  # imported before the forks, so that a child starts at once

sys.path.insert(0, str(Path(__file__).parents[2]))

import zoo.registry
from tests.registry.stores import numbered, opened, root_of
from zoo.errors import RegistryError
from zoo.registry import Candidate, Registry

FORK = multiprocessing.get_context("fork")
PACKAGE = str(Path(zoo.registry.__file__).parent)


def frame(values: list[float], part: str = "refit") -> pd.DataFrame:
    days = pd.date_range("2017-01-02", periods=len(values), freq="D")
    return pd.DataFrame({"part": part, "date": days, "asset": "AAPL", "prediction": values})


def candidate(content: int = 0, **changes: Any) -> Candidate:
    """A small candidate; equal `content` means equal fingerprints."""
    fields: dict[str, Any] = {
        "line": "us_equity",
        "label": "resmom",
        "spec": "residual_momentum",
        "experiment": "momentum",
        "permutation_id": content,
        "train_end": datetime.date(2017, 12, 29),
        "inputs": {"alpha": content, "settings": {"forward_days": 21}},
        "overrides": {"residual_momentum_enabled": True},
        "metrics": {"logged": {"rank_ic": 0.02}, "variant": {"rank_ic": 0.03, "hit": None, "best": "ridge"}},
        "lineage": {"experiment": "momentum"},
        "config": "spec: residual_momentum\n",
        "sensor": f"skops {content}".encode() * 100,
        "predictions": frame([float(content), 1.0, -2.0]),
    }
    return Candidate(**{**fields, **changes})


def run(task: str, *arguments: object, timeout: float = 300) -> Any:
    """Run a function of this module in a process of its own and return what it returned."""
    command = [sys.executable, __file__, task, json.dumps([str(argument) for argument in arguments])]
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


# --- writers against each other -----------------------------------------------------------------


def rush(url: str, shares: str) -> list[Any]:
    """Let one process a share register its contents, all starting at once."""
    contents = json.loads(shares)
    start, answers = FORK.Barrier(len(contents)), FORK.SimpleQueue()
    writers = [FORK.Process(target=_register_all, args=(url, share, start, answers)) for share in contents]
    for writer in writers:
        writer.start()
    found = [answers.get() for _ in writers]
    for writer in writers:
        writer.join()
    return found


def _register_all(url: str, share: list[int], start: Any, answers: Any) -> None:
    start.wait()
    try:
        with opened(url) as registry:
            done = [registry.register(candidate(content)) for content in share]
            found: Any = [[one.version.version_id, one.created, list(one.notices)] for one in done]
    except BaseException as error:
        found = f"{type(error).__name__}: {error}"
    answers.put(found)


# --- writers that die ---------------------------------------------------------------------------


def kill_at_lines(address: str, first: str, step: str) -> list[Any]:
    """Kill a writer at every `step`-th line of the registry's code, from `first` on, each in a new store."""
    return _stop_at_lines(address, int(first), int(step), _kill)


def interrupt_at_lines(address: str, first: str, step: str) -> list[Any]:
    """The same with Ctrl-C instead of SIGKILL."""
    return _stop_at_lines(address, int(first), int(step), _interrupt)


def _stop_at_lines(address: str, first: int, step: int, stop: Callable[[], None]) -> list[Any]:
    found, line = [], first
    while True:
        url = numbered(address, line)
        writer = FORK.Process(target=_stopped_at, args=(url, line, stop))
        writer.start()
        writer.join()
        if writer.exitcode == 0:  # it came to its end before that line
            return found
        found.append({"line": line, **aftermath(url, [0, 1])})
        line += step


def _stopped_at(url: str, line: int, stop: Callable[[], None]) -> None:
    left = line

    def trace(frame: Any, event: str, _: Any) -> Any:
        nonlocal left
        if not frame.f_code.co_filename.startswith(PACKAGE):
            return None
        if event == "line":
            left -= 1
            if left == 0:
                stop()
        return trace

    with opened(url) as registry:
        contents = [candidate(0), candidate(1)]
        sys.settrace(trace)
        try:
            for content in contents:
                registry.register(content)
        except KeyboardInterrupt:
            os._exit(1)
        finally:
            sys.settrace(None)


def _kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _interrupt() -> None:
    raise KeyboardInterrupt


def kill_at_random(address: str, rounds: str, seed: str) -> list[Any]:
    """Kill writers at random times, some while they make a new store, and look at the store after each."""
    chance = random.Random(int(seed))
    found = []
    for number in range(int(rounds)):
        url = numbered(address, number // 5)  # five deaths a store
        contents = list(range(1000 * number, 1000 * number + 100))
        told, tell = FORK.Pipe(duplex=False)
        writer = FORK.Process(target=_register_and_tell, args=(url, contents, tell))
        writer.start()
        tell.close()
        told.recv()
        time.sleep(chance.uniform(0, 0.008 if number % 5 == 0 else 0.04))
        writer.kill()
        writer.join()
        acknowledged = []
        with contextlib.suppress(EOFError):
            while True:
                acknowledged.append(told.recv())
        found.append({"round": number, **aftermath(url, contents[: len(acknowledged) + 2], acknowledged)})
    return found


def _register_and_tell(url: str, contents: list[int], tell: Any) -> None:
    tell.send("ready")
    with opened(url) as registry:
        for content in contents:
            tell.send(registry.register(candidate(content)).version.version_id)


def aftermath(url: str, contents: list[int], acknowledged: list[str] | None = None) -> dict[str, Any]:
    """What a store is like after a writer died, and once all its contents were registered again."""
    with opened(url, read_only=True) as registry:
        listed = [version.version_id for version in registry.versions()]
        first = registry.verify()
    again = FORK.SimpleQueue()
    writer = FORK.Process(target=_register_all, args=(url, contents, FORK.Barrier(1), again))
    writer.start()
    answers = again.get()
    writer.join()
    paths = root_of(url).rglob("*")
    with opened(url, read_only=True) as registry:
        second = registry.verify()
        repeated = len(registry.versions()) - len({version.version_id for version in registry.versions()})
    return {
        "lost": sorted(set(acknowledged or ()) - set(listed)),
        "listed": len(listed),
        "kinds": dict(Counter(problem.kind for problem in first.problems)),
        "unregistered": [problem.message for problem in first.problems],
        "answers": answers if isinstance(answers, str) else "registered",
        "second": second.as_dict(),
        "repeated": repeated,
        "left": [str(path) for path in paths if path.name.startswith(".") or "journal" in path.name],
    }


# --- writers in trouble -------------------------------------------------------------------------


def register_with_file_limit(url: str, limit: str, sensor: str, first: str, count: str) -> str:
    """Register up to `count` contents with sensors of some size where no file may grow past `limit` bytes.

    Returns:
        The first error, or the last version id.
    """
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
    said = ""
    for content in range(int(first), int(first) + int(count)):
        said = _attempt(url, candidate(content, sensor=b"x" * int(sensor)))
        if ": " in said:
            break
    return said


def register_as_nobody(url: str) -> str:
    """Register as a user who may write nothing."""
    _become_nobody(url)
    return _attempt(url, candidate(7))


def promote_as_nobody(url: str, version_id: str) -> str:
    """Promote as a user who may write nothing."""
    _become_nobody(url)
    return _told(url, lambda registry: registry.promote(version_id, expect=None, reason="first"))


def _become_nobody(url: str) -> None:
    with opened(url, read_only=True) as registry:
        registry.versions()  # what that imports may be out of nobody's reach
    if os.getuid() == 0:
        os.setgid(65534)
        os.setuid(65534)


def _attempt(url: str, wanted: Candidate) -> str:
    return _told(url, lambda registry: registry.register(wanted))


def _told(url: str, ask: Callable[[Registry], Any]) -> str:
    try:
        with opened(url) as registry:
            return str(ask(registry).version.version_id)
    except RegistryError as error:
        return f"{type(error).__name__}: {error}"


if __name__ == "__main__":
    print(json.dumps(globals()[sys.argv[1]](*json.loads(sys.argv[2]))))
