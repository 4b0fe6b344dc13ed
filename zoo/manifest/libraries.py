"""Versions of the libraries that a result depends on."""

from __future__ import annotations

import platform
from collections.abc import Iterable
from importlib import metadata
from typing import Final

CORE: Final = ("numpy", "pandas", "scipy", "scikit-learn")
_DISTRIBUTIONS: Final = {"sklearn": "scikit-learn"}


def library_versions(targets: Iterable[str] = ()) -> dict[str, str]:
    """Return the version of Python, of the numeric core and of every package that a target names.

    Args:
        targets: dotted names; their first segment is taken for a package.
    """
    packages = {target.partition(".")[0] for target in targets} - {"zoo"}
    names = {*CORE, *(_DISTRIBUTIONS.get(package, package) for package in packages)}
    versions = {"python": platform.python_version()}
    for name in sorted(names):
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:  # the user's own package, whose files are hashed instead
            continue
    return versions


def changed(then: dict[str, str], now: dict[str, str]) -> dict[str, tuple[str, str]]:
    """Return the libraries whose version differs, as `{name: (then, now)}`."""
    return {
        name: (then[name], now.get(name, "absent")) for name in then if then[name] != now.get(name, "absent")
    }


def major(versions: dict[str, str]) -> dict[str, str]:
    """Return the first number of each version."""
    return {name: version.partition(".")[0] for name, version in versions.items()}


__all__ = ["CORE", "changed", "library_versions", "major"]
