"""Which model an architecture is: the one reference model that its module defines.

A class counts by what it offers (`train`, `predict`, `evaluate`, `deterministic`), whatever it inherits from.
It counts where it is defined, not where it is imported: a module that imports the base class of its models,
or a second model to build on, still has one model of its own. What cannot be made, such as an abstract base
or a protocol, is none.
"""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

from zoo.errors import ReferenceModelError, TrustError
from zoo.models.contract import METHODS, offers_contract
from zoo.trust import LOCAL_PREFIX, Trust


def resolve_model_class(architecture: Any, trust: Trust, where: str) -> type:
    """Return the only reference model of the module that defines an architecture.

    Args:
        architecture: a function or a class, perhaps inside `functools.partial`.
        trust: must cover the module, unless that is the experiment's own, which was trusted to be loaded.
        where: the experiment, for errors.

    Raises:
        ReferenceModelError: no architecture, no model in its module, or several; it lists what was found.
        TrustError: the module is outside the trust list.
    """
    module = _module_of(architecture, where)
    _check_trusted(module.__name__, trust, where)
    found = reference_models(module)
    if len(found) == 1:
        return found[0]
    problem = (
        f"defines several reference models: {', '.join(sorted(c.__name__ for c in found))}"
        if found
        else f"defines no reference model; {_found_instead(module)}"
    )
    raise ReferenceModelError(
        f"the module {module.__name__!r} of the architecture {problem}",
        where=where,
        expected=f"exactly one class with {', '.join(METHODS)} and deterministic",
        remedy="define the model beside its architecture, and any other one in a module of its own",
    )


def reference_models(module: ModuleType) -> list[type]:
    """Return the classes that a module defines and that offer the contract, in the order of definition."""
    return [cls for cls in _defined(module) if offers_contract(cls) and _can_be_made(cls)]


def _module_of(architecture: Any, where: str) -> ModuleType:
    while isinstance(architecture, functools.partial):
        architecture = architecture.func
    name = getattr(architecture, "__module__", None)
    module = sys.modules.get(name) if isinstance(name, str) else None
    if architecture is None or module is None:
        raise ReferenceModelError(
            f"architecture_function is {architecture!r}",
            where=where,
            expected="a function or a class of a module",
        )
    return module


def _check_trusted(name: str, trust: Trust, where: str) -> None:
    """The module has been imported by then, by a decoder that was trusted; its models are not used yet."""
    package = name.partition(".")[0]
    if not name.startswith(LOCAL_PREFIX) and not trust.covers(name):
        raise TrustError(
            f"the architecture's module {name!r} is not trusted, and no model of it was made",
            where=where,
            expected=f"a module under {', '.join(trust.prefixes)}",
            remedy=f"if you trust that package, add '{package}.' to trust.prefixes in conf/trust",
        )


def _classes(module: ModuleType, wanted: Callable[[type], bool]) -> Iterator[type]:
    classes = (value for value in vars(module).values() if isinstance(value, type))
    yield from dict.fromkeys(cls for cls in classes if wanted(cls))


def _defined(module: ModuleType) -> list[type]:
    return list(_classes(module, lambda cls: cls.__module__ == module.__name__))


def _can_be_made(cls: type) -> bool:
    return not inspect.isabstract(cls) and not getattr(cls, "_is_protocol", False)


def _found_instead(module: ModuleType) -> str:
    """Say which classes are there, and what each one lacks."""
    own = [f"{cls.__name__} ({_shortcoming(cls)})" for cls in _defined(module)]
    imported = [
        f"{cls.__name__} (imported from {cls.__module__})"
        for cls in _classes(module, lambda cls: cls.__module__ != module.__name__)
        if offers_contract(cls)
    ]
    return f"found: {', '.join([*own, *imported]) or 'no class'}"


def _shortcoming(cls: type) -> str:
    missing = [name for name in METHODS if not callable(getattr(cls, name, None))]
    if not missing and not offers_contract(cls):
        missing = ["deterministic"]
    return f"lacks {', '.join(missing)}" if missing else "is abstract"


__all__ = ["reference_models", "resolve_model_class"]
