"""The one thing that stdout is for: a JSON document, or a table for people. All else goes to stderr."""

from __future__ import annotations

import contextlib
import json
import math
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TextIO

from zoo.errors import ZooError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command came to.

    Attributes:
        document: plain values, for `format=json`.
        render: prints them for people.
        exit_code: 0 all well, 1 something failed, 2 nothing ran, 130 and 143 interrupted.
        error: what is the matter with the command as a whole, for stderr.
        form: `json` or `table` as the configuration says; None where it was not read.
    """

    document: Any
    render: Callable[[Console], None]
    exit_code: int = 0
    error: ZooError | None = None
    form: str | None = None


@contextlib.contextmanager
def real_stdout() -> Iterator[TextIO]:
    """Yield stdout for the answer, and send whatever else is written there to stderr.

    That holds for Hydra, for C code and for child processes: it is the descriptor that is redirected.
    """
    if sys.stdout is None:
        with open(os.devnull, "w", encoding="utf-8") as nowhere:  # noqa: PTH123
            yield nowhere
        return
    sys.stdout.flush()
    saved = os.dup(1)
    os.dup2(2, 1)
    stream = os.fdopen(os.dup(saved), "w", encoding=sys.stdout.encoding, errors="backslashreplace")
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield stream
    finally:
        with contextlib.suppress(BrokenPipeError):
            stream.close()
        os.dup2(saved, 1)
        os.close(saved)


def say(text: str) -> None:
    """Print text that needs no configuration; a reader that has gone away is no error."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        _unread(sys.stdout)


def _unread(stream: TextIO) -> None:
    """Keep the interpreter from flushing into a pipe that nobody reads."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def write(answer: Answer, as_json: bool, stream: TextIO) -> None:
    """Write an answer. A reader that has gone away (`| head`) is no error.

    Args:
        answer: what to write.
        as_json: what the command line says, for an answer that does not know what was configured.
        stream: stdout.
    """
    try:
        if answer.form == "json" or (answer.form is None and as_json):
            stream.write(json.dumps(jsonable(answer.document), indent=2, allow_nan=False) + "\n")
        else:
            answer.render(console(stream))
        stream.flush()
    except BrokenPipeError:
        _unread(stream)


def error_document(error: BaseException, **more: Any) -> dict[str, Any]:
    """Return the document of a command that came to nothing."""
    return {"error": {"type": type(error).__name__, "message": str(error)}, **more}


def error_line(error: ZooError) -> str:
    """Return what stderr says about an error."""
    return f"error: {error}"


def jsonable(value: Any) -> Any:
    """Return plain JSON values; a float that is no number becomes null."""
    if isinstance(value, Mapping):
        return {str(key): jsonable(item) for key, item in value.items()}
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, Iterable):
        return [jsonable(item) for item in value]
    return str(value)


def console(stream: TextIO) -> Console:
    """Return a console for tables: as wide as the terminal, 80 columns where there is none."""
    from rich.console import Console

    class Patient(Console):
        def on_broken_pipe(self) -> None:
            raise  # `write` knows what it means; rich would end the process with exit code 1

    return Patient(file=stream, highlight=False, emoji=False, markup=False)


def show_table(
    console: Console, columns: Sequence[str], rows: Iterable[Sequence[object]], whole: Sequence[str] = ()
) -> None:
    """Print a table. The columns in `whole` are never cut: what is in them is there to be copied."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    cells = [[_cell(value) for value in row] for row in rows]
    for position, name in enumerate(columns):
        unbroken = name in whole
        widest = max((len(line) for row in cells for line in row[position].splitlines()), default=0)
        table.add_column(
            name, no_wrap=unbroken, overflow="fold", min_width=max(widest, len(name)) if unbroken else None
        )
    for row in cells:
        table.add_row(*row)
    print_whole(console, table)


def print_whole(console: Console, table: Table) -> None:
    """Print a table as wide as its unbroken columns need, be it wider than the terminal."""
    needed = table.__rich_measure__(console, console.options).minimum
    console.print(table, width=max(console.width, needed), crop=False, no_wrap=True, overflow="ignore")


def show_facts(console: Console, facts: Iterable[tuple[str, object]]) -> None:
    """Print a line a fact, unbroken: a digest is there to be copied."""
    pairs = list(facts)
    width = max((len(name) for name, _ in pairs), default=0)
    for name, value in pairs:
        console.print(f"{name.ljust(width)}  {plainly(value)}", soft_wrap=True)


def plainly(value: object) -> str:
    """Write a value as YAML does, a list without its brackets."""
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    return ", ".join(map(plainly, value)) if isinstance(value, list | tuple) else str(value)


def _cell(value: object) -> str:
    return "" if value is None else str(value)


__all__ = [
    "Answer",
    "console",
    "error_document",
    "error_line",
    "jsonable",
    "plainly",
    "print_whole",
    "real_stdout",
    "say",
    "show_facts",
    "show_table",
    "write",
]
