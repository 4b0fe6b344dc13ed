"""One trial: a permutation that was evaluated, what it came to, and its row in the ledger.

A trial is one attempt at an answer, and its content says which: equal content is the same attempt, wherever
and however often it is made. What is known of an attempt only ever grows: a failed one may be found finished
later, and a finished one without returns may get them; never the other way round, and nothing that has
returns is ever replaced.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Row

from zoo.errors import RegistryError
from zoo.registry import canonical

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Returns = NDArray[np.float32]

FAILED: Final = "failed"
FINISHED: Final = "finished"
STATUSES: Final = (FAILED, FINISHED)

_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_BETWEEN: Final = "/"  # first/last: an interval of ISO 8601
_BYTES: Final = "<f4"

Window = tuple[str, str]


@dataclass(frozen=True, eq=False)
class Trial:
    """One permutation, evaluated once or more often.

    Attributes:
        content: SHA-256 of what was evaluated (`zoo.registry.counting.content_of`); one a line.
        line: whose trial it is.
        experiment: the experiment in which it was found.
        permutation_id: its id there.
        target: what was predicted, as canonical JSON.
        calendar: SHA-256 over the dates of its returns; None without returns.
        window: the first and the last of these dates, ISO 8601; None without returns.
        metrics: what was measured, by name.
        net: held-out return of each bar, net of costs, float32, read-only; NaN where there is none. None for
            a failed trial, a table, and an experiment that recorded none.
        status: `finished` or `failed`.
        recorded_at: when it was counted first, UTC, ISO 8601; None before.

    Raises:
        RegistryError: a part that contradicts another, or is of the wrong form.
    """

    content: str
    line: str
    experiment: str
    permutation_id: int
    target: str
    calendar: str | None = None
    window: Window | None = None
    metrics: Mapping[str, Any] = field(default_factory=dict)
    net: Returns | None = None
    status: str = FINISHED
    recorded_at: str | None = None

    def __post_init__(self) -> None:
        """Check it, and take the returns as they will be kept."""
        problem = self._problem()
        if problem is not None:
            raise RegistryError(
                f"a trial {problem}", where=f"{self.experiment}, permutation {self.permutation_id}"
            )
        if self.net is not None:
            import numpy as np

            net = np.array(self.net, dtype=np.float32)
            net.flags.writeable = False
            object.__setattr__(self, "net", net)

    def _problem(self) -> str | None:
        if self.status not in STATUSES:
            return f"is {self.status!r}, neither {FAILED} nor {FINISHED}"
        if _SHA256.fullmatch(self.content) is None:
            return f"has the content {self.content!r}, no SHA-256"
        dated = [part is not None for part in (self.calendar, self.window, self.net)]
        if len(set(dated)) != 1:
            return "has some of calendar, window and returns, and not all"
        return "failed and has returns" if self.status == FAILED and dated[0] else None

    @property
    def has_nan(self) -> bool:
        """Whether some of its returns are no numbers: it has no Sharpe ratio, and is in N all the same."""
        if self.net is None:
            return False
        import numpy as np

        return not bool(np.isfinite(self.net).all())


def rank(status: str, has_returns: bool) -> int:
    """Return how much is known of a trial: a higher rank replaces a lower one, and nothing else does."""
    return 2 if has_returns else int(status == FINISHED)


def to_row(trial: Trial, *, position: int, recorded_at: str) -> dict[str, Any]:
    """Return the row of the table `trials`, with its digest."""
    row = {
        "position": position,
        "line": trial.line,
        "content": trial.content,
        "experiment": trial.experiment,
        "permutation_id": trial.permutation_id,
        "recorded_at": recorded_at,
        "status": trial.status,
        "target": trial.target,
        "calendar": trial.calendar,
        "window": None if trial.window is None else _BETWEEN.join(trial.window),
        "metrics": canonical.text(canonical.encode(trial.metrics, "metrics")),
        "net_returns": None if trial.net is None else trial.net.astype(_BYTES, copy=False).tobytes(),
    }
    return {**row, "digest": digest(row)}


def digest(row: Mapping[str, Any]) -> str:
    """Return the SHA-256 over everything that a row holds, its place in the ledger too."""
    net = row["net_returns"]
    returns = None if net is None else hashlib.sha256(net).hexdigest()
    kept = {name: value for name, value in row.items() if name != "digest"}
    return canonical.digest({**kept, "net_returns": returns})


def from_row(row: Mapping[Any, Any]) -> Trial:
    """Return the trial of a row.

    Raises:
        RegistryError: the row was damaged.
    """
    where = f"trial {row['position']}"
    try:
        return Trial(
            content=row["content"],
            line=row["line"],
            experiment=row["experiment"],
            permutation_id=row["permutation_id"],
            target=row["target"],
            calendar=row["calendar"],
            window=_window(row["window"]),
            metrics=canonical.Stored(row["metrics"], f"metrics of {where}"),
            net=_returns(row["net_returns"]),
            status=row["status"],
            recorded_at=row["recorded_at"],
        )
    except (TypeError, ValueError, RegistryError) as error:
        raise RegistryError("its row is damaged", where=where, remedy="run `zoo verify`") from error


def _window(text: str | None) -> Window | None:
    if text is None:
        return None
    first, _, last = text.partition(_BETWEEN)
    return first, last


def _returns(content: bytes | None) -> Returns | None:
    if content is None:
        return None
    import numpy as np

    return np.frombuffer(content, dtype=_BYTES).astype(np.float32, copy=False)


def breaks(rows: Iterable[Row[Any]]) -> list[str]:
    """Say what is wrong with the rows of the ledger, which come in the order of their positions."""
    found, position = [], 0
    for row in rows:
        if row.position != position + 1:
            found.append(f"trial {row.position} follows trial {position}: some are missing, and N is too low")
        if digest(dict(row._mapping)) != row.digest:
            where = f"permutation {row.permutation_id} of {row.experiment}"
            found.append(f"trial {row.position} ({where}) was changed after it was recorded")
        position = row.position
    return found


__all__ = [
    "FAILED",
    "FINISHED",
    "STATUSES",
    "Trial",
    "Window",
    "breaks",
    "digest",
    "from_row",
    "rank",
    "to_row",
]
