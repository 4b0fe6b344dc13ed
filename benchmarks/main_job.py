"""Time the main job and all active specs as whole processes, beside a no-op Hydra application.

    python benchmarks/main_job.py [--runs 5]

Prints medians of wall seconds and of peak memory (the largest single process); each run has a registry of its
own.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

NOOP = """
import hydra
@hydra.main(version_base="1.3", config_path=None)
def main(cfg): pass
main()
"""


def measured(command: list[str], cwd: Path) -> tuple[float, float]:
    """Return wall seconds and peak MB of the largest process; the command must succeed."""
    started = time.perf_counter()
    with subprocess.Popen(command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(command)} exited {process.returncode}")
    return time.perf_counter() - started, usage.ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    zoo = [sys.executable, "-m", "zoo"]
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        (directory / "noop.py").write_text(NOOP)

        def fresh(run: int, kind: str) -> str:
            return f"paths.outputs={directory}/{kind}{run}"

        rows = {
            "a no-op Hydra application": lambda run: [sys.executable, "noop.py", "hydra.run.dir=."],
            "python -m zoo spec=residual_momentum": lambda run: [
                *zoo,
                "spec=residual_momentum",
                fresh(run, "one"),
            ],
            "the same again (nothing new)": lambda run: [*zoo, "spec=residual_momentum", fresh(run, "one")],
            "python -m zoo -m": lambda run: [*zoo, "-m", fresh(run, "all")],
        }
        found: dict[str, list[tuple[float, float]]] = {label: [] for label in rows}
        for run in range(runs + 1):  # the first one warms the file cache and does not count
            for label, command in rows.items():
                result = measured(command(run), directory)
                if run:
                    found[label].append(result)
    print(f"medians of {runs} runs on {os.cpu_count()} cores")
    print(f"{'command':40} {'wall s':>8} {'min':>8} {'max':>8} {'peak MB':>8}")
    for label, results in found.items():
        seconds = [wall for wall, _ in results]
        peak = statistics.median(mb for _, mb in results)
        middle = statistics.median(seconds)
        print(f"{label:40} {middle:8.2f} {min(seconds):8.2f} {max(seconds):8.2f} {peak:8.0f}")


if __name__ == "__main__":
    main()
