from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.object_store import TestBucket
from zoo.errors import ConfigError, StoreUnavailable, ZooError
from zoo.location import ObjectStore
from zoo.registry import Registry
from zoo.registry.bucket import Bucket, Occupied

from .writers import candidate

REFUSAL = "<Error><Code>{code}</Code><Message>no, a-secret-option</Message></Error>"


@contextmanager
def answering(status: int, code: str) -> Iterator[str]:
    """A server that answers whatever it is asked in one way."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            content = REFUSAL.format(code=code).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        do_HEAD = do_PUT = do_DELETE = do_POST = do_GET  # noqa: N815  # as http.server calls them

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def old_fashioned() -> Iterator[tuple[str, dict[str, bytes]]]:
    """A store of the simplest kind, which knows no conditions; and what lies in it, by path."""
    kept: dict[str, bytes] = {}

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_PUT(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            if "If-None-Match" in self.headers:
                self.answer(501, REFUSAL.format(code="NotImplemented").encode())
            else:
                kept[self.path] = content
                self.answer(200, b"")

        def do_GET(self) -> None:
            if self.path in kept:
                self.answer(200, kept[self.path])
            else:
                self.answer(404, REFUSAL.format(code="NoSuchKey").encode())

        def answer(self, status: int, content: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", kept
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def silent() -> Iterator[str]:
    """A server that takes every connection and never answers."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(50)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def store_at(endpoint: str, **options: Any) -> ObjectStore:
    return ObjectStore("s3://desk/zoo", {"endpoint_url": endpoint, **options})


def refused(file_url: str, place: ObjectStore) -> str:
    """Try to register; return the one line that comes of it."""
    with pytest.raises(ZooError) as found, Registry.open(file_url, artifacts=place) as registry:
        registry.register(candidate())
    return f"{type(found.value).__name__}: {found.value}"


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    patience = {"connect_timeout": 0.2, "read_timeout": 0.2, "retries": {"max_attempts": 0}}
    monkeypatch.setattr("zoo.registry.bucket._PATIENCE", patience)


# --- what it does -------------------------------------------------------------------------------


def test_an_object_is_written_once_and_again_only_with_the_same_bytes(bucket: TestBucket) -> None:
    mine = Bucket(bucket.place)
    mine.create("a/b", b"one")
    mine.create("a/b", b"one")
    for other in (b"two", b"", b"one and more"):
        with pytest.raises(Occupied):
            mine.create("a/b", other)
    assert mine.read("a/b", 3) == b"one"


def test_an_object_is_read_no_further_than_one_byte_past_what_it_may_have(bucket: TestBucket) -> None:
    mine = Bucket(bucket.place)
    mine.create("large", bytes(10_000))
    mine.create("empty", b"")
    assert mine.read("large", 100) == bytes(101)
    assert mine.read("empty", 100) == b""
    assert mine.read("missing", 100) is None


def test_objects_are_listed_below_a_prefix_and_not_beside_it(bucket: TestBucket) -> None:
    mine = Bucket(bucket.place)
    for key in ("a/1", "a/2/3", "ab/1"):
        mine.create(key, b"x")
    assert [one.key for one in mine.objects("a")] == ["a/1", "a/2/3"]
    assert [(one.key, one.size) for one in mine.objects()] == [("a/1", 1), ("a/2/3", 1), ("ab/1", 1)]
    assert mine.names("a") == ["1", "2"]
    assert mine.objects("none") == mine.names("none") == []
    assert mine.read_all(["a/1", "a/9"]) == {"a/1": b"x"}
    mine.move({"a/1": "b/1"})
    mine.delete(["a/1", "a/2/3"])
    assert [one.key for one in mine.objects()] == ["ab/1", "b/1"]


def test_a_store_that_knows_no_condition_is_looked_at_before_anything_is_written(credentials: None) -> None:
    with old_fashioned() as (endpoint, kept):
        plain = {"request_checksum_calculation": "when_required", "s3": {"addressing_style": "path"}}
        mine = Bucket(store_at(endpoint, config_kwargs=plain))
        mine._seen = True  # it knows no listings either
        mine.create("a", b"one")
        mine.create("a", b"one")
        with pytest.raises(Occupied):
            mine.create("a", b"two")
    assert kept == {"/desk/zoo/a": b"one"}


# --- what goes wrong ----------------------------------------------------------------------------


def test_a_bucket_that_is_missing_is_said_before_anything_is_done(
    s3_endpoint: str, credentials: None, file_url: str, root: Any
) -> None:
    assert refused(file_url, store_at(s3_endpoint)) == (
        "StoreUnavailable: s3://desk/zoo: there is no bucket desk; make it or correct its name"
    )
    assert not root.exists()


def test_a_bucket_that_vanished_is_no_damaged_version(bucket: TestBucket, file_url: str) -> None:
    with Registry.open(file_url, artifacts=bucket.place) as registry:
        version_id = registry.register(candidate()).version.version_id
        bucket.files.rm(bucket.name, recursive=True)
        assert [version.version_id for version in registry.versions()] == [version_id]
        attempts: list[Callable[[], object]] = [
            lambda: registry.read(version_id, "sensor.skops"),
            lambda: registry.register(candidate(1)),
            registry.verify,
        ]
        for attempt in attempts:
            with pytest.raises(StoreUnavailable, match=r"there is no (such )?bucket"):
                attempt()
        assert len(registry.versions()) == 1


def test_a_server_that_is_gone_is_one_line_and_the_registry_is_unchanged(
    credentials: None, file_url: str, root: Any, impatient: None
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{free.getsockname()[1]}"
    said = refused(file_url, store_at(endpoint))
    assert said.startswith("StoreUnavailable: s3://desk/zoo: the server cannot be reached; see that it runs")
    assert not root.exists()


def test_a_server_that_never_answers_is_given_up(credentials: None, file_url: str, impatient: None) -> None:
    with silent() as endpoint:
        said = refused(file_url, store_at(endpoint))
    assert said == (
        "StoreUnavailable: s3://desk/zoo: the server did not answer in time; see that it runs, then run again"
    )


@pytest.mark.parametrize(
    ("status", "code", "problem"),
    [
        (403, "AccessDenied", "access was refused"),
        (403, "SignatureDoesNotMatch", "access was refused"),
        (403, "InvalidAccessKeyId", "access was refused"),
        (400, "Whatever", "the store refused: An error occurred (Whatever)"),
    ],
)
def test_a_store_that_refuses_is_one_line_without_a_credential(
    credentials: None, file_url: str, root: Any, impatient: None, status: int, code: str, problem: str
) -> None:
    with answering(status, code) as endpoint:
        said = refused(file_url, store_at(endpoint, key="a-key-id", secret="a-secret-option"))
    assert said.startswith(f"StoreUnavailable: s3://desk/zoo: {problem}")
    assert "\n" not in said
    assert "secret" not in said
    assert "a-key-id" not in said
    assert not root.exists()


def test_a_store_that_fails_in_the_middle_leaves_the_registry_as_it_was(
    bucket: TestBucket, file_url: str, impatient: None
) -> None:
    with Registry.open(file_url, artifacts=bucket.place) as registry:
        first = registry.register(candidate()).version
    with answering(403, "AccessDenied") as endpoint:
        other = ObjectStore(bucket.place.url, {"endpoint_url": endpoint})
        with Registry.open(file_url, artifacts=other, read_only=True) as registry:
            for attempt in (
                lambda: registry.read(first.version_id, "sensor.skops"),
                lambda: registry.load(first.version_id),
                registry.verify,
            ):
                with pytest.raises(StoreUnavailable, match="access was refused"):
                    attempt()
    with Registry.open(file_url, artifacts=bucket.place) as registry:
        assert registry.versions() == [first]
        assert registry.verify().ok


def test_no_credentials_at_all_is_said(
    s3_endpoint: str, credentials: None, file_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    said = refused(file_url, store_at(s3_endpoint, default_block_size=5_000_001))
    assert "there are no credentials for it; put them into the environment" in said


@pytest.mark.parametrize(
    ("protocol", "expected"),
    [
        ("s3", "s3:// needs zoo's extra s3, which is not installed; pip install 'zoo[s3]'"),
        (
            "gs",
            "gs:// needs the package of fsspec for it, which is not installed; install it, or use s3://...",
        ),
    ],
)
def test_a_missing_package_is_named_with_the_command_that_installs_it(
    file_url: str, protocol: str, expected: str
) -> None:
    code = (
        "import sys; sys.modules.update(s3fs=None, gcsfs=None)\n"
        "from zoo.registry import ObjectStore, Registry\n"
        f"Registry.open({file_url!r}, artifacts=ObjectStore('{protocol}://desk/zoo'))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    said = f"zoo.errors.ConfigError: registry.artifacts {protocol}://desk/zoo: {expected}"
    assert done.stderr.splitlines()[-1] == said


def test_artefacts_in_a_directory_need_no_package_of_an_object_store(file_url: str) -> None:
    code = (
        "import sys; sys.modules.update(fsspec=None, s3fs=None)\n"
        "from tests.registry.writers import candidate\n"
        "from zoo.registry import Registry\n"
        f"with Registry.open({file_url!r}) as registry:\n"
        "    registry.register(candidate())\n"
        "    print(registry.verify().ok)"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, cwd=root)
    assert done.stdout == "True\n", done.stderr


@pytest.mark.parametrize(
    ("place", "problem"),
    [
        (ObjectStore("nonsense://desk/zoo"), "the store cannot be opened with these options: "),
        (ObjectStore("s3://desk/zoo", {"endpoint": "x"}), "unexpected keyword argument 'endpoint'"),
        (ObjectStore("s3://desk/zoo", {"endpoint_url": "nonsense"}), "Invalid endpoint: nonsense"),
    ],
)
def test_options_that_cannot_be_used_are_a_matter_of_configuration(
    credentials: None, file_url: str, place: ObjectStore, problem: str
) -> None:
    with pytest.raises(
        ConfigError, match=r"correct registry\.artifacts or registry\.storage_options"
    ) as found:
        Registry.open(file_url, artifacts=place)
    assert problem in str(found.value)


def test_who_only_reads_the_database_needs_no_store(
    bucket: TestBucket, file_url: str, impatient: None
) -> None:
    with Registry.open(file_url, artifacts=bucket.place) as registry:
        version = registry.register(candidate()).version
        registry.promote(version.version_id, expect=None, reason="first")
    gone = ObjectStore(bucket.place.url, {"endpoint_url": "http://127.0.0.1:1"})
    with Registry.open(file_url, artifacts=gone, read_only=True) as registry:
        assert registry.versions() == [registry.get(version.version_id)]
        assert registry.place(version).startswith("s3://")
