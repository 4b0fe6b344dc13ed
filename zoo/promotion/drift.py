"""Are data and code still those of the experiment? Asked before anything of it is imported or fitted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from zoo.data import Fingerprint
from zoo.errors import CodeDriftError, DataDriftError, DataError, ExperimentCorrupt, ManifestError
from zoo.manifest.bound import Bound
from zoo.trust import file_hash, source_of

MOST_NAMED: Final = 12
ALLOW: Final = "promotion.allow_code_drift=true promotes where the metrics still reproduce"


def changed_sources(recorded: Mapping[str, str], local: str | None) -> list[str]:
    """Return the recorded modules whose files differ now; nothing is imported to find out.

    Args:
        recorded: sha256 of each file, by module.
        local: the name of a module in the experiment's own directory, which `zoo.trust.load_local` checks.
    """
    found = {name: source_of(name) for name in recorded if name != local}
    return sorted(
        name for name, path in found.items() if path is not None and file_hash(path) != recorded[name]
    )


def differing_modules(then: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Return the modules that only one side has, or whose digests differ."""
    return sorted(name for name in {*then, *now} if then.get(name) != now.get(name))


def code_drift(modules: Iterable[str], where: Path, problem: str | None = None) -> CodeDriftError:
    """Return the error of code that is not the experiment's."""
    names = list(modules)
    named = ", ".join(names[:MOST_NAMED])
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    also = "" if problem is None else f", and {problem}"
    allowed = "" if problem is not None else f"; {ALLOW}"
    return CodeDriftError(
        f"the code differs from the code that the experiment was run with: {named}{more}{also}",
        where=where,
        remedy=f"restore those modules, or make the experiment again with overwrite=true{allowed}",
    )


def check_data(data: Any, recorded: Mapping[str, Any] | None, where: Path) -> None:
    """Check that the data is the experiment's, by its fingerprint: rows, columns, range and content.

    Args:
        data: a `Dataset` or a `Table`.
        recorded: the fingerprint, or None where there is none.
        where: the experiment.

    Raises:
        DataError: it is no data.
        DataDriftError: it is other data.
        ExperimentCorrupt: what was recorded is no fingerprint.
    """
    if not hasattr(data, "kind") or not hasattr(data, "fingerprint"):
        raise DataError(f"data is a {type(data).__name__}", where=where, expected="a Dataset or a Table")
    if recorded is None:
        return
    try:
        then = Fingerprint.from_dict(recorded)
    except Exception as error:
        raise ExperimentCorrupt(
            f"fingerprints.data is no fingerprint: {error}", where=where / "metadata.json"
        ) from error
    differing = then.differences(data.fingerprint())
    if differing:
        raise DataDriftError(
            f"the data differs from the experiment's: {'; '.join(differing)}",
            where=where,
            remedy="give the data of the experiment, or make it again with overwrite=true",
        )


def check_steady(declared: Bound, again: Bound, where: str) -> None:
    """Check that a decoder declares the same each time; only the split may be another one.

    Raises:
        ManifestError: it does not, so that what is registered would not be what was reproduced.
    """
    one, two = ({**bound.as_dict(), "split": None} for bound in (declared, again))
    differing = [name for name in one if one[name] != two[name]]
    if differing:
        raise ManifestError(
            f"the decoder declares another {', '.join(differing)} each time that it is asked",
            where=where,
            expected="the same manifest under the same settings",
            remedy="let manifest() depend on nothing but parameters and zoo's settings",
        )


__all__ = ["changed_sources", "check_data", "check_steady", "code_drift", "differing_modules"]
