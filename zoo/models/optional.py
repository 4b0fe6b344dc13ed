"""Libraries that a model needs and zoo does not install by itself."""

from __future__ import annotations

import importlib
from typing import Any

from zoo.errors import ManifestError


def load_optional(name: str) -> Any:
    """Import an optional library that is also the name of the extra that installs it.

    Raises:
        ManifestError: it is not installed, or what it is built on is missing from the system.
    """
    try:
        return importlib.import_module(name)
    except (ImportError, OSError) as error:  # OSError: a shared library, such as libgomp, is not there
        raise ManifestError(
            f"{name} cannot be loaded: {error}", remedy=f"pip install 'zoo[{name}]'"
        ) from error


__all__ = ["load_optional"]
