"""Control twins: how they are asked for, and how often a control is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Final, Self

from zoo.errors import ConfigError, check_keys

_PREFIX: Final = "promotion.twins."


@dataclass(frozen=True, slots=True)
class Controls:
    """What is asked of the twins of a permutation; `twins` of conf/promotion.

    Attributes:
        seed: makes their labels. The same seed gives the same twins: a false alarm stays one.
        size: chance that a permutation whose pipeline leaks nothing fails on permuted labels, and at most the
            chance that one which finds nothing passes for having found the planted rank IC.
        rank_ic: planted; None for one that a working pipeline finds in so much data.

    Raises:
        ConfigError: a number that is none.
    """

    seed: int = 0
    size: float = 0.001
    rank_ic: float | None = None

    def __post_init__(self) -> None:
        planted = self.rank_ic is None or 0.0 < self.rank_ic < 1.0
        checks = {
            "seed": (type(self.seed) is int and 0 <= self.seed < 2**32, "a whole number below 2**32"),
            "size": (0.0 < self.size <= 0.1, "a share in (0, 0.1]"),
            "rank_ic": (planted, "a number in (0, 1), or null"),
        }
        for name, (well, expected) in checks.items():
            if not well:
                raise ConfigError(f"{_PREFIX}{name}: {getattr(self, name)!r}", expected=expected)

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """Take a mapping, such as what `twins` of conf/promotion says.

        Raises:
            ConfigError: a key or a value that does not exist.
        """
        check_keys(values, [field.name for field in fields(cls)], ConfigError, prefix=_PREFIX)
        return cls(**values)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)


__all__ = ["Controls"]
