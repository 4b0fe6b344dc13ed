"""What a spec says of a cohort: how permutations are chosen for it, and how they predict as one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

from zoo.errors import SpecError, check_keys, did_you_mean

ALL: Final = "all"
TOP_N: Final = "top_n"
PARETO: Final = "pareto"
DIVERSE: Final = "diverse"
#: how members are chosen, by `zoo.promotion.members`: the least and the most metrics that each takes
SELECTORS: Final = {ALL: (0, 0), TOP_N: (1, 1), PARETO: (2, 9), DIVERSE: (1, 1)}
#: how they are combined, by `zoo.promotion.combine`
MEAN: Final = "mean"
RANK_MEAN: Final = "rank_mean"
VOTE: Final = "vote"
COMBINATIONS: Final = (MEAN, RANK_MEAN, VOTE)
FEWEST: Final = 2


@dataclass(frozen=True, slots=True)
class CohortSource:
    """How permutations become one predictor, and how they are chosen where no ids are listed.

    Attributes:
        select: `all`, `top_n`, `pareto` or `diverse`; None where the source lists `permutations`.
        count: how many; for `pareto` at most, and None for the whole front.
        by: scores of validation or of the walk-forward: one for `top_n` and `diverse`, two at least for
            `pareto`; a minus before one that is better when it is lower.
        combine: `mean`, `rank_mean`, `vote`, or None for what the members offer.
    """

    select: str | None = None
    count: int | None = None
    by: tuple[str, ...] = ()
    combine: str | None = None

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> CohortSource:
        """Rebuild it from `dataclasses.asdict`; nothing is checked again."""
        return cls(**{**values, "by": tuple(values["by"])})


def parse_cohort(values: object, where: Path | str, key: str) -> CohortSource:
    """Read `cohort` of a spec's source.

    Args:
        values: what the file says.
        where: the file, for errors.
        key: where in it, such as `sources.0.cohort`.

    Raises:
        SpecError: a misspelt key, a selector or a combination that does not exist, or numbers and metrics
            that do not go with the selector.
    """
    if not isinstance(values, Mapping):
        raise SpecError(
            f"{key}: {values!r} is no mapping",
            where=where,
            expected="{select: top_n, count: 3, by: rank_ic, combine: mean}",
        )
    check_keys(values, [f.name for f in fields(CohortSource)], SpecError, where=where, prefix=f"{key}.")
    select, combine = values.get("select"), values.get("combine")
    _check_word(select, list(SELECTORS), where, f"{key}.select")
    _check_word(combine, COMBINATIONS, where, f"{key}.combine")
    by = _metrics(values.get("by"), select, where, f"{key}.by")
    return CohortSource(select, _count(values.get("count"), select, where, f"{key}.count"), by, combine)


def _check_word(value: object, known: Sequence[str], where: Path | str, key: str) -> None:
    if value is not None and value not in known:
        raise SpecError(
            f"{key}: {value!r} is unknown",
            where=where,
            expected=f"one of {', '.join(known)}",
            remedy=did_you_mean(value, known) or "correct the file",
        )


def _metrics(by: object, select: str | None, where: Path | str, key: str) -> tuple[str, ...]:
    given: Any = [] if by is None else [by] if isinstance(by, str) else by
    least, most = SELECTORS.get(select or ALL, (0, 0))
    words = isinstance(given, Sequence) and all(isinstance(name, str) for name in given)
    if not words or not least <= len(given) <= most or len(set(given)) < len(given):
        expected = {0: "no metric: nothing is ranked", 1: "one metric"}.get(most, "2 to 9 different metrics")
        raise SpecError(
            f"{key}: {by!r} with select={select}", where=where, expected=expected, remedy="correct the file"
        )
    return tuple(given)


def _count(count: object, select: str | None, where: Path | str, key: str) -> int | None:
    needed, allowed = select in (TOP_N, DIVERSE), select in (TOP_N, DIVERSE, PARETO)
    whole = type(count) is int and count >= FEWEST
    if (whole and allowed) or (count is None and not needed):
        return count if isinstance(count, int) else None
    expected = f"a whole number, at least {FEWEST}" if allowed else "none: all of them are members"
    raise SpecError(
        f"{key}: {count!r} with select={select}", where=where, expected=expected, remedy="correct the file"
    )


__all__ = [
    "ALL",
    "COMBINATIONS",
    "DIVERSE",
    "FEWEST",
    "MEAN",
    "PARETO",
    "RANK_MEAN",
    "SELECTORS",
    "TOP_N",
    "VOTE",
    "CohortSource",
    "parse_cohort",
]
