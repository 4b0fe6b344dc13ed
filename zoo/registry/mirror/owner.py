"""Whose a registered model or an experiment is: its tags say it, and what is another's is never touched."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from zoo.errors import MirrorRefused

STORE: Final = "zoo.store"
LINE: Final = "zoo.line"


@dataclass(frozen=True)
class Owner:
    """A line of a registry.

    Attributes:
        store: the digest of the store's first event.
        line: the line.
    """

    store: str
    line: str

    @property
    def pairs(self) -> list[dict[str, Any]]:
        """The tags that say so, as MLflow takes them."""
        return pairs({STORE: self.store, LINE: self.line})

    def check(self, tags: Mapping[str, str], what: str) -> None:
        """Raise for what has other tags, or none.

        Raises:
            MirrorRefused: naming `what`.
        """
        if (tags.get(STORE), tags.get(LINE)) != (self.store, self.line):
            raise MirrorRefused(
                f"{what} is not of this registry",
                expected=f"a name that is free, or the tag {STORE}={self.store}",
                remedy="set mirror.prefix=<word>- to give this registry's models names of their own",
            )


def pairs(tags: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return tags or parameters as MLflow takes them."""
    return [{"key": key, "value": value} for key, value in tags.items()]


def mapping(pairs: Iterable[Mapping[str, str]] | None) -> dict[str, str]:
    """Return tags as MLflow gives them, by key."""
    return {pair["key"]: pair.get("value", "") for pair in pairs or ()}


__all__ = ["LINE", "STORE", "Owner", "mapping", "pairs"]
