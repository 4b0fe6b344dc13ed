"""The default launcher: threads, each of which waits for the process of one spec: `hydra/launcher: zoo`."""

import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from hydra.core.config_store import ConfigStore
from hydra.core.utils import JobReturn, JobStatus
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, open_dict


@dataclass  # annotations must not be text: Hydra runs this module before it is in sys.modules
class ZooLauncherConf:
    """conf/hydra/launcher/zoo. `n_jobs`: how many specs at once; null takes one per core."""

    _target_: str = "hydra_plugins.zoo_hydra.launcher.ZooLauncher"
    n_jobs: int | None = None


ConfigStore.instance().store(group="hydra/launcher", name="zoo", node=ZooLauncherConf, provider="zoo")


class ZooLauncher(Launcher):
    """Runs the job in threads: what is heavy runs in the process that the job starts.

    Args:
        n_jobs: how many at once; None takes one per core that this process may use.
    """

    def __init__(self, n_jobs: int | None = None) -> None:
        self.cores = _cores()
        self.n_jobs = self.cores if n_jobs is None else max(1, n_jobs)

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Take what Hydra gives."""
        self.config = config
        self.loader = hydra_context.config_loader
        self.task = task_function

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
        """Compose each job and launch them all."""
        composed = (self.loader.load_sweep_config(self.config, list(job)) for job in job_overrides)
        return self.launch_composed(composed)

    def launch_composed(self, configs: Iterable[DictConfig]) -> Sequence[JobReturn]:
        """Launch each job as soon as it is composed, and return when all have ended."""
        with ThreadPoolExecutor(self.n_jobs, thread_name_prefix="spec") as pool:
            return list(pool.map(self._run, configs))

    def _run(self, config: DictConfig) -> JobReturn:
        """Run one job. Hydra's own `run_job` keeps the job in a global, which threads would share."""
        from zoo.commands.composition import without_hydra

        task = without_hydra(config)
        with open_dict(task):
            if self.n_jobs > 1 and task.run.threads is None:
                task.run.threads = max(1, self.cores // self.n_jobs)
        result = JobReturn(overrides=list(config.hydra.overrides.task), cfg=task, task_name="zoo")
        try:
            result.return_value = self.task(task)
            result.status = JobStatus.COMPLETED
        except Exception as error:  # as Hydra's own: the sweeper reads it
            result.return_value = error
            result.status = JobStatus.FAILED
        return result


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


__all__ = ["ZooLauncher", "ZooLauncherConf"]
