"""A command line in this process, with a configuration directory and outputs of its own.

Specs run in real processes; what they do there follows from their names (`driver/stand_in/sitecustomize.py`).
"""

import json
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from zoo.__main__ import main
from zoo.configuration import conf_dir

STAND_IN = Path(__file__).parent / "driver" / "stand_in"
SPEC = """\
name: {name}
line: us_equity
sources:
  - experiment: ${{paths.experiments}}/small
    permutations: [7, 19]
"""


@dataclass(frozen=True)
class Ran:
    """What a command line came to."""

    code: int
    out: str
    err: str

    @property
    def document(self):
        """The one JSON document on stdout."""
        return json.loads(self.out)

    @property
    def error(self):
        """The message of the document, which stderr says too, in one line and without a traceback."""
        message = self.document["error"]["message"]
        assert f"error: {message}\n" in self.err
        assert "Traceback" not in self.err
        assert "\n" not in message
        return message

    @property
    def statuses(self):
        return {result["spec"]: result["status"] for result in self.document["results"]}

    def result(self, spec):
        return next(result for result in self.document["results"] if result["spec"] == spec)


class CommandLine:
    """Calls `main`; our own specs are retired, so that only the test's run."""

    def __init__(self, directory, capture):
        self.directory = directory
        self.conf = directory / "conf"
        self.outputs = directory / "outputs"
        self._capture = capture
        (self.conf / "spec").mkdir(parents=True)
        for path in (conf_dir() / "spec").glob("*.yaml"):
            text = path.read_text().replace("status: active", "status: retired")
            (self.conf / "spec" / path.name).write_text(text)

    def spec(self, name, text=None, more=""):
        """Write a spec file."""
        path = self.conf / "spec" / f"{name}.yaml"
        path.write_text((SPEC.format(name=name) if text is None else text) + more)
        return path

    def __call__(self, *words):
        self._capture.readouterr()
        code = main([*words, f"paths.outputs={self.outputs}"])
        return Ran(code, *self._capture.readouterr())

    def json(self, *words):
        return self(*words, "format=json")

    def registry(self):
        """Everything that the registry holds."""
        return sorted(path.name for path in (self.outputs / "registry").rglob("*"))

    def start(self, *words):
        """Start the command line in a process of its own."""
        command = [sys.executable, "-m", "zoo", *words, f"paths.outputs={self.outputs}"]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def interrupt(self, process, spec, signum=signal.SIGINT):
        """Send a signal once a spec sleeps, and return what the command line came to."""
        ready = self.outputs / "registry" / f"{spec}.ready"
        while not ready.exists() and process.poll() is None:
            time.sleep(0.01)
        process.send_signal(signum)
        out, err = process.communicate()
        return Ran(process.returncode, out, err)
