"""`versions`: what the registry holds, the newest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from zoo.commands.arguments import Arguments
from zoo.commands.output import Answer, show_table
from zoo.commands.request import asked

if TYPE_CHECKING:
    from rich.console import Console

    from zoo.registry import Version

#: what is shown of a version's metrics, by what it is about
HEADLINES: Final = (("rank_ic", "rank_ic_se", "rank_ic_t"), ("auc",), ("accuracy",), ("r2",))
#: whose metrics they are: the refit has none, having seen everything
_KINDS: Final = ("variant", "reproduced", "logged")
_COLUMNS: Final = ("version", "stage", "on test")

Row = dict[str, Any]


def list_versions(arguments: Arguments) -> Answer:
    """List the versions; `spec=<name>` keeps one spec's.

    Raises:
        ZooError: the configuration is refused, or the registry cannot be read.
    """
    request = asked(arguments)
    from zoo.registry import Registry

    with Registry.open(request.registry_url, artifacts=request.artifacts, read_only=True) as registry:
        rows = [row_of(version) for version in registry.versions(spec=request.spec_name)]
    return Answer(rows, lambda console: render(console, rows), form=request.format)


def row_of(version: Version) -> Row:
    """Return one row of the document."""
    return {
        "version_id": version.version_id,
        "spec": version.spec,
        "line": version.line,
        "stage": version.stage,
        "created_at": version.created_at,
        "deleted_at": version.deleted_at,
        "experiment": version.experiment,
        "permutation_id": version.permutation_id,
        "members": members_of(version),
        "validation": validation_of(version.lineage),
        "metrics": headline(version.metrics),
    }


def validation_of(lineage: Mapping[str, Any]) -> str | None:
    """Return how a version was validated: `full`, `skip`, or `none` for somebody else's training function."""
    validation = lineage.get("validation")
    return validation.get("mode") if isinstance(validation, Mapping) else None


def unusual(validation: str | None) -> list[str]:
    """Return a line about a version that was not fully validated; none for the others."""
    return [] if validation in (None, "full") else [f"validation: {validation}"]


def headline(metrics: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the first group of `HEADLINES` that the variant, or else the original, has."""
    for kind in _KINDS:
        found = metrics.get(kind) or {}
        for group in HEADLINES:
            if group[0] in found:
                return {name: found[name] for name in group if name in found}
    return {}


def members_of(version: Version) -> list[Any] | None:
    """Return the permutations of a cohort; None for a version of a single one."""
    if version.permutation_id is not None:
        return None
    return [member.get("permutation_id") for member in version.lineage.get("members") or ()]


def _some(members: Sequence[Any], shown: int = 6) -> str:
    more = len(members) - shown
    return ", ".join(map(str, members[:shown])) + (f" and {more} more" if more > 0 else "")


def render(console: Console, rows: Sequence[Row]) -> None:
    """Print the rows."""
    if not rows:
        console.print("no version is registered yet", soft_wrap=True)
        return
    show_table(console, _COLUMNS, [_cells(row) for row in rows], whole=("version",))


def _cells(row: Row) -> tuple[object, ...]:
    """Two lines a version fit 80 columns."""
    created = f"{str(row['created_at'])[:16].replace('T', ' ')}Z"
    members = row["members"]
    what = f"permutation {row['permutation_id']}" if members is None else f"cohort of {_some(members)}"
    source = f"{what} of {row['experiment']}"
    figures = "\n".join(filter(None, [_figures(row["metrics"]), source]))
    stage = row["stage"] if row["deleted_at"] is None else f"{row['stage']}, files deleted"
    stage = "\n".join([stage, created, *unusual(row["validation"])])
    return f"{row['version_id']}\n{row['spec']}", stage, figures


def _figures(metrics: Mapping[str, Any]) -> str:
    """Write a metric with its standard error and t where there are any."""
    if not metrics:
        return ""
    name = next(iter(metrics))
    error, t = metrics.get(f"{name}_se"), metrics.get(f"{name}_t")
    text = f"{name} {number(metrics[name])}"
    text += "" if error is None else f" ± {number(error)}"
    return text if t is None else f"{text} (t {number(t, 1)})"


def number(value: object, digits: int = 4) -> str:
    """Write a metric's value for a table."""
    return f"{value:.{digits}f}" if isinstance(value, float) else str(value)


__all__ = [
    "HEADLINES",
    "headline",
    "list_versions",
    "members_of",
    "number",
    "render",
    "row_of",
    "unusual",
    "validation_of",
]
