"""What an experiment must have recorded for its checks to mean something.

A directory that zoo wrote (it says so by `format_version` or `zoo_version`) must be complete: a key that was
taken away would switch a check off in silence. Another library's directory may lack things; what it lacks is
not checked, and the version's lineage names it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from zoo.errors import ExperimentCorrupt, ManifestError
from zoo.experiment.format import REMAKE, VOLATILE
from zoo.experiment.tolerances import check_tolerances
from zoo.settings import DEFAULTS

_MAPPINGS: Final = (
    "manifest",
    "settings",
    "params",
    "search",
    "fingerprints",
    "libraries",
    "columns",
    "tolerances",
)
_REQUIRED: Final = (
    "format_version",
    "zoo_version",
    "created_at",
    "settings",
    "params",
    "search",
    "seed",
    "fingerprints",
    "libraries",
    "columns",
    "volatile",
)
_ROUND: Final = ("preds", "alignment", "split", "deterministic", "sha256")
_DIGESTS: Final = ("declared", "row", "line")


def is_ours(metadata: Mapping[str, Any]) -> bool:
    """Tell whether zoo wrote the directory."""
    return "format_version" in metadata or "zoo_version" in metadata


def is_finished(metadata: Mapping[str, Any]) -> bool:
    """Tell whether the run that wrote the directory is over."""
    return bool(metadata.get("status", "finished") == "finished")


def check_metadata(metadata: Mapping[str, Any], where: Path) -> None:
    """Check the form of every key, and that ours are all there and not empty.

    Raises:
        ExperimentCorrupt: a key of the wrong form, or one that is missing.
    """
    for key in _MAPPINGS:
        if not isinstance(metadata.get(key, {}), Mapping):
            raise ExperimentCorrupt(f"{key} is no mapping", where=where, remedy=REMAKE)
    for name, values in (metadata.get("params") or {}).items():
        if not isinstance(values, list):
            raise ExperimentCorrupt(f"params.{name} is no list", where=where, remedy=REMAKE)
    for key, form in (("volatile", str), ("failed", int), ("injected", dict)):
        found = metadata.get(key, [])
        if not isinstance(found, list) or not all(isinstance(value, form) for value in found):
            raise ExperimentCorrupt(f"{key} is no list of {form.__name__}", where=where, remedy=REMAKE)
    _check_fingerprints(metadata.get("fingerprints") or {}, where)
    _check_tolerances(metadata.get("tolerances") or {}, where)
    if is_ours(metadata):
        _check_complete(metadata, where)


def _check_fingerprints(fingerprints: Mapping[str, Any], where: Path) -> None:
    for kind in ("data", "code"):
        if not isinstance(fingerprints.get(kind, {}), Mapping):
            raise ExperimentCorrupt(f"fingerprints.{kind} is no mapping", where=where, remedy=REMAKE)
    modules = (fingerprints.get("code") or {}).get("modules", {})
    if not isinstance(modules, Mapping):
        raise ExperimentCorrupt("fingerprints.code.modules is no mapping", where=where, remedy=REMAKE)


def _check_tolerances(tolerances: Mapping[str, Any], where: Path) -> None:
    try:
        check_tolerances(tolerances, "")
    except ManifestError as error:
        raise ExperimentCorrupt(error.problem, where=where, expected=error.expected, remedy=REMAKE) from error


def _check_complete(metadata: Mapping[str, Any], where: Path) -> None:
    required = [
        *_REQUIRED,
        *(("rounds", "failed") if is_finished(metadata) else ()),
    ]
    missing = [key for key in required if metadata.get(key) is None or metadata[key] in ({}, "")]
    missing += [f"settings.{name}" for name in DEFAULTS if name not in metadata.get("settings", {})]
    missing += [f"volatile {name}" for name in VOLATILE if name not in (metadata.get("volatile") or ())]
    found = metadata.get("fingerprints") or {}
    missing += [f"fingerprints.{kind}" for kind in ("data", "code") if not found.get(kind)]
    if found.get("code") and not found["code"].get("modules"):
        missing.append("fingerprints.code.modules")
    if missing:
        raise ExperimentCorrupt(
            f"lacks {', '.join(missing)}, without which nothing could be checked", where=where, remedy=REMAKE
        )


def check_round(found: Mapping[str, Any], metadata: Mapping[str, Any], where: str) -> None:
    """Check the form of a round, and that one of ours is complete.

    Raises:
        ExperimentCorrupt: a key of the wrong form, or one that is missing.
    """
    forms: dict[str, type | tuple[type, ...]] = {
        "round_params": dict,
        "preds": list,
        "probs": (list, type(None)),
        "alignment": (dict, type(None)),
        "split": (dict, type(None)),
        "sha256": (dict, type(None)),
        "held_out": (dict, type(None)),
        "quality": (dict, type(None)),
        "fitted": dict,
    }
    for key, form in forms.items():
        if key in found and not isinstance(found[key], form):
            raise ExperimentCorrupt(f"{key} is {type(found[key]).__name__}", where=where, remedy=REMAKE)
    needed = _ROUND if is_ours(metadata) else ()
    missing = [key for key in ("round_params", *needed) if found.get(key) is None or found[key] == {}]
    if is_ours(metadata) and not missing:
        missing = [f"sha256.{key}" for key in _DIGESTS if not found["sha256"].get(key)]
    if missing:
        raise ExperimentCorrupt(f"lacks {', '.join(missing)}", where=where, remedy=REMAKE)


def unchecked(metadata: Mapping[str, Any], found: Mapping[str, Any]) -> tuple[str, ...]:
    """Name what a directory did not record, and what can therefore not be checked.

    Args:
        metadata: of the experiment.
        found: the round's line.
    """
    fingerprints = metadata.get("fingerprints") or {}
    names = [f"{kind} fingerprint" for kind in ("data", "code") if not fingerprints.get(kind)]
    names += [key for key in ("libraries", "params", "columns") if not metadata.get(key)]
    names += [f"volatile {name}" for name in metadata.get("volatile") or () if name not in VOLATILE]
    recorded = metadata.get("settings") or {}
    names += ["settings"] if not recorded else [f"setting {n}" for n in DEFAULTS if n not in recorded]
    names += [
        f"round's {key}"
        for key in ("preds", "alignment", "split", "deterministic", "sha256")
        if not found.get(key) and found.get(key) is not False
    ]
    if is_ours(metadata) and not is_finished(metadata):
        names.append("seal of a finished run")
    return tuple(names)


__all__ = ["check_metadata", "check_round", "is_finished", "is_ours", "unchecked"]
