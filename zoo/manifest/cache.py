"""Values by key and by the settings that their computation read, the least recently used ones dropped.

A cached value is keyed by the settings that were read while it was computed, and a hit counts as those reads:
otherwise the second user of a value would look as if it had read nothing.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from zoo.settings import record, recorded, settings

#: keys that are kept whatever their size: what one preparation needs at the same time
FEWEST: Final = 8


@dataclass(frozen=True, slots=True)
class _Entry:
    reads: dict[str, Any]
    value: Any

    @property
    def size(self) -> int:
        """Bytes held now: what a value computes when it is asked grows it."""
        return int(getattr(self.value, "nbytes", 0))


class SettingsCache:
    """A cache of bounded size.

    Args:
        budget: bytes to hold; None for as many as come.
        fewest: keys that are kept whatever their size.

    Attributes:
        computed: how often a value was computed.
    """

    def __init__(self, budget: int | None = None, fewest: int = FEWEST) -> None:
        self.budget = budget
        self.fewest = fewest
        self.computed = 0
        self._entries: OrderedDict[str, list[_Entry]] = OrderedDict()

    @property
    def held(self) -> int:
        """Bytes of all values."""
        return sum(entry.size for entries in self._entries.values() for entry in entries)

    def get(self, key: str, compute: Callable[[], Any]) -> Any:
        """Return the cached value of `key` under the current settings, computing it where there is none."""
        now = settings.snapshot()
        for entry in self._entries.get(key, []):
            if all(name in now and now[name] == was for name, was in entry.reads.items()):
                record(entry.reads)
                self._entries.move_to_end(key)
                return entry.value
        with recorded() as reads:
            value = compute()
        self.computed += 1
        entry = _Entry({name: now[name] for name in reads.names}, value)
        self._entries.setdefault(key, []).append(entry)
        self._entries.move_to_end(key)
        self._drop()
        return value

    def _drop(self) -> None:
        held = 0 if self.budget is None else self.held
        while self.budget is not None and held > self.budget and len(self._entries) > self.fewest:
            _, entries = self._entries.popitem(last=False)
            held -= sum(entry.size for entry in entries)


__all__ = ["FEWEST", "SettingsCache"]
