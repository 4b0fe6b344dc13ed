"""What a store does on a bad day, in processes of their own: run as a script, as `writers`."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.registry.movers import LINE, register
from tests.registry.writers import candidate
from zoo.errors import ZooError
from zoo.registry import Registry

NOBODY = 65534


def told(ask: Callable[[], Any]) -> str:
    """Return the error of a call, or `done`."""
    try:
        ask()
    except ZooError as error:
        return f"{type(error).__name__}: {error}"
    return "done"


def full_disk(place: str) -> dict[str, Any]:
    """Fill the small file system at `place` to the last byte, ask for everything, and make room again."""
    url = f"sqlite:///{place}/registry.db"
    with Registry.open(url) as registry:
        ids = register(registry, 1, 2, 3, real=True)
        registry.promote(ids[0], expect=None, reason="first")
        before = [version.as_dict() for version in registry.versions()]
        _fill(f"{place}/filler")
        said = {
            "register": told(lambda: registry.register(candidate(4))),
            "promote": told(lambda: registry.promote(ids[1], expect=ids[0], reason="better")),
            "retire": told(lambda: registry.retire(ids[2])),
            "verify": told(registry.verify),
            "load": told(lambda: registry.load_champion(LINE)),
        }
        same = before == [version.as_dict() for version in registry.versions()]
        Path(f"{place}/filler").unlink()
        report = registry.verify()
        again = told(lambda: registry.promote(ids[1], expect=ids[0], reason="better"))
    left = [path.name for path in Path(place).rglob(".*")]
    return {"said": said, "same": same, "report": report.as_dict(), "again": again, "left": left}


def _fill(path: str) -> None:
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY)
    size = 4096
    while size:
        try:
            os.write(descriptor, b"x" * size)
        except OSError:
            size //= 2
    os.close(descriptor)


def read_only(url: str, first: str, second: str) -> dict[str, str]:
    """Ask for everything as somebody who may read the store and write nothing."""
    with Registry.open(url, read_only=True) as registry:
        registry.load_champion(LINE)  # imported now: nobody may not read every interpreter
    if os.getuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    with Registry.open(url, read_only=True) as registry:
        said = {
            "versions": told(registry.versions),
            "load": told(lambda: registry.load_champion(LINE)),
            "history": told(lambda: registry.history(LINE)),
        }
    for name, move in {
        "register": lambda opened: opened.register(candidate(9)),
        "promote": lambda opened: opened.promote(second, expect=first, reason="x"),
        "gc": lambda opened: opened.gc(dry_run=False),
    }.items():
        said[name] = told(lambda move=move: _opened(url, move))  # type: ignore[misc]
    return said


def _opened(url: str, move: Callable[[Registry], Any]) -> None:
    with Registry.open(url) as registry:
        move(registry)


if __name__ == "__main__":
    print(json.dumps(globals()[sys.argv[1]](*json.loads(sys.argv[2]))))
