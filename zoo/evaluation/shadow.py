"""Shadowing: champion and challengers predict every bar after their training, as they would have live.

Nothing that was predicted is ever predicted over. A version that cannot be shadowed is a result like any
other, and the rest goes on.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pandas as pd
from threadpoolctl import threadpool_limits

from zoo.errors import FutureBars, Interrupted, NothingToDo, ShadowError, ZooError
from zoo.evaluation.feed import Feed, declaration_of, fetch
from zoo.evaluation.guard import within
from zoo.evaluation.proof import features_of
from zoo.evaluation.record import Record, records_root, writing
from zoo.evaluation.refit import about_refit, name_of, refit
from zoo.evaluation.rules import ShadowRules
from zoo.evaluation.seats import Candidate, check_reachable, seated
from zoo.evaluation.subject import FAILED, WAITING, InShadow, Shadowed, Subject, about
from zoo.evaluation.visible import text_of
from zoo.events import Advanced, Failed, Finished, Noticed, Observer, Started, emit

CHALLENGER: Final = "challenger"
CHAMPION: Final = "champion"
BASELINE: Final = "baseline"

if TYPE_CHECKING:
    from zoo.line import Line
    from zoo.registry import Registry, Version
    from zoo.trust import Trust


@dataclass(frozen=True)
class ShadowRun:
    """What a run came to.

    Attributes:
        line: the line.
        champion: its champion; None without one.
        until: the last bar of the data; None where no data could be read.
        results: one a version.
        notices: what the user should know.
    """

    line: str
    champion: str | None
    until: str | None
    results: tuple[Shadowed, ...]
    notices: tuple[str, ...]

    @property
    def failures(self) -> list[Shadowed]:
        """The versions that failed."""
        return [one for one in self.results if one.status == FAILED]

    def as_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "line": self.line,
            "champion": self.champion,
            "until": self.until,
            "results": [one.as_dict() for one in self.results],
            "notices": list(self.notices),
        }


class Shadowing:
    """One run over one line.

    Args:
        registry: where the versions are.
        artifacts: the directory below which the records lie, by line.
        line: the line.
        rules: conf/shadow.
        trust: what may be imported.
        until: the last date to predict; None for all that the data has.
        now: the clock, UTC.
        observers: who is told of progress.
        at: told the ids of those who are worked on next, nobody at the end.
        done: told what became of each version.
        doomed: those who have failed already, by id: nothing of them is touched.
    """

    def __init__(
        self,
        registry: Registry,
        artifacts: Path,
        line: Line,
        rules: ShadowRules,
        *,
        trust: Trust,
        until: str | None = None,
        now: dt.datetime | None = None,
        observers: Iterable[Observer] = (),
        at: Callable[[tuple[str, ...]], None] | None = None,
        done: Callable[[Shadowed], None] | None = None,
        doomed: Mapping[str, Exception] | None = None,
    ) -> None:
        self._at = _nobody if at is None else at
        self._done = _nobody if done is None else done
        self._doomed = dict(doomed or {})
        self.registry = registry
        self.root = records_root(artifacts, line.name)
        self.line = line
        self.rules = rules
        self.trust = trust
        self.until = until
        self.now = dt.datetime.now(dt.UTC) if now is None else now
        self.observers = list(observers)
        self.notices: list[str] = []
        self._last: pd.Timestamp | None = None
        self._baselines: list[Shadowed] = []

    def run(self) -> ShadowRun:
        """Shadow whom it is the turn of.

        Raises:
            NothingToDo: the line has neither champion nor challenger.
            ShadowError: the line has no bars; a cap under which not all can be judged; nothing to predict.
            RecordBusy: another process shadows the line.
        """
        if self.line.rebalance < 1:
            raise ShadowError(f"line {self.line.name!r} has no bars to be shadowed on")
        champion, chosen, waiting = self._chosen()
        task = f"shadow {self.line.name}"
        emit(self.observers, Started(task, len(chosen)))
        try:
            with writing(self.root), threadpool_limits(1):
                subjects, results = self._subjects(chosen)
                for group in _grouped(subjects, self.line):
                    self._source(group, task)
        finally:
            emit(self.observers, Finished(task))
        results += self._baselines
        results += [Shadowed(one.version_id, one.spec, one.stage, WAITING) for one in waiting]
        until = None if self._last is None else text_of(self._last)
        return ShadowRun(self.line.name, champion, until, tuple(results), tuple(self.notices))

    # --- who ------------------------------------------------------------------------------------

    def _chosen(self) -> tuple[str | None, list[Version], list[Version]]:
        """Return the champion's id, the versions that are shadowed, and those that wait for a seat."""
        versions = self.registry.versions(line=self.line.name)
        champions = [one for one in versions if one.stage == CHAMPION]
        challengers = [one for one in versions if one.stage == CHALLENGER]
        if not champions and not challengers:
            raise NothingToDo(
                "the line has neither champion nor challenger",
                where=self.line.name,
                remedy="register some with `python -m zoo -m`",
            )
        if not champions:
            self._notice("the line has no champion: only its challengers are shadowed")
        if not challengers:
            self._notice("the line has no challenger: only its champion is shadowed")
        candidates = [self._candidate(one) for one in challengers]
        check_reachable(candidates, self.rules, self.now)
        places = seated(candidates, self.rules)
        by_id = {one.version_id: one for one in challengers}
        waiting = [one for one in challengers if one.version_id not in set(places)]
        if waiting:
            self._notice(
                f"shadow.cap {self.rules.cap}: {len(waiting)} of {len(challengers)} challengers wait"
            )
        chosen = [*champions, *(by_id[name] for name in places)]
        return (champions[0].version_id if champions else None), chosen, waiting

    def _candidate(self, version: Version) -> Candidate:
        try:
            index = Record(self.root, version.version_id).index()
        except ZooError:
            index = None  # it is told when it is its turn
        registered = dt.datetime.fromisoformat(version.created_at)
        return Candidate(version.version_id, registered, 0 if index is None else index.live)

    def _subjects(self, chosen: Sequence[Version]) -> tuple[list[Subject], list[Shadowed]]:
        subjects, results = [], []
        for version in chosen:
            found = Shadowed(version.version_id, version.spec, version.stage)
            results.append(found)
            with self._own(found):
                self._at((version.version_id,))
                if version.version_id in self._doomed:
                    raise self._doomed[version.version_id]
                subjects.append(self._subject(version, found))
        self._at(())
        return subjects, results

    def _subject(self, version: Version, found: Shadowed) -> Subject:
        sensor = self.registry.load(version.version_id, trusted=self.trust)
        if sensor.bound is None or version.train_end is None:
            raise ShadowError("how its features are computed of bars is not known", where=version.version_id)
        self._check_registered(version)
        if dt.datetime.fromisoformat(version.created_at) > self.now:
            raise FutureBars(
                f"was registered at {version.created_at}, in the future of this machine's clock",
                where=version.version_id,
                expected=f"a time before {self.now:%Y-%m-%d %H:%M} UTC",
                remedy="set the clock: what is live cannot be told",
            )
        return Subject(version, sensor, about(version, sensor), Record(self.root, version.version_id), found)

    def _check_registered(self, version: Version) -> None:
        """Refuse a version of which the database says another time than the document of its registration.

        Raises:
            ShadowError: naming both: what is live cannot be told.
        """
        document = json.loads(self.registry.read(version.version_id, "version.json"))
        if document.get("created_at") != version.created_at:
            raise ShadowError(
                f"the database says that it was registered at {version.created_at}, and its version.json"
                f" {document.get('created_at')}: what is live cannot be told",
                where=version.version_id,
                expected="one and the same time",
                remedy="see `python -m zoo verify`",
            )

    # --- what -----------------------------------------------------------------------------------

    def _source(self, group: Sequence[Subject], task: str) -> None:
        """Shadow the versions of one source, in groups that share their features."""
        try:
            bound = group[0].sensor.bound
            assert bound is not None  # noqa: S101  # `_subject` refused it
            feed = Feed(fetch(declaration_of(bound, self.line), self.trust, self.until, self.now))
        except Interrupted:
            raise
        except Exception as error:
            for subject in group:
                self._fail(subject.found, error)
            return
        last = feed.data.dates[-1]
        self._last = last if self._last is None else max(self._last, last)
        for shared in _sharing([*group, *self._refits(group, feed)]):
            self._shared(shared, feed, task)

    def _refits(self, group: Sequence[Subject], feed: Feed) -> list[Subject]:
        """Return the champion's architecture, trained on the data of each challenger of another vintage."""
        champion = next((one for one in group if one.version.stage == CHAMPION), None)
        if champion is None:
            return []
        own = champion.about.trained_until
        there = {one.about.trained_until for one in group if one.about.trained_until not in (None, own)}
        found = []
        for vintage in sorted(str(one) for one in there):
            if pd.Timestamp(vintage) > feed.data.dates[-1]:
                continue  # the data is cut before it ends
            name = name_of(champion.version.version_id, vintage)
            result = Shadowed(name, champion.version.spec, BASELINE)
            self._baselines.append(result)
            with self._own(result):
                self._at((name,))
                if name in self._doomed:
                    raise self._doomed[name]
                found.append(self._refit(champion, vintage, feed, result))
        return found

    def _refit(self, champion: Subject, vintage: str, feed: Feed, result: Shadowed) -> Subject:
        record = Record(self.root, result.version_id)
        with within(self.rules.seconds, f"training {result.version_id}"):
            sensor, train_end = refit(champion.sensor, feed.data.until(vintage))
        known = record.index()
        since = self.now.isoformat() if known is None else known.about.registered_at
        told = about_refit(champion.about, vintage, train_end, since)
        return Subject(champion.version, sensor, told, record, result)

    def _shared(self, group: Sequence[Subject], feed: Feed, task: str) -> None:
        self._at(tuple(subject.found.version_id for subject in group))
        try:
            with within(self.rules.seconds, "the features of " + group[0].found.version_id):
                features = features_of(group[0].sensor, feed)
        except Interrupted:
            raise
        except Exception as error:
            for subject in group:
                self._fail(subject.found, error)
            return
        for subject in group:
            self._at((subject.found.version_id,))
            with self._own(subject.found):
                InShadow(subject, feed, features, self.rules).shadow()
            self._done(subject.found)
            emit(self.observers, Advanced(task, note=subject.found.version_id))
            for notice in subject.found.notices:
                emit(self.observers, Noticed(subject.found.version_id, notice))
        self._at(())

    # --- telling --------------------------------------------------------------------------------

    def _own(self, found: Shadowed) -> _Own:
        return _Own(self, found)

    def _fail(self, found: Shadowed, error: Exception) -> None:
        found.status, found.error = FAILED, type(error).__name__
        if isinstance(error, ZooError):
            found.message = str(error)
        else:
            found.message = f"unexpected {type(error).__name__}: {' '.join(str(error).split())}"
        emit(self.observers, Failed(f"shadow {found.version_id}", found.error, found.message))

    def _notice(self, notice: str) -> None:
        self.notices.append(notice)
        emit(self.observers, Noticed(f"shadow {self.line.name}", notice))


class _Own:
    """A block whose failure is one version's own."""

    def __init__(self, run: Shadowing, found: Shadowed) -> None:
        self.run, self.found = run, found

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        if error is None or isinstance(error, Interrupted) or not isinstance(error, Exception):
            return False
        self.run._fail(self.found, error)
        return True


def _nobody(_: object) -> None:
    """Listen to nothing."""


def _grouped(subjects: Sequence[Subject], line: Line) -> Iterator[list[Subject]]:
    """Give the versions of each source together; one of another source than the line's is a source alone."""
    from zoo.manifest.bound import key_of

    groups: dict[str, list[Subject]] = {}
    for subject in subjects:
        assert subject.sensor.bound is not None  # noqa: S101
        try:
            key = key_of(declaration_of(subject.sensor.bound, line))
        except ZooError:
            key = subject.version.version_id
        groups.setdefault(key, []).append(subject)
    yield from groups.values()


def _sharing(group: Sequence[Subject]) -> Iterator[list[Subject]]:
    """Give the versions together whose features are the same."""
    from zoo.manifest.bound import key_of

    groups: dict[str, list[Subject]] = {}
    for subject in group:
        sensor = subject.sensor
        bound = sensor.bound
        assert bound is not None  # noqa: S101
        effective = dict((sensor.metadata.get("settings") or {}).get("effective") or {})
        shape = {**bound.shape, "selector": None, "target": None, "rows": None, "seed": None}
        modules = [[module.name, module.digest] for module in sensor.modules]
        key = key_of([shape, effective, list(sensor.recorded), modules])
        groups.setdefault(key, []).append(subject)
    yield from groups.values()


__all__ = ["ShadowRun", "Shadowing"]
