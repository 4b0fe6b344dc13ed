"""A real MLflow server, started once for the tests that ask for one, in an environment of its own.

MLflow holds pyarrow back, so it is not installed beside zoo: `ZOO_TEST_MLFLOW` names the `mlflow` of another
virtual environment, or there is one on the path; otherwise these tests are skipped, and say so.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

VARIABLE = "ZOO_TEST_MLFLOW"
PATIENCE = 180  # seconds for its imports and its tables, on a machine that is busy with other tests


def executable():
    """The `mlflow` to start; None where there is none."""
    named = os.environ.get(VARIABLE)
    if named:
        return named
    beside = Path(sys.executable).with_name("mlflow")
    return str(beside) if beside.exists() else shutil.which("mlflow")


def start(directory):
    """Start a server whose database and files are in the directory; return the process and the address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with (directory / "log.txt").open("w") as log:
        process = subprocess.Popen(
            [
                executable(),
                "server",
                *("--backend-store-uri", f"sqlite:///{directory}/mlflow.db"),
                *("--artifacts-destination", str(directory / "artifacts")),
                *("--host", "127.0.0.1", "--port", str(port), "--workers", "1"),
            ],
            cwd=directory,
            env={
                **{name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")},
                "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
                "MLFLOW_DISABLE_TELEMETRY": "true",
                "PYTHONPATH": "",
            },
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # with its workers, should it not end by itself
        )
    return process, f"http://127.0.0.1:{port}"


def wait(process, url, directory):
    """Wait until it answers."""
    deadline = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{url}/health", timeout=5):
            return
        time.sleep(0.1)
    raise RuntimeError(f"MLflow did not start:\n{(directory / 'log.txt').read_text()}")


@contextlib.contextmanager
def serving(directory):
    """Run a server for the length of the block, and end it by its id."""
    process, url = start(directory)
    try:
        wait(process, url, directory)
        yield url
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.fixture(scope="session")
def mlflow_server(tmp_path_factory):
    """The address of a real server."""
    if executable() is None:
        pytest.skip(
            "no MLflow server: `python -m venv <dir>`, `<dir>/bin/pip install mlflow`, "
            f"and {VARIABLE}=<dir>/bin/mlflow"
        )
    with serving(tmp_path_factory.mktemp("mlflow")) as url:
        yield url
