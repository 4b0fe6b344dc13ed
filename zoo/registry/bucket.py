"""What the registry asks of an object store: whole objects, written once, and clear errors."""

from __future__ import annotations

import datetime
import errno
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final

from zoo.errors import ConfigError, StoreUnavailable, ZooError
from zoo.location import ObjectStore

_EXTRAS: Final = {"s3": "s3", "s3a": "s3"}
_OPTIONS: Final = "registry.storage_options"
#: a server that does not answer must not hold the database's lock for minutes
_PATIENCE: Final[dict[str, Any]] = {"connect_timeout": 5, "read_timeout": 15, "retries": {"max_attempts": 2}}
_ATTEMPTS: Final = 1  # of s3fs, around those of botocore, which pauses between
_REFUSED: Final = ("access was refused", f"look at the credentials, and at what they may do; see {_OPTIONS}")
#: by the name of an error's class, so that nothing of the store's library is imported for it
_PROBLEMS: Final = {
    "PermissionError": _REFUSED,
    "NoCredentialsError": ("there are no credentials for it", "put them into the environment"),
    "PartialCredentialsError": ("half of its credentials is missing", "put both into the environment"),
    "ProfileNotFound": ("there is no such profile of credentials", f"correct the profile in {_OPTIONS}"),
    "TimeoutError": ("the server did not answer in time", "see that it runs, then run again"),
    "ConnectTimeoutError": ("the server did not answer in time", "see that it runs, then run again"),
    "ReadTimeoutError": ("the server did not answer in time", "see that it runs, then run again"),
    "HTTPClientError": (
        "the server cannot be reached",
        f"see that it runs, and that endpoint_url in {_OPTIONS} is right",
    ),
    "ConnectionError": (
        "the server cannot be reached",
        f"see that it runs, and that endpoint_url in {_OPTIONS} is right",
    ),
}


class Occupied(Exception):
    """Another object has the name."""


@dataclass(frozen=True)
class Found:
    """One object of a listing.

    Attributes:
        key: its name below the store's prefix.
        size: in bytes.
        modified: when it was written, by the server's clock; None where it does not say.
    """

    key: str
    size: int
    modified: datetime.datetime | None


class Bucket:
    """The objects below a prefix.

    Args:
        store: the prefix; nothing is asked of it before the first use.
    """

    def __init__(self, store: ObjectStore) -> None:
        self.store = store
        self._seen = False

    def url(self, key: str = "") -> str:
        """Return an object's URL."""
        return f"{self.store.url}/{key}" if key else self.store.url

    def check(self) -> None:
        """Raise unless the bucket is there and answers; it is asked once.

        Raises:
            ConfigError: a package is missing, or the options cannot be used.
            StoreUnavailable: the bucket is missing or cannot be reached.
        """
        if self._seen:
            return
        bucket = self.store.path.partition("/")[0]
        with self._reporting(""):
            try:
                self._files.ls(self.store.path, detail=False)
            except FileNotFoundError:  # the prefix may well be empty; the bucket has to be there
                try:
                    self._files.info(bucket)
                except FileNotFoundError as error:
                    raise StoreUnavailable(
                        f"there is no bucket {bucket}",
                        where=self.url(),
                        remedy="make it or correct its name",
                    ) from error
        self._seen = True

    def read(self, key: str, most: int) -> bytes | None:
        """Return an object's bytes, at most `most + 1` of them; None where there is no such object.

        Raises:
            StoreUnavailable: it cannot be read.
        """
        with self._reporting(key):
            try:
                content: bytes = self._files.cat_file(self._path(key), start=0, end=most + 1)
            except FileNotFoundError as error:
                self._missing(error)
                return None
            except OSError as error:
                if error.errno == errno.EINVAL and "range" in str(error):
                    return b""  # an object of no bytes has no range of them
                raise
        return content

    def read_all(self, keys: Iterable[str]) -> dict[str, bytes]:
        """Return many objects' bytes, many at a time; what is gone meanwhile is left out."""
        paths = {self._path(key): key for key in keys}
        found = {}
        with self._reporting(""):
            if paths:
                found = self._files.cat(list(paths), on_error="return")
            for content in found.values():
                if isinstance(content, Exception) and not isinstance(content, FileNotFoundError):
                    raise content
        return {paths[path]: content for path, content in found.items() if isinstance(content, bytes)}

    def create(self, key: str, content: bytes) -> None:
        """Write an object that is not there yet; where these very bytes are there, all is well.

        The store is asked not to replace anything (`If-None-Match: *`). One that says that it knows no such
        condition is looked at first; whoever writes holds the write lock, or writes under a name of its own.

        Raises:
            Occupied: another object has the name.
            StoreUnavailable: it cannot be written.
        """
        with self._reporting(key):
            try:
                self._files.pipe_file(self._path(key), content, mode="create")
                return
            except FileExistsError:
                pass  # it may be ours: an answer was lost, and the client asked once more
            except (NotImplementedError, OSError) as error:
                if isinstance(error, OSError) and error.errno != errno.ENOSYS:
                    raise
                if self.read(key, 0) is None:
                    self._files.pipe_file(self._path(key), content)
        if self.read(key, len(content)) != content:
            raise Occupied(self.url(key))

    def objects(self, prefix: str = "") -> list[Found]:
        """Return every object below a prefix, by name."""
        start = len(self.store.path) + 1
        with self._reporting(prefix):
            found = self._files.find(self._path(prefix), detail=True)
        if not found:
            self.check()
        return [
            Found(path[start:], int(one["size"] or 0), one.get("LastModified"))
            for path, one in sorted(found.items())
            if len(path) > start and not path.endswith("/")
        ]

    def names(self, prefix: str) -> list[str]:
        """Return what stands directly below a prefix, in order."""
        with self._reporting(prefix):
            try:
                found = self._files.ls(self._path(prefix), detail=False)
            except FileNotFoundError as error:
                self._missing(error)
                return []
        return sorted(name for path in found if (name := path.rstrip("/").rpartition("/")[2]))

    def delete(self, keys: Iterable[str]) -> None:
        """Delete objects in this order; what is gone already is no error."""
        for key in keys:
            with self._reporting(key), suppress(FileNotFoundError):
                self._files.rm_file(self._path(key))

    def move(self, keys: Mapping[str, str]) -> None:
        """Copy objects within the store to new names, then delete the old ones."""
        for old, new in keys.items():
            with self._reporting(old):
                self._files.cp_file(self._path(old), self._path(new))
        self.delete(keys)

    def _missing(self, error: FileNotFoundError) -> None:
        """Raise where it is the bucket that is missing: what lay there is not damaged then."""
        if type(error.__cause__).__name__ == "NoSuchBucket":
            self._seen = False
        self.check()

    def _path(self, key: str) -> str:
        return f"{self.store.path}/{key}" if key else self.store.path

    @property
    def _files(self) -> Any:
        """The file system of fsspec, which keeps one a process: after a fork there is a new one."""
        options = dict(self.store.options)
        if self.store.protocol in _EXTRAS:
            options["config_kwargs"] = {**_PATIENCE, **options.get("config_kwargs", {})}
        try:
            import fsspec

            files = fsspec.filesystem(self.store.protocol, use_listings_cache=False, **options)
        except ImportError as error:
            raise self._uninstalled() from error
        except (TypeError, ValueError) as error:
            raise self._unusable(error) from error
        if hasattr(files, "retries"):
            files.retries = _ATTEMPTS
        return files

    def _uninstalled(self) -> ConfigError:
        extra = _EXTRAS.get(self.store.protocol)
        package = "the package of fsspec for it" if extra is None else f"zoo's extra {extra}"
        return ConfigError(
            f"{self.store.protocol}:// needs {package}, which is not installed",
            where=f"registry.artifacts {self.url()}",
            remedy=f"pip install 'zoo[{extra or 's3'}]'" if extra else "install it, or use s3://...",
        )

    def _unusable(self, error: Exception) -> ConfigError:
        said = self.store.without_secrets((str(error).splitlines() or [""])[0])
        return ConfigError(
            f"the store cannot be opened with these options: {said}",
            where=f"registry.artifacts {self.url()}",
            remedy=f"correct registry.artifacts or {_OPTIONS}",
        )

    @contextmanager
    def _reporting(self, key: str) -> Iterator[None]:
        """Turn whatever the store's library raises into one line that names the object."""
        try:
            yield
        except ZooError:
            raise
        except (TypeError, ValueError) as error:
            raise self._unusable(error) from error
        except Exception as error:
            problem, remedy = self._explained(error)
            raise StoreUnavailable(problem, where=self.url(key), remedy=remedy) from error

    def _explained(self, error: Exception) -> tuple[str, str]:
        names = [one.__name__ for one in type(error).__mro__]
        for name in names:
            if name in _PROBLEMS:
                return _PROBLEMS[name]
        if isinstance(error, FileNotFoundError):
            return "there is no such bucket or object", "make the bucket, or correct its name"
        told = getattr(error, "strerror", None) or str(error)
        said = self.store.without_secrets((told.splitlines() or [names[0]])[0])
        return f"the store refused: {said}", "look at the store, then run again"


__all__ = ["Bucket", "Found", "Occupied"]
