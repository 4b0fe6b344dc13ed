"""A real server that speaks S3, one a process of tests, and a bucket of its own for each test."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from zoo.location import ObjectStore

CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "a-key-id",
    "AWS_SECRET_ACCESS_KEY": "a-secret",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}


@dataclass(frozen=True)
class TestBucket:
    """A bucket, as zoo is told of it and as somebody else may reach into it."""

    __test__ = False

    endpoint: str
    name: str
    files: Any

    @property
    def place(self) -> ObjectStore:
        """The prefix `zoo` of the bucket."""
        return ObjectStore(f"s3://{self.name}/zoo", {"endpoint_url": self.endpoint})

    def names(self) -> list[str]:
        """Return every object's key below the prefix."""
        start = len(self.name) + len("/zoo/")
        return sorted(path[start:] for path in self.files.find(self.name))

    def one(self, ending: str) -> str:
        """Return the path of the one object that ends so."""
        (found,) = (f"{self.name}/zoo/{key}" for key in self.names() if key.endswith(ending))
        return found


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the environment says, and nothing from this machine's own configuration."""
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def bucket(s3_endpoint: str, credentials: None) -> TestBucket:
    import fsspec

    files = fsspec.filesystem("s3", endpoint_url=s3_endpoint, use_listings_cache=False)
    name = f"zoo-{uuid.uuid4().hex[:12]}"
    files.mkdir(name)
    return TestBucket(s3_endpoint, name, files)
