"""Where artefacts lie: a directory, or an object store behind a URL that fsspec knows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from zoo.errors import ConfigError

_KEY: Final = "registry.artifacts"
_OPTIONS: Final = "registry.storage_options"
_LOCAL: Final = frozenset({"file", "local"})
_STORES: Final = frozenset({"s3", "s3a", "gs", "gcs", "abfs", "az"})  # objects, whole or not at all
_SEGMENT: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.=-]{0,199}")  # nothing that a listing would expand
#: what is declared or typed is seen by others; the environment is not
_CREDENTIALS: Final = frozenset(
    {"key", "secret", "token", "password", "credential", "account_key", "account_secret", "client_secret"}
    | {"sas_token", "connection_string"}
    | {"aws_access_key_id", "aws_secret_access_key", "aws_session_token"}
)
_SECRET: Final = re.compile(r"key|secret|token|pass|credential|sas|connection", re.IGNORECASE)


@dataclass(frozen=True)
class ObjectStore:
    """A prefix of an object store.

    Attributes:
        url: such as `s3://bucket/zoo`, without a slash at its end.
        options: what fsspec passes on to the store, such as `endpoint_url`; never shown.
    """

    url: str
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def protocol(self) -> str:
        """What stands before `://`."""
        return self.url.partition("://")[0]

    @property
    def path(self) -> str:
        """What stands after it: the bucket and the prefix."""
        return self.url.partition("://")[2]

    def without_secrets(self, text: str) -> str:
        """Return a text in which no credential of the options stands."""
        for secret in _secrets(self.options):
            text = text.replace(secret, "...")
        return text


Place = Path | ObjectStore
STORE: Final = "registry"  # the directory below the outputs where nothing else is said


def located(artifacts: str | None, options: Mapping[str, Any] | None = None, *, default: Path) -> Place:
    """Return the place that `registry.artifacts` and `registry.storage_options` name.

    Args:
        artifacts: a path, a `file://` URL, or the URL of an object store; None for `default`.
        options: of the object store.
        default: the directory that is meant where none is named.

    Raises:
        ConfigError: a URL that names no place for artefacts, or a credential, which the environment has.
    """
    if artifacts is not None and "://" in artifacts and artifacts.partition("://")[0] not in _LOCAL:
        _without_credentials(options or {}, _OPTIONS)
        return ObjectStore(_checked(artifacts), dict(options or {}))
    if options:
        raise ConfigError(
            "a directory takes no options",
            where=_OPTIONS,
            remedy=f"set {_KEY} to s3://..., or drop them",
        )
    if artifacts is None:
        return default
    path = artifacts if "://" not in artifacts else _path_of(artifacts)
    return Path(path).expanduser().absolute()


def as_values(place: Place) -> dict[str, Any]:
    """Return a place as strict JSON types; `from_values` reads them."""
    if isinstance(place, Path):
        return {"path": str(place)}
    return {"url": place.url, "options": dict(place.options)}


def from_values(values: Mapping[str, Any]) -> Place:
    """Return the place that `as_values` wrote down."""
    return Path(values["path"]) if "path" in values else ObjectStore(values["url"], values["options"])


def _path_of(url: str) -> str:
    parts = urlsplit(url)
    if parts.netloc not in ("", "localhost"):
        raise _refused(url, f"a file of another host ({parts.netloc})", "file:///path/to/artefacts")
    return unquote(parts.path)


def _checked(url: str) -> str:
    protocol, _, path = url.partition("://")
    shown = f"{protocol}://{path.rpartition('@')[2]}"
    if "@" in path:
        raise _refused(shown, "a URL with a login", "credentials in the environment")
    if protocol not in _STORES:
        raise _refused(shown, "no object store that zoo knows", "s3://bucket/prefix, or a path")
    segments = path.rstrip("/").split("/")
    if not all(map(_SEGMENT.fullmatch, segments)):
        raise _refused(shown, "no prefix of a bucket", "s3://bucket/prefix, of letters, digits and _ . = -")
    return f"{protocol}://{'/'.join(segments)}"


def _refused(url: str, problem: str, expected: str) -> ConfigError:
    return ConfigError(problem, where=f"{_KEY} {url}", expected=expected, remedy=f"correct {_KEY}")


def _without_credentials(options: Mapping[str, Any], where: str) -> None:
    for name, value in options.items():
        if str(name).lower() in _CREDENTIALS:
            raise ConfigError(
                "a credential does not belong here",
                where=f"{where}.{name}",
                expected="AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment",
                remedy="put them there, or name a profile of ~/.aws",
            )
        if isinstance(value, Mapping):
            _without_credentials(value, f"{where}.{name}")


def _secrets(options: Mapping[str, Any], *, secret: bool = False) -> Iterator[str]:
    """Yield the texts that stand under a name that tells of a credential, the longest of each first."""
    for name, value in options.items():
        telling = secret or _SECRET.search(str(name)) is not None
        if isinstance(value, Mapping):
            yield from _secrets(value, secret=telling)
        elif telling and isinstance(value, str) and value:
            yield value


__all__ = ["STORE", "ObjectStore", "Place", "as_values", "from_values", "located"]
