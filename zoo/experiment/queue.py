"""The mutable search queue: what will be run next, and what people and reducers make of it while it runs.

Every operation is a plain value (`Operation`), so that audit.jsonl can keep it and a restart apply it again:
a filter survives a restart because it is replayed, not because it is remembered.
"""

from __future__ import annotations

import itertools
import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from zoo.errors import ManifestError, did_you_mean
from zoo.experiment.domain import DomainChange, ParamDomain
from zoo.experiment.space import Space
from zoo.experiment.strategy import SearchStrategy

OPERATIONS: Final = ("trim", "remove", "keep", "keep_between", "inject", "inject_values")
_DRAW: Final = 256  # ids asked of the strategy at once


@dataclass(frozen=True)
class Operation:
    """One change of a queue.

    Attributes:
        kind: `trim` (run at most `count` more), `remove`, `keep`, `keep_between` (values of parameter
            `name`), `inject` (whole permutations) or `inject_values` (further values of `name`).
        name: the parameter, for filters.
        values: its values; for `keep_between` the lowest and the highest; for `inject`
            permutations.
        count: for `trim`.
    """

    kind: str
    name: str | None = None
    values: tuple[Any, ...] = ()
    count: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for audit.jsonl."""
        return {"kind": self.kind, "name": self.name, "values": list(self.values), "count": self.count}

    def plain(self) -> Operation:
        """Return the operation as audit.jsonl will give it back.

        Raises:
            ManifestError: a value that JSON has not, such as NaN, or a number of NumPy's.
        """
        try:
            return Operation.from_dict(json.loads(json.dumps(self.as_dict(), allow_nan=False)))
        except (TypeError, ValueError, RecursionError) as error:
            raise ManifestError(
                f"{self.kind}: {error}", expected="finite numbers, texts, lists and mappings"
            ) from error

    @classmethod
    def from_dict(cls, values: object) -> Operation:
        """Read an operation that a person or an earlier run wrote.

        Raises:
            ManifestError: not an operation.
        """
        known = ("kind", "name", "values", "count")
        if (
            not isinstance(values, Mapping)
            or values.get("kind") not in OPERATIONS
            or set(values) - set(known)
        ):
            raise ManifestError(
                f"{values!r} is no operation",
                expected=f"a mapping with {', '.join(known)}, kind one of {', '.join(OPERATIONS)}",
            )
        given = values.get("values") or []
        if not isinstance(given, list | tuple):
            raise ManifestError(f"values: {given!r} is no list", expected="a list of values")
        return cls(values["kind"], values.get("name"), tuple(given), values.get("count"))


@dataclass
class SearchQueue:
    """Draws ids from a strategy, through the filters of a domain.

    Attributes:
        space: ids to parameters.
        strategy: proposes.
        domain: the values that may still be drawn.
        target: how many rounds the run will have at most; None for the whole space.
        drawn: ids that were handed out, in order.
        journal: what was changed by its own methods, or its domain's, and not through `apply`; with the
            effects. Whoever calls a callback logs it, so that a restart changes the same.
    """

    space: Space
    strategy: SearchStrategy
    domain: ParamDomain
    target: int | None = None
    drawn: list[int] = field(default_factory=list)
    _waiting: list[int] = field(default_factory=list)
    _injected: list[int] = field(default_factory=list)
    journal: list[tuple[Operation, dict[str, Any]]] = field(default_factory=list)
    _applying: bool = False

    def next(self, count: int) -> list[int]:
        """Hand out up to `count` ids: injected ones first, then what strategy and domain allow."""
        found: list[int] = []
        allowed = count if self.target is None else min(count, self.target - len(self.drawn))
        while len(found) < allowed and (self._injected or self._refill(allowed - len(found))):
            number = self._injected.pop(0) if self._injected else self._waiting.pop(0)
            if number not in self._seen:
                found.append(number)
                self._seen.add(number)
        self.drawn.extend(found)
        return found

    def __post_init__(self) -> None:
        self._seen: set[int] = set(self.drawn)
        self.domain.observe(self._overhear)

    def _refill(self, wanted: int) -> bool:
        """Make sure that something allowed is waiting; False where the strategy has no more."""
        self._waiting = [n for n in self._waiting if self.domain.allows(self.space[n])]
        while not self._waiting:
            proposed = self.strategy.propose(wanted if self.strategy.adaptive else _DRAW)
            if not proposed:
                return False
            refused = [n for n in proposed if not self.domain.allows(self.space[n])]
            for number in refused:
                self.strategy.tell(number, None)
            self._waiting = [n for n in proposed if n not in set(refused)]
        return True

    def apply(self, operation: Operation) -> dict[str, Any]:
        """Carry out one operation, and return what it changed.

        Raises:
            ManifestError: an operation that the space cannot take.
        """
        operation, before = operation.plain(), self._applying
        self._applying = True
        try:
            return self._carry_out(operation)
        finally:
            self._applying = before

    def _carry_out(self, operation: Operation) -> dict[str, Any]:
        match operation.kind:
            case "trim":
                return self._trim(operation.count)
            case "inject":
                return {"ids": self._inject(operation.values)}
            case "inject_values":
                return self._inject_values(self._name(operation), operation.values)
            case "keep_between":
                low, high = self._bounds(operation)
                return self.domain.keep_between(self._name(operation), low, high).as_dict()
            case "keep":
                return self.domain.keep(self._name(operation), operation.values).as_dict()
            case _:
                return self.domain.remove(self._name(operation), operation.values).as_dict()

    def trim(self, count: int | None) -> dict[str, Any]:
        """Run at most `count` more rounds."""
        return self._journalled(Operation("trim", count=count))

    def inject(self, choices: Iterable[Mapping[str, Any]]) -> list[int]:
        """Run these permutations next; what was run or is waiting to be run is not run twice."""
        found: list[int] = self._journalled(Operation("inject", values=tuple(choices)))["ids"]
        return found

    def inject_values(self, name: str, values: Iterable[Any]) -> dict[str, Any]:
        """Draw further values of a parameter: every combination with what the domain still holds, next."""
        return self._journalled(Operation("inject_values", name, tuple(values)))

    def _journalled(self, operation: Operation) -> dict[str, Any]:
        effect = self.apply(operation)
        self.journal.append((operation.plain(), effect))
        return effect

    def _overhear(self, change: DomainChange) -> None:
        """Note what somebody took from the domain behind the queue's back."""
        if change.removed and not self._applying:
            self.journal.append((Operation("remove", change.name, change.removed), change.as_dict()))

    def _trim(self, count: int | None) -> dict[str, Any]:
        if type(count) is not int or count < 0:
            raise ManifestError(f"trim: count is {count!r}", expected="0 or more")
        limit = len(self.drawn) + count
        self.target = limit if self.target is None else min(self.target, limit)
        return {"target": self.target}

    def _inject(self, choices: Iterable[Mapping[str, Any]]) -> list[int]:
        given = list(choices)
        for choice in given:  # all of them before the first: what is refused changes nothing
            if not isinstance(choice, Mapping):
                raise ManifestError(f"inject: {choice!r} is no permutation", expected="a value a parameter")
            self.space.check(choice)
        numbers = [self.space.inject(choice) for choice in given]
        fresh = [n for n in dict.fromkeys(numbers) if n not in self._seen and n not in self._injected]
        self._injected.extend(fresh)
        return fresh

    def _inject_values(self, name: str, values: Iterable[Any]) -> dict[str, Any]:
        change = self.domain.inject(name, values)
        others = [self.domain.values(n) if n != name else change.added for n in self.domain.names]
        choices = [dict(zip(self.domain.names, chosen, strict=True)) for chosen in itertools.product(*others)]
        return {**change.as_dict(), "ids": self._inject(choices)}

    def remaining(self) -> int:
        """Return how many rounds are left at most: of the space's allowed ids, and within the target."""
        allowed = math.prod(len(values) for values in self._allowed().values())
        free = allowed + sum(1 if new else -1 for _, new in self._beside())
        return free if self.target is None else max(0, min(free, self.target - len(self.drawn)))

    def distribution(self, name: str) -> dict[Any, int]:
        """Return how often each value of a parameter stands among the allowed ids that are left."""
        self.domain.values(name)
        allowed = self._allowed()
        others = math.prod(len(values) for other, values in allowed.items() if other != name)
        left: Counter[Any] = Counter()
        for value in allowed[name]:
            left[value] += others
        for choice, new in self._beside():
            left[choice[name]] += 1 if new else -1
        return {value: count for value, count in left.items() if count}

    def _allowed(self) -> dict[str, list[Any]]:
        """Return the declared values that the domain still holds; a space may be too large to list."""
        return {
            name: [value for value in values if self.domain.holds(name, value)]
            for name, values in self.space.params.items()
        }

    def _beside(self) -> Iterator[tuple[dict[str, Any], bool]]:
        """Yield the allowed choices in which what is left differs from the product of the declared values.

        Declared ones that were handed out come with False, injected ones that were not with True.
        """
        for number in self._seen:
            if number < self.space.declared and self.domain.allows(choice := self.space[number]):
                yield choice, False
        for number, choice in enumerate(self.space.injected, self.space.declared):
            if number not in self._seen and self.domain.allows(choice):
                yield choice, True

    def _name(self, operation: Operation) -> str:
        if operation.name not in self.domain.names:
            raise ManifestError(
                f"{operation.kind}: no parameter is called {operation.name!r}",
                expected=f"one of {', '.join(self.domain.names)}",
                remedy=did_you_mean(operation.name, self.domain.names),
            )
        return str(operation.name)

    def _bounds(self, operation: Operation) -> tuple[float, float]:
        numbers = [v for v in operation.values if isinstance(v, int | float) and not isinstance(v, bool)]
        if len(operation.values) != 2 or len(numbers) != 2 or not (numbers[0] <= numbers[1]):
            raise ManifestError(
                f"keep_between: {operation.values!r}", expected="the lowest and the highest value"
            )
        return numbers[0], numbers[1]


__all__ = ["OPERATIONS", "Operation", "SearchQueue"]
