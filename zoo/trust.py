"""Which code may be imported because a file names it.

The list lives in code and in conf/trust, never in an artefact.

A name is checked in three steps: its form and prefix before anything is imported; its path, in which no
segment after the module may be a module again (`sklearn.datasets._base.os.system` is `os.system`); and the
module that defines the object it leads to. Of `zoo` only what YAML is meant to name is offered, and of
scikit-learn only estimators and their parts: its test helpers run commands and delete directories.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import re
import sys
import types
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from zoo.errors import TrustError

DEFAULT_PREFIXES: Final = ("zoo.", "sklearn.")
TARGET_KEY: Final = "_target_"
#: how modules of experiment directories are called; equal content is one module, wherever its file lies
LOCAL_PREFIX: Final = "_zoo_local_"
#: what of zoo a file may name
OFFERED: Final = ("zoo.data", "zoo.features", "zoo.targets", "zoo.models", "zoo.portfolio")
#: packages of scikit-learn whose classes and functions are parts of estimators, though no estimators
_PARTS: Final = ("sklearn.gaussian_process.kernels", "sklearn.metrics", "sklearn.model_selection")
_CLOSED: Final = (
    "sklearn.conftest",
    "sklearn.datasets",
    "sklearn.externals",
    "sklearn.tests",
    "sklearn.utils",
)
#: a recorded hash that no file has: of a module that was not among those that were recorded
NO_HASH: Final = ""
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Trust:
    """What may be imported.

    Attributes:
        prefixes: packages, with or without the final dot; `my_lab.` trusts `my_lab` and what is below it.
        local: trust modules that lie inside an experiment directory.
        hashes: sha256 of single local modules that are trusted without `local`.
    """

    prefixes: tuple[str, ...] = DEFAULT_PREFIXES
    local: bool = False
    hashes: frozenset[str] = frozenset()

    @classmethod
    def of(cls, trusted: Trust | Iterable[str] | None) -> Trust:
        """Take a `Trust` as it is, a list of prefixes, or None for the default.

        Raises:
            TrustError: a single text, whose letters would be taken for prefixes.
        """
        if isinstance(trusted, Trust):
            return trusted
        if isinstance(trusted, str):
            raise TrustError(
                f"the trust list is {trusted!r}", expected=f"a list of prefixes, such as [{trusted!r}]"
            )
        return cls() if trusted is None else cls(prefixes=tuple(trusted))

    def covers(self, name: str) -> bool:
        """Tell whether a dotted name lies under a trusted prefix."""
        return _under(name, [prefix.rstrip(".") for prefix in self.prefixes if prefix.rstrip(".")])


def check_name(name: object, trust: Trust, where: str | None = None) -> str:
    """Return a dotted name whose form and prefix are in order; nothing is imported.

    Raises:
        TrustError: not a dotted identifier, a dunder segment, or outside the trust list.
    """
    valid = check_form(name, where)
    if not trust.covers(valid):
        package = valid.partition(".")[0]
        raise TrustError(
            f"{valid!r} is not trusted, and nothing of it was imported",
            where=where,
            expected=f"a name under {', '.join(trust.prefixes)}",
            remedy=f"if you trust that package, add '{package}.' to trust.prefixes in conf/trust",
        )
    _check_offered(valid, where)
    return valid


def _check_offered(name: str, where: str | None) -> None:
    """Refuse machinery: of zoo what YAML does not name, of scikit-learn what is private or no estimator's."""
    top = name.partition(".")[0]
    private = any(segment.startswith("_") for segment in name.split("."))
    if (top == "zoo" and not _under(name, OFFERED)) or (
        top == "sklearn" and (private or _under(name, _CLOSED))
    ):
        offered = ", ".join(OFFERED) if top == "zoo" else "scikit-learn's public estimators"
        raise TrustError(
            f"{name!r} is not offered to files, and nothing of it was imported",
            where=where,
            expected=f"a name under {offered}",
            remedy="name a source, feature, target or model",
        )


def _under(name: str, roots: Iterable[str]) -> bool:
    return any(name == root or name.startswith(f"{root}.") for root in roots)


def check_form(name: object, where: str | None = None) -> str:
    """Return `name` if it is a dotted identifier without dunder segments."""
    if (
        not isinstance(name, str)
        or _NAME.fullmatch(name) is None
        or any(s.startswith("__") for s in name.split("."))
    ):
        raise TrustError(
            f"{name!r} is not a module or object name",
            where=where,
            expected="identifiers joined by dots, such as sklearn.linear_model.Ridge",
            remedy="correct the name; paths and expressions are never imported",
        )
    return name


def targets(tree: object) -> Iterator[Any]:
    """Yield every `_target_` of a nested configuration, outermost first."""
    if isinstance(tree, Mapping):
        if TARGET_KEY in tree:
            yield tree[TARGET_KEY]
        for value in tree.values():
            yield from targets(value)
    elif isinstance(tree, Sequence) and not isinstance(tree, str | bytes):
        for value in tree:
            yield from targets(value)


def check_targets(tree: object, trust: Trust, where: str | None = None) -> list[str]:
    """Check every nested `_target_` before the first import; return them."""
    return [check_name(target, trust, where) for target in targets(tree)]


def resolve(path: str, trusted: Trust | Iterable[str] | None = None, where: str | None = None) -> Any:
    """Import the object that a dotted path names.

    Args:
        path: such as `sklearn.linear_model.Ridge`.
        trusted: a `Trust`, prefixes, or None for the default list.
        where: the file or key to name in an error.

    Raises:
        TrustError: the name, a segment on the way, or the object's own module is not trusted, or there is
            no such object.
    """
    trust = Trust.of(trusted)
    segments = check_name(path, trust, where).split(".")
    module, rest = _deepest_module(segments, path, where)
    found: Any = module
    for segment in rest:
        found = getattr(found, segment, None)
        if found is None:
            raise TrustError(
                f"{path!r} does not exist: {segment!r} is not there", where=where, remedy="check the spelling"
            )
        if isinstance(found, types.ModuleType):
            raise TrustError(
                f"{path!r} walks through the module {found.__name__!r}",
                where=where,
                expected="the object's own path",
                remedy="name the object where it is defined",
            )
    return _checked_origin(found, path, trust, where)


def _deepest_module(segments: list[str], path: str, where: str | None) -> tuple[types.ModuleType, list[str]]:
    module: types.ModuleType | None = None
    for count in range(1, len(segments) + 1):
        name = ".".join(segments[:count])
        try:
            module = importlib.import_module(name)
        except ModuleNotFoundError as error:
            if module is None or error.name != name:
                raise TrustError(
                    f"{path!r} cannot be imported: {error}",
                    where=where,
                    remedy="install the package or correct the name",
                ) from error
            return module, segments[count - 1 :]
        if module.__name__ != name:
            raise TrustError(f"{path!r} leads to the module {module.__name__!r}", where=where)
        if not hasattr(module, "__path__"):
            return module, segments[count:]
    raise TrustError(f"{path!r} is a module", where=where, expected="a class or a function")


def _checked_origin(found: Any, path: str, trust: Trust, where: str | None) -> Any:
    origin = getattr(found, "__module__", None)
    if not callable(found) or not isinstance(origin, str) or not trust.covers(origin):
        raise TrustError(
            f"{path!r} is {type(found).__name__} from {origin or 'nowhere'}",
            where=where,
            expected=f"a class or a function defined under {', '.join(trust.prefixes)}",
            remedy="name the object where it is defined, and trust that package",
        )
    if origin.partition(".")[0] == "sklearn" and not _is_part(found, path):
        raise TrustError(
            f"{path!r} is no estimator",
            where=where,
            expected="an estimator of scikit-learn, a kernel, a scorer or a splitter",
            remedy="name one of these",
        )
    return found


def _is_part(found: Any, path: str) -> bool:
    """Tell whether an object of scikit-learn is an estimator class, or a part that estimators take."""
    from sklearn.base import BaseEstimator

    return (isinstance(found, type) and issubclass(found, BaseEstimator)) or _under(path, _PARTS)


def import_module(name: str, trust: Trust, where: str | None = None) -> types.ModuleType:
    """Import a module by its dotted name, behind the trust list."""
    checked = check_name(name, trust, where)
    try:
        return importlib.import_module(checked)
    except ImportError as error:
        raise TrustError(
            f"module {checked!r} cannot be imported: {error}",
            where=where,
            remedy="install it, or correct the name",
        ) from error


def source_of(name: str) -> Path | None:
    """Return the file of a module that would be imported by this name, without importing anything.

    Args:
        name: dotted; None is returned where there is no such module, or where it is no source file.
    """
    top, *rest = name.split(".")
    spec = _top_level(top)
    for segment in rest:
        if spec is None:
            return None
        # by its last part only: of a dotted name's namespace package Python asks the imported parent
        places = list(spec.submodule_search_locations or ())
        spec = importlib.machinery.PathFinder.find_spec(segment, places)
    origin = None if spec is None else spec.origin
    return Path(origin) if origin is not None and origin.endswith(".py") else None


def _top_level(name: str) -> importlib.machinery.ModuleSpec | None:
    """Ask whoever Python would ask, in its order: editable installations have finders of their own."""
    for finder in sys.meta_path:
        find = getattr(finder, "find_spec", None)
        spec = None if find is None else find(name, None)
        if isinstance(spec, importlib.machinery.ModuleSpec):
            return spec
    return None


def file_hash(path: Path) -> str:
    """Return the sha256 of a source file with LF line endings."""
    return source_digest(path.read_bytes())


def source_digest(source: bytes) -> str:
    """Return the sha256 of source with LF line endings."""
    return hashlib.sha256(source.replace(b"\r\n", b"\n")).hexdigest()


def load_local(path: Path, trust: Trust, *, recorded: str | None = None) -> types.ModuleType:
    """Load a module that lies inside an experiment directory.

    It is never known by its bare name, so it shadows nothing, and `sys.path` is left alone.

    Args:
        path: the module's file; its stem is its name.
        trust: must say `local=True` or hold the file's hash.
        recorded: the hash that the experiment recorded; None where it recorded none.

    Raises:
        TrustError: not trusted, changed since it was recorded, or named like an installed module.
    """
    if importlib.util.find_spec(path.stem) is not None:
        raise TrustError(
            f"has the name of the installed module {path.stem!r}", where=path, remedy="rename one of the two"
        )
    return load_source(path.stem, path.read_bytes(), trust, where=path, recorded=recorded)


def load_source(
    stem: str, source: bytes, trust: Trust, *, where: object, recorded: str | None = None
) -> types.ModuleType:
    """Load a local module from its source: the very bytes whose hash was checked.

    Args:
        stem: the module's own name; it is known under `LOCAL_PREFIX`, its hash and this.
        source: of the module.
        trust: must say `local=True` or hold the source's hash.
        where: where the source lies, for errors and tracebacks.
        recorded: the hash that was recorded of it; None where none was.

    Raises:
        TrustError: not trusted, or changed since it was recorded.
    """
    digest = source_digest(source)
    _check_local(where, digest, trust, recorded)
    name = local_name(stem, digest)
    if name in sys.modules:
        return sys.modules[name]
    loader = _Held(source, str(where))
    spec = importlib.util.spec_from_file_location(name, str(where), loader=loader)
    if spec is None:
        raise TrustError("is no Python module", where=where)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    places, known = list(sys.path), stem in sys.modules
    try:
        loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    finally:  # whatever the module itself did to them
        sys.path[:] = places
        if not known:
            sys.modules.pop(stem, None)
    return module


class _Held(importlib.abc.InspectLoader):
    """Executes source that was read already: a file may change between two readings."""

    def __init__(self, source: bytes, filename: str) -> None:
        self._source = source
        self._filename = filename

    def get_source(self, fullname: str) -> str:
        return importlib.util.decode_source(self._source)

    def get_code(self, fullname: str) -> types.CodeType:
        return self.source_to_code(self._source, self._filename)


def local_source(name: str) -> bytes:
    """Return the source of a local module that was loaded here, by its whole name.

    Raises:
        KeyError: no such module was loaded.
    """
    loader = getattr(sys.modules[name], "__loader__", None)
    if not isinstance(loader, _Held):
        raise KeyError(name)
    return loader._source


def local_name(stem: str, digest: str) -> str:
    """Return the name under which a local module of this hash is known."""
    return f"{LOCAL_PREFIX}{digest[:16]}_{stem}"


def _check_local(path: object, digest: str, trust: Trust, recorded: str | None) -> None:
    if not (trust.local or digest in trust.hashes):
        raise TrustError(
            "a module inside an experiment directory is not trusted, and was not loaded",
            where=path,
            remedy=f"read it, then set trust.local=true or add its sha256 {digest} to trust.hashes",
        )
    if recorded is not None and recorded != digest:
        raise TrustError(
            "differs from the module that the experiment recorded, and was not loaded",
            where=path,
            expected=f"sha256 {recorded}" if recorded else "a module whose sha256 was recorded",
            remedy="restore the module, or make the experiment again",
        )


__all__ = [
    "DEFAULT_PREFIXES",
    "LOCAL_PREFIX",
    "NO_HASH",
    "OFFERED",
    "TARGET_KEY",
    "Trust",
    "check_form",
    "check_name",
    "check_targets",
    "file_hash",
    "import_module",
    "load_local",
    "load_source",
    "local_name",
    "local_source",
    "resolve",
    "source_digest",
    "source_of",
    "targets",
]
