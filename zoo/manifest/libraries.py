"""Versions of the libraries that a result depends on."""

from __future__ import annotations

import platform
from collections.abc import Iterable
from importlib import metadata
from typing import Final

CORE: Final = ("numpy", "pandas", "scipy", "scikit-learn")
#: what a package is called where it is installed; the first that is there counts
_DISTRIBUTIONS: Final = {"sklearn": ("scikit-learn",), "xgboost": ("xgboost", "xgboost-cpu")}
#: our own names for models of other libraries
_BEHIND: Final = {"zoo.models.LightGBM": "lightgbm", "zoo.models.XGBoost": "xgboost"}


def library_versions(targets: Iterable[str] = ()) -> dict[str, str]:
    """Return the version of Python, of the numeric core and of every package that a target names.

    Args:
        targets: dotted names; their first segment is taken for a package.
    """
    packages = {_package(target) for target in targets} - {"zoo"}
    names = {*CORE, *(name for package in packages for name in _DISTRIBUTIONS.get(package, (package,)))}
    versions = {"python": platform.python_version()}
    for name in sorted(names):
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:  # the user's own package, whose files are hashed instead
            continue
    return versions


def _package(target: str) -> str:
    behind = (package for name, package in _BEHIND.items() if target.startswith(name))
    return next(behind, target.partition(".")[0])


def changed(then: dict[str, str], now: dict[str, str]) -> dict[str, tuple[str, str]]:
    """Return the libraries whose version differs, as `{name: (then, now)}`."""
    return {
        name: (then[name], now.get(name, "absent")) for name in then if then[name] != now.get(name, "absent")
    }


def major(versions: dict[str, str]) -> dict[str, str]:
    """Return the first number of each version."""
    return {name: version.partition(".")[0] for name, version in versions.items()}


__all__ = ["CORE", "changed", "library_versions", "major"]
