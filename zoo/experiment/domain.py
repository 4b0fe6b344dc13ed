"""The values that may still be drawn.

They change while an experiment runs; every change has a version and is told to observers.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from zoo.errors import Interrupted, ManifestError, did_you_mean


@dataclass(frozen=True, slots=True)
class DomainChange:
    """One change of a domain.

    Attributes:
        version: the domain's version after it.
        operation: `remove`, `keep`, `keep_between` or `inject`.
        name: the parameter.
        added: values that may be drawn now and could not before.
        removed: values that may not be drawn any more.
    """

    version: int
    operation: str
    name: str
    added: tuple[Any, ...]
    removed: tuple[Any, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for audit.jsonl."""
        return {**asdict(self), "added": list(self.added), "removed": list(self.removed)}


class ParamDomain:
    """Which values of each parameter may still be drawn.

    A parameter never loses its last value: an experiment that may draw nothing is stopped, not emptied.
    """

    def __init__(self, params: Mapping[str, Sequence[Any]]) -> None:
        self._values = {name: list(values) for name, values in params.items()}
        self._observers: list[Callable[[DomainChange], None]] = []
        self.version = 0

    def observe(self, observer: Callable[[DomainChange], None]) -> None:
        """Tell `observer` of every change from now on."""
        self._observers.append(observer)

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters."""
        return tuple(self._values)

    def values(self, name: str) -> tuple[Any, ...]:
        """Return the values of a parameter that may be drawn, in their order."""
        self._check(name)
        return tuple(self._values[name])

    def allows(self, choice: Mapping[str, Any]) -> bool:
        """Tell whether every value of a choice may be drawn."""
        return all(_holds(self._values[name], choice[name]) for name in self._values)

    def holds(self, name: str, value: Any) -> bool:
        """Tell whether a value of a parameter may be drawn."""
        return _holds(self.values(name), value)

    def remove(self, name: str, values: Iterable[Any]) -> DomainChange:
        """Draw none of `values` any more."""
        gone = list(values)
        return self._restrict("remove", name, lambda value: not _holds(gone, value))

    def keep(self, name: str, values: Iterable[Any]) -> DomainChange:
        """Draw only `values` from now on."""
        kept = list(values)
        return self._restrict("keep", name, lambda value: _holds(kept, value))

    def keep_between(self, name: str, low: float, high: float) -> DomainChange:
        """Draw only values from `low` to `high`, both included.

        Raises:
            ManifestError: the parameter has a value that is no number.
        """
        numbers = [v for v in self.values(name) if isinstance(v, int | float) and not isinstance(v, bool)]
        if len(numbers) != len(self._values[name]):
            raise ManifestError(
                f"params.{name} has values that are no numbers", expected="numbers to keep between"
            )
        return self._restrict("keep_between", name, lambda value: low <= value <= high)

    def inject(self, name: str, values: Iterable[Any]) -> DomainChange:
        """Draw `values` as well from now on."""
        self._check(name)
        added: list[Any] = []
        for value in values:
            if not _holds([*self._values[name], *added], value):
                added.append(value)
        self._values[name].extend(added)
        return self._changed("inject", name, added, [])

    def _restrict(self, operation: str, name: str, wanted: Callable[[Any], bool]) -> DomainChange:
        self._check(name)
        kept = [value for value in self._values[name] if wanted(value)]
        if not kept:
            raise ManifestError(
                f"{operation} would leave params.{name} without a value",
                expected=f"at least one of {self._values[name]!r}",
                remedy="trim the queue to stop the search",
            )
        removed = [value for value in self._values[name] if not wanted(value)]
        self._values[name] = kept
        return self._changed(operation, name, [], removed)

    def _changed(self, operation: str, name: str, added: list[Any], removed: list[Any]) -> DomainChange:
        """Count and tell a change; what changes nothing is no new version."""
        if added or removed:
            self.version += 1
        change = DomainChange(self.version, operation, name, tuple(added), tuple(removed))
        if added or removed:
            self._tell(change)
        return change

    def _tell(self, change: DomainChange) -> None:
        """The change is made already: an observer that fails must not make it look undone."""
        for observer in self._observers:
            try:
                observer(change)
            except Interrupted:
                raise
            except Exception as error:
                warnings.warn(f"an observer of the domain failed: {error!r}", RuntimeWarning, stacklevel=4)

    def _check(self, name: str) -> None:
        if name not in self._values:
            raise ManifestError(
                f"params.{name}: no such parameter",
                expected=f"one of {', '.join(self._values)}",
                remedy=did_you_mean(name, self._values),
            )


def _holds(values: Iterable[Any], value: Any) -> bool:
    """1, 1.0 and True are different values."""
    return any(type(v) is type(value) and v == value for v in values)


__all__ = ["DomainChange", "ParamDomain"]
