"""What the commands that shadow and compare share: the line, and where its records are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zoo.commands.request import Request
from zoo.errors import ConfigError
from zoo.line import Line, Lines

if TYPE_CHECKING:
    from zoo.evaluation.leaderboard import Terms
    from zoo.registry import Registry


def line_to_judge(request: Request, registry: Registry) -> Line:
    """Return the line that was named; else the only one with bars that has versions.

    Raises:
        ConfigError: none was named, and there is none or more than one; a line without bars.
        SpecError: a version's line is none of conf/line.
    """
    lines = Lines(request.directories)
    if request.moving.line is not None:
        line = lines.get(request.moving.line, "line")
        if line.rebalance < 1:
            raise ConfigError(
                f"line {line.name!r} has no bars: nothing comes after its training",
                expected="a line with a rebalance",
            )
        return line
    known = sorted({version.line for version in registry.versions()})
    found = [line for name in known if (line := lines.get(name, "the registry")).rebalance > 0]
    if len(found) != 1:
        names = ", ".join(line.name for line in found)
        raise ConfigError(
            "no line was named" + (f", and {names} have versions" if found else ", and none has versions"),
            expected="line=<name>, one of conf/line",
            remedy=None if found else "register some with `python -m zoo -m`",
        )
    return found[0]


def terms_of(request: Request) -> Terms:
    """Return on what terms versions are put side by side.

    Raises:
        PortfolioError: costs that are none.
    """
    from zoo.evaluation.leaderboard import Terms
    from zoo.portfolio import Costs

    judging = request.judging
    return Terms(judging.board, judging.policy, judging.delay, Costs(**judging.costs), request.trust)


__all__ = ["line_to_judge", "terms_of"]
