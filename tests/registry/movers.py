"""Processes that move champions: run as a script, as `writers`, and for the same reason."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.registry.stores import numbered, opened, root_of
from tests.registry.writers import FORK, PACKAGE, candidate
from zoo.errors import ChampionChanged, ZooError
from zoo.registry import Registry

LINE = "us_equity"


def run(task: str, *arguments: object, timeout: float = 300) -> Any:
    """Run a function of this module in a process of its own and return what it returned."""
    command = [sys.executable, __file__, task, json.dumps([str(argument) for argument in arguments])]
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def sensor(number: int) -> bytes:
    """A real sensor that predicts its number."""
    import numpy as np
    from sklearn.linear_model import LinearRegression

    from zoo.models import SklearnModel
    from zoo.promotion import Sensor
    from zoo.trust import Trust

    model = LinearRegression().fit(np.eye(2), np.full(2, float(number)))
    made = Sensor(number, SklearnModel(model), {"n": number}, {"n": number}, {}, None, ("x", "y"), Trust())
    return made.dumps()


def register(registry: Registry, *contents: int, real: bool = False) -> list[str]:
    """Register contents and return their ids."""
    return [
        registry.register(
            candidate(content, sensor=sensor(content)) if real else candidate(content)
        ).version.version_id
        for content in contents
    ]


# --- promoters against each other ----------------------------------------------------------------


def contest(url: str, rounds: str, promoters: str) -> list[Any]:
    """Let processes promote against each other, expecting the same champion; what each was told, by round."""
    count, total = int(promoters), int(rounds)
    with opened(url) as registry:
        ids = [register(registry, *range(100 * n, 100 * n + total)) for n in range(count)]
    start, answers = FORK.Barrier(count), FORK.SimpleQueue()
    racers = [FORK.Process(target=_race, args=(url, own, start, answers)) for own in ids]
    for racer in racers:
        racer.start()
    found = [answers.get() for _ in racers]
    for racer in racers:
        racer.join()
    return [[answer[number] for answer in found] for number in range(total)]


def _race(url: str, own: list[str], start: Any, answers: Any) -> None:
    told: list[list[str | None]] = []
    try:
        with opened(url) as registry:
            for version_id in own:
                champion = registry.champion(LINE)
                expect = None if champion is None else champion.version_id
                start.wait()  # everybody has looked
                try:
                    registry.promote(version_id, expect=expect, reason="a race")
                    told.append(["won", version_id, expect])
                except ChampionChanged as error:
                    told.append(["lost", error.current, expect])
                start.wait()  # everybody is done
    except BaseException as error:
        start.abort()
        told += [[f"{type(error).__name__}: {error}", None, None]] * (len(own) - len(told))
    answers.put(told)


# --- a reader while the champion is replaced -------------------------------------------------------


def read_while_replaced(url: str, swaps: str) -> dict[str, Any]:
    """Load the champion in a loop while another process replaces it so many times."""
    with opened(url) as registry:
        ids = register(registry, 1, 2, 3, real=True)
        registry.promote(ids[0], expect=None, reason="first")
        registry.promote(ids[1], expect=ids[0], reason="second")
        registry.promote(ids[2], expect=ids[1], reason="third")
    swapper = FORK.Process(target=_swap, args=(url, ids, int(swaps)))
    swapper.start()
    errors, mixtures, seen = [], 0, []
    with opened(url, read_only=True) as registry:
        while swapper.is_alive() or not seen:
            try:
                loaded = registry.load_champion(LINE)
                predicted = loaded.predict({"x_test": [[0.5, 0.5]]})["_preds"][0]
            except ZooError as error:
                errors.append(str(error))
                continue
            mixtures += not (round(predicted) == loaded.permutation_id == loaded.metadata["n"])
            seen.append(loaded.permutation_id)
    swapper.join()
    return {
        "errors": errors[:3],
        "mixtures": mixtures,
        "reads": len(seen),
        "seen": sorted(set(seen)),
        "exitcode": swapper.exitcode,
    }


def _swap(url: str, ids: list[str], swaps: int) -> None:
    with opened(url) as registry:
        for number in range(swaps):
            registry.rollback(LINE, expect=ids[(number - 1) % 3], version_id=ids[number % 3])


# --- promoters that die ---------------------------------------------------------------------------


def kill_at_lines(address: str, first: str, step: str) -> list[Any]:
    """Kill a promoter at every `step`-th line of the registry's code, from `first` on, in a new store."""
    found, line = [], int(first)
    while True:
        url = numbered(address, line)
        with opened(url) as registry:
            ids = register(registry, 1, 2)
            registry.promote(ids[0], expect=None, reason="first")
        promoter = FORK.Process(target=_killed_at, args=(url, ids, line))
        promoter.start()
        promoter.join()
        if promoter.exitcode == 0:  # it came to its end before that line
            return found
        found.append({"line": line, **aftermath(url, ids)})
        line += int(step)


def _killed_at(url: str, ids: list[str], line: int) -> None:
    left = line

    def trace(frame: Any, event: str, _: Any) -> Any:
        nonlocal left
        if not frame.f_code.co_filename.startswith(PACKAGE):
            return None
        if event == "line":
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return trace

    with opened(url) as registry:
        sys.settrace(trace)
        registry.promote(ids[1], expect=ids[0], reason="better")
        sys.settrace(None)


def kill_at_random(url: str, rounds: str, seed: str) -> list[Any]:
    """Kill, at random times, processes that move the champion about, and look at the store after each."""
    chance = random.Random(int(seed))
    with opened(url) as registry:
        ids = register(registry, 1, 2, 3)
        registry.promote(ids[0], expect=None, reason="first")
        registry.promote(ids[1], expect=ids[0], reason="second")
    found = []
    for number in range(int(rounds)):
        told, tell = FORK.Pipe(duplex=False)
        mover = FORK.Process(target=_move_and_tell, args=(url, ids[:2], tell))
        mover.start()
        tell.close()
        told.recv()
        time.sleep(chance.uniform(0, 0.05))
        mover.kill()
        mover.join()
        acknowledged = None
        with contextlib.suppress(EOFError):
            while True:
                acknowledged = told.recv()
        found.append({"round": number, "acknowledged": acknowledged, **aftermath(url, ids)})
    return found


def _move_and_tell(url: str, ids: list[str], tell: Any) -> None:
    tell.send(None)
    with opened(url) as registry:
        while True:
            champion = registry.champion(LINE)
            assert champion is not None
            expect = champion.version_id
            other = ids[0] if expect == ids[1] else ids[1]
            move = registry.rollback(LINE, expect=expect, version_id=other)
            assert move.event is not None
            tell.send(move.event.position)


def aftermath(url: str, ids: list[str]) -> dict[str, Any]:
    """What a store is like after a mover died."""
    root = root_of(url)
    with opened(url, read_only=True) as registry:
        registry.champion(LINE)
        report = registry.verify()  # waits for a server that has not noticed the death yet
        champion = registry.champion(LINE)
        events = registry.events()
        resolved = champion is not None and len(registry.read(champion.version_id, "sensor.skops")) > 0
    return {
        "champion": None if champion is None else champion.version_id,
        "last": events[-1].version_id,
        "position": events[-1].position,
        "problems": [problem.message for problem in report.problems],
        "resolved": resolved,
        "logged": len((root / "events.jsonl").read_text().splitlines()),
        "left": [
            path.name for path in root.rglob("*") if path.name.startswith(".") or "journal" in path.name
        ],
    }


TASKS: dict[str, Callable[..., Any]] = {
    task.__name__: task for task in (contest, read_while_replaced, kill_at_lines, kill_at_random)
}

if __name__ == "__main__":
    print(json.dumps(TASKS[sys.argv[1]](*json.loads(sys.argv[2]))))
