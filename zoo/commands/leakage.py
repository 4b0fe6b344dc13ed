"""`verify leakage`: whether any feature or target of a line's manifests follows from bars that come later."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from omegaconf import OmegaConf

from zoo.commands.arguments import Arguments
from zoo.commands.experiment import directory_of
from zoo.commands.output import Answer, error_document, plainly, show_table
from zoo.commands.request import Request, asked
from zoo.configuration import fill_paths, group_files, load_yaml
from zoo.errors import FAILURE_EXIT, ConfigError, LooksAhead, NothingToDo, ZooError
from zoo.line import Lines
from zoo.monitoring.progress import watching

if TYPE_CHECKING:
    from rich.console import Console

    from zoo.evaluation.declarations import Declarations
    from zoo.evaluation.leakage import Finding

_COLUMNS: Final = ("", "feature or target", "cuts", "values compared")
_UNCHECKED: Final = "not_checked"
_STATUSES: Final = ("sound", "leak", "hollow", _UNCHECKED)
_TABLE: Final = "a table: it has no bars, and nothing comes later"
_REMEDY: Final = "correct it, make its experiments again, and retire their versions"
_DONE: Final = {"changed": "were changed", "delisted": "had half of the assets", "cut": "were cut off"}


def verify_leakage(arguments: Arguments) -> Answer:
    """Change all later bars for the manifests of `line=<name>` or of `experiment=<name>`.

    Exit code 1 for a leak, for a target that no later bar changes, where nothing at all could be checked, and
    with `strict=true` for whatever was not checked.

    Raises:
        ConfigError: neither a line nor an experiment, or both.
        NothingToDo: there is no manifest.
        ZooError: the configuration is refused, or the registry cannot be read.
    """
    request = asked(arguments)
    name = _named(request)
    from zoo.evaluation.declarations import Declarations

    declarations = Declarations(request.trust, request.leakage.permutations)
    _gather(request, declarations)
    if not declarations.found and not declarations.unread:
        raise NothingToDo(
            "there is no manifest to check", where=name, remedy="name another line or experiment"
        )
    findings, cuts = _checked(request, declarations)
    document = _document(name, findings, cuts, declarations)
    return _answer(request, document)


def _named(request: Request) -> str:
    line, experiment = request.moving.line, request.experiment_name
    if (line is None) == (experiment is None):
        raise ConfigError(
            "neither a line nor an experiment was named"
            if line is None
            else "a line and an experiment were named",
            expected="line=<name> or experiment=<name>",
        )
    return str(line or experiment)


def _gather(request: Request, declarations: Declarations) -> None:
    home, roster = Path(request.paths["experiments"]), request.roster()
    if request.moving.line is None:
        name = directory_of(request).name
        declarations.definition(name, request.experiment, request.settings, home)
        declarations.specs(roster, experiment=name)
        return
    from zoo.registry import Registry

    line = Lines(request.directories).get(request.moving.line, "line").name
    with Registry.open(request.registry_url, artifacts=request.artifacts, read_only=True) as registry:
        declarations.versions(registry, line)
    declarations.specs(roster, line=line)
    for name, tree in _experiments_of(request, line):
        declarations.definition(name, tree, request.settings, home)


def _experiments_of(request: Request, line: str) -> Iterator[tuple[str, Any]]:
    """Give the definitions of conf/experiment that name a line; one that cannot be read names none."""
    for name, path in group_files("experiment", request.directories).items():
        try:
            loaded = OmegaConf.to_container(load_yaml(path), resolve=False)
            tree = fill_paths(loaded, request.paths, str(path))
        except ZooError:
            continue
        if isinstance(tree, Mapping) and tree.get("line") == line:
            yield name, tree


def _checked(request: Request, declarations: Declarations) -> tuple[list[Finding], list[str]]:
    """Check what each source feeds; a source that cannot be changed leaves its manifests unchecked."""
    from zoo.evaluation.declarations import sources
    from zoo.evaluation.leakage import Check

    findings: list[Finding] = []
    cuts: list[str] = []
    with watching() as observers:
        for first, group in sources(declarations.found):
            names = dict.fromkeys(one.name for one in group)
            try:
                data = first.fetch()
            except ZooError as error:
                declarations.unread |= dict.fromkeys(names, str(error))
                continue
            if getattr(data, "kind", None) != "panel":
                declarations.unread |= dict.fromkeys(
                    names, "a table: it has no bars, and nothing comes later"
                )
                continue
            check = Check(data, request.leakage.cuts, observers)
            findings += check.run(group)
            cuts += check.dates
    return findings, sorted(set(cuts))


def _document(
    name: str, findings: list[Finding], cuts: list[str], declarations: Declarations
) -> dict[str, Any]:
    from zoo.evaluation.declarations import besides

    count = {status: sum(one.status == status for one in findings) for status in ("sound", "leak", "hollow")}
    unchecked = sum(one.status == _UNCHECKED for one in findings) + len(declarations.unread)
    return {
        "of": name,
        "cuts": cuts,
        **count,
        _UNCHECKED: unchecked,
        "results": [one.as_dict() for one in findings],
        "unread": [{"name": where, "reason": reason} for where, reason in declarations.unread.items()],
        "not_perturbed": besides(declarations.found),
        "notices": declarations.notices,
    }


def _answer(request: Request, document: dict[str, Any]) -> Answer:
    error = _error(document)
    if error is not None:
        document = {**error_document(error), **document}
    unchecked = document[_UNCHECKED] and (request.gating.strict or not document["sound"])
    code = FAILURE_EXIT if error is not None or unchecked else 0
    return Answer(document, lambda console: render(console, document), code, error, request.format)


def _error(document: Mapping[str, Any]) -> ZooError | None:
    """Return the error of the first leak, or of the first target that is none."""
    for one in document["results"]:
        if one["status"] not in ("leak", "hollow"):
            continue
        where = f"{one['kind']} {one['name']} of {one['within'][0]}"
        return LooksAhead(
            _problem(one),
            where=where,
            remedy=_REMEDY,
        )
    return None


def _problem(one: Mapping[str, Any]) -> str:
    leak = one["leak"]
    if leak is None:
        return str(one["reason"])
    return (
        f"{leak['asset']} on {leak['date']} is {leak['before']!r}, and {leak['after']!r} when the bars after"
        f" {leak['cut']} {_DONE[leak['change']]}"
    )


def render(console: Console, document: Mapping[str, Any]) -> None:
    """Print a row a feature or target, what is wrong, and what was not checked."""
    rows = [_cells(one) for one in document["results"]]
    if rows:
        show_table(console, _COLUMNS, rows)
    for one in document["results"]:
        if one["status"] != "sound":
            status = one["status"].replace("_", " ")
            console.print(f"{status}: {one['kind']} {one['name']}: {_problem(one)}", soft_wrap=True)
    for one in document["unread"]:
        console.print(f"not checked: {one['name']}: {one['reason']}", soft_wrap=True)
    others = "; ".join(f"{one['part']} ({one['reason']})" for one in document["not_perturbed"])
    if others:
        console.print(f"neither feature nor target, and not perturbed: {others}", soft_wrap=True)
    for notice in document["notices"]:
        console.print(notice, soft_wrap=True)
    told = (
        f"{document['of']}: {document['sound']} sound, {document['leak']} leak, {document['hollow']} hollow"
    )
    console.print(f"{told}, {document[_UNCHECKED]} not checked", soft_wrap=True)


def _cells(one: Mapping[str, Any]) -> tuple[object, ...]:
    arguments = {key: value for key, value in one["declared"].items() if key != "_target_"}
    told = ", ".join(f"{key}={plainly(value)}" for key, value in arguments.items())
    return (
        one["status"].replace("_", " "),
        f"{one['kind']} {one['name']}\n  {told}",
        one["cuts"],
        f"{one['values']:,}",
    )


__all__ = ["render", "verify_leakage"]
