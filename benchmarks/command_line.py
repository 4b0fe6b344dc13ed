"""Time how long the commands that only read take, as whole processes, beside a no-op Hydra application.

    python benchmarks/command_line.py [--runs 9]

Prints medians, and how many no-op Hydra applications each is worth. The registry holds no version, one, and
then those of a hundred runs; `list` is promised at most 3 of them.
"""

from __future__ import annotations

import argparse
import datetime
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

NOOP = """
import hydra
@hydra.main(version_base="1.3", config_path="conf", config_name="config")
def main(cfg): pass
main()
"""
NOOP_CONF = """
defaults: [override hydra/job_logging: none, _self_]
a: 1
hydra: {run: {dir: .}, output_subdir: null}
"""
COMMANDS = ("--help", "list", "versions", "plan spec=residual_momentum", "plan -m")


def seconds(command: list[str], cwd: Path) -> float:
    """Return the wall seconds of a process that must not be refused."""
    started = time.perf_counter()
    done = subprocess.run(command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    if done.returncode not in (0, 1):
        raise SystemExit(f"{' '.join(command)} exited {done.returncode}")
    return time.perf_counter() - started


def fill(outputs: Path, versions: int) -> None:
    """Register versions of `residual_momentum` until there are so many."""
    import pandas as pd

    from zoo.registry import Candidate, Registry

    frame = pd.DataFrame({"part": ["test"], "row": [0], "prediction": [0.5]})
    with Registry.open(f"sqlite:///{outputs}/registry/registry.db") as registry:
        for number in range(len(registry.versions()), versions):
            registry.register(
                Candidate(
                    line="us_equity",
                    label="resmom",
                    spec="residual_momentum",
                    experiment="momentum",
                    permutation_id=number,
                    train_end=datetime.date(2017, 11, 30),
                    inputs={"number": number},
                    overrides={},
                    metrics={"variant": {"rank_ic": 0.02}},
                    lineage={},
                    config="",
                    sensor=b"",
                    predictions=frame,
                )
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=9)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        (directory / "conf").mkdir()
        (directory / "conf" / "config.yaml").write_text(NOOP_CONF)
        (directory / "noop.py").write_text(NOOP)
        noop = "a no-op Hydra application"
        rows = {noop: [sys.executable, "noop.py"]}
        for versions in (0, 1, 100):
            outputs = directory / f"outputs{versions}"
            fill(outputs, versions) if versions else outputs.mkdir()
            for command in COMMANDS if versions == 1 else ("list",):
                words = [sys.executable, "-m", "zoo", *command.split()]
                rows[f"zoo {command} ({versions} versions)"] = [*words, f"paths.outputs={outputs}",
                    "paths.experiments=${paths.root}/outputs/experiments"]  # fmt: skip
        found: dict[str, list[float]] = {label: [] for label in rows}
        for run in range(runs + 1):  # the first one warms the file cache and does not count
            for label, command in rows.items():
                took = seconds(command, directory)
                if run:
                    found[label].append(took)
    floor = statistics.median(found[noop])
    print(f"medians of {runs} runs on {os.cpu_count()} cores")
    print(f"{'command':44} {'ms':>6} {'min':>6} {'max':>6} {'no-ops':>7}")
    for label, times in found.items():
        middle = statistics.median(times)
        print(
            f"{label:44} {middle * 1000:6.0f} {min(times) * 1000:6.0f} {max(times) * 1000:6.0f}"
            f" {middle / floor:7.2f}"
        )


if __name__ == "__main__":
    main()
