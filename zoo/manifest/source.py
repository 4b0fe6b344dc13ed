"""The hash of the code that a manifest names: the files of its targets and what these import, transitively.

Only `zoo`'s own `data, features, targets, models` and the user's own modules count; installed libraries are
recorded by version instead. Line endings do not count.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib.machinery
import importlib.util
import site
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from zoo.trust import LOCAL_PREFIX, Trust, file_hash, resolve

OWN_PACKAGES: Final = ("zoo.data", "zoo.features", "zoo.targets", "zoo.models")


def source_files(
    targets: Iterable[str], trust: Trust, roots: Iterable[tuple[str, Path]] = ()
) -> dict[str, Path]:
    """Return the fingerprinted files by module name.

    Args:
        targets: every `_target_` of the manifest.
        trust: what may be imported to find where they are defined.
        roots: modules that count besides, such as a single-file decoder, as (name, file).
    """
    waiting = [*roots, *(pair for target in sorted(set(targets)) for pair in _defining(target, trust))]
    found: dict[str, Path] = {}
    while waiting:
        name, path = waiting.pop()
        if name not in found:
            found[name] = path
            waiting.extend(_imported(name, path))
    return dict(sorted(found.items()))


def source_hash(files: dict[str, Path]) -> dict[str, object]:
    """Return `{"content": sha256 over all, "modules": {name: sha256}}`."""
    modules = {name: file_hash(path) for name, path in sorted(files.items())}
    content = hashlib.sha256("".join(f"{name}\0{digest}\n" for name, digest in modules.items()).encode())
    return {"content": content.hexdigest(), "modules": modules}


def _defining(target: str, trust: Trust) -> Iterator[tuple[str, Path]]:
    module = sys.modules[resolve(target, trust).__module__]
    path = getattr(module, "__file__", None)
    if path is not None and _counts(module.__name__, Path(path)):
        yield module.__name__, Path(path)


def _counts(name: str, path: Path) -> bool:
    if name.startswith(
        LOCAL_PREFIX
    ):  # its `__file__` is that of whoever loaded it first; it is a root instead
        return False
    if name == "zoo" or name.startswith("zoo."):
        return any(name == own or name.startswith(f"{own}.") for own in OWN_PACKAGES)
    return path.suffix == ".py" and not _is_installed(path)


def _is_installed(path: Path) -> bool:
    return any(path.resolve().is_relative_to(place) for place in _library_places())


@functools.cache
def _library_places() -> list[Path]:
    places = [sysconfig.get_paths()[key] for key in ("stdlib", "platstdlib", "purelib", "platlib")]
    # another environment's packages, reached through PYTHONPATH or a .pth file, are no code of the user's
    borrowed = [place for place in sys.path if Path(place).name in ("site-packages", "dist-packages")]
    places += [*site.getsitepackages(), site.getusersitepackages(), *borrowed]
    return [Path(place).resolve() for place in places]


def _imported(name: str, path: Path) -> Iterator[tuple[str, Path]]:
    for candidate in _imported_names(name, path):
        spec = _spec(candidate)
        if spec is not None and spec.origin is not None and _counts(candidate, Path(spec.origin)):
            yield candidate, Path(spec.origin)


def _imported_names(name: str, path: Path) -> Iterator[str]:
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _base(node, package)
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def _base(node: ast.ImportFrom, package: str) -> str:
    if node.level == 0:
        return node.module or ""
    parents = package.split(".")[: len(package.split(".")) - node.level + 1]
    return ".".join([*parents, *([node.module] if node.module else [])])


@functools.cache
def _own(top: str) -> bool:
    """Tell whether a top-level package is `zoo` or the user's own; nothing is imported."""
    if top == "zoo":
        return True
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return False
    if spec is None or spec.origin in ("built-in", "frozen"):
        return False
    places = [spec.origin] if spec.origin else list(spec.submodule_search_locations or ())
    return any(not _is_installed(Path(place)) for place in places)


def _spec(name: str) -> importlib.machinery.ModuleSpec | None:
    if not name or not _own(name.partition(".")[0]):
        return None
    try:
        return importlib.util.find_spec(name)
    except (ImportError, ValueError, AttributeError):
        return None


__all__ = ["OWN_PACKAGES", "source_files", "source_hash"]
