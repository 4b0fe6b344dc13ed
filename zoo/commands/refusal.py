"""What Hydra, OmegaConf and PyYAML say, as one line with the offender, what was expected and the remedy."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import fields

import yaml
from omegaconf import Container
from omegaconf.errors import OmegaConfBaseException

from zoo.commands import schema
from zoo.configuration import first_line, group_files, load_yaml, yaml_error
from zoo.errors import ConfigError, ZooError, did_you_mean
from zoo.roster import unknown_spec

COMMAND_LINE = "the command line"
_MISSING = re.compile(r"Could not (?:find|load) '(?P<file>[^']+)'")
_UNKNOWN = re.compile(r"Could not override '(?P<key>[^']+)'")
_MERGING = re.compile(r"Error merging override (?P<override>.+)")
_SEVERAL = re.compile(r"(?:Ambiguous value for argument|Sweep parameters) '(?P<override>.+)'")
_IN_FILE = re.compile(r"In '(?P<file>[^']+)': \w+ raised while composing config:\n(?P<problem>.+)")
_NO_KEY = re.compile(r"Key '(?P<key>[^']+)' not in '(?P<schema>\w+)'")


def refusal(error: Exception, overrides: Sequence[str]) -> ZooError | None:
    """Return the error to report, or None for one that is a bug.

    Args:
        error: what was raised while composing.
        overrides: what was composed, to name the file or the key.
    """
    from hydra.errors import HydraException, MissingConfigException, OverrideParseException

    if isinstance(error, ZooError):
        return error
    if isinstance(error, yaml.MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        return yaml_error(error, COMMAND_LINE if mark is None else mark.name)
    if (unreadable := _unreadable(overrides)) is not None:
        return unreadable
    if isinstance(error, MissingConfigException):
        return _missing_file(error.missing_cfg_file, first_line(error), error.options)
    if isinstance(error, OverrideParseException):
        return ConfigError(
            f"{error.override!r} is no override: {first_line(error)}",
            where=COMMAND_LINE,
            expected="key=value",
            remedy="quote what holds commas, brackets or spaces: \"key='a, b'\"",
        )
    if isinstance(error, OmegaConfBaseException):
        return ConfigError(first_line(error), where=error.full_key, remedy="correct the value")
    if isinstance(error, HydraException | ValueError | OSError | AssertionError):
        return _composition(error)
    return None


def _unreadable(overrides: Sequence[str]) -> ZooError | None:
    """Return what is wrong with a file that the overrides chose, if it cannot be read at all."""
    for override in overrides:
        group, _, value = override.lstrip("+").partition("=")
        path = group_files(group).get(value.strip("'")) if group in ("spec", "experiment", "line") else None
        if path is None:
            continue
        try:
            load_yaml(path)
        except ZooError as error:
            return error
    return None


def _missing_file(missing: str | None, message: str, options: Sequence[str] | None) -> ZooError:
    found = _MISSING.search(message)
    group, _, name = (missing or (found["file"] if found else message)).rpartition("/")
    known = sorted(options if options is not None else group_files(group))
    if group == "spec":
        return unknown_spec(name, known)
    if not group:
        return ConfigError(message, where=COMMAND_LINE, remedy="check --config-name")
    return ConfigError(
        f"no {group} is called {name!r}",
        expected=f"one of {', '.join(known) or '(none)'}",
        remedy=did_you_mean(name, known) or f"add it as conf/{group}/{name}.yaml",
    )


def _composition(error: Exception) -> ConfigError:
    line = first_line(error)
    if (several := _SEVERAL.match(line)) is not None:
        return ConfigError(
            f"{several['override'].replace(chr(39), '')} gives several values",
            where=COMMAND_LINE,
            expected="one",
            remedy="add -m to run one after the other",
        )
    if (unknown := _UNKNOWN.search(line)) is not None:
        return _unknown_key(unknown["key"], error.__cause__)
    if (inside := _IN_FILE.match(str(error))) is not None:
        return _in_file(inside["file"], inside["problem"])
    cause = error.__cause__
    if (merging := _MERGING.match(line)) is not None and cause is not None:
        problem = f"{merging['override'].removeprefix('++')}: {first_line(cause)}"
        return ConfigError(problem, where=COMMAND_LINE, remedy="correct the value")
    detail = line if cause is None else f"{line} {first_line(cause)}"
    return ConfigError(detail, where=COMMAND_LINE, remedy="see `python -m zoo --help`")


def _in_file(file: str, problem: str) -> ConfigError:
    """Name the file that does not fit the schema, and the nearest key."""
    group, _, name = file.rpartition("/")
    where = group_files(group).get(name, file)
    key = _NO_KEY.match(problem)
    if key is None:
        return ConfigError(problem, where=where, remedy="correct the file")
    known = [known.name for known in fields(getattr(schema, key["schema"], schema.ConfigSchema))]
    return ConfigError(
        f"{key['key']}: no such key",
        where=where,
        expected=f"one of {', '.join(known)}",
        remedy=did_you_mean(key["key"], known) or "correct the file",
    )


def _unknown_key(key: str, cause: BaseException | None) -> ConfigError:
    """Name the nearest key beside the one that does not exist."""
    prefix, known = _siblings(key, cause)
    name = key.removeprefix(prefix)
    guess = did_you_mean(name.partition(".")[0], known)
    remedy = f"to add a setting of your own, write +{key}=..." if prefix == "settings.values." else None
    return ConfigError(
        f"{key}: no such key",
        where=COMMAND_LINE,
        expected=f"one of {', '.join(prefix + k for k in known)}" if known else None,
        remedy=guess or remedy,
    )


def _siblings(key: str, cause: BaseException | None) -> tuple[str, list[str]]:
    """Return the part of a key that exists, with its dot, and the keys below it."""
    parent = getattr(cause, "parent_node", None)
    full = str(getattr(cause, "full_key", "") or key)
    prefix = full[: full.rfind(".") + 1]
    if not isinstance(parent, Container) or parent._is_none():
        return prefix, []
    names = [str(name) for name in parent] if hasattr(parent, "keys") else []
    return prefix, sorted(name for name in names if name != "hydra")


__all__ = ["COMMAND_LINE", "refusal"]
