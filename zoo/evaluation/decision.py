"""What a gate said of a version: every condition with its figure, its bar and a reason, passed or not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that was asked.

    Attributes:
        name: what.
        passed: whether it is so; a figure that is missing or NaN never is.
        figure: what was measured; None where nothing was.
        bar: what it was held against; None where that is no number.
        reason: one sentence with both.
    """

    name: str
    passed: bool
    figure: float | None
    bar: float | None
    reason: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What a gate came to.

    Attributes:
        gate: its kind.
        line: the line.
        version_id: who asks to be champion.
        champion: in whose place; None for nobody's.
        conditions: all that was asked, in the order of asking.
        terms: the gate's own values.
        live_bars: on how many live bars the tests were made.
        first: the first of them, ISO 8601; None without any.
        last: the last of them.
        look: how many whole soaks there are: a test at 5% that is looked at so often is passed by luck with a
            chance of up to `look` times 5%.
    """

    gate: str
    line: str
    version_id: str
    champion: str | None
    conditions: tuple[Condition, ...]
    terms: dict[str, Any]
    live_bars: int = 0
    first: str | None = None
    last: str | None = None
    look: int = 0

    @property
    def passed(self) -> bool:
        """Whether something was asked, and all of it holds."""
        return bool(self.conditions) and all(condition.passed for condition in self.conditions)

    @property
    def failures(self) -> Iterator[Condition]:
        """What does not hold."""
        return (condition for condition in self.conditions if not condition.passed)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values; a figure may be NaN."""
        found = {"name": self.gate, "passed": self.passed, **asdict(self)}
        found["conditions"] = [asdict(condition) for condition in self.conditions]
        return {name: value for name, value in found.items() if name != "gate"}


def above(name: str, figure: float | None, bar: float, reason: str) -> Condition:
    """Ask for more than `bar`; NaN, None and equality fail."""
    return Condition(name, figure is not None and bool(figure > bar), figure, bar, reason)


def at_least(name: str, figure: float | None, bar: float, reason: str) -> Condition:
    """Ask for `bar` or more; NaN and None fail."""
    return Condition(name, figure is not None and bool(figure >= bar), figure, bar, reason)


def at_most(name: str, figure: float | None, bar: float, reason: str) -> Condition:
    """Ask for `bar` or less; NaN and None fail."""
    return Condition(name, figure is not None and bool(figure <= bar), figure, bar, reason)


def holds(name: str, passed: bool, reason: str) -> Condition:
    """Ask for what is no number."""
    return Condition(name, passed, None, None, reason)


__all__ = ["Condition", "Decision", "above", "at_least", "at_most", "holds"]
