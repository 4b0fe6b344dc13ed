"""A password that stands in a URL travels in the environment from there on: in no file, log or message.

Libraries hold the parts of a URL apart in different ways; here everything up to the last `@` may be secret.
"""

from __future__ import annotations

import os
import re
from typing import Final
from urllib.parse import unquote

VARIABLE: Final = "ZOO_REGISTRY_PASSWORD"
_HELD = re.compile(
    r"(?P<head>[A-Za-z][A-Za-z0-9+.-]*://[^:/?@\s]*):(?P<password>.*)@(?P<rest>[^@]*)", re.DOTALL
)
_SHOWN = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://[^:/?@\s'\"]*):[^\s'\"]*@")


def without_password(url: str) -> tuple[str, str | None]:
    """Return a URL without its password, and the password as it is; None where it holds none."""
    found = _HELD.fullmatch(url)
    if found is None:
        return url, None
    return f"{found['head']}@{found['rest']}", unquote(found["password"])


def entrusted(url: str) -> str:
    """Put a URL's password into the environment of this process and those it starts; return the rest."""
    bare, password = without_password(url)
    if password is not None:
        os.environ[VARIABLE] = password
    return bare


def scrubbed(text: str) -> str:
    """Return text without the passwords of the URLs in it."""
    return _SHOWN.sub(r"\1:***@", text)


__all__ = ["VARIABLE", "entrusted", "scrubbed", "without_password"]
