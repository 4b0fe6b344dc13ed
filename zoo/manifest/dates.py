"""How a split is declared: by proportions, or by the dates on which its parts begin."""

from __future__ import annotations

from dataclasses import dataclass

Weights = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class SplitDates:
    """A split by dates, each an ISO date: the first day of a part.

    Attributes:
        validation: None where the split has none.
        test: None where the split has none.
        first: of train; None for the first usable one.
        last: the last day of the last part; None for the last usable one.
    """

    validation: str | None = None
    test: str | None = None
    first: str | None = None
    last: str | None = None

    def as_dict(self) -> dict[str, str | None]:
        """Return it as it is declared."""
        return {name: getattr(self, name) for name in ("validation", "test", "first", "last")}


__all__ = ["SplitDates", "Weights"]
