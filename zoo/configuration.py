"""Where conf/ lies, and reading its groups without composing.

A user's own directory (`ZOO_CONF`) is looked at first: a file of the same stem replaces ours.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from zoo.errors import ConfigError

USER_CONF: Final = "ZOO_CONF"
_PACKAGE = Path(__file__).resolve().parent


def conf_dir() -> Path:
    """Return zoo's own conf/: beside the package when run from source, inside it in a wheel."""
    for candidate in (_PACKAGE.parent / "conf", _PACKAGE / "conf"):
        if (candidate / "config.yaml").is_file():
            return candidate
    raise ConfigError("conf/config.yaml is missing", where=_PACKAGE, remedy="install zoo again")


def user_conf_dir() -> Path | None:
    """Return the directory that `ZOO_CONF` names, or None where it is not set.

    Raises:
        ConfigError: it is set and is no directory.
    """
    value = os.environ.get(USER_CONF)
    if not value:
        return None
    path = Path(value).expanduser().resolve()
    if not path.is_dir():
        raise ConfigError(
            f"{USER_CONF} names {value!r}, which is no directory",
            expected="a directory laid out like conf/",
            remedy=f"create it, or unset {USER_CONF}",
        )
    return path


def conf_dirs() -> list[Path]:
    """Return the configuration directories, the winning one first."""
    user = user_conf_dir()
    return [conf_dir()] if user is None else [user, conf_dir()]


def root_dir() -> Path:
    """Return the directory that holds conf/ when run from source, else the working directory."""
    own = conf_dir()
    return own.parent if own.parent != _PACKAGE else Path.cwd()


def group_files(group: str, directories: list[Path] | None = None) -> dict[str, Path]:
    """Return the YAML files of a group by stem, sorted; the first directory that has a stem wins."""
    found: dict[str, Path] = {}
    for directory in conf_dirs() if directories is None else directories:
        for path in sorted((directory / group).glob("*.yaml")):
            found.setdefault(path.stem, path)
    return dict(sorted(found.items()))


def load_yaml(path: Path) -> DictConfig:
    """Load one YAML mapping.

    Raises:
        ConfigError: unreadable, not YAML (with the line), or not a mapping; always with the file's name.
    """
    try:
        loaded = OmegaConf.load(path)
    except yaml.MarkedYAMLError as error:
        raise ConfigError(
            _yaml_problem(error), where=_position(path, error), remedy="correct the YAML"
        ) from error
    except (OSError, ValueError, yaml.YAMLError, OmegaConfBaseException) as error:
        raise ConfigError(
            f"cannot be read: {_first_line(error)}", where=path, remedy="correct the file"
        ) from error
    if not isinstance(loaded, DictConfig):
        raise ConfigError(
            "is no mapping", where=path, expected="`key: value` lines", remedy="correct the YAML"
        )
    return loaded


def _position(path: Path, error: yaml.MarkedYAMLError) -> str:
    mark = error.problem_mark or error.context_mark
    return str(path) if mark is None else f"{path}:{mark.line + 1}:{mark.column + 1}"


def _yaml_problem(error: yaml.MarkedYAMLError) -> str:
    return f"is not valid YAML: {error.problem or error.context or 'it does not parse'}"


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def plain(node: Any, variables: Mapping[str, Any], where: Path | str) -> Any:
    """Return a node as plain dicts and lists, with `${paths.*}` and other `variables` resolved.

    Raises:
        ConfigError: an interpolation that does not resolve.
    """
    try:
        root = OmegaConf.create({**variables, "node": node})
        return OmegaConf.to_container(root, resolve=True)["node"]  # type: ignore[call-overload,index]
    except OmegaConfBaseException as error:
        raise ConfigError(_first_line(error), where=where, remedy="correct the interpolation") from error


__all__ = [
    "USER_CONF",
    "conf_dir",
    "conf_dirs",
    "group_files",
    "load_yaml",
    "plain",
    "root_dir",
    "user_conf_dir",
]
