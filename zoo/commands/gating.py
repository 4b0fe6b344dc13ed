"""What the commands that ask a gate share: the line's data, its evidence, and when its gates decide."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from zoo.commands.moving import post
from zoo.commands.output import Answer, show_table
from zoo.commands.request import Request
from zoo.errors import FAILURE_EXIT, ConfigError, GateRefused, ShadowError
from zoo.evaluation.gate import FIRST, NON_INFERIOR, OVERRIDE, Gate
from zoo.monitoring import webhook
from zoo.trust import TARGET_KEY

if TYPE_CHECKING:
    from rich.console import Console

    from zoo.data import Dataset
    from zoo.evaluation.decision import Decision
    from zoo.evaluation.edge import Universe
    from zoo.evaluation.evidence import Evidence
    from zoo.evaluation.ground import Ground
    from zoo.evaluation.outlook import Outlook
    from zoo.evaluation.verdict import Judge
    from zoo.line import Line
    from zoo.registry import Registry


_CONDITIONS: Final = ("", "condition", "figure and bar")


@dataclass(frozen=True)
class Court:
    """A line with what its versions are judged by.

    Attributes:
        line: the line.
        evidence: of every version ever shadowed.
        outlook: when its gates decide.
    """

    line: Line
    evidence: Evidence
    outlook: Outlook

    def judge(self, gate: Gate, reason: str | None) -> Judge:
        """Return who decides, of each version by its own correlation with the champion."""
        from zoo.evaluation.verdict import Judge

        return Judge(self.evidence, gate, partial(self.outlook.verdict, gate), reason)


def check_reason(gate: Gate, reason: str | None) -> None:
    """Refuse a gate that asks for a reason and has none, before anything is read.

    Raises:
        ConfigError: an override, or a version that is no better, without a reason.
    """
    if gate.kind in (OVERRIDE, NON_INFERIOR) and (reason is None or not reason.strip()):
        raise ConfigError(
            f"gate={gate.kind} needs a reason",
            expected='reason="..."',
            remedy="say why; it is kept in the history",
        )


def court_of(request: Request, registry: Registry, line: Line) -> Court:
    """Return a line with its evidence.

    Raises:
        ShadowError: the line has no bars.
        ZooError: the data cannot be read, or policy and costs do not fit it.
    """
    from zoo.evaluation.gathering import Gathering
    from zoo.evaluation.outlook import Outlook

    ground = ground_of(request, line)
    permutations = request.judging.board.permutations if request.gating.gate.kind == FIRST else 0
    gathering = Gathering(registry, request.artifacts, line, ground, permutations)
    evidence = gathering.evidence()
    return Court(line, evidence, Outlook(_universe(ground), evidence, request.gating.gate.seed))


def ground_of(request: Request, line: Line) -> Ground:
    """Return prices, policy and costs of a line.

    Raises:
        ShadowError: the line has no bars.
        ZooError: the data cannot be read, or policy and costs do not fit it.
    """
    from zoo.evaluation.ground import Ground
    from zoo.portfolio import Costs

    if line.rebalance < 1:
        raise ShadowError(
            f"line {line.name!r} has no bars: nothing comes after its training, and no gate can decide",
            remedy='gate=override reason="..." decides by hand',
        )
    judging = request.judging
    return Ground(
        data=_data(request, line),
        declared=judging.policy,
        costs=Costs(**judging.costs),
        delay=judging.delay,
        every=line.rebalance,
        trust=request.trust,
    )


def deciding(gate: Gate, decision: Decision | None) -> dict[str, Any]:
    """Return what the event of a promotion keeps of its gate."""
    return {"name": gate.kind} if decision is None else decision.as_dict()


def refused(request: Request, decision: Decision) -> Answer:
    """Return the answer to a version that did not pass, and post it."""
    reasons = [f"{one.name}: {one.reason}" for one in decision.failures]
    error = GateRefused(
        f"gate={decision.gate} refuses it: {'; '.join(reasons)}",
        where=decision.version_id,
        remedy='gate=override reason="..." promotes it nevertheless, and the history says so for ever',
    )
    facts = {"version_id": decision.version_id, "line": decision.line, "gate": decision.gate}
    post(request, webhook.GATE_REFUSED, {**facts, "reasons": reasons})
    document = {
        "error": {"type": type(error).__name__, "message": str(error)},
        "decision": decision.as_dict(),
    }
    return Answer(
        document, lambda console: render(console, document["decision"]), FAILURE_EXIT, error, request.format
    )


def render(console: Console, decision: Mapping[str, Any]) -> None:
    """Print a row a condition, those that failed first."""
    rows = sorted(decision["conditions"], key=lambda one: one["passed"])
    show_table(
        console,
        _CONDITIONS,
        [("" if one["passed"] else "no", one["name"], one["reason"]) for one in rows],
    )


def _data(request: Request, line: Line) -> Dataset:
    from zoo.evaluation.feed import fetch

    return fetch({TARGET_KEY: line.data}, request.trust, request.judging.until, dt.datetime.now(dt.UTC))


def _universe(ground: Ground) -> Universe:
    from zoo.evaluation.edge import Universe, covariance_of
    from zoo.portfolio.costs import BASIS_POINT

    close = ground.data.close.iloc[-757:]  # three years of days
    return Universe(
        covariance_of(close.pct_change(fill_method=None).iloc[1:].to_numpy()),
        every=ground.every,
        policy=ground.policy,
        bps=ground.costs.trading / BASIS_POINT,
        bars_per_year=ground.costs.bars_per_year,
    )


__all__ = ["Court", "check_reason", "court_of", "deciding", "ground_of", "refused", "render"]
