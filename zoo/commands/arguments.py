"""The words of a command line, sorted: the command may stand anywhere, and so may flags and overrides."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from zoo.configuration import group_files
from zoo.errors import ConfigError, did_you_mean

COMMANDS: Final = {
    "apply": "prove, refit and register what a spec names (the default)",
    "plan": "what apply would do, and what each override changes; trains nothing",
    "list": "the specs: status, what each changes, the last version and its age",
    "versions": "the registry: id, spec, stage, created, headline metrics",
    "show": "one version: lineage, overrides, metrics logged, reproduced, variant",
    "experiment": "run an experiment and write its directory",
    "analyze": "what a finished experiment says: tables, and one HTML page",
    "trials": "every permutation ever evaluated for a line: the N and V of its tests",
    "champion": "who serves a line, since when and why",
    "history": "what was done with a line's versions: by whom, when and why",
    "diff": "two versions side by side: settings, overrides, data, metrics",
    "shadow": "champion and challengers predict the bars after their training",
    "select": "who passes the gate and ranks first, and why the others lost",
    "attribute": "what each override of a spec does, with an interval",
    "power": "how long each gate takes to reach a verdict on the line",
    "watch": "whether the champion still earns what it is held to",
    "drift": "features and predictions of shadowed versions since training",
    "leaderboard": "versions on the same bars, after costs, with their luck",
    "report": "one HTML page about a line: leaderboard, curves, gate, lineage",
    "promote": "make a challenger the champion of its line",
    "rollback": "bring a line's champion before back",
    "retire": "take a challenger out of the race",
    "gc": "delete the files of versions that serve no more",
    "verify": "check the registry against its directories and events",
    "mirror": "bring an MLflow server up to date with the registry",
}
SWEEPING: Final = ("apply", "plan")

_SECOND: Final = {"sync": "mirror", "leakage": "verify"}  # a second word that may follow a command

_HELP: Final = ("-h", "--help", "help")
_MULTIRUN: Final = ("-m", "--multirun", "hydra.mode=MULTIRUN")
_RUN: Final = ("-r", "--run", "hydra.mode=RUN")
_INSPECTING: Final = ("--hydra-help", "--resolve", "-sc", "--shell-completion")
_INSPECTING_VALUE: Final = ("-c", "--cfg", "-p", "--package")
_INFO: Final = ("-i", "--info")
_INFO_CHOICES: Final = ("all", "config", "defaults", "defaults-tree", "plugins", "searchpath")
_CONFIG_DIR: Final = ("-cd", "--config-dir")
_CONFIG_NAME: Final = ("-cn", "--config-name")
_REFUSED: Final = {
    "-cp": "use --config-dir, or name your directory in ZOO_CONF",
    "--config-path": "use --config-dir, or name your directory in ZOO_CONF",
    "--experimental-rerun": "give the overrides again; zoo loads no pickle",
}
FLAGS: Final = (
    *_HELP[:2],
    *_MULTIRUN[:2],
    *_RUN[:2],
    *_INSPECTING,
    *_INSPECTING_VALUE,
    *_INFO,
    *_CONFIG_DIR,
    *_CONFIG_NAME,
    "--version",
)
_FORMAT = re.compile(r"\+{0,2}format=['\"]?(\w+)['\"]?")


@dataclass(frozen=True, slots=True)
class Arguments:
    """A command line, sorted.

    Attributes:
        command: one of `COMMANDS`.
        second: the word that follows it, such as `leakage` in `verify leakage`; None without one.
        overrides: Hydra's `key=value` words, in the order given.
        multirun: `-m` was given.
        help: help was asked for.
        version: zoo's version was asked for.
        config_dir: a further configuration directory, behind ours.
        config_name: another primary configuration than `config`.
        inspecting: flags of Hydra's that print the configuration instead of running anything.
    """

    command: str = "apply"
    second: str | None = None
    overrides: tuple[str, ...] = ()
    multirun: bool = False
    help: bool = False
    version: bool = False
    config_dir: str | None = None
    config_name: str | None = None
    inspecting: tuple[str, ...] = ()


def wants_json(words: Sequence[str]) -> bool:
    """Tell whether the last `format=` says json, however wrong the rest of the line is."""
    said = [match[1] for word in words if (match := _FORMAT.fullmatch(word)) is not None]
    return bool(said) and said[-1] == "json"


def sort_arguments(words: Sequence[str]) -> Arguments:
    """Sort the words of a command line.

    Raises:
        ConfigError: an unknown command or flag, two commands, a flag without its value.
    """
    sorted_, commands, seconds = Arguments(), list[str](), list[str]()
    rest = iter(_split(words))
    for word in rest:
        if word in _HELP:
            sorted_ = replace(sorted_, help=True)
        elif word == "--version":
            sorted_ = replace(sorted_, version=True)
        elif word in _MULTIRUN:
            sorted_ = replace(sorted_, multirun=True)
        elif word in _RUN:
            continue
        elif word.startswith("-"):
            sorted_ = _flag(sorted_, word, rest)
        elif "=" in word or word.startswith("~"):
            sorted_ = replace(sorted_, overrides=(*sorted_.overrides, word))
        elif word in _SECOND:
            seconds.append(word)
        else:
            commands.append(_command(word))
    for word in seconds:
        if _SECOND[word] not in commands:
            raise ConfigError(f"{word} is no command", expected=f"`{_SECOND[word]} {word}`")
    if len(commands) > 1:
        raise ConfigError(
            f"{' and '.join(commands)} are two commands",
            expected="one",
            remedy="run them one after the other",
        )
    second = seconds[-1] if seconds else None
    return replace(sorted_, command=commands[0], second=second) if commands else sorted_


def _split(words: Sequence[str]) -> Iterator[str]:
    """Give `--flag=value` as two words; an optional value of --info only where it is one."""
    for position, word in enumerate(words):
        flag, equals, value = word.partition("=")
        if word.startswith("-") and equals:
            yield from (flag, value)
        elif word in _INFO and words[position + 1 : position + 2] not in [[c] for c in _INFO_CHOICES]:
            yield from (word, "all")
        else:
            yield word


def _flag(sorted_: Arguments, word: str, rest: Iterator[str]) -> Arguments:
    if word in _INSPECTING:
        return replace(sorted_, inspecting=(*sorted_.inspecting, word))
    if word in (*_INSPECTING_VALUE, *_INFO):
        return replace(sorted_, inspecting=(*sorted_.inspecting, word, _value(word, rest)))
    if word in _CONFIG_DIR:
        return replace(sorted_, config_dir=_value(word, rest))
    if word in _CONFIG_NAME:
        return replace(sorted_, config_name=_value(word, rest))
    if word in _REFUSED:
        raise ConfigError(f"{word} is not supported", remedy=_REFUSED[word])
    raise ConfigError(
        f"no flag is called {word!r}", remedy=did_you_mean(word, FLAGS) or "see `python -m zoo --help`"
    )


def _value(flag: str, rest: Iterator[str]) -> str:
    value = next(rest, None)
    if value is None:
        raise ConfigError(f"{flag} needs a value", remedy="see `python -m zoo --help`")
    return value


def _command(word: str) -> str:
    if word in COMMANDS:
        return word
    guess = did_you_mean(word, COMMANDS)
    if guess is None and word in group_files("spec"):
        guess = f"did you mean spec={word}?"
    raise ConfigError(
        f"no command is called {word!r}",
        expected=f"one of {', '.join(COMMANDS)}, or key=value",
        remedy=guess or "see `python -m zoo --help`",
    )


__all__ = ["COMMANDS", "FLAGS", "SWEEPING", "Arguments", "sort_arguments", "wants_json"]
