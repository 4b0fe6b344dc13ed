"""`python -m zoo` as a process: what it imports, what it leaves, and how it ends."""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.command_line import STAND_IN
from zoo import __version__
from zoo.configuration import conf_dir

ROOT = Path(__file__).parents[1]
HEAVY = ("numpy", "pandas", "sklearn", "scipy", "pyarrow", "skfolio", "skops", "joblib")


def zoo(*words, **options):
    options = {"capture_output": True, "text": True, **options}
    return subprocess.run([sys.executable, "-m", "zoo", *words], check=False, **options)


def imported(*words, cwd):
    """Return the top-level packages that a command line imports."""
    code = (
        "import sys; from zoo.__main__ import main; main(sys.argv[1:]);"
        "print(*{name.partition('.')[0] for name in sys.modules}, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, check=True, cwd=cwd
    )
    return set(done.stderr.splitlines()[-1].split())


@pytest.mark.parametrize("words", [["--help"], ["--version"]])
def test_help_imports_neither_hydra_nor_anything_heavy(tmp_path, words):
    assert imported(*words, cwd=tmp_path).isdisjoint(
        {*HEAVY, "hydra", "omegaconf", "yaml", "sqlalchemy", "rich"}
    )


def test_plan_imports_nothing_heavy_and_no_database(tmp_path):
    words = ("plan", "-m", "format=json", f"paths.outputs={tmp_path}")
    assert imported(*words, cwd=tmp_path).isdisjoint({*HEAVY, "sqlalchemy", "rich"})


def test_list_imports_nothing_heavy(tmp_path):
    assert imported("list", f"paths.outputs={tmp_path}", cwd=tmp_path).isdisjoint(HEAVY)


def test_the_version_is_said():
    assert zoo("--version").stdout == f"zoo {__version__}\n"


def test_help_explains_the_commands():
    done = zoo("list", "-h")
    assert done.returncode == 0
    assert "python -m zoo spec=residual_momentum" in done.stdout
    assert done.stderr == ""


def test_stdout_is_exactly_one_document_whatever_the_order_and_nothing_is_left_where_one_works(tmp_path):
    done = zoo("spec=residual_momentum", "format=json", "plan", cwd=tmp_path)
    assert json.loads(done.stdout)["results"]
    assert not list(tmp_path.iterdir())


def test_a_reader_that_goes_away_is_met_with_silence(tmp_path):
    command = f"{sys.executable} -m zoo list format=json paths.outputs={tmp_path} | head -c 1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("[", "")


@pytest.mark.parametrize("words", [["--help"], ["list", "format=json"], ["lst", "format=json"]])
def test_a_reader_that_is_gone_already_is_met_with_silence_too(words):
    reader, writer = os.pipe()
    os.close(reader)
    done = zoo(*words, capture_output=False, stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    assert "BrokenPipe" not in done.stderr
    assert "Traceback" not in done.stderr


def test_a_closed_stdout_is_no_crash(tmp_path):
    done = subprocess.run(
        f"{sys.executable} -m zoo list paths.outputs={tmp_path} >&-",
        shell=True, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "variable", [{}, {"NO_COLOR": "1"}, {"COLUMNS": "40"}, {"PYTHONIOENCODING": "ascii"}]
)
def test_a_table_in_a_pipe_has_neither_colour_nor_cut_names(tmp_path, variable):
    done = zoo("list", f"paths.outputs={tmp_path}", env={**os.environ, **variable})
    assert done.returncode == 0
    assert "\x1b" not in done.stdout
    assert "residual_momentum" in done.stdout


def test_the_configuration_can_be_printed():
    done = zoo("--cfg", "job", "spec=residual_momentum", "-p", "spec")
    assert done.returncode == 0
    assert "name: residual_momentum" in done.stdout


def test_a_refusal_of_hydra_s_flags_is_one_line():
    done = zoo("--cfg", "job", "formt=json")
    assert done.returncode == 2
    assert done.stderr.startswith("error: the command line: formt: no such key")
    assert len(done.stderr.splitlines()) == 1


def test_another_primary_configuration_can_be_named(tmp_path):
    (tmp_path / "mine.yaml").write_text("defaults: [config, _self_]\nformat: json\n")
    env = {**os.environ, "ZOO_CONF": str(tmp_path)}
    done = zoo("list", "--config-name", "mine", f"paths.outputs={tmp_path}", env=env)
    assert done.returncode == 0, done.stderr
    assert isinstance(json.loads(done.stdout), list)


@pytest.fixture
def installed(tmp_path):
    """The layout of a wheel: conf/ inside the package, plugins beside it."""
    site = tmp_path / "site-packages"
    shutil.copytree(ROOT / "zoo", site / "zoo", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(conf_dir(), site / "zoo" / "conf")
    shutil.copytree(ROOT / "hydra_plugins", site / "hydra_plugins")
    (tmp_path / "work").mkdir()
    return site, tmp_path / "work"


def test_from_a_wheel_conf_is_found_and_outputs_go_where_one_works(installed):
    site, work = installed
    env = {**os.environ, "PYTHONPATH": str(site)}
    done = zoo("--cfg", "job", cwd=work, env=env)
    assert f"root: {work}" in done.stdout
    rows = json.loads(zoo("list", "format=json", cwd=work, env=env).stdout)
    assert {Path(row["path"]).parent for row in rows} == {site / "zoo" / "conf" / "spec"}


def test_from_a_wheel_a_spec_runs_in_a_process_of_its_own(installed):
    site, work = installed
    env = {**os.environ, "PYTHONPATH": f"{STAND_IN}{os.pathsep}{site}"}
    (work / "mine" / "spec").mkdir(parents=True)
    (work / "mine" / "spec" / "ok_a.yaml").write_text(
        "name: ok_a\nline: us_equity\nsources: [{experiment: e, permutations: [7]}]\n"
    )
    done = zoo("-m", "spec=ok_a", "format=json", "--config-dir", "mine", cwd=work, env=env)
    assert json.loads(done.stdout)["results"][0]["status"] == "ok", done.stderr
    assert (work / "outputs" / "runs").is_dir()


def test_the_wheel_takes_conf_and_the_plugins_along_and_has_a_console_script():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert project["project"]["scripts"] == {"zoo": "zoo.__main__:main"}
    assert wheel == {"packages": ["zoo", "hydra_plugins"], "force-include": {"conf": "zoo/conf"}}
    assert not (ROOT / "hydra_plugins" / "__init__.py").exists()


def test_the_console_script_s_function_returns_the_exit_code():
    code = "import sys; from zoo.__main__ import main; sys.argv = ['zoo', 'lst']; sys.exit(main())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "did you mean 'list'?" in done.stderr
