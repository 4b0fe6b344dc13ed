"""A real Postgres for the tests that ask for one.

`ZOO_TEST_POSTGRES` names one by its URL, whose user may make schemas and roles; otherwise the programs of a
Debian package are looked for and a server is started, one a test process; otherwise these tests are skipped,
and say so. Every connection needs its password, which must then appear nowhere.
"""

import contextlib
import ctypes
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

import pytest

VARIABLE = "ZOO_TEST_POSTGRES"
PATIENCE = 60  # seconds, on a machine that is busy with other tests
MISSING = (
    f"no Postgres: set {VARIABLE}=postgresql+psycopg://user:password@host/database, or install postgresql"
)


def programs():
    """The directory of `initdb` and `postgres`; None where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    there = str(found[-1]) if found else shutil.which("initdb")
    return None if there is None else Path(there).parent


def servant():
    """The user who runs the server, which root may not; nobody else is needed where we are not root."""
    if os.getuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            user = pwd.getpwnam(name)
            return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    return {}


@contextlib.contextmanager
def serving():
    """Run a server on a socket of its own for the length of the block, and end it by its id."""
    directory = Path(tempfile.mkdtemp(prefix="zoo-postgres-"))  # a short path: sockets have 107 characters
    directory.chmod(0o755)  # a test may be somebody else
    who = servant()
    if who:
        os.chown(directory, who["user"], who["group"])
    try:
        process, url = start(directory, who)
        try:
            wait(process, url, directory)
            yield url
        finally:
            process.send_signal(signal.SIGINT)  # at once; SIGTERM would wait for sessions that are open
            process.wait()
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def start(directory, who):
    """Make a cluster, start its server, and return the process and the URL."""
    password = f"secret-{secrets.token_hex(8)}"
    (directory / "password").write_text(password)
    if who:
        os.chown(directory / "password", who["user"], who["group"])
    make = ["initdb", "-D", "data", "-U", "zoo", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
    subprocess.run(
        [programs() / make[0], *make[1:], "--auth=scram-sha-256", "--pwfile=password"],
        cwd=directory,
        check=True,
        capture_output=True,
        **who,
    )
    settings = {"listen_addresses": "", "unix_socket_directories": str(directory), "fsync": "off"}
    with (directory / "log.txt").open("w") as log:
        process = subprocess.Popen(
            [
                programs() / "postgres",
                "-D",
                "data",
                *(f"--{name}={value}" for name, value in settings.items()),
            ],
            cwd=directory,
            stdout=log,
            stderr=subprocess.STDOUT,
            preexec_fn=_end_with_parent,
            **who,
        )
    return process, f"postgresql+psycopg://zoo:{password}@/postgres?host={quote(str(directory), safe='')}"


def _end_with_parent():
    """Have Linux stop the server when the tests are killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGINT)  # PR_SET_PDEATHSIG


def wait(process, url, directory):
    """Wait until it lets us in."""
    import psycopg

    deadline = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(psycopg.OperationalError), psycopg.connect(plain(url)):
            return
        time.sleep(0.02)
    raise RuntimeError(f"Postgres did not start:\n{(directory / 'log.txt').read_text()}")


def plain(url):
    """A URL as the driver itself takes it."""
    return url.replace("postgresql+psycopg", "postgresql", 1)


@pytest.fixture(scope="session")
def postgres_server():
    """The URL of a server on which schemas can be made."""
    pytest.importorskip("psycopg", reason="no psycopg: pip install 'zoo[postgres]'")
    named = os.environ.get(VARIABLE)
    if named:
        yield named
    elif programs() is None:
        pytest.skip(MISSING)
    else:
        with serving() as url:
            yield url
