"""What a version looks like in MLflow: the tags, parameters and metrics that the mirror is to show."""

from __future__ import annotations

import datetime
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from zoo.registry import canonical
from zoo.registry.comparison import told
from zoo.registry.history import Event
from zoo.registry.version import Version

VERSION: Final = "zoo.version_id"  # the key by which a version is found again
STAGE: Final = "zoo.stage"
ARTIFACT: Final = "zoo.artifact"  # where its files were when it was mirrored; not followed when they move
_EVENT: Final = "zoo.event."
_LONGEST_NAME: Final = 200  # MLflow: 250
_LONGEST_PARAM: Final = 500  # MLflow: 500 until 2.8, then 6,000
_LONGEST_TAG: Final = 5_000  # MLflow: 5,000 until 2.13, then 8,000 for runs and 100,000 for versions
_STRANGE = re.compile(r"[^A-Za-z0-9_. -]")


@dataclass(frozen=True)
class Image:
    """A version, in MLflow's words.

    Attributes:
        version_id: the version.
        source: an address that MLflow takes and cannot load from: the files are not in its formats, and its
            server refuses local paths that are not its own. The tag `zoo.artifact` says where they are.
        description: one sentence.
        tags: of the registered version; the events among them, in their order.
        run_tags: of the run.
        params: the round's parameters, and the settings under which it was fitted.
        metrics: `kind/name`, as JSON takes them: a number, or the text `NaN`, `Infinity` or `-Infinity`.
        at: when it was registered, in milliseconds since 1970, UTC.
    """

    version_id: str
    source: str
    description: str
    tags: Mapping[str, str]
    run_tags: Mapping[str, str]
    params: Mapping[str, str]
    metrics: Mapping[str, float | str]
    at: int


def image_of(version: Version, events: Iterable[Event], place: str) -> Image:
    """Return what the mirror is to show of a version.

    Args:
        version: the version, as it is now.
        events: its own, the oldest first.
        place: where its files are.
    """
    events = list(events)
    facts = _facts(version)
    by = {"mlflow.user": events[0].actor} if events else {}
    return Image(
        version_id=version.version_id,
        source=f"zoo:/{version.line}/{version.version_id}",
        description=f"spec {version.spec}: permutation {version.permutation_id} of {version.experiment}",
        tags={
            **facts,
            ARTIFACT: _cut(place, _LONGEST_TAG),
            **dict(map(_event, events)),
            STAGE: version.stage,
        },
        run_tags={**facts, STAGE: version.stage, "mlflow.source.name": f"zoo {version.zoo_version}", **by},
        params=_params(version),
        metrics=_metrics(version),
        at=_milliseconds(version.created_at),
    )


def _facts(version: Version) -> dict[str, str]:
    """Return what never changes of a version, and when its files went."""
    facts = {
        VERSION: version.version_id,
        "zoo.line": version.line,
        "zoo.spec": version.spec,
        "zoo.label": version.label,
        "zoo.experiment": version.experiment,
        "zoo.permutation_id": str(version.permutation_id),
        "zoo.train_end": "none" if version.train_end is None else version.train_end.isoformat(),
        "zoo.overrides": _json(version.overrides),
        "zoo.fingerprint": version.fingerprint,
        "zoo.digest": version.digest,
        "zoo.created_at": version.created_at,
        "zoo.zoo_version": version.zoo_version,
    }
    if version.deleted_at is not None:
        facts["zoo.deleted_at"] = version.deleted_at
    return {name: _cut(value, _LONGEST_TAG) for name, value in facts.items()}


def _event(event: Event) -> tuple[str, str]:
    """Return the tag of an event: MLflow keeps no history of its aliases."""
    said = f"{event.at} {event.kind} by {event.actor} on {event.host}"
    replaced = event.details.get("replaced")
    if replaced is not None:
        said += f", in the place of {replaced}"
    gate = event.details.get("gate")
    if gate is not None:
        said += f", gate {gate.get('name') if isinstance(gate, Mapping) else gate}"
    if event.reason is not None:
        said += f": {event.reason}"
    return f"{_EVENT}{event.position:06}", _cut(said, _LONGEST_TAG)


def _params(version: Version) -> dict[str, str]:
    named = [(name, value) for name, value in told(version, "parameters")]
    named += [(f"settings.{name}", value) for name, value in told(version, "settings")]
    return {_name(name): _cut(_word(value), _LONGEST_PARAM) for name, value in named}


def _metrics(version: Version) -> dict[str, float | str]:
    """Return every metric that is a number; Python's own NaN would arrive there as 0."""
    return {
        f"{_name(kind)}/{_name(name)}": canonical.presentable(float(value))
        for kind, metrics in version.metrics.items()
        for name, value in metrics.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }


def _name(name: str) -> str:
    """Return a name that MLflow takes; one that had to be changed ends in a digest, so that none meet."""
    plain = _STRANGE.sub("_", name)[:_LONGEST_NAME]
    if plain.strip(". ") == "":
        plain = "_"
    if plain == name:
        return name
    return f"{plain}_{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def _word(value: Any) -> str:
    return value if isinstance(value, str) else _json(value)


def _json(value: Any) -> str:
    return json.dumps(canonical.presentable(value), sort_keys=True, default=str, ensure_ascii=False)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _milliseconds(at: str) -> int:
    return int(datetime.datetime.fromisoformat(at).timestamp() * 1000)


__all__ = ["ARTIFACT", "STAGE", "VERSION", "Image", "image_of"]
