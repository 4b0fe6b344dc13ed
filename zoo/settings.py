"""The named knobs of a pipeline, and their overrides for the length of one training.

`settings.forward_days` is read at call time. Values live in a context variable, so that threads never see
each other's overrides; a worker process gets an explicit snapshot (`settings.snapshot()`) and enters it with
`using(snapshot)`, and so must a thread that user code starts: a new thread begins with the defaults. Every
read is recorded: an override that nobody read did nothing, and a model trained under it would be the base
model under another name.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any, Final

from zoo.errors import InertOverride, OverrideNotAllowed, SettingsError, did_you_mean
from zoo.foreign import NO_VALUE, Slot, recording, slot_of

DEFAULTS: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "forward_days": 21,
        "residual_momentum_enabled": False,
        "xsec_demean_alpha_enabled": True,
        "model_version_label": None,
    }
)
ALLOWED: Final[frozenset[str]] = frozenset(DEFAULTS)
LABEL_SETTING: Final = "model_version_label"

_values: ContextVar[Mapping[str, Any]] = ContextVar("zoo_settings", default=DEFAULTS)
_recorders: ContextVar[tuple[Reads, ...]] = ContextVar("zoo_settings_reads", default=())
_foreign_lock = threading.RLock()


class Reads:
    """The names that were read while it was listening.

    Attributes:
        seen: False where reads cannot be seen (a mapping, or a name that a module reads as its own global).
    """

    def __init__(self) -> None:
        self._names: set[str] = set()
        self._lock = threading.Lock()
        self.seen = True

    def add(self, names: Iterable[str]) -> None:
        """Record reads, also those that a worker process or a cached preparation reports."""
        with self._lock:
            self._names.update(names)

    @property
    def names(self) -> frozenset[str]:
        """What has been read so far."""
        with self._lock:
            return frozenset(self._names)

    def require(self, overridden: Iterable[str], where: str) -> None:
        """Raise `InertOverride` for the first name of `overridden` that nobody read."""
        unread = sorted(set(overridden) - self.names) if self.seen else []
        if unread:
            raise InertOverride(
                f"override {unread[0]!r} was never read during training, so it changed nothing",
                where=where,
                expected="every override to be read by the manifest or by the code that it names",
                remedy=f"remove it, or refer to it in the manifest as ${{settings.{unread[0]}}}",
            )


class Settings:
    """Attribute access to the current values; unknown names are errors, never None."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self[name]

    def __getitem__(self, name: str) -> Any:
        values = _values.get()
        if name not in values:
            raise SettingsError(
                f"no setting is called {name!r}",
                expected=f"one of {', '.join(values)}",
                remedy=did_you_mean(name, values),
            )
        record((name,))
        return values[name]

    def __contains__(self, name: object) -> bool:
        return name in _values.get()

    def __iter__(self) -> Iterator[str]:
        return iter(_values.get())

    def __setattr__(self, name: str, value: object) -> None:
        raise SettingsError(
            f"setting {name!r} cannot be assigned", remedy="use zoo.overrides(settings, {...})"
        )

    def snapshot(self) -> dict[str, Any]:
        """Return a copy of the current values, for a log or a worker process; this is not a read."""
        return dict(_values.get())


settings: Final = Settings()


def record(names: Iterable[str]) -> None:
    """Count `names` as read by everybody who listens in this context."""
    names = tuple(names)
    for reads in _recorders.get():
        reads.add(names)


@contextlib.contextmanager
def recorded() -> Iterator[Reads]:
    """Listen to every read of our settings inside the block."""
    reads = Reads()
    token = _recorders.set((*_recorders.get(), reads))
    try:
        yield reads
    finally:
        _recorders.reset(token)


@contextlib.contextmanager
def using(values: Mapping[str, Any]) -> Iterator[Reads]:
    """Run the block under exactly `values` (a recorded snapshot), and listen to its reads."""
    token = _values.set(MappingProxyType(dict(values)))
    try:
        with recorded() as reads:
            yield reads
    finally:
        _values.reset(token)


@contextlib.contextmanager
def overrides(
    target: object, values: Mapping[str, Any], allowed: Iterable[str] | None = None
) -> Iterator[Reads]:
    """Set `values` on `target`, run the block, and restore whatever happens.

    Args:
        target: our `settings`, a module, a mapping, or any object with attributes.
        values: name to value. Every name is checked against the allowlist before anything is set.
        allowed: the allowlist; None takes the code's (`ALLOWED`).

    Yields:
        The reads of the block. `Reads.seen` is False where they cannot be seen.

    Raises:
        OverrideNotAllowed: a name outside the allowlist; nothing was changed.
    """
    check_allowed(values, ALLOWED if allowed is None else allowed)
    if isinstance(target, Settings):
        with using({**_values.get(), **values}) as reads:
            yield reads
        return
    with _foreign_lock, _foreign(target, values) as reads:
        yield reads


def check_allowed(names: Iterable[str], allowed: Iterable[str], where: str | None = None) -> None:
    """Raise `OverrideNotAllowed` for the first of `names` outside `allowed`."""
    known = sorted(allowed)
    for name in names:
        if name not in known:
            raise OverrideNotAllowed(
                f"override {name!r} is not in the allowlist",
                where=where,
                expected=f"one of {', '.join(known)}",
                remedy=did_you_mean(name, known) or "add it to settings.allowed in conf/settings",
            )


def check_values(values: Mapping[str, Any], where: str | None = None) -> None:
    """Raise `SettingsError` for a value of another type than the setting's default (a bool is no int)."""
    for name, value in values.items():
        expected = _expected_type(name, value)
        if expected is not None:
            raise SettingsError(
                f"setting {name!r} cannot be {value!r}",
                where=where,
                expected=expected,
                remedy="correct the value",
            )


def _expected_type(name: str, value: Any) -> str | None:
    """Return what `value` should have been, or None where it is in order or the setting is a user's own."""
    default = DEFAULTS.get(name)
    if name == LABEL_SETTING:
        return None if value is None or isinstance(value, str) else "a string or null"
    if isinstance(default, bool):
        return None if isinstance(value, bool) else "true or false"
    if isinstance(default, int):
        return None if type(value) is int and value >= 1 else "a positive integer"
    return None


@contextlib.contextmanager
def _foreign(target: object, values: Mapping[str, Any]) -> Iterator[Reads]:
    """Save, set, run, restore; an absent name is absent again."""
    slot: Slot = slot_of(target)
    reads = Reads()
    with contextlib.ExitStack() as restoring:  # one name that cannot be restored leaves no other behind
        for name, value in values.items():
            restoring.callback(_restore, slot, name, slot.get(name))
            slot.set(name, value)
        with recording(target, values, reads.add) as seen:
            reads.seen = seen
            yield reads


def _restore(slot: Slot, name: str, value: Any) -> None:
    slot.delete(name) if value is NO_VALUE else slot.set(name, value)


__all__ = [
    "ALLOWED",
    "DEFAULTS",
    "LABEL_SETTING",
    "Reads",
    "Settings",
    "check_allowed",
    "check_values",
    "overrides",
    "record",
    "recorded",
    "settings",
    "using",
]
