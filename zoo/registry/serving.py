"""`zoo.load_champion`: the model that serves a line, from the registry that conf/ names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo import location
from zoo.configuration import conf_dirs, group_files, load_yaml, plain, root_dir
from zoo.errors import ConfigError
from zoo.registry.store import Registry
from zoo.trust import Trust

if TYPE_CHECKING:
    from omegaconf import DictConfig

    from zoo.promotion import Cohort, Sensor


@dataclass(frozen=True)
class Place:
    """Where the registry is, and what of it may be imported.

    Attributes:
        url: the database.
        artifacts: where the versions lie.
        trust: what conf/trust says.
    """

    url: str
    artifacts: location.Place
    trust: Trust


def load_champion(
    line: str,
    *,
    url: str | None = None,
    artifacts: location.Place | str | None = None,
    trusted: Trust | Iterable[str] | None = None,
) -> Sensor | Cohort:
    """Return the sensor of a line's champion; its digest and its types are checked before anything is built.

    A service that asks often opens the registry once: `Registry.open(url).load_champion(line)`.

    Args:
        line: such as `us_equity`.
        url: the registry's database; what conf/registry says unless given.
        artifacts: where the versions lie: a directory, a URL such as `s3://bucket/zoo`, or an `ObjectStore`;
            with a `url`, the database's own directory unless given.
        trusted: what may be imported; what conf/trust says unless given.

    Raises:
        ConfigError: conf/ cannot be read, or the URL cannot be used.
        NoChampion: the line has none.
        ArtifactCorrupt: its files are not as they were registered.
        TrustError: a type outside the trust list.
        StoreUnavailable: the registry cannot be read.
    """
    place = configured() if url is None or trusted is None else None
    if url is None and place is not None:
        url, artifacts = place.url, place.artifacts if artifacts is None else artifacts
    if trusted is None and place is not None:
        trusted = place.trust
    with Registry.open(str(url), artifacts=artifacts, read_only=True) as registry:
        return registry.load_champion(line, trusted=trusted)


def configured() -> Place:
    """Return what conf/ says of the registry, with the defaults of conf/config.yaml and without Hydra.

    Raises:
        ConfigError: a file is missing or cannot be read.
    """
    path = next(d / "config.yaml" for d in conf_dirs() if (d / "config.yaml").is_file())
    config = load_yaml(path)
    root = {"root": str(root_dir())}
    declared = {**root, **_unresolved(_group(config, "paths", path))}
    paths = plain(declared, {"paths": declared}, path)
    registry = plain(_group(config, "registry", path), {"paths": paths}, path)
    trust = plain(_group(config, "trust", path), {"paths": paths}, path)
    return Place(
        registry["url"],
        location.located(
            registry.get("artifacts"),
            registry.get("storage_options"),
            default=Path(paths["outputs"]).expanduser().absolute() / location.STORE,
        ),
        Trust(
            tuple(trust["prefixes"]), bool(trust.get("local", False)), frozenset(trust.get("hashes") or ())
        ),
    )


def _group(config: DictConfig, group: str, path: Path) -> DictConfig:
    """Return the file that the defaults choose in a group, and what the configuration says over it."""
    from omegaconf import DictConfig, OmegaConf

    chosen = next((entry[group] for entry in config.get("defaults") or () if group in _keys(entry)), None)
    file = group_files(group).get(str(chosen))
    if file is None:
        raise ConfigError(
            f"defaults: no {group} is called {chosen!r}", where=path, expected=f"a file of conf/{group}"
        )
    merged = OmegaConf.merge(load_yaml(file), config.get(group) or {})
    assert isinstance(merged, DictConfig)  # noqa: S101  # both are mappings
    return merged


def _keys(entry: Any) -> Iterable[str]:
    return entry.keys() if isinstance(entry, Mapping) or hasattr(entry, "keys") else ()


def _unresolved(node: DictConfig) -> dict[str, Any]:
    """Return a node as plain values, its interpolations as they stand."""
    from omegaconf import OmegaConf

    return {str(key): value for key, value in OmegaConf.to_container(node, resolve=False).items()}  # type: ignore[union-attr]


__all__ = ["Place", "configured", "load_champion"]
