"""By how much a re-run's metric may differ from the one that was logged, where an experiment says so."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from zoo.errors import ManifestError, check_keys

TOLERANCE_KEYS: Final = ("absolute", "relative")


def check_tolerances(tolerances: object, where: str) -> dict[str, dict[str, float]]:
    """Return declared tolerances by metric.

    Raises:
        ManifestError: no mapping of mappings, or a tolerance that is negative, not finite, or relative and 1
            or more, so that it would let anything pass.
    """
    if not isinstance(tolerances, Mapping):
        raise ManifestError("tolerances: is no mapping", where=where, expected="a mapping a metric")
    found: dict[str, dict[str, float]] = {}
    for name, declared in tolerances.items():
        if not isinstance(declared, Mapping):
            raise ManifestError(
                f"tolerances.{name}: is no mapping", where=where, expected=f"keys {', '.join(TOLERANCE_KEYS)}"
            )
        check_keys(declared, TOLERANCE_KEYS, ManifestError, where=where, prefix=f"tolerances.{name}.")
        for key, value in declared.items():
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if not (number and 0 <= value < (1 if key == "relative" else math.inf)):
                raise ManifestError(
                    f"tolerances.{name}.{key}: {value!r}",
                    where=where,
                    expected="a number from 0 to below 1" if key == "relative" else "a number, 0 or more",
                )
        found[str(name)] = {key: float(value) for key, value in declared.items()}
    return found


__all__ = ["TOLERANCE_KEYS", "check_tolerances"]
