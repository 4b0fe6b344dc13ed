"""The space of permutations: ids to parameters and back, without listing them.

A permutation's id is its position in `itertools.product` of the values as declared. Permutations that are
injected while an experiment runs come behind, in the order of their injection, so that no id ever changes its
meaning.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from zoo.errors import ManifestError


class Space:
    """Declared values and injected permutations.

    Args:
        params: a list of values a name.
        injected: permutations that were injected before, in order.
    """

    def __init__(
        self, params: Mapping[str, Sequence[Any]], injected: Iterable[Mapping[str, Any]] = ()
    ) -> None:
        self.params = {name: list(values) for name, values in params.items()}
        self.declared = 1
        for values in self.params.values():
            self.declared *= len(values)
        self.injected: list[dict[str, Any]] = [dict(choice) for choice in injected]
        self._places = {_key(choice): self.declared + n for n, choice in enumerate(self.injected)}

    def __len__(self) -> int:
        return self.declared + len(self.injected)

    def __getitem__(self, number: int) -> dict[str, Any]:
        """Return the parameters of an id.

        Raises:
            IndexError: there is no such id.
        """
        if type(number) is not int or not 0 <= number < len(self):
            raise IndexError(number)
        if number >= self.declared:
            return dict(self.injected[number - self.declared])
        chosen: dict[str, Any] = {}
        for name, values in reversed(self.params.items()):
            number, place = divmod(number, len(values))
            chosen[name] = values[place]
        return {name: chosen[name] for name in self.params}

    def id_of(self, choice: Mapping[str, Any]) -> int | None:
        """Return the id of a choice of parameters, or None where it is neither declared nor injected."""
        number = 0
        for name, values in self.params.items():
            places = [place for place, value in enumerate(values) if _same(value, choice.get(name))]
            if not places:
                return self._places.get(_key(choice))
            number = number * len(values) + places[0]
        return number

    def check(self, choice: Mapping[str, Any]) -> None:
        """Raise `ManifestError` for a choice that `inject` would not take."""
        if set(choice) != set(self.params):
            wrong = sorted(str(name) for name in set(choice) ^ set(self.params))
            raise ManifestError(
                f"a permutation with {', '.join(wrong)} missing or unknown cannot be injected",
                expected=f"a value for each of {', '.join(self.params)}",
            )

    def inject(self, choice: Mapping[str, Any]) -> int:
        """Add a permutation, and return its id; one that is there already keeps its own.

        Raises:
            ManifestError: a parameter that the space does not have, or one that is missing.
        """
        self.check(choice)
        known = self.id_of(choice)
        if known is not None:
            return known
        ordered = {name: choice[name] for name in self.params}
        self.injected.append(ordered)
        self._places[_key(ordered)] = len(self) - 1
        return len(self) - 1


def _same(a: Any, b: Any) -> bool:
    """1, 1.0 and True are different values."""
    return type(a) is type(b) and bool(a == b)


def _key(choice: Mapping[str, Any]) -> str:
    return repr(sorted(choice.items()))


__all__ = ["Space"]
