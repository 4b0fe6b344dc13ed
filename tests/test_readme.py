"""Every command of the README runs as it stands (with outputs of its own)."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
COMMANDS = [
    line.split("#")[0].strip() for line in README.splitlines() if line.startswith("    python -m zoo")
]


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    outputs = tmp_path_factory.mktemp("outputs")
    shutil.copytree(ROOT / "outputs" / "experiments", outputs / "experiments")
    return outputs, [f"paths.outputs={outputs}", f"paths.experiments={outputs}/experiments"]


def run(command, places):
    words = shlex.split(command)
    assert words[:3] == ["python", "-m", "zoo"]
    return subprocess.run(
        [sys.executable, "-m", "zoo", *words[3:], *places[1]],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_readme_lists_its_commands():
    assert len(COMMANDS) == 21


def test_every_command_of_the_readme_runs_and_prints_what_the_readme_shows(places):
    for command in COMMANDS:
        if "<id>" in command:
            command = command.replace(
                "<id>",
                re.search(r"resmom-\d{8}-[0-9a-f]{8}", run("python -m zoo versions", places).stdout)[0],
            )
        done = run(command, places)
        assert done.returncode == 0, (command, done.stderr)
        assert done.stdout.strip(), command


def test_what_the_readme_shows_is_what_is_printed(places, tmp_path):
    shown = set(re.findall(r"resmom-\d{8}-[0-9a-f]{8}", README))
    own = (None, [f"paths.outputs={tmp_path}", places[1][1]])
    first, second = (run("python -m zoo spec=residual_momentum", own).stdout for _ in range(2))
    assert set(re.findall(r"resmom-\d{8}-[0-9a-f]{8}", second)) == shown
    assert "3 new versions registered" in first
    assert "nothing new was registered: 3 versions registered before" in second
    for line in [*first.splitlines(), *second.splitlines()]:
        assert line.rstrip() in README


def test_the_python_of_the_readme_runs():
    block = re.search(r"From Python:\n\n((?:    .*\n|\n)+)", README)[1]
    code = "\n".join(line[4:] for line in block.splitlines()) + "\nassert len(scores) > 100_000\n"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
