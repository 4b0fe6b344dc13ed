from __future__ import annotations

from typing import Any

import pytest

from tests.object_store import TestBucket
from zoo.registry import Registry, canonical
from zoo.registry.bucket import Bucket
from zoo.registry.eventlog import EMPTY, line, parse
from zoo.registry.logobjects import LogObjects

from .writers import candidate


@pytest.fixture
def log(bucket: TestBucket) -> LogObjects:
    return LogObjects(Bucket(bucket.place))


@pytest.fixture
def event(bucket: TestBucket, file_url: str) -> Any:
    """Give a real event another position."""
    with Registry.open(file_url, artifacts=bucket.place) as registry:
        registry.register(candidate())
    found = parse(bucket.files.cat_file(bucket.one("000000000001.json")))
    assert found is not None
    content = {name: value for name, value in found.items() if name != "digest"}

    def at(position: int) -> dict[str, Any]:
        moved = {**content, "position": position}
        return {**moved, "digest": canonical.digest(moved)}

    return at


def test_a_log_that_never_was_is_empty(log: LogObjects) -> None:
    assert (log.tail(), log.read(), log.entries()) == (EMPTY, [], 0)


@pytest.mark.parametrize("last", [999, 1000, 1001, 123_456])
def test_the_end_is_found_on_whichever_side_of_a_thousand_it_is(
    log: LogObjects, event: Any, last: int
) -> None:
    log._append([event(position) for position in (2, 900, last)], 0)
    tail = log.tail()
    assert tail is not None
    assert (tail.position, tail.digest) == (last, event(last)["digest"])
    assert log.entries() == 4
    assert [row["position"] for row in log.read()] == [1, 2, 900, last]


def test_an_event_under_the_name_of_another_is_none(log: LogObjects, event: Any, bucket: TestBucket) -> None:
    folder = f"{bucket.name}/zoo/events.log/000000000"
    bucket.files.pipe_file(f"{folder}/000000000002.json", line(event(3)))
    assert log.tail() is None
    assert [row["position"] for row in log.read()] == [1]
    assert log.entries() == 2


def test_an_event_is_written_once(log: LogObjects, event: Any) -> None:
    from zoo.errors import StoreUnavailable

    log._append([event(2)], 0)
    log._append([event(2)], 0)
    other = {**event(2), "reason": "another"}
    with pytest.raises(StoreUnavailable, match="another event stands in this one's place; run `zoo verify`"):
        log._append([other], 0)
