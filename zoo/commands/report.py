"""`report`: one page about a line that needs no network, readable on a phone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo.commands.arguments import Arguments
from zoo.commands.output import Answer, show_facts, show_table
from zoo.commands.request import Request, asked
from zoo.errors import FAILURE_EXIT, ConfigError

if TYPE_CHECKING:
    from rich.console import Console

    from zoo.report.line import Findings, Report


def report(arguments: Arguments) -> Answer:
    """Write the page of `line=<name>` to `out=<file>`.

    What is not there yet is said on the page. What went wrong is said there, too, and ends with exit code 1.

    Raises:
        ConfigError: no line or no version of it, a file within the registry, terms that cannot be used.
        ZooError: the configuration is refused, the registry cannot be read, or the page cannot be written.
    """
    request = asked(arguments)
    from zoo.commands.reporting import findings_of
    from zoo.registry import Registry
    from zoo.report.line import report_of, write_report

    with Registry.open(request.registry_url, artifacts=request.artifacts, read_only=True) as registry:
        findings = findings_of(request, registry)
        path = _path(request, findings.line.name)
        found = report_of(findings, registry)
    write_report(found, path)
    document = document_of(found, path)
    code = FAILURE_EXIT if document["failed"] else 0
    return Answer(document, lambda console: render(console, document), code, form=request.format)


def _path(request: Request, line: str) -> Path:
    """Return where the page goes.

    Raises:
        ConfigError: into the registry, where nothing lies but what was registered.
    """
    default = request.outputs / "reports" / f"line_{line}.html"
    path = default if request.out is None else Path(request.out).expanduser().absolute()
    if path.resolve().is_relative_to(request.artifacts.resolve()):
        raise ConfigError("a page within the registry", where=path, expected="out=<file> outside of it")
    return path


def document_of(report: Report, page: Path) -> dict[str, Any]:
    """Return where the page is, and what is on it."""
    findings = report.findings
    champion = findings.champion
    return {
        "page": str(page),
        "line": findings.line.name,
        "champion": None if champion is None else champion.version_id,
        "versions": len(findings.versions),
        "figures": report.summary(),
        "left_out": report.left_out,
        "gate": _gate(findings),
        "runs": {
            "seen": list(findings.runs.seen),
            "specs": findings.runs.specs,
            "failures": len(findings.runs.troubles),
        },
        "failed": _failed(findings),
    }


def _gate(findings: Findings) -> dict[str, Any]:
    from zoo.report.line import Missing

    if isinstance(findings.selection, Missing):
        return {"asked": False, "reason": findings.selection.reason}
    found = findings.selection
    return {"asked": True, "name": found.gate, "winner": found.winner, "challengers": len(found.candidates)}


def _failed(findings: Findings) -> list[str]:
    """Return what went wrong, as opposed to what is not there yet."""
    from zoo.report.line import Missing

    parts = (findings.compared, findings.selection)
    return list(dict.fromkeys(one.reason for one in parts if isinstance(one, Missing) and one.failed))


def render(console: Console, document: Mapping[str, Any]) -> None:
    """Print where the page is, and what it shows or why not."""
    figures = document["figures"]
    rows = [(name, _shown(figure)) for name, figure in figures.items()]
    show_table(console, ("figure", "what it shows"), rows)
    for reason in document["failed"]:
        console.print(f"failed: {reason}", soft_wrap=True)
    show_facts(console, [("page", document["page"])])


def _shown(figure: Mapping[str, Any]) -> str:
    if not figure["drawn"]:
        return f"not drawn: {figure['reason']}"
    span = f", {figure['first'][:10]} to {figure['last'][:10]}" if "first" in figure else ""
    return f"{len(figure['series'])} lines{span}; {', '.join(figure['evidence'])}"


__all__ = ["document_of", "render", "report"]
