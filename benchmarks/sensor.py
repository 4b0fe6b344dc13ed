"""Time what a sensor adds to scikit-learn: a cold load in a new process, and a warm prediction.

    python benchmarks/sensor.py [--runs 7]

Cold: a process that only imports the parts of scikit-learn that the model is made of, beside one that loads
the stored sensor and predicts 2,000 rows, each until it has; wall seconds, and processor seconds, which other
load disturbs less.
Warm: the sensor's own estimator beside the sensor, on the same rows. Medians; each pair is taken in turns.
"""

from __future__ import annotations

import argparse
import functools
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.base import clone

from zoo.promotion import Sensor, Trainer

ROWS = 2_000
EXPERIMENTS = Path(__file__).parents[1] / "outputs" / "experiments"
SKLEARN = {
    "momentum": "import sklearn.pipeline, sklearn.preprocessing, sklearn.linear_model",
    "blender": "import sklearn.pipeline, sklearn.preprocessing, sklearn.ensemble",
}
COLD = """
import sys
import numpy as np
from zoo.promotion import Sensor
sensor = Sensor.loads(open(sys.argv[1], "rb").read())
sensor.predict({"x_test": np.zeros((int(sys.argv[2]), len(sensor.features)))})
"""
READY = "\nimport time; print(time.perf_counter(), time.process_time())"  # leaving takes its time, too


def process(code: str, *arguments: str) -> tuple[float, float]:
    """Return the wall and processor seconds after which a new Python has run `code`."""
    started = time.perf_counter()  # one clock for all processes
    done = subprocess.run([sys.executable, "-c", code + READY, *arguments], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"the process exited {done.returncode}: {done.stderr}")
    ready, processor = map(float, done.stdout.split())
    return ready - started, processor


def medians(first: Callable[[], object], second: Callable[[], object], times: int) -> tuple[float, float]:
    """Return the median seconds of two calls, taken in turns."""
    found: tuple[list[float], list[float]] = ([], [])
    for _ in range(times):
        for call, seconds in zip((first, second), found, strict=True):
            started = time.perf_counter()
            call()
            seconds.append(time.perf_counter() - started)
    return statistics.median(found[0]), statistics.median(found[1])


def cold(name: str, path: Path, runs: int) -> list[str]:
    pairs = [(process(SKLEARN[name]), process(COLD, str(path), str(ROWS))) for _ in range(runs + 1)][1:]
    lines = []
    for place, kind in enumerate(("wall", "processor")):
        alone, whole = (statistics.median(pair[side][place] for pair in pairs) for side in (0, 1))
        label = f"cold process, {kind}"
        lines.append(f"{name:10} {label:34} {alone:11.3f} s {whole:11.3f} s {whole - alone:+9.3f} s")
    return lines


def warm(name: str, sensor: Sensor, runs: int) -> list[str]:
    array = np.random.RandomState(0).standard_normal((ROWS, len(sensor.features)))
    frame = pd.DataFrame(array, columns=list(sensor.features))
    named = clone(sensor.model.estimator).fit(frame, array[:, 0])  # one that knows its columns by name
    lines = []
    for label, rows, estimator in (("array", array, sensor.model.estimator), ("frame", frame, named)):
        predict, data = functools.partial(estimator.predict, rows), {"x_test": rows}
        alone, whole = medians(predict, functools.partial(sensor.predict, data), 200 * runs)
        lines.append(
            f"{name:10} {f'warm, {ROWS} rows, {label}':34} {alone * 1e6:10.1f} µs {whole * 1e6:10.1f} µs "
            f"{(whole / alone - 1) * 100:+9.1f} %"
        )
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=7)
    runs = parser.parse_args().runs
    print(f"medians of {runs} cold and {200 * runs} warm runs on {os.cpu_count()} cores")
    print(f"{'experiment':10} {'what':34} {'scikit-learn':>13} {'sensor':>13} {'added':>11}")
    with tempfile.TemporaryDirectory() as directory:
        for name in SKLEARN:
            sensor = Trainer(EXPERIMENTS / name, agreement="off").train([0])[0]  # only serving is timed
            path = Path(directory) / f"{name}.skops"
            path.write_bytes(sensor.dumps())
            for line in (*cold(name, path, runs), *warm(name, Sensor.loads(path.read_bytes()), runs)):
                print(line, flush=True)


if __name__ == "__main__":
    main()
