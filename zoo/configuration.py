"""Where conf/ lies, and reading its groups without composing.

A user's own directory (`ZOO_CONF`) is looked at first: a file of the same stem replaces ours.
PyYAML and OmegaConf are imported where a file is read: `--help` only says where conf/ lies.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from zoo.errors import ConfigError

if TYPE_CHECKING:
    import yaml
    from omegaconf import DictConfig

USER_CONF: Final = "ZOO_CONF"
_PACKAGE = Path(__file__).resolve().parent
_PATHS = re.compile(r"\$\{paths\.(\w+)\}")


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


def group_files(group: str, directories: Iterable[Path] | None = None) -> dict[str, Path]:
    """Return the YAML files of a group by stem, sorted; the first directory that has a stem wins."""
    found: dict[str, Path] = {}
    for directory in conf_dirs() if directories is None else directories:
        for path in (directory / group).glob("*.yaml"):
            if not path.name.startswith("."):
                found.setdefault(path.stem, path)
    return dict(sorted(found.items()))


def load_yaml(path: Path) -> DictConfig:
    """Load one YAML mapping.

    Raises:
        ConfigError: unreadable, not YAML (with the line), or not a mapping; always with the file's name.
    """
    import yaml
    from omegaconf import DictConfig, OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    try:
        loaded = OmegaConf.load(path)
    except yaml.MarkedYAMLError as error:
        raise yaml_error(error, path) from error
    except (OSError, ValueError, yaml.YAMLError, OmegaConfBaseException) as error:
        raise ConfigError(
            f"cannot be read: {first_line(error)}", where=path, remedy="correct the file"
        ) from error
    if not isinstance(loaded, DictConfig):
        raise ConfigError(
            "is no mapping", where=path, expected="`key: value` lines", remedy="correct the YAML"
        )
    return loaded


def yaml_error(error: yaml.MarkedYAMLError, path: Path | str) -> ConfigError:
    """Say where a file is no YAML, in one line."""
    mark = error.problem_mark or error.context_mark
    where = str(path) if mark is None else f"{path}:{mark.line + 1}:{mark.column + 1}"
    problem = " ".join((error.problem or error.context or "it does not parse").split())
    flow = "got '{'" in problem  # an interpolation inside a flow mapping
    remedy = 'quote "${...}" inside { }' if flow else "correct the YAML"
    return ConfigError(f"is not valid YAML: {problem}", where=where, remedy=remedy)


def first_line(error: BaseException) -> str:
    """Return the first line of an error's message, or its name where it has none."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def plain(node: Any, variables: Mapping[str, Any], where: Path | str) -> Any:
    """Return a node as plain dicts and lists, with `${paths.*}` and other `variables` resolved.

    Raises:
        ConfigError: an interpolation that does not resolve.
    """
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    try:
        root = OmegaConf.create({**variables, "node": node})
        return OmegaConf.to_container(root, resolve=True)["node"]  # type: ignore[call-overload,index]
    except OmegaConfBaseException as error:
        raise ConfigError(first_line(error), where=where, remedy="correct the interpolation") from error


def fill_paths(tree: Any, paths: Mapping[str, str], where: Path | str) -> Any:
    """Return a plain tree with `${paths.*}` filled in and every other `${...}` left as it stands.

    Raises:
        ConfigError: `${paths.x}` without such a path.
    """
    if isinstance(tree, Mapping):
        return {key: fill_paths(value, paths, where) for key, value in tree.items()}
    if isinstance(tree, list):
        return [fill_paths(value, paths, where) for value in tree]
    if not isinstance(tree, str):
        return tree
    for name in _PATHS.findall(tree):
        if name not in paths:
            raise ConfigError(
                f"no path is called {name!r}", where=where, expected=f"one of {', '.join(paths)}"
            )
    return _PATHS.sub(lambda match: paths[match[1]], tree)


__all__ = [
    "USER_CONF",
    "conf_dir",
    "conf_dirs",
    "fill_paths",
    "first_line",
    "group_files",
    "load_yaml",
    "plain",
    "root_dir",
    "user_conf_dir",
    "yaml_error",
]
