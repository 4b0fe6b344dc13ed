"""Which challengers are shadowed, where not all can be.

Who came first is seated first, and keeps the seat until its soak is full; no newcomer ever takes a seat from
somebody who is soaking. (Seating the newest instead would judge nobody where three have seats, five are
registered a week and a verdict takes 42 days.) Bars that a challenger waited through are live to it all the
same, and are predicted when its turn comes, as they would have been: so a turn is enough to be judged, and
all are judged in the end unless more are registered than have turns.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from zoo.errors import ShadowError
from zoo.evaluation.rules import ShadowRules


@dataclass(frozen=True, slots=True)
class Candidate:
    """A challenger that asks for a seat.

    Attributes:
        version_id: its id.
        registered_at: when it was registered.
        live: live bars that it was shadowed on.
    """

    version_id: str
    registered_at: dt.datetime
    live: int


def seated(candidates: Iterable[Candidate], rules: ShadowRules) -> list[str]:
    """Return the ids of those that are shadowed: who still soaks before who is through, in order of arrival.

    Among those that are through, the newest come first: they are those that were not judged yet.
    """
    waiting = sorted(candidates, key=lambda one: (one.registered_at, one.version_id))
    soaking = [one for one in waiting if one.live < rules.soak_days]
    through = [one for one in reversed(waiting) if one.live >= rules.soak_days]
    return [one.version_id for one in [*soaking, *through][: rules.cap]]


def check_reachable(candidates: Sequence[Candidate], rules: ShadowRules, now: dt.datetime) -> None:
    """Refuse a cap under which a soak is never filled by all, at the pace at which they are registered.

    Raises:
        ShadowError: more were registered in the length of a soak than have a turn in it.
    """
    if rules.cap is None:
        return
    since = now - dt.timedelta(days=rules.soak_days)
    arrived = sum(one.registered_at > since for one in candidates)
    turns = rules.cap * rules.soak_days
    if arrived > turns:
        raise ShadowError(
            f"shadow.cap {rules.cap} gives {turns} turns in the {rules.soak_days} days of a soak, and"
            f" {arrived} challengers were registered in the last so many: most could never be judged",
            remedy=f"set shadow.cap to {-(-arrived // rules.soak_days)} or more, or to null for all",
        )


__all__ = ["Candidate", "check_reachable", "seated"]
