"""MLflow's REST API, as much of it as a mirror needs; no package of MLflow's is imported.

Endpoints and bodies: https://mlflow.org/docs/latest/rest-api.html
"""

from __future__ import annotations

import contextlib
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from http.client import HTTPException
from typing import Any, Final, TypeVar
from urllib.parse import urlencode

from zoo import __version__
from zoo.errors import MirrorRefused, MirrorUnavailable

T = TypeVar("T")

NO_SUCH: Final = "RESOURCE_DOES_NOT_EXIST"
EXISTS: Final = "RESOURCE_ALREADY_EXISTS"
_API: Final = "/api/2.0/mlflow/"
_REFUSALS: Final = (400, 404, 409)  # what MLflow says of a request; all else is said of us, or of itself
_LONGEST: Final = 300  # characters of what a server says; MLflow quotes whole SQL statements


class Client:
    """One server.

    Args:
        url: its address, without a slash at the end.
        authorization: the header of that name; None for none.
        timeout: seconds that one answer may take.
        until: `time.monotonic()` after which nothing is asked any more; None for never.
    """

    def __init__(
        self, url: str, authorization: str | None, timeout: float, until: float | None = None
    ) -> None:
        self.url = url
        self._timeout = timeout
        self._until = until
        self._headers = {"Content-Type": "application/json", "User-Agent": f"zoo/{__version__}"}
        if authorization is not None:
            self._headers["Authorization"] = authorization
        self._opener = urllib.request.build_opener(_Nowhere)

    def get(self, path: str, take: Callable[[dict[str, Any]], T], **query: str | int) -> T:
        """Ask for something.

        Args:
            path: behind `/api/2.0/mlflow/`.
            take: takes from the answer what is wanted.
            **query: of the address.

        Raises:
            MirrorUnavailable: no answer in time, or none of MLflow's.
            MirrorRefused: an answer with an error code of MLflow's.
        """
        return self._call("GET", f"{path}?{urlencode(query)}", None, take)

    def ask(self, path: str, take: Callable[[dict[str, Any]], T], body: Mapping[str, Any]) -> T:
        """Do the same where MLflow wants a question, or something that is to be done, as a body."""
        return self._call("POST", path, body, take)

    def post(self, path: str, body: Mapping[str, Any]) -> None:
        """Have something done; raises as `get`."""
        self._call("POST", path, body, dict)

    def delete(self, path: str, body: Mapping[str, Any]) -> None:
        """Have something deleted; raises as `get`."""
        self._call("DELETE", path, body, dict)

    def _call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None,
        take: Callable[[dict[str, Any]], T],
    ) -> T:
        where = f"{self.url}: {path.partition('?')[0]}"
        request = urllib.request.Request(  # noqa: S310  # http or https, as parsed
            self.url + _API + path,
            None if body is None else json.dumps(body, allow_nan=False).encode(),
            self._headers,
            method=method,
        )
        with _explained(where), self._opener.open(request, timeout=self._left()) as answer:
            content = answer.read()
        try:
            return take(dict(json.loads(content or b"{}")))
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            raise MirrorUnavailable(
                "the answer is not MLflow's",
                where=where,
                expected="what its REST API says",
                remedy="check mirror.uri",
            ) from error

    def _left(self) -> float:
        """Return the seconds that the next answer may take."""
        if self._until is None:
            return self._timeout
        left = min(self._timeout, self._until - time.monotonic())
        if left <= 0:
            raise MirrorUnavailable("the time was over before all was mirrored", where=self.url)
        return left


@contextlib.contextmanager
def _explained(where: str) -> Iterator[None]:
    """Turn what HTTP can end in into one of our errors."""
    try:
        yield
    except urllib.error.HTTPError as error:
        raise _refusal(error, where) from error
    except (OSError, HTTPException) as error:  # URLError and time-outs are OSErrors
        said = getattr(error, "reason", None) or error or type(error).__name__
        raise MirrorUnavailable(f"no answer: {said}", where=where) from error


def _refusal(error: urllib.error.HTTPError, where: str) -> MirrorRefused | MirrorUnavailable:
    with contextlib.suppress(OSError, HTTPException, ValueError):
        said = json.loads(error.read())
        if isinstance(said, dict) and "error_code" in said and error.code in _REFUSALS:
            message = str(said.get("message", ""))[:_LONGEST]
            return MirrorRefused(f"refused: {message}", code=str(said["error_code"]), where=where)
    if error.code in (401, 403):
        return MirrorUnavailable(
            f"HTTP {error.code}: it does not let us in",
            where=where,
            remedy="set MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD",
        )
    if 300 <= error.code < 400:
        target = error.headers.get("Location", "elsewhere")
        return MirrorUnavailable(
            f"HTTP {error.code}: it sends us to {target}", where=where, remedy="set mirror.uri to that server"
        )
    remedy = None if error.code >= 500 else "check mirror.uri: is it an MLflow server's?"
    return MirrorUnavailable(f"HTTP {error.code} {error.reason}", where=where, remedy=remedy)


class _Nowhere(urllib.request.HTTPRedirectHandler):
    """Follow no redirection: credentials go to the configured address, or nowhere."""

    def redirect_request(self, *_: Any) -> None:
        """Take the redirection for the answer."""


__all__ = ["EXISTS", "NO_SUCH", "Client"]
