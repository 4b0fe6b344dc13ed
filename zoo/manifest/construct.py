"""From a bound declaration to an object: targets behind the trust list, arguments checked by name."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any

from zoo.errors import ManifestError, ZooError, did_you_mean
from zoo.trust import TARGET_KEY, Trust, resolve


def call(tree: Any, trust: Trust, where: str | None = None) -> Any:
    """Build the object that a declaration describes, its nested declarations first.

    Raises:
        TrustError: a `_target_` outside the trust list.
        ManifestError: an argument that the target does not take, or that it refuses.
    """
    if isinstance(tree, list | tuple):
        return [call(value, trust, where) for value in tree]
    if not isinstance(tree, Mapping):
        return tree
    arguments = {key: call(value, trust, where) for key, value in tree.items() if key != TARGET_KEY}
    if TARGET_KEY not in tree:
        return arguments
    target = resolve(tree[TARGET_KEY], trust, where)
    _check_arguments(target, arguments, tree[TARGET_KEY], where)
    try:
        return target(**arguments)
    except ZooError:
        raise
    except Exception as error:
        raise ManifestError(f"{tree[TARGET_KEY]} refused its arguments: {error}", where=where) from error


def partial(tree: Mapping[str, Any], trust: Trust, where: str | None = None) -> Callable[..., Any]:
    """Return the function that a declaration names with its declared arguments bound."""
    arguments = {key: call(value, trust, where) for key, value in tree.items() if key != TARGET_KEY}
    function = resolve(tree[TARGET_KEY], trust, where)
    _check_arguments(function, arguments, tree[TARGET_KEY], where)
    return functools.partial(function, **arguments)


def inject(function: Callable[..., Any], data: Mapping[str, Any], name: str, where: str | None = None) -> Any:
    """Call a partially bound function with the data that its free parameters name.

    Args:
        function: what `partial` gave.
        data: what may be asked for by name (`prices`, `factors`, `close`, ...).
        name: the target, for errors.
        where: the file to name in an error.

    Raises:
        ManifestError: a parameter without a value that the data does not offer, or a call that failed.
    """
    arguments = {}
    declared = getattr(function, "keywords", {})
    for parameter in inspect.signature(function).parameters.values():
        if parameter.name in declared:
            continue  # what the manifest says is never replaced by data of the same name
        if parameter.name in data and parameter.default in (parameter.empty, None):
            arguments[parameter.name] = data[parameter.name]
        elif parameter.default is parameter.empty and parameter.kind not in (
            parameter.VAR_KEYWORD,
            parameter.VAR_POSITIONAL,
        ):
            raise ManifestError(
                f"{name} needs {parameter.name!r}, which neither the manifest nor the data has",
                where=where,
                expected=f"an argument, or data with one of {', '.join(data)}",
                remedy=f"add {parameter.name}: ... beside {TARGET_KEY}: {name}",
            )
    return called(function, (), arguments, name, where)


def called(
    function: Callable[..., Any],
    values: tuple[Any, ...],
    arguments: Mapping[str, Any],
    name: str,
    where: str | None,
) -> Any:
    """Call a function of the user's; an exception names it.

    Raises:
        ManifestError: it raised something that says nothing of where it was.
    """
    try:
        return function(*values, **arguments)
    except ZooError:
        raise
    except Exception as error:
        raise ManifestError(f"{name} failed: {type(error).__name__}: {error}", where=where) from error


def _check_arguments(target: Any, arguments: Mapping[str, Any], name: str, where: str | None) -> None:
    try:
        parameters = inspect.signature(target).parameters
    except (TypeError, ValueError):  # some compiled callables have no signature; they check for themselves
        return
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values()):
        return
    for key in arguments:
        if key not in parameters:
            raise ManifestError(
                f"{name} takes no {key!r}",
                where=where,
                expected=f"one of {', '.join(parameters)}",
                remedy=did_you_mean(key, parameters) or "remove it",
            )


__all__ = ["call", "called", "inject", "partial"]
