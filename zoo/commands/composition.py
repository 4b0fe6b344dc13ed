"""Composing the configuration with Hydra, and every way in which that can be refused, in one line each."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from omegaconf import DictConfig, OmegaConf

from zoo.commands import schema
from zoo.commands.refusal import refusal
from zoo.configuration import conf_dir, user_conf_dir
from zoo.errors import ConfigError
from zoo.spec import NAME

CONFIG_NAME: Final = "config"
GROUPS: Final = ("spec", "experiment", "line")  # each file of these is one thing that a researcher names
FREE: Final = ("reason",)  # free text: whatever a person writes
#: what may stand here says the reader of specs, or the object store, not the file that is changed
_OPEN: Final = ("spec.", "registry.storage_options")
_SWEEP: Final = frozenset("()[]{}$")


@dataclass(frozen=True, slots=True)
class Composed:
    """A composed configuration.

    Attributes:
        config: all of it, Hydra's own node too.
        choices: the file chosen in each group.
        directories: the configuration directories that were searched, the winning one first.
    """

    config: DictConfig
    choices: Mapping[str, str | None]
    directories: tuple[Path, ...]


@contextlib.contextmanager
def hydra_started() -> Iterator[None]:
    """Have Hydra search our conf/ (and the user's before it) for the length of the block.

    Raises:
        ConfigError: `ZOO_CONF` is no directory.
    """
    from hydra import initialize_config_dir

    user_conf_dir()
    schema.register()
    with initialize_config_dir(version_base="1.3", config_dir=str(conf_dir()), job_name="zoo"):
        yield


def prepared(overrides: Sequence[str], config_dir: str | None = None) -> list[str]:
    """Return overrides as Hydra takes them.

    A run may say of a spec what its file does not mention, and a spec may be called `2024`.

    Raises:
        ConfigError: `config_dir` is no directory, or a spec or an experiment is no file's stem.
    """
    ready = [_free(_named(_opened(override))) for override in overrides]
    if config_dir is not None:
        path = Path(config_dir).expanduser().resolve()
        if not path.is_dir():
            raise ConfigError(
                f"--config-dir {config_dir!r} is no directory", expected="one laid out like conf/"
            )
        ready.append(f"hydra.searchpath=[{quoted(f'file://{path}')}]")
    return ready


def _opened(override: str) -> str:
    return f"++{override}" if override.startswith(_OPEN) else override


def _named(override: str) -> str:
    """Check the names that become files and directories; quote those that YAML would not take for text."""
    group, _, value = override.partition("=")
    if group not in GROUPS or not _SWEEP.isdisjoint(value):
        return override
    names = [name.strip("'\"") for name in value.split(",")]
    for name in names:
        if NAME.fullmatch(name) is None:
            raise ConfigError(
                f"{override}: {name!r} names no file of conf/{group}",
                expected="letters, digits, _ or -",
                remedy="give the file's name without .yaml",
            )
    return f"{group}={','.join(quoted(name) for name in names)}"


def _free(override: str) -> str:
    """Quote free text, in which a comma is no sweep and `${` no interpolation; quoted text and null stay."""
    key, equals, value = override.partition("=")
    if key.lstrip("+") not in FREE or not equals or value in ("", "null") or value[0] in "'\"":
        return override
    return f"{key}={quoted(value.replace('${', chr(92) + '${'))}"


def quoted(text: str) -> str:
    """Return text that Hydra's grammar takes for text, whatever it holds."""
    escaped = text.replace("'", "\\'")
    tail = len(escaped) - len(escaped.rstrip("\\"))
    return f"'{escaped}{chr(92) * tail}'"


def compose(overrides: Sequence[str], config_name: str | None = None) -> Composed:
    """Compose the configuration.

    Args:
        overrides: as `prepared` gives them.
        config_name: the primary configuration; None takes `config`.

    Raises:
        ZooError: whatever is wrong with it, in one line.
    """
    from hydra import compose as hydra_compose

    with refused(overrides):
        config = hydra_compose(
            config_name or CONFIG_NAME, overrides=list(overrides), return_hydra_config=True
        )
    return Composed(config, dict(config.hydra.runtime.choices), _directories(config))


@contextlib.contextmanager
def refused(overrides: Sequence[str]) -> Iterator[None]:
    """Translate what Hydra, OmegaConf and PyYAML raise; a bug of ours passes through."""
    try:
        yield
    except Exception as error:
        translated = refusal(error, overrides)
        if translated is None:
            raise
        raise translated from error


def _directories(config: DictConfig) -> tuple[Path, ...]:
    sources: Any = config.hydra.runtime.config_sources
    return tuple(Path(source.path) for source in sources if source.schema == "file")


def without_hydra(config: DictConfig) -> DictConfig:
    """Return a copy without Hydra's own node, as a task gets it."""
    return OmegaConf.masked_copy(config, [str(key) for key in config if key != "hydra"])


def inspect(flags: Sequence[str], overrides: Sequence[str], config_name: str | None = None) -> None:
    """Let Hydra print what its own flags ask for (`--cfg job`, `--info`), on stdout."""
    import hydra

    named = [] if config_name is None else ["--config-name", config_name]
    words = [*flags, *named, *overrides]
    application = hydra.main(version_base="1.3", config_path=str(conf_dir()), config_name=CONFIG_NAME)
    with _command_line(words), refused(overrides):
        application(_nothing)()


def _nothing(_: DictConfig) -> None:
    """Stand in for the application that Hydra's flags keep from running."""


@contextlib.contextmanager
def _command_line(words: Sequence[str]) -> Iterator[None]:
    """Give Hydra its words, and have it raise what it would print."""
    before, full = sys.argv, os.environ.get("HYDRA_FULL_ERROR")
    sys.argv, os.environ["HYDRA_FULL_ERROR"] = [before[0], *words], "1"
    schema.register()
    try:
        yield
    finally:
        sys.argv = before
        del os.environ["HYDRA_FULL_ERROR"]
        if full is not None:
            os.environ["HYDRA_FULL_ERROR"] = full


__all__ = [
    "CONFIG_NAME",
    "Composed",
    "compose",
    "hydra_started",
    "inspect",
    "prepared",
    "quoted",
    "refused",
    "without_hydra",
]
