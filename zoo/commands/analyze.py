"""`analyze`: what a finished experiment says of its parameters, its earnings and its quality."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from zoo.commands.analysis_document import document_of
from zoo.commands.analysis_tables import render
from zoo.commands.arguments import Arguments
from zoo.commands.output import Answer
from zoo.commands.refusal import COMMAND_LINE
from zoo.commands.request import Request, asked
from zoo.errors import ConfigError, did_you_mean
from zoo.experiment.format import METADATA
from zoo.spec import NAME

_EXPERIMENT: Final = "experiment"


def run(arguments: Arguments) -> Answer:
    """Analyse the experiment that `experiment=<name>` names, and write its page.

    The directory is all that is read: conf/experiment need not know the name.

    Raises:
        ConfigError: no experiment of that name, no metric `by`, or a page inside the directory.
        ZooError: the configuration is refused, the directory is not what was logged, or the page cannot be
            written.
    """
    name, others = split_name(arguments.overrides)
    request = asked(replace(arguments, overrides=others))
    directory = directory_of(request, name)
    page = page_of(request, directory)
    from zoo.experiment.analysis import analyse
    from zoo.report import write_page

    analysis = analyse(directory, by=request.by)
    write_page(analysis, page)
    document = document_of(analysis, page)
    return Answer(document, lambda console: render(console, analysis, page), form=request.format)


def split_name(overrides: Sequence[str]) -> tuple[str | None, tuple[str, ...]]:
    """Return the experiment's name, and the overrides without it.

    Raises:
        ConfigError: two names.
    """
    names, others = [], []
    for override in overrides:
        key, equals, value = override.partition("=")
        if key == _EXPERIMENT and equals:
            names.append(value.strip("'\""))
        else:
            others.append(override)
    if len(set(names)) > 1:
        raise ConfigError(
            f"experiment={' and experiment='.join(dict.fromkeys(names))} are two experiments",
            where=COMMAND_LINE,
            expected="one",
        )
    return (names[0] if names else None), tuple(others)


def directory_of(request: Request, name: str | None) -> Path:
    """Return the directory of a finished experiment.

    Raises:
        ConfigError: none was named, or there is none of that name.
    """
    root = Path(request.paths["experiments"])
    known = sorted(
        path.parent.name for path in root.glob(f"*/{METADATA}") if NAME.fullmatch(path.parent.name)
    )
    offered = f"experiment=<name>, one of {', '.join(known) or '(none)'}"
    if name is None:
        raise ConfigError("no experiment was named", where=root, expected=offered)
    if NAME.fullmatch(name) is None or not (root / name).is_dir():
        raise ConfigError(
            f"no experiment is called {name!r}",
            where=root,
            expected=offered,
            remedy=did_you_mean(name, known) or f"make it with `python -m zoo experiment experiment={name}`",
        )
    return root / name


def page_of(request: Request, directory: Path) -> Path:
    """Return where the page goes.

    Raises:
        ConfigError: into the experiment's own directory, which is never touched.
    """
    default = request.outputs / "reports" / f"{directory.name}.html"
    page = default if request.page is None else Path(request.page).expanduser().absolute()
    if page.resolve().is_relative_to(directory.resolve()):
        raise ConfigError(
            "a page inside the experiment's own directory",
            where=page,
            expected="page=<file> outside of it",
            remedy="an experiment's directory holds what was logged, and nothing else",
        )
    return page


__all__ = ["directory_of", "page_of", "run", "split_name"]
