"""Who is drawn, and what of: one track a version, a refit and a baseline."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zoo.evaluation.baselines import EQUAL_WEIGHT, MOMENTUM, PERMUTED, REFIT, ZERO
from zoo.evaluation.days import LIVE, REPLAYED

if TYPE_CHECKING:
    from zoo.evaluation.ground import Held
    from zoo.evaluation.leaderboard import Entrant
    from zoo.evaluation.standings import Compared

BASELINE: Final = "baseline"
CHAMPION: Final = "champion"
CHALLENGER: Final = "challenger"
FORMER: Final = "former"  # retired, archived, or of a version that the registry does not know

#: versions that are drawn; more would hide one another
MOST: Final = 24
#: refits of the champion's architecture that are drawn
REFITS: Final = 3
_LABELS: Final = {
    MOMENTUM: "12-1 momentum",
    EQUAL_WEIGHT: "equal weight",
    ZERO: "doing nothing",
    PERMUTED: "permuted scores",
}

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """One that is drawn.

    Attributes:
        name: a version's id, or a baseline's name.
        kind: `champion`, `challenger`, `former` or `baseline`.
        spec: a version's; empty for a baseline.
        rank: on the leaderboard; None for whoever is not in the race.
        horizon: bars that it looks ahead; None for a baseline that looks at nothing.
        held: its returns and figures.
        live: of each of `held.dates`, whether the bar came after the version was registered.
    """

    name: str
    kind: str
    spec: str
    rank: int | None
    horizon: int | None
    held: Held
    live: Flags

    @property
    def evidence(self) -> list[str]:
        """What kind of evidence each bar with a return is; a baseline's is none."""
        if self.kind == BASELINE:
            return [BASELINE] * len(self.live)
        return [LIVE if live else REPLAYED for live in self.live]

    @property
    def live_from(self) -> pd.Timestamp | None:
        """The first live bar; None without one."""
        return self.held.dates[int(np.argmax(self.live))] if self.live.any() else None


def label_of(name: str) -> str:
    """Return a baseline's name as a reader knows it; a version's id as it is."""
    if name.startswith(REFIT):
        return name.replace(REFIT, "champion refitted")
    return _LABELS.get(name, name)


def tracks_of(compared: Compared) -> list[Track]:
    """Return the champion, then the others that are compared by rank, then the baselines.

    Of more than `MOST` versions the first, and of more than `REFITS` refits the last vintages: the
    leaderboard has all of them.
    """
    versions = [
        _version(one, compared.board.champion) for one in compared.board.entrants if one.standing is not None
    ]
    versions.sort(key=lambda one: one.kind != CHAMPION)  # stable: the others stay in the board's order
    return [*versions[:MOST], *_baselines(compared)]


def _version(one: Entrant, champion: str | None) -> Track:
    standing = one.standing
    assert standing is not None  # noqa: S101  # it is compared
    kind = CHAMPION if one.version_id == champion else CHALLENGER if one.racing else FORMER
    horizon = None if one.index is None else one.index.about.horizon
    return Track(one.version_id, kind, one.spec, one.rank, horizon, standing.held, standing.live)


def _baselines(compared: Compared) -> Iterator[Track]:
    for vintage, one in [*compared.refits.items()][-REFITS:]:
        if one.standing is not None and one.version_id != compared.board.champion:
            name = f"{REFIT} {vintage[:10]}"
            dates = one.standing.held.dates
            yield Track(name, BASELINE, one.spec, None, None, one.standing.held, np.zeros(len(dates), bool))
    for name, held in compared.baselines.items():
        yield Track(name, BASELINE, "", None, None, held, np.zeros(len(held.dates), bool))


__all__ = ["BASELINE", "CHALLENGER", "CHAMPION", "FORMER", "MOST", "REFITS", "Track", "label_of", "tracks_of"]
