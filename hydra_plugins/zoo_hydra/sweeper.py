"""The sweeper that isolates specs: `hydra/sweeper: zoo`."""

from dataclasses import dataclass
from typing import Any

from hydra.core.config_store import ConfigStore
from hydra.core.plugins import Plugins
from hydra.plugins.launcher import Launcher
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig


@dataclass  # annotations must not be text: Hydra runs this module before it is in sys.modules
class ZooSweeperConf:
    """conf/hydra/sweeper/zoo."""

    _target_: str = "hydra_plugins.zoo_hydra.sweeper.ZooSweeper"


ConfigStore.instance().store(group="hydra/sweeper", name="zoo", node=ZooSweeperConf, provider="zoo")


class ZooSweeper(Sweeper):
    """Composes each job on its own, launches those that can be, and returns a result for every one."""

    launcher: Launcher

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Take what Hydra gives, and make the launcher."""
        self.master = config
        self.loader = hydra_context.config_loader
        self.job: Any = task_function
        self.launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )

    def sweep(self, arguments: list[str]) -> list[dict[str, Any]]:
        """Run the sweep; every active spec, and every spec that cannot be read, unless some are named."""
        from zoo.commands.sweep import Sweep, expand

        slots = expand(arguments, self.loader, self.job.roster)
        return Sweep(self.master, self.loader, self.launcher, self.job).run(slots)


__all__ = ["ZooSweeper", "ZooSweeperConf"]
