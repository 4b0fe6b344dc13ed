"""Whose shadow results a leaderboard still compares: their files are not to be deleted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pandas as pd

from zoo.errors import RecordBusy, ZooError
from zoo.evaluation.record import Index, Record, records_root, writing
from zoo.evaluation.visible import text_of
from zoo.evaluation.window import Cover, Window, window_of

if TYPE_CHECKING:
    from zoo.evaluation.rules import BoardRules
    from zoo.registry import Registry, Version

_RACING: Final = ("champion", "challenger")


@dataclass
class Retention:
    """Says which versions have shadow results that are still wanted.

    In doubt a version keeps its files: where its record cannot be read, where the window cannot be told, and
    where its line is being shadowed at the moment.

    Args:
        registry: where the versions are.
        artifacts: where their records lie.
        rules: conf/leaderboard, by which the bars are chosen that are compared.
    """

    registry: Registry
    artifacts: Path
    rules: BoardRules
    _busy: set[str] = field(default_factory=set)
    _windows: dict[str, Window | None] = field(default_factory=dict)

    @contextmanager
    def holding(self, lines: Iterable[str]) -> Iterator[None]:
        """Keep everybody from shadowing these lines for the length of the block.

        A line that somebody shadows already is left to them, and all of its versions keep their files.
        """
        with ExitStack() as held:
            for line in lines:
                try:
                    held.enter_context(writing(records_root(self.artifacts, line)))
                except RecordBusy:
                    self._busy.add(line)
            self._windows.clear()  # a window from before the lock may have grown
            yield

    def __call__(self, version: Version) -> str | None:
        """Say why a version's shadow results are wanted; None for one that has none, or old ones."""
        if version.line in self._busy:
            return "its line is being shadowed by another process"
        try:
            cover = Cover.of(self._index(version.line, version.version_id))
        except ZooError as error:
            return f"its shadow results cannot be read: {error}"
        if cover is None:
            return None
        window = self._window(version.line)
        if window is None:
            return "it has shadow results"
        if cover.last < window.first or cover.first > window.last:
            return None
        return f"it has shadow results that the leaderboard compares from {text_of(window.first)} on"

    def _window(self, line: str) -> Window | None:
        """Return the bars that the line's leaderboard compares; None where that cannot be told."""
        if line not in self._windows:
            self._windows[line] = self._found(line)
        return self._windows[line]

    def _found(self, line: str) -> Window | None:
        racing = [one for one in self.registry.versions(line=line) if one.stage in _RACING]
        champion = next((one.version_id for one in racing if one.stage == "champion"), None)
        start = None if self.rules.start is None else pd.Timestamp(self.rules.start)
        try:
            found = {one.version_id: Cover.of(self._index(line, one.version_id)) for one in racing}
            covers = {name: cover for name, cover in found.items() if cover is not None}
            return window_of(covers, champion=champion, share=self.rules.coverage, start=start)
        except ZooError:  # nobody was shadowed, or a record cannot be read
            return None

    def _index(self, line: str, version_id: str) -> Index | None:
        return Record(records_root(self.artifacts, line), version_id).index()


__all__ = ["Retention"]
