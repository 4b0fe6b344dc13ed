"""`plan`: what `apply` would do and what each override changes. It trains nothing, and writes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from omegaconf import DictConfig

from zoo.commands.arguments import Arguments
from zoo.commands.composition import compose, hydra_started, prepared
from zoo.commands.conclusion import concluded
from zoo.commands.job import Result, SpecJob
from zoo.commands.multirun import shared, sweep
from zoo.commands.output import Answer, plainly, show_table
from zoo.commands.request import read_request
from zoo.commands.retirement import foretell
from zoo.commands.rotation import rotation
from zoo.driver.result import Failure, Outcome, SpecResult
from zoo.driver.stop import listening
from zoo.errors import SpecError, ZooError
from zoo.monitoring.status import StatusLines
from zoo.settings import LABEL_SETTING
from zoo.spec import Source, Spec, Top

if TYPE_CHECKING:
    from rich.console import Console

#: Hydra's launchers make the directory of a sweep; a plan writes nothing, and the working directory is there
_NOWHERE: Final = ("hydra.sweep.dir=.", "hydra.sweep.subdir=.")
_COLUMNS: Final = ("spec", "what would run")


def plan(arguments: Arguments) -> Answer:
    """Plan one spec, or with `-m` several; exit code 1 where something that it needs is not there.

    Raises:
        ZooError: the configuration or the only spec is refused.
    """
    with hydra_started():
        if arguments.multirun:
            with listening() as stop:
                composed, request = shared(arguments, _NOWHERE)
                roster = request.roster()
                waiting = rotation(arguments, request, roster).waiting
                foretell(request, roster, (StatusLines(),))
                job = PlanJob(composed.directories, roster, stop=stop, left_out=waiting)
                results = sweep(arguments, composed, job)
                return concluded({"results": results}, render, request.format, stop.exit_code)
        composed = compose(prepared(arguments.overrides, arguments.config_dir), arguments.config_name)
        request = read_request(composed)
        if request.spec_name is None:
            raise SpecError("no spec was named", expected="spec=<name>, or -m for every active spec")
        composed.config.run.spec = request.spec_name
        roster = request.roster()
        rotation(arguments, request, roster)
        job = PlanJob(composed.directories, roster)
        job.read(composed.config)
        foretell(request, roster, (StatusLines(),))
        return concluded({"results": [job(composed.config)]}, render, request.format)


class PlanJob(SpecJob):
    """Says what would be done with a spec."""

    def __call__(self, config: DictConfig) -> Result:
        """Plan one spec."""
        _, spec, line = self.read(config)
        sources, failures, notices = [], [], []
        for source in spec.sources:
            try:
                planned = source_plan(spec, source)
                sources.append(planned)
                notices += _notices(planned)
            except ZooError as error:
                failures.append(Failure(None, type(error).__name__, str(error)))
        status = Outcome.ok if not failures else Outcome.partial if sources else Outcome.failed
        return {
            **SpecResult(spec.name, status, failures=failures, notices=notices).as_dict(),
            "line": line.name,
            "label": spec.version_label,
            "sources": sources,
            "trainer": None if spec.trainer is None else spec.trainer.target,
            "overrides": dict(spec.overrides),
        }


def source_plan(spec: Spec, source: Source) -> Result:
    """Return which permutations of one experiment would be promoted, and what each override changes.

    Raises:
        ZooError: the experiment is missing or torn, has no such permutation, or cannot choose as asked.
    """
    from zoo.experiment.directory import check_id, describe

    described = describe(Path(source.experiment))
    ids, selected = _chosen(source)
    chosen = [check_id(number, described.permutations, str(described.path)) for number in ids]
    return {
        "experiment": described.name,
        "path": str(described.path),
        "created_at": described.created_at,
        "permutations": chosen,
        "selected": selected,
        "cohort": None if source.cohort is None else asdict(source.cohort),
        "overrides": [
            {"name": name, "recorded": described.settings.get(name), "value": value}
            for name, value in spec.overrides.items()
        ],
        "settings_recorded": bool(described.settings),
    }


def _chosen(source: Source) -> tuple[tuple[int, ...], str | None]:
    """Return the ids that a source comes to, and how they were chosen where none are listed."""
    if source.cohort is not None:
        from zoo.promotion.members import choose_members

        members = choose_members(source)
        return members.ids, members.chosen
    from zoo.experiment.selection import choose

    top = source.permutations
    ids = choose(Path(source.experiment), top)
    return ids, f"top {top.count} by {top.by}" if isinstance(top, Top) else None


def _notices(planned: Mapping[str, Any]) -> list[str]:
    if not planned["settings_recorded"]:
        return [f"experiment {planned['experiment']} recorded no settings, so what changes is unknown"]
    return [
        f"override {override['name']} equals what experiment {planned['experiment']} recorded "
        f"({plainly(override['value'])}): it changes nothing"
        for override in planned["overrides"]
        if override["name"] != LABEL_SETTING and _same(override["recorded"], override["value"])
    ]


def _same(recorded: object, value: object) -> bool:
    return type(recorded) is type(value) and recorded == value


def render(console: Console, document: Mapping[str, Any]) -> None:
    """Print a row an override, and what stands in the way."""
    results: Sequence[Result] = document["results"]
    rows = [row for result in results for row in _rows(result)]
    if rows:
        show_table(console, _COLUMNS, rows, whole=("spec",))
    for result in results:
        for failure in result["failures"]:
            console.print(f"{result['spec']}: {failure['error']}: {failure['message']}", soft_wrap=True)
        for notice in result["notices"]:
            console.print(f"{result['spec']}: {notice}", soft_wrap=True)


def _rows(result: Result) -> list[tuple[str, str]]:
    """Return one row: the spec, and a line a source and an override."""
    lines = []
    for source in result.get("sources", ()):
        chosen = "" if source["selected"] is None else f" ({source['selected']})"
        ids = ", ".join(map(str, source["permutations"]))
        together = "" if source["cohort"] is None else "cohort of "
        lines.append(f"{together}{ids} of {source['experiment']}{chosen}")
        lines += [_change(change) for change in source["overrides"]]
    if result.get("trainer"):
        lines.append(result["trainer"])
        lines += [f"{name}: {plainly(value)}" for name, value in result["overrides"].items()]
    if result["status"] != Outcome.ok:
        lines.append(result["status"].replace("_", " "))
    return [(result["spec"], "\n".join(lines))]


def _change(change: Mapping[str, Any]) -> str:
    return f"{change['name']}: {plainly(change['recorded'])} -> {plainly(change['value'])}"


__all__ = ["PlanJob", "plan", "render", "source_plan"]
