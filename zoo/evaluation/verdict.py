"""May this version become champion? Every condition of a gate, put to the evidence.

Both tests are made on live bars alone. Skill is a max-t test in which every permutation ever evaluated for
the line takes part, those without live returns as independent standard normals; the comparison with the
champion is StepM over every version ever shadowed, retired ones included, on the bars that are live to both.
A version is looked at whenever another whole soak is full, and on whole soaks only: looking daily gives luck
no further chance.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from zoo.evaluation.decision import Condition, Decision, above, at_least, at_most, holds
from zoo.evaluation.difference import paired_difference
from zoo.evaluation.evidence import Contender, Evidence, Floats
from zoo.evaluation.gate import FIRST, NON_INFERIOR, SUPERIOR, Gate
from zoo.evaluation.skill import SkillTest, skill_test
from zoo.evaluation.superiority import SuperiorityTest, superiority_test

if TYPE_CHECKING:
    from zoo.evaluation.power import Verdict

_NOBODY = "nobody"


@dataclass(frozen=True)
class Judge:
    """A gate over a line's evidence; the tests are made once, whoever is judged.

    Attributes:
        evidence: of the line.
        gate: what is asked; none that overrides.
        outlook: when the gate decides, by simulation on the line's own assets: of any version, or asked for
            each by its id; None where nobody can tell.
        reason: why a version that is no better should replace the champion; `non_inferior` asks for it.
    """

    evidence: Evidence
    gate: Gate
    outlook: Verdict | Callable[[str], Verdict] | None
    reason: str | None = None

    def decide(self, version_id: str) -> Decision:
        """Put every condition to one version."""
        one = self.evidence.contenders.get(version_id)
        bars = np.flatnonzero(np.isfinite(self._used(one))) if one is not None else np.empty(0, dtype=np.intp)
        dates = self.evidence.dates
        return Decision(
            gate=self.gate.kind,
            line=self.evidence.line,
            version_id=version_id,
            champion=self.evidence.champion,
            conditions=tuple(self._conditions(version_id, one)),
            terms=self.gate.as_dict(),
            live_bars=len(bars),
            first=dates[bars[0]].isoformat() if len(bars) else None,
            last=dates[bars[-1]].isoformat() if len(bars) else None,
            look=len(bars) // self.gate.soak_days,
        )

    # --- what is asked --------------------------------------------------------------------------

    def _conditions(self, version_id: str, one: Contender | None) -> Iterator[Condition]:
        yield self._seat()
        yield self._decidable(version_id)
        if one is None:
            yield holds("record", False, "it was never shadowed: `python -m zoo shadow` makes its record")
            return
        yield from self._fit(one)
        yield from self._health(one)
        yield self._soak(one)
        if self.gate.kind == NON_INFERIOR:
            yield from self._not_worse(one)
            return
        yield self._skill(version_id)
        if self.gate.kind == SUPERIOR:
            yield self._better(version_id)
        else:
            yield from self._over_baselines(version_id)

    def _seat(self) -> Condition:
        """Refuse `first` where there is a champion: it would spare the comparison."""
        champion = self.evidence.champion
        if self.gate.kind == FIRST:
            said = f"the line's champion is {champion or _NOBODY}, and gate=first is for a line without one"
            return holds("champion", champion is None, said)
        if champion is None:
            return holds(
                "champion", False, "the line has no champion to compare with; gate=first is for that"
            )
        if self.evidence.reigning is None:
            return holds("champion", False, f"the champion, {champion}, was never shadowed")
        return holds("champion", True, f"compared with {champion}")

    def _decidable(self, version_id: str) -> Condition:
        found, gate = self.outlook(version_id) if callable(self.outlook) else self.outlook, self.gate
        edge = f"a rank IC of {gate.rank_ic:g} with a chance of {gate.power:.0%}"
        if found is None:
            return Condition(
                "decidable",
                False,
                None,
                gate.horizon_years,
                f"undecidable here: nobody can tell when it would see {edge}",
            )
        takes = f"{found.years:.1f} years" if math.isfinite(found.years) else "no length of time"
        said = f"{takes} of live evidence would show {edge}; gate.horizon_years is {gate.horizon_years:g}"
        passed = not found.undecidable and found.years <= gate.horizon_years
        head = "" if passed else "undecidable here: "
        return Condition("decidable", passed, found.years, gate.horizon_years, head + said)

    def _fit(self, one: Contender) -> Iterator[Condition]:
        same = one.target is not None and one.target == self.evidence.target
        yield holds(
            "target",
            same,
            f"it predicts {one.target or 'nobody knows what'}; the line asks for {self.evidence.target}",
        )
        yield at_least(
            "coverage",
            one.coverage,
            self.gate.coverage,
            f"it predicted {_share(one.coverage)} of what the line has, of at least {self.gate.coverage:.0%}",
        )
        floor = math.nan if one.floor is None else one.floor
        yield at_least(
            "agreement",
            one.agreement,
            floor,
            f"refit and variant agree at {_number(one.agreement)}, of at least {_number(one.floor)}",
        )

    def _health(self, one: Contender) -> Iterator[Condition]:
        yield at_most(
            "fresh",
            one.stale,
            self.gate.stale_bars,
            f"{_count(one.stale)} bars came after its last prediction, of at most {self.gate.stale_bars}",
        )
        yield at_most(
            "revised",
            one.revised,
            self.gate.revised,
            f"{_share(one.revised)} of its bars were revised afterwards, of at most {self.gate.revised:.1%}",
        )
        missing = int((one.recorded & ~np.isfinite(one.net)).sum())
        told = "; ".join(one.problems) or "the record is sound"
        passed = missing == 0 and not one.problems
        yield Condition(
            "data health", passed, missing, 0.0, f"{missing} bars within its record have no return; {told}"
        )

    def _soak(self, one: Contender) -> Condition:
        live, soak = int(np.isfinite(self._paired(one)).sum()), self.gate.soak_days
        replayed = int(np.isfinite(one.replayed_net).sum())
        head = "undecidable here: " if not live else ""
        said = f"{head}{live} live bars, of at least {soak} ({replayed} replayed ones fill no soak)"
        return at_least("soak", live, soak, said)

    def _skill(self, version_id: str) -> Condition:
        test = self._skilled
        place = self._places.get(version_id)
        t = math.nan if place is None else float(test.t[place[0]][place[1]])
        said = (
            f"t of its live net returns is {_number(t)}, and the highest of {test.trials} trials without "
            f"skill exceeds {test.critical:.2f} in {test.size:.0%} of cases{_aside(test)}"
        )
        return above("skill", t, test.critical, said)

    def _better(self, version_id: str) -> Condition:
        reigning = self.evidence.reigning
        if reigning is None:
            return Condition("better", False, None, self.gate.size, "there is nobody to be better than")
        return self._beats("better", version_id, reigning.live_net, f"the champion, {reigning.version_id}")

    def _over_baselines(self, version_id: str) -> Iterator[Condition]:
        if not self.evidence.baselines:
            yield Condition("baseline", False, None, self.gate.size, "no baseline is known to compare with")
        for name, net in self.evidence.baselines.items():
            yield self._beats(f"baseline {name}", version_id, net, name)
        one = self.evidence.contenders[version_id]
        yield at_most(
            "baseline permuted",
            one.lucky,
            self.gate.size,
            f"{_share(one.lucky)} of portfolios of its turnover, names exchanged, earn as much on live bars, "
            f"of at most {self.gate.size:.0%}",
        )

    def _beats(self, name: str, version_id: str, against: Floats, whom: str) -> Condition:
        test = self._test_against(name, against)
        names = list(self.evidence.rivals)
        p = float(test.adjusted[names.index(version_id)]) if version_id in names else math.nan
        said = (
            f"p of being no better than {whom} is {_number(p, 4)}, of at most {self.gate.size:g} "
            f"(StepM over {test.shadowed} versions ever shadowed)"
        )
        return at_most(name, p, self.gate.size, said)

    def _not_worse(self, one: Contender) -> Iterator[Condition]:
        given = self.reason is not None and bool(self.reason.strip())
        yield holds(
            "reason", given, f"declared: {self.reason}" if given else 'none is declared: reason="..."'
        )
        bound, bar = math.nan, -self.gate.margin
        reigning = self.evidence.reigning
        if reigning is not None:
            year = math.sqrt(self.evidence.bars_per_year)
            used = self._used(one)
            rows = np.isfinite(used)
            found = paired_difference(
                used[rows],
                reigning.live_net[rows],
                level=1.0 - self.gate.size,
                draws=self.gate.draws,
                seed=self.gate.seed,
            )
            bound = found.bound * year
        said = f"its annual Sharpe ratio less the champion's exceeds {_number(bound)}, of more than {bar:g}"
        yield above("not worse", bound, bar, said)

    # --- the evidence of the tests --------------------------------------------------------------

    def _paired(self, one: Contender) -> Floats:
        """Return live returns on bars that are live to the champion too; `first` asks for no champion."""
        reigning = self.evidence.reigning
        if self.gate.kind == FIRST or reigning is None:
            return one.live_net
        return np.where(reigning.live, one.live_net, np.nan)

    def _used(self, one: Contender) -> Floats:
        """Return the live returns of whole soaks; all of them where not even one is full."""
        net = self._paired(one).copy()
        bars = np.flatnonzero(np.isfinite(net))
        whole = len(bars) // self.gate.soak_days * self.gate.soak_days
        if 0 < whole < len(bars):
            net[bars[whole] :] = np.nan
        return net

    @cached_property
    def _windows(self) -> dict[tuple[int, int], list[str]]:
        """Versions by the first and the last bar of what is used of them."""
        found: dict[tuple[int, int], list[str]] = {}
        for name, one in self.evidence.contenders.items():
            bars = np.flatnonzero(np.isfinite(self._used(one)))
            if len(bars):
                found.setdefault((int(bars[0]), int(bars[-1])), []).append(name)
        return found

    @property
    def _places(self) -> dict[str, tuple[int, int]]:
        """Where the skill test has each version: its set, and its column there."""
        return {
            name: (number, column)
            for number, names in enumerate(self._windows.values())
            for column, name in enumerate(names)
        }

    @cached_property
    def _skilled(self) -> SkillTest:
        sets = [
            np.column_stack([self.evidence.contenders[name].net[a : b + 1] for name in names])
            for (a, b), names in self._windows.items()
        ]
        gate, trials = self.gate, max(self.evidence.trials, len(self.evidence.contenders))
        return skill_test(sets, trials=trials, size=gate.size, draws=gate.draws, seed=gate.seed)

    @cached_property
    def _tests(self) -> dict[str, SuperiorityTest]:
        return {}

    def _test_against(self, name: str, against: Floats) -> SuperiorityTest:
        """Compare all versions ever shadowed with one series, on what is used of each."""
        if name not in self._tests:
            table = [self._used(one) for one in self.evidence.rivals.values()]
            versions = np.column_stack(table) if table else np.empty((len(self.evidence.dates), 0))
            gate = self.gate
            self._tests[name] = superiority_test(
                versions,
                against,
                shadowed=self.evidence.shadowed,
                size=gate.size,
                draws=gate.draws,
                seed=gate.seed,
            )
        return self._tests[name]


def _number(value: float | None, digits: int = 2) -> str:
    return "unknown" if value is None or math.isnan(value) else f"{value:.{digits}f}"


def _aside(test: SkillTest) -> str:
    return f" ({test.aside} that clearly lose raise no bar)" if test.aside else ""


def _share(value: float | None) -> str:
    return "an unknown share" if value is None or math.isnan(value) else f"{value:.1%}"


def _count(value: int | None) -> str:
    return "nobody knows how many" if value is None else str(value)


__all__ = ["Judge"]
