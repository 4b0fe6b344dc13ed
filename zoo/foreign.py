"""Setting, restoring and watching names on objects that are not ours: modules, mappings, instances.

A read through attribute access (`config.FORWARD_DAYS`, `getattr(config, name)`) is seen by giving the
object, for the length of the block, a subclass whose `__getattribute__` reports. A module's own functions
read its globals without attribute access; there, and in mappings, reads cannot be seen, and we say so.
"""

from __future__ import annotations

import contextlib
import types
from collections.abc import Callable, Iterable, Iterator, MutableMapping
from dataclasses import dataclass
from typing import Any, Final


class _NoValue:
    """The value of a name that is absent."""

    def __repr__(self) -> str:
        return "<absent>"


NO_VALUE: Final = _NoValue()


@dataclass(frozen=True, slots=True)
class Slot:
    """How names are read, set and deleted on one target."""

    get: Callable[[str], Any]
    set: Callable[[str, Any], None]
    delete: Callable[[str], None]


def slot_of(target: object) -> Slot:
    """Return the access for a mapping (by key) or anything else (by attribute).

    On an instance only its own attributes are saved: a class attribute that an override hides is
    uncovered again by deleting the instance's.
    """
    if isinstance(target, MutableMapping):
        mapping = target
        return Slot(
            lambda name: mapping.get(name, NO_VALUE),
            mapping.__setitem__,
            lambda name: mapping.pop(name, None),
        )
    own = getattr(target, "__dict__", None)

    def get(name: str) -> Any:
        described = hasattr(getattr(type(target), name, None), "__set__")  # a property or a slot
        if own is None or described:
            return getattr(target, name, NO_VALUE)
        return own.get(name, NO_VALUE)

    def delete(name: str) -> None:
        with contextlib.suppress(AttributeError):
            delattr(target, name)

    return Slot(get, lambda name, value: setattr(target, name, value), delete)


@contextlib.contextmanager
def recording(target: object, names: Iterable[str], report: Callable[[tuple[str]], None]) -> Iterator[bool]:
    """Report each attribute read of `names` on `target`; yields whether all reads can be seen."""
    watched = frozenset(names)
    if isinstance(target, MutableMapping) or _reads_as_globals(target, watched):
        yield False
        return
    original = type(target)

    def watch(self: object, name: str) -> Any:
        if name in watched:
            report((name,))
        return original.__getattribute__(self, name)

    try:
        target.__class__ = type(original.__name__, (original,), {"__getattribute__": watch, "__slots__": ()})
    except TypeError:  # built-in layouts cannot change their class
        yield False
        return
    try:
        yield True
    finally:
        target.__class__ = original


def _reads_as_globals(target: object, names: frozenset[str]) -> bool:
    """Tell whether code that lives in the module loads one of `names` as its own global."""
    if not isinstance(target, types.ModuleType):
        return False
    own = (value for value in vars(target).values() if getattr(value, "__module__", None) == target.__name__)
    return any(names & _loaded_names(code) for value in own for code in _codes(value))


def _codes(value: object) -> Iterator[types.CodeType]:
    if isinstance(value, types.FunctionType):
        yield value.__code__
    elif isinstance(value, type):
        for member in vars(value).values():
            function = getattr(member, "__func__", getattr(member, "fget", member))
            if isinstance(function, types.FunctionType):
                yield function.__code__


def _loaded_names(code: types.CodeType) -> set[str]:
    inner = (constant for constant in code.co_consts if isinstance(constant, types.CodeType))
    return set(code.co_names).union(*(_loaded_names(constant) for constant in inner))


__all__ = ["NO_VALUE", "Slot", "recording", "slot_of"]
