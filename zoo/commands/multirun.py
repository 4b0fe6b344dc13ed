"""`-m`: several specs, through Hydra's sweeper and launcher."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from omegaconf import DictConfig

from zoo.commands.arguments import Arguments
from zoo.commands.composition import Composed, compose, prepared, quoted, refused
from zoo.commands.job import Result, SpecJob
from zoo.commands.request import Request, read_request
from zoo.errors import ConfigError


def shared(arguments: Arguments, extra: Sequence[str] = ()) -> tuple[Composed, Request]:
    """Compose what all jobs of a sweep share: everything but specs, changes to specs, and sweeps.

    Raises:
        ZooError: it is refused; then every job would be.
    """
    from hydra.core.override_parser.overrides_parser import OverridesParser

    overrides = [*prepared(arguments.overrides, arguments.config_dir), *extra]
    with refused(overrides):
        parsed = OverridesParser.create().parse_overrides(overrides)
    kept = [
        str(override.input_line)
        for override in parsed
        if override.is_hydra_override()
        or not (override.is_sweep_override() or _of_spec(override.key_or_group))
    ]
    composed = compose(kept, arguments.config_name)
    return composed, read_request(composed)


def _of_spec(key: str) -> bool:
    return key == "spec" or key.startswith("spec.")


def sweep(arguments: Arguments, composed: Composed, job: SpecJob, run_id: str | None = None) -> list[Result]:
    """Run `job` for every spec, and return a result for each.

    Raises:
        ZooError: the sweep itself is refused.
    """
    words = prepared(arguments.overrides)
    task = [word for word in words if not word.lstrip("+~").startswith(("hydra.", "hydra/"))]
    if run_id is not None:
        task = [*(word for word in task if not word.startswith("run.id=")), f"run.id={quoted(run_id)}"]
    results: list[Result] = _sweeper(composed.config, job).sweep(arguments=task)
    return results


def _sweeper(config: DictConfig, job: Callable[[DictConfig], Result]) -> Any:
    from hydra._internal.callbacks import Callbacks
    from hydra.core.global_hydra import GlobalHydra
    from hydra.core.plugins import Plugins
    from hydra.core.utils import configure_log
    from hydra.types import HydraContext

    if not str(config.hydra.sweeper.get("_target_")).startswith("hydra_plugins.zoo_hydra."):
        raise ConfigError(
            f"hydra/sweeper={config.hydra.runtime.choices['hydra/sweeper']} cannot isolate specs",
            expected="hydra/sweeper=zoo",
            remedy="remove the override; hydra/launcher is free",
        )
    configure_log(config.hydra.hydra_logging, config.hydra.verbose)
    context = HydraContext(config_loader=GlobalHydra.instance().config_loader(), callbacks=Callbacks(config))
    return Plugins.instance().instantiate_sweeper(hydra_context=context, task_function=job, config=config)


__all__ = ["shared", "sweep"]
