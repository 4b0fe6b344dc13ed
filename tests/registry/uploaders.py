"""Processes that write to an object store: run as a script, as `writers`, and for the same reason."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.registry.writers import FORK, PACKAGE, candidate
from zoo.location import as_values, from_values
from zoo.registry import Registry

TALKING = tuple(f"{PACKAGE}/{name}.py" for name in ("bucket", "objects", "logobjects"))


def run(task: str, *arguments: Any, timeout: float = 300) -> Any:
    """Run a function of this module in a process of its own and return what it returned."""
    values = [as_values(one) if hasattr(one, "protocol") else one for one in arguments]
    command = [sys.executable, __file__, task, json.dumps(values)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def open_store(url: str, place: Any) -> Registry:
    return Registry.open(url, artifacts=from_values(place))


def apart(work: Any, *arguments: Any) -> Any:
    """Work in a child, so that this process never has a connection, or a thread, that a fork would lose."""
    answers = FORK.SimpleQueue()
    child = FORK.Process(target=lambda: answers.put(_answer(work, arguments)))
    child.start()
    found = answers.get()
    child.join()
    return found


def _answer(work: Any, arguments: Any) -> Any:
    try:
        return work(*arguments)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


# --- writers against each other -----------------------------------------------------------------


def rush(url: str, place: Any, shares: list[list[int]]) -> list[Any]:
    """Let one process a share register its contents, all starting at once."""
    start, answers = FORK.Barrier(len(shares)), FORK.SimpleQueue()

    def work(share: list[int]) -> None:
        start.wait()
        answers.put(_answer(_register_all, (url, place, share)))

    writers = [FORK.Process(target=work, args=(share,)) for share in shares]
    for writer in writers:
        writer.start()
    found = [answers.get() for _ in writers]
    for writer in writers:
        writer.join()
    return found


def _register_all(url: str, place: Any, contents: list[int]) -> list[Any]:
    with open_store(url, place) as registry:
        done = [registry.register(candidate(content)) for content in contents]
    return [[one.version.version_id, one.created, list(one.notices)] for one in done]


def fork(url: str, place: Any) -> list[Any]:
    """Use a registry, fork, and use it in the child and then in the parent again."""
    with open_store(url, place) as registry:
        first = registry.register(candidate(0)).version.version_id

        def child() -> list[Any]:
            second = registry.register(candidate(1))
            return [len(registry.read(first, "sensor.skops")), second.created]

        found = apart(child)
        return [*found, registry.register(candidate(1)).created, registry.verify().ok]


# --- writers that die ---------------------------------------------------------------------------


def stop_at_lines(root: str, place: Any, how: str, first: int, step: int) -> list[Any]:
    """Stop a writer at every `step`-th line of the code that talks to the store, each in a new prefix.

    Args:
        root: a directory for databases.
        place: the store.
        how: `kill`, or `interrupt` as Ctrl-C does.
        first: the first line.
        step: from line to line.
    """
    found, line = [], first
    while True:
        url, own = _apart(root, place, line)
        writer = FORK.Process(target=_stopped_at, args=(url, own, line, how))
        writer.start()
        writer.join()
        if writer.exitcode == 0:  # it came to its end before that line
            return found
        found.append({"line": line, **apart(aftermath, url, own, [0, 1])})
        line += step


def _stopped_at(url: str, place: Any, line: int, how: str) -> None:
    left = line

    def trace(frame: Any, event: str, _: Any) -> Any:
        nonlocal left
        if not frame.f_code.co_filename.startswith(TALKING):
            return None if not frame.f_code.co_filename.startswith(PACKAGE) else trace
        if event == "line":
            left -= 1
            if left == 0 and how == "interrupt":
                raise KeyboardInterrupt
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return trace

    with open_store(url, place) as registry:
        sys.settrace(trace)
        try:
            for content in (0, 1):
                registry.register(candidate(content))
        except KeyboardInterrupt:
            os._exit(1)
        finally:
            sys.settrace(None)


def kill_while_uploading(root: str, place: Any, rounds: int, seed: int) -> list[Any]:
    """Kill writers of a large sensor at random times."""
    chance = random.Random(seed)
    found = []
    for number in range(rounds):
        url, own = _apart(root, place, number)
        told, tell = FORK.Pipe(duplex=False)
        writer = FORK.Process(target=_upload, args=(url, own, tell))
        writer.start()
        told.recv()
        time.sleep(chance.uniform(0, 0.4))
        writer.kill()
        writer.join()
        found.append({"round": number, **apart(aftermath, url, own, [0])})
    return found


def _upload(url: str, place: Any, tell: Any) -> None:
    with open_store(url, place) as registry:
        tell.send("ready")
        for content in range(50):
            registry.register(candidate(content, sensor=os.urandom(8_000_000)))


def _apart(root: str, place: Any, name: object) -> tuple[str, dict[str, Any]]:
    return f"sqlite:///{root}/{name}/registry.db", {**place, "url": f"{place['url']}/{name}"}


def aftermath(url: str, place: Any, contents: list[int]) -> dict[str, Any]:
    """What a store is like after a writer died, and once its contents were registered again."""
    with open_store(url, place) as registry:
        listed = [version.version_id for version in registry.versions()]
        for version_id in listed:
            registry.read(version_id, "sensor.skops")
        first = registry.verify()
        for content in contents:
            registry.register(candidate(content))
        second = registry.verify()
        left = [one.key for one in registry._artifacts._bucket.objects() if "writer~" in one.key]  # type: ignore[attr-defined]
        files = len(registry._artifacts._bucket.objects("us_equity"))  # type: ignore[attr-defined]
        return {
            "listed": len(listed),
            "kinds": dict(Counter(problem.kind for problem in first.problems)),
            "swept": len(first.swept),
            "second": second.as_dict(),
            "left": left,
            "surplus": files - 4 * len(registry.versions()),
        }


if __name__ == "__main__":
    print(json.dumps(globals()[sys.argv[1]](*json.loads(sys.argv[2]))))
