"""On what terms a permutation is promoted: what must be shown first, and what is done without.

Whoever asks for less gets it, and the version says so for ever.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Final, Self

from zoo.errors import ConfigError, check_keys, did_you_mean

FULL: Final = "full"
SKIP: Final = "skip"
BOOTSTRAP: Final = "bootstrap"
OFF: Final = "off"
VALIDATIONS: Final = (FULL, SKIP)


@dataclass(frozen=True, slots=True)
class Terms:
    """What is asked of a promotion.

    Attributes:
        validation: `full`: pass 1 must reproduce what was logged; `skip`: nothing is compared.
        agreement: the least agreement of the refit with the variant: `bootstrap` takes the 5th percentile of
            bootstrapped refits, a number from -1 to 1 is the floor itself, `off` only measures.
        allow_code_drift: promote although the manifest's own code changed, if the metrics still reproduce.

    Raises:
        ConfigError: a value that is none of these.
    """

    validation: str = FULL
    agreement: str | float = BOOTSTRAP
    allow_code_drift: bool = False

    def __post_init__(self) -> None:
        if self.validation not in VALIDATIONS:
            raise ConfigError(
                f"promotion.validation: {self.validation!r}",
                expected=f"one of {', '.join(VALIDATIONS)}",
                remedy=did_you_mean(self.validation, VALIDATIONS),
            )
        if not isinstance(self.allow_code_drift, bool):
            raise ConfigError(
                f"promotion.allow_code_drift: {self.allow_code_drift!r}", expected="true or false"
            )
        object.__setattr__(self, "agreement", _agreement(self.agreement))

    @property
    def validated(self) -> bool:
        """Whether pass 1 compares."""
        return self.validation == FULL

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """Take a mapping, such as what conf/promotion says.

        Raises:
            ConfigError: a key or a value that does not exist.
        """
        check_keys(values, [field.name for field in fields(cls)], ConfigError, prefix="promotion.")
        return cls(**values)

    def as_dict(self) -> dict[str, Any]:
        """Return the terms as plain values."""
        return asdict(self)


def _agreement(value: object) -> str | float:
    """Return a checked floor; YAML says False for `off`."""
    if value is False or value == OFF:
        return OFF
    if value == BOOTSTRAP:
        return BOOTSTRAP
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if number and -1.0 <= value <= 1.0:  # type: ignore[operator]
        return float(value)  # type: ignore[arg-type]
    raise ConfigError(
        f"promotion.agreement: {value!r}",
        expected="bootstrap, off, or a rank correlation from -1 to 1",
        remedy=did_you_mean(value, (BOOTSTRAP, OFF)),
    )


#: what is asked of a promotion unless somebody says otherwise
TERMS: Final = Terms()

__all__ = ["BOOTSTRAP", "FULL", "OFF", "SKIP", "TERMS", "VALIDATIONS", "Terms"]
