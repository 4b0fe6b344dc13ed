"""`python -m zoo`: sort the words, run one command, print one answer.

Nothing heavy is imported before it is needed, and stdout is kept for the answer.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TextIO

from zoo.commands.arguments import SWEEPING, Arguments, sort_arguments, wants_json
from zoo.commands.output import Answer, error_document, error_line, real_stdout, say, write
from zoo.errors import FAILURE_EXIT, ConfigError, Interrupted, ZooError

if TYPE_CHECKING:
    from rich.console import Console


def main(words: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit code.

    Args:
        words: the command line; the process's own unless given.
    """
    words = sys.argv[1:] if words is None else words
    as_json = wants_json(words)
    try:
        arguments = sort_arguments(words)
        if (text := _quick(arguments)) is not None:
            say(text)
            return 0
        if arguments.inspecting:
            return _inspect(arguments)
    except ZooError as error:
        return _fail(error, as_json)
    with real_stdout() as out:
        return _run(arguments, as_json, out)


def _quick(arguments: Arguments) -> str | None:
    """Return what needs no configuration."""
    if arguments.help:
        from zoo.commands.usage import help_text

        return help_text()
    if arguments.version:
        from zoo import __version__

        return f"zoo {__version__}"
    return None


def _inspect(arguments: Arguments) -> int:
    from zoo.commands.composition import inspect, prepared

    flags = arguments.inspecting
    inspect(flags, prepared(arguments.overrides, arguments.config_dir), arguments.config_name)
    return 0


def _run(arguments: Arguments, as_json: bool, out: TextIO) -> int:
    try:
        answer = _command(arguments)(arguments)
    except (ZooError, KeyboardInterrupt, Exception) as error:
        answer = _failed(error)
    if answer.error is not None:
        print(error_line(answer.error), file=sys.stderr)
    write(answer, as_json, out)
    return answer.exit_code


def _failed(error: BaseException) -> Answer:
    """Return the answer of a command that raised; what is no `ZooError` is a bug, and says where."""
    if isinstance(error, KeyboardInterrupt):
        error = Interrupted("stopped by SIGINT")
    if not isinstance(error, ZooError):
        traceback.print_exception(error)
        return Answer(error_document(error), _nothing, FAILURE_EXIT)
    return Answer(error_document(error), _nothing, error.exit_code, error)


def _nothing(_: Console) -> None:
    """Print no table."""


def _fail(error: ZooError, as_json: bool) -> int:
    """Answer a command line that was refused before anything was redirected."""
    answer = _failed(error)
    print(error_line(error), file=sys.stderr)
    write(answer, as_json, sys.stdout)
    return answer.exit_code


def _command(arguments: Arguments) -> Callable[[Arguments], Answer]:
    """Import and return a command; none imports another's needs."""
    if arguments.multirun and arguments.command not in SWEEPING:
        raise ConfigError(
            f"{arguments.command} takes no -m",
            expected=f"-m with {' or '.join(SWEEPING)}",
            remedy="leave it out",
        )
    match arguments.command:
        case "plan":
            from zoo.commands.plan import plan as command
        case "list":
            from zoo.commands.list import list_specs as command
        case "versions":
            from zoo.commands.versions import list_versions as command
        case "show":
            from zoo.commands.show import show_version as command
        case "experiment":
            from zoo.commands.experiment import run as command
        case "trials":
            from zoo.commands.trials import list_trials as command
        case "shadow":
            from zoo.commands.shadow import shadow as command
        case "select":
            from zoo.commands.select import select as command
        case "attribute":
            from zoo.commands.attribute import attribute as command
        case "power":
            from zoo.commands.power import power as command
        case "watch":
            from zoo.commands.watch import watch as command
        case "report":
            from zoo.commands.report import report as command
        case "drift":
            from zoo.commands.drift import drift as command
        case "leaderboard":
            from zoo.commands.leaderboard import leaderboard as command
        case "promote":
            from zoo.commands.promote import promote as command
        case "rollback":
            from zoo.commands.rollback import roll_back as command
        case "retire":
            from zoo.commands.retire import retire as command
        case "champion":
            from zoo.commands.champion import show_champion as command
        case "history":
            from zoo.commands.history import show_history as command
        case "diff":
            from zoo.commands.diff import diff as command
        case "gc":
            from zoo.commands.gc import gc as command
        case "analyze":
            from zoo.commands.analyze import run as command
        case "mirror":
            from zoo.commands.mirror import mirror as command
        case "verify" if arguments.second == "leakage":
            from zoo.commands.leakage import verify_leakage as command
        case "verify":
            from zoo.commands.verify import verify_registry as command
        case _:
            from zoo.commands.apply import apply as command
    return command


if __name__ == "__main__":
    sys.exit(main())
