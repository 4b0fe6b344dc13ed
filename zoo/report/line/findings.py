"""What is known of a line when its page is written: nothing is computed here, and nothing is left out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zoo.evaluation.selection import Selection
    from zoo.evaluation.standings import Compared
    from zoo.line import Line
    from zoo.registry import Event, Version


@dataclass(frozen=True, slots=True)
class Missing:
    """Why something is not shown.

    Attributes:
        reason: one sentence.
        failed: whether something went wrong; else there is nothing yet.
    """

    reason: str
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Trouble:
    """What failed in a run.

    Attributes:
        run_id: the run.
        spec: the spec's directory below it.
        status: how the spec ended, as its result says.
        permutation_id: which permutation; None for the spec as a whole.
        error: the class of what went wrong.
        message: what went wrong.
    """

    run_id: str
    spec: str
    status: str
    permutation_id: int | None
    error: str
    message: str


@dataclass(frozen=True, slots=True)
class Runs:
    """The last runs.

    Attributes:
        seen: their ids, the last one first.
        specs: how many specs they ran.
        troubles: what failed in them, the last run first.
    """

    seen: tuple[str, ...] = ()
    specs: int = 0
    troubles: tuple[Trouble, ...] = ()


@dataclass(frozen=True, slots=True)
class Judged:
    """On what terms versions were compared and judged, for the reader.

    Attributes:
        policy: conf/portfolio's declaration.
        delay: bars from signal to trade.
        costs: conf/costs.
        gate: the gate's own values.
    """

    policy: Mapping[str, Any]
    delay: int
    costs: Mapping[str, float]
    gate: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Findings:
    """What is known of a line.

    Attributes:
        line: the line.
        written_at: the clock, UTC.
        versions: all of the line, retired ones too, the last registered first.
        history: every promotion, rollback, retirement and deletion, in order.
        compared: the versions side by side; or why they are not.
        selection: what the gate says of each challenger; or why it was not asked.
        judged: on what terms.
        runs: the last runs.
    """

    line: Line
    written_at: dt.datetime
    versions: Sequence[Version]
    history: Sequence[Event]
    compared: Compared | Missing
    selection: Selection | Missing
    judged: Judged
    runs: Runs = Runs()

    @property
    def champion(self) -> Version | None:
        """The champion; None where the line has none."""
        return next((one for one in self.versions if one.stage == "champion"), None)

    @property
    def crowning(self) -> Event | None:
        """The event by which the champion became it."""
        champion = self.champion
        crowned = [
            event
            for event in self.history
            if champion is not None
            and event.version_id == champion.version_id
            and event.kind in ("promoted", "rolled_back")
        ]
        return crowned[-1] if crowned else None


__all__ = ["Findings", "Judged", "Missing", "Runs", "Trouble"]
