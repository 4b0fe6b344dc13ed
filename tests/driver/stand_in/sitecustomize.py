"""Python runs this at the start of every process that has this directory on PYTHONPATH.

It puts a small `zoo.driver.apply` in the real one's place, so that tests of processes, signals and launchers
need no training. What a spec does follows from its name: `killed_x` is killed, `fails_x` fails.
"""

import os
import signal
import sys
import time
import types
from pathlib import Path


def apply_spec(task, observers=()):
    from zoo.driver.result import Failure, Outcome, Promoted, SpecResult
    from zoo.errors import ExperimentNotFound, Interrupted
    from zoo.events import Advanced, Failed, Finished, Noticed, Started, emit

    name = task.spec.name
    work = name.partition("_")[0]
    version = Promoted(f"{task.spec.version_label}-20171229-0123abcd", 7, "small", "challenger", True)
    again = Promoted(f"{task.spec.version_label}-20171229-4567abcd", 19, "small", "champion", False)
    emit(observers, Started(name, 2))
    emit(observers, Advanced(name, 1, "permutation 7"))
    print("a word on stdout")
    if work == "killed" or (work == "once" and _first_time(task)):
        os.kill(os.getpid(), signal.SIGKILL)
    if work == "exits":
        sys.exit(3)
    if work == "breaks":
        raise ZeroDivisionError("division by zero")
    if work == "missing":
        raise ExperimentNotFound("there is no experiment directory", where="x", remedy="make it")
    if work in ("sleeps", "deaf"):
        try:
            _wait(task, deaf=work == "deaf")
        except Interrupted:
            return SpecResult(name, Outcome.interrupted, (version,))
    if work == "partial":
        message = "x: permutation 3 does not exist; expected 0 to 2; correct the ids in the spec"
        emit(observers, Failed(f"{name} permutation 3", "UnknownPermutation", message))
        return SpecResult(name, Outcome.partial, (version,), (Failure(3, "UnknownPermutation", message),))
    emit(observers, Noticed(name, "something to know"))
    emit(observers, Finished(name))
    return SpecResult(name, Outcome.ok, (version, again), notices=("something to know",))


def _first_time(task):
    marker = Path(task.artifacts) / task.spec.name
    marker.parent.mkdir(parents=True, exist_ok=True)
    if marker.exists():
        return False
    marker.touch()
    return True


def _wait(task, deaf):
    from zoo.errors import Interrupted

    ready = Path(task.artifacts) / f"{task.spec.name}.ready"
    ready.parent.mkdir(parents=True, exist_ok=True)
    ready.write_text(str(os.getpid()))
    while True:
        try:
            time.sleep(60)
        except Interrupted:
            if not deaf:
                raise


stand_in = types.ModuleType("zoo.driver.apply")
stand_in.apply_spec = apply_spec
sys.modules["zoo.driver.apply"] = stand_in
