import datetime as dt
from dataclasses import dataclass

import pytest

from tests.evaluation import small
from tests.report.conftest import NASTY
from zoo.errors import NothingToDo
from zoo.evaluation.gate import Gate
from zoo.evaluation.gathering import Gathering
from zoo.evaluation.ground import Ground
from zoo.evaluation.selection import select
from zoo.evaluation.standings import compared
from zoo.evaluation.verdict import Judge
from zoo.portfolio import Costs
from zoo.report.line import Findings, Judged, Missing, Runs, Trouble, report_of

#: what a version says of its target
DECLARED = {"manifest": {"target": {"_target_": "zoo.targets.forward_return"}}}
#: registered in the middle of the record: what comes later is live
MIDWAY = "2021-03-15T12:00:00.000000+00:00"
TROUBLES = Runs(
    ("20260202T120000_000000Z-7",),
    2,
    (
        Trouble(
            "20260202T120000_000000Z-7", "broken", "partial", 3, "ReconstructionError", f"differs {NASTY}"
        ),
    ),
)


@dataclass
class Setting:
    """A small line in a registry, and what is found of it."""

    world: small.World

    def findings(self, *, judge=True, runs=TROUBLES, **terms):
        world = self.world
        try:
            found = compared(world.registry, world.artifacts, world.line, world.terms(**terms), small.NOW)
        except NothingToDo as error:
            found = Missing(str(error))
        return Findings(
            world.line,
            dt.datetime(2026, 2, 2, 12, tzinfo=dt.UTC),
            world.registry.versions(line=world.line.name),
            world.registry.history(world.line.name),
            found,
            self.selection() if judge and not isinstance(found, Missing) else Missing("no gate was asked"),
            Judged(small.LONG_SHORT, 1, {"half_spread_bps": 5.0}, Gate().as_dict()),
            runs,
        )

    def selection(self):
        world = self.world
        ground = Ground(small.STATE["data"], small.LONG_SHORT, Costs(), 1, 5, small.TRUST)
        gathering = Gathering(world.registry, world.artifacts, world.line, ground)
        gate = Gate(soak_days=40, draws=200)
        challengers = [one.version_id for one in world.registry.versions(stage="challenger")]
        return select(Judge(gathering.evidence(), gate, None), challengers)

    def report(self, **options):
        return report_of(self.findings(**options), self.world.registry)


@pytest.fixture(scope="session")
def setting(tmp_path_factory):
    """A champion with live bars, a challenger with live bars, replayed ones, and one never shadowed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(small.STATE, "data", small.market())
        world = small.World(tmp_path_factory.mktemp("line"), patch)
        world.first = world.register("first", at=MIDWAY, champion=True, more=DECLARED)
        world.second = world.register("second", ("trend", {"window": 20}), at=MIDWAY, number=1, more=DECLARED)
        world.third = world.register("third", ("trend", {"window": 40}), number=2, more=DECLARED)
        world.flat = world.register("flat", "level", number=3, more=DECLARED)
        world.retired = world.register("gone", ("trend", {"window": 5}), number=4, more=DECLARED)
        world.shadow(now=small.NOW)
        world.registry.retire(world.retired.version_id, reason=NASTY + "w" * 300)
        world.late = world.register("late_" + "w" * 59, ("trend", {"window": 30}), number=5, more=DECLARED)
        yield Setting(world)
        world.registry.close()


@pytest.fixture(scope="session")
def report(setting):
    """What is reported of it; nobody may change it."""
    return setting.report(permutations=3, draws=50, costs=Costs(half_spread_bps=5.0))


@pytest.fixture
def empty(tmp_path, monkeypatch):
    """A line with one version that nobody shadowed."""
    monkeypatch.setitem(small.STATE, "data", small.market())
    world = small.World(tmp_path, monkeypatch)
    world.register("first")
    yield Setting(world)
    world.registry.close()
