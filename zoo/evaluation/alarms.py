"""The alarm that stands on a line's champion, kept beside the records: whoever looks at the line is told.

Only shadowing brings live bars, so that what it kept last holds until it is run again.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from zoo.evaluation.keeping import FOLDER

_FILE: Final = "alarm.json"
_KEYS: Final = ("line", "version_id", "alarm", "evidence", "threshold", "bars", "baseline")


def keep_alarm(root: Path, document: Mapping[str, Any]) -> None:
    """Keep what a watch said, or that it is silent; where nothing can be written, nothing is kept.

    Args:
        root: the directory of a line's records.
        document: what `watch` says.
    """
    place = root / FOLDER / _FILE
    with suppress(OSError):
        if document.get("alarm") is None:
            place.unlink(missing_ok=True)
            return
        place.parent.mkdir(exist_ok=True)
        staging = place.with_name(f".{secrets.token_hex(8)}")
        staging.write_text(json.dumps({name: document[name] for name in _KEYS}))
        staging.replace(place)


def kept_alarm(root: Path, champion: str | None) -> Mapping[str, Any] | None:
    """Return the alarm that stands on this champion; None for a silent watch, or one of another champion."""
    try:
        found = json.loads((root / FOLDER / _FILE).read_bytes())
        stands = champion is not None and found["version_id"] == champion and set(_KEYS) <= set(found)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return found if stands else None


def alarm_text(found: Mapping[str, Any]) -> str:
    """Return the alarm as a sentence."""
    held = f"a net Sharpe ratio of {found['baseline']:g}"
    return (
        f"ALARM: {found['version_id']} earns less than {held}, seen on {found['alarm']}"
        f" (evidence {found['evidence']:.4g} of {found['threshold']:g} after {found['bars']} live bars)"
    )


__all__ = ["alarm_text", "keep_alarm", "kept_alarm"]
