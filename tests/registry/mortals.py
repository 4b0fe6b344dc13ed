"""Processes that register and promote real models until they are killed: run as a script, as `writers`."""

from __future__ import annotations

import contextlib
import json
import random
import sqlite3
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.registry.movers import LINE, sensor
from tests.registry.writers import FORK, candidate
from zoo.errors import ZooError
from zoo.registry import Registry

A_STORE = 10  # deaths
A_LIFE = 12  # versions at the most


def die(root: str, rounds: str, seed: str) -> dict[str, Any]:
    """Let so many processes die at random moments; what was left, and what was wrong with it."""
    chance = random.Random(int(seed))
    sensors = [sensor(number) for number in range(A_LIFE)]
    found: list[dict[str, Any]] = []
    for number in range(int(rounds)):
        place = Path(root) / str(number // A_STORE)
        url = f"sqlite:///{place}/registry.db"
        told, tell = FORK.Pipe(duplex=False)
        mortal = FORK.Process(target=_live, args=(url, number, sensors, tell))
        mortal.start()
        tell.close()
        said, pace = _watched(told, chance.randrange(5))
        time.sleep(chance.uniform(0, pace))
        mortal.kill()
        mortal.join()
        with contextlib.suppress(EOFError):
            while True:
                said.append(told.recv())
        found.append({"left": sorted(remains(place, number)), **examine(url, place, said)})
    wrong = [one for one in found if one["wrong"]]
    return {
        "deaths": len(found),
        "left": Counter(kind for one in found for kind in one["left"]),
        "wrong": wrong,
    }


def _watched(told: Any, count: int) -> tuple[list[list[str]], float]:
    """Hear of so many deeds; return them, and how many seconds the last one took: machines differ."""
    said, pace = [told.recv()], 0.05
    for _ in range(count):
        started = time.monotonic()
        said.append(told.recv())
        pace = time.monotonic() - started
    return said, pace


def _live(url: str, number: int, sensors: list[bytes], tell: Any) -> None:
    """Register and promote, and tell of each that is done."""
    tell.send(["born", ""])
    with Registry.open(url) as registry:
        for age, made in enumerate(sensors):
            version_id = registry.register(candidate(100 * number + age, sensor=made)).version.version_id
            tell.send(["registered", version_id])
            before = registry.champion(LINE)
            registry.promote(version_id, expect=None if before is None else before.version_id, reason="x")
            tell.send(["promoted", version_id])


def remains(place: Path, number: int) -> set[str]:
    """Name what a death left half done, before anybody mends it; `clean` where that is nothing."""
    own = {candidate(100 * number + age).version_id for age in range(A_LIFE)}
    database, log = place / "registry.db", place / "events.jsonl"
    found = {"staging" for _ in place.glob("*/.staging~*")}
    if Path(f"{database}-journal").exists():
        found.add("journal")
    if not database.exists():
        return found or {"no store"}
    with contextlib.closing(sqlite3.connect(database)) as connection:
        if not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            return found | {"no tables"}
        rows = {row[0] for row in connection.execute("SELECT version_id FROM versions")}
        events = connection.execute("SELECT count(*) FROM events").fetchone()[0]
    if any(path.name not in rows and path.name in own for path in place.glob(f"{LINE}/*")):
        found.add("directory without a row")
    if (log.read_bytes().count(b"\n") if log.exists() else 0) < events:
        found.add("event not exported")
    return found or {"clean"}


def examine(url: str, place: Path, said: list[list[str]]) -> dict[str, Any]:
    """Open the store as the next process would; return every promise that is broken."""
    wrong = []
    with Registry.open(url) as registry:
        first, listed = registry.verify(), registry.versions()
        wrong += [one.message for one in first.problems if one.kind != "unregistered"]
        wrong += [one.message for one in registry.verify().problems if one.kind != "unregistered"]
        known = {version.version_id for version in listed}
        wrong += [f"lost {told}" for kind, told in said if kind == "registered" and told not in known]
        for version in listed:
            try:
                loaded = registry.load(version.version_id)
                if loaded.permutation_id != version.permutation_id % 100:
                    wrong.append(f"{version.version_id} is another model")
            except ZooError as error:
                wrong.append(str(error))
        wrong += _champion(registry, said)
    left = [path for path in place.rglob("*") if path.name.startswith(".") or "journal" in path.name]
    return {"wrong": wrong + [f"left {path}" for path in left]}


def _champion(registry: Registry, said: list[list[str]]) -> list[str]:
    """Compare the champion with the last event, and the events with what was told."""
    moves, champion = registry.history(LINE), registry.champion(LINE)
    if not moves:
        return [f"{told} was promoted" for kind, told in said if kind == "promoted"]
    told = {event.version_id for event in moves}
    wrong = [
        f"the promotion of {one} is lost" for kind, one in said if kind == "promoted" and one not in told
    ]
    if champion is None or champion.version_id != moves[-1].version_id:
        wrong.append(f"the champion is {champion}, and the last event is of {moves[-1].version_id}")
    else:
        registry.load_champion(LINE).predict({"x_test": [[0.5, 0.5]]})
    return wrong


if __name__ == "__main__":
    print(json.dumps(globals()[sys.argv[1]](*json.loads(sys.argv[2]))))
