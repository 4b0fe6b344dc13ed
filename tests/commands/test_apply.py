"""`apply` with real processes: what runs, what is said, and the exit code."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest


def test_one_spec_gives_one_document_on_stdout_and_everything_else_on_stderr(zoo):
    zoo.spec("ok_a")
    ran = zoo.json("spec=ok_a")
    assert ran.code == 0
    [result] = ran.document["results"]
    assert result["status"] == "ok"
    assert result["versions"][0] == {
        "version_id": "spec-ok_a-20171229-0123abcd",
        "permutation_id": 7,
        "experiment": "small",
        "stage": "challenger",
        "created": True,
    }
    assert ran.err == "note: ok_a: something to know\n"
    assert Path(result["directory"]) == zoo.outputs / "runs" / ran.document["run_id"] / "ok_a"


def test_nothing_is_left_in_the_working_directory(zoo):
    zoo.spec("ok_a")
    zoo("spec=ok_a")
    zoo("-m", "spec=ok_a", "hydra/launcher=basic")
    assert sorted(path.name for path in zoo.directory.iterdir()) == ["conf", "outputs"]
    assert not [path for path in zoo.outputs.rglob(".*") if path.name != ".hydra"]


def test_the_table_says_what_is_new_what_was_there_and_what_was_registered(zoo):
    zoo.spec("ok_a")
    out = zoo("spec=ok_a").out
    assert "spec-ok_a-20171229-0123abcd" in out
    assert "created" in out
    assert "already registered, champion" in " ".join(out.split())
    assert out.endswith("1 new version registered, 1 registered before\n")


def test_one_failure_is_printed_at_once_with_its_remedy_and_again_in_full_at_the_end(zoo):
    zoo.spec("partial_a")
    ran = zoo("spec=partial_a")
    message = "x: permutation 3 does not exist; expected 0 to 2; correct the ids in the spec"
    assert ran.code == 1
    assert ran.err == f"failed: partial_a permutation 3: UnknownPermutation: {message}\n"
    assert f"partial_a, permutation 3: UnknownPermutation: {message}\n" in ran.out
    assert "1 failure\n" in ran.out


def test_no_failure_of_one_spec_reaches_another(zoo):
    for name in ("ok_a", "killed_b", "exits_c", "breaks_d", "missing_e", "partial_f", "once_g"):
        zoo.spec(name)
    zoo.spec("bad", "name: bad\n  line: x: y\n")
    ran = zoo.json("-m")
    assert ran.code == 1
    assert {name: status for name, status in ran.statuses.items() if status != "skipped"} == {
        "ok_a": "ok",
        "killed_b": "crashed",
        "exits_c": "crashed",
        "breaks_d": "failed",
        "missing_e": "failed",
        "partial_f": "partial",
        "once_g": "ok",
        "bad": "bad_config",
    }
    killed = ran.result("killed_b")
    log = Path(killed["directory"]) / "log.txt"
    assert killed["failures"][0]["message"].startswith(
        "twice, the second time alone: its process was killed by"
    )
    assert str(log) in killed["failures"][0]["message"]
    assert log.read_text() == "a word on stdout\n" * 2
    assert "note: once_g: its process was killed by SIGKILL" in ran.err
    assert "started once more, alone" in ran.err
    assert ran.err.count("failed: killed_b") == 1


@pytest.mark.parametrize("launcher", ["basic", "joblib"])
def test_the_same_holds_with_another_launcher(zoo, launcher):
    for name in ("ok_a", "killed_b", "breaks_d"):
        zoo.spec(name)
    zoo.spec("bad", "name: bad\n  line: x: y\n")
    ran = zoo.json("-m", "spec=ok_a,bad,killed_b,breaks_d", f"hydra/launcher={launcher}")
    assert ran.code == 1
    assert ran.statuses == {"ok_a": "ok", "bad": "bad_config", "killed_b": "crashed", "breaks_d": "failed"}
    assert "failed: breaks_d: ZeroDivisionError: division by zero" in ran.err
    assert ran.err.count("failed: killed_b") == 1


@pytest.mark.parametrize(
    ("launcher", "signum", "code"),
    [
        ("zoo", signal.SIGINT, 130),
        ("zoo", signal.SIGTERM, 143),
        pytest.param("basic", signal.SIGINT, 130, marks=pytest.mark.slow),
        pytest.param("joblib", signal.SIGTERM, 143, marks=pytest.mark.slow),
    ],
)
def test_a_signal_stops_soon_and_says_what_was_done_and_what_was_not(zoo, launcher, signum, code):
    zoo.spec("ok_a")
    zoo.spec("sleeps_b")
    zoo.spec("sleeps_c")
    options = ("hydra.launcher.n_jobs=1",) if launcher != "basic" else ()
    words = ("-m", "spec=ok_a,sleeps_b,sleeps_c", f"hydra/launcher={launcher}", *options, "format=json")
    ran = zoo.interrupt(zoo.start(*words), "sleeps_b", signum)
    assert ran.code == code
    assert ran.statuses == {"ok_a": "ok", "sleeps_b": "interrupted", "sleeps_c": "interrupted"}
    assert [len(result["versions"]) for result in ran.document["results"]] == [2, 1, 0]
    assert "Traceback" not in ran.err
    assert not [path.name for path in zoo.outputs.rglob("*") if path.name in ("stop", ".result.json.tmp")]


def test_one_spec_is_stopped_by_a_signal_too(zoo):
    zoo.spec("sleeps_a")
    ran = zoo.interrupt(zoo.start("spec=sleeps_a"), "sleeps_a")
    assert ran.code == 130
    assert "interrupted" in ran.out
    assert "1 new version registered" in ran.out


@pytest.mark.slow
def test_a_launcher_whose_worker_is_killed_loses_no_spec(zoo):
    zoo.spec("ok_a")
    zoo.spec("sleeps_b")
    process = zoo.start("-m", "spec=ok_a,sleeps_b", "hydra/launcher=joblib", "format=json")
    ready = zoo.outputs / "registry" / "sleeps_b.ready"
    while not ready.exists() or not ready.read_text():
        time.sleep(0.01)
    worker = int(subprocess.check_output(["ps", "-o", "ppid=", "-p", ready.read_text()]))
    ready.unlink()
    os.kill(worker, signal.SIGKILL)
    ran = zoo.interrupt(process, "sleeps_b")
    assert ran.statuses["ok_a"] == "ok"
    assert ran.statuses["sleeps_b"] == "interrupted"
    assert "failed: launcher: TerminatedWorkerError" in ran.err


def test_runs_that_start_together_have_directories_of_their_own(zoo):
    zoo.spec("ok_a")
    started = [zoo.start("spec=ok_a", "format=json") for _ in range(2)]
    documents = [json.loads(process.communicate()[0]) for process in started]
    assert [process.returncode for process in started] == [0, 0]
    assert len({document["run_id"] for document in documents}) == 2
    assert len(list((zoo.outputs / "runs").iterdir())) == 2


def test_a_spec_that_runs_several_times_loses_no_job_and_mixes_no_directories(zoo):
    zoo.spec("ok_a")
    zoo.spec("ok_b")
    ran = zoo.json("-m", "spec=ok_a", "settings.values.forward_days=5,6")
    names = [Path(result["directory"]).name for result in ran.document["results"]]
    assert names == ["ok_a.1", "ok_a.2"]
    tasks = [json.loads((Path(r["directory"]) / "task.json").read_text()) for r in ran.document["results"]]
    assert [task["settings"]["forward_days"] for task in tasks] == [5, 6]


def test_one_spec_may_be_swept_over_its_overrides(zoo):
    zoo.spec("ok_a")
    ran = zoo.json("-m", "spec=ok_a", "spec.overrides.forward_days=21,60")
    assert ran.code == 0
    tasks = [json.loads((Path(r["directory"]) / "task.json").read_text()) for r in ran.document["results"]]
    assert [task["spec"]["overrides"] for task in tasks] == [{"forward_days": 21}, {"forward_days": 60}]


def test_a_spec_asked_for_twice_runs_once(zoo):
    zoo.spec("ok_a")
    assert len(zoo.json("-m", "spec=ok_a,ok_a").document["results"]) == 1


def test_a_glob_finds_specs_and_skips_retired_ones(zoo):
    zoo.spec("ok_a")
    zoo.spec("ok_b", more="status: retired\n")
    ran = zoo.json("-m", "spec=glob(ok_*)")
    assert ran.code == 0
    assert ran.statuses == {"ok_a": "ok", "ok_b": "skipped"}


def test_a_retired_spec_by_name_is_refused_with_its_file(zoo):
    path = zoo.spec("ok_a", more="status: retired\n")
    ran = zoo.json("spec=ok_a")
    assert ran.code == 2
    assert ran.document["error"]["type"] == "RetiredSpec"
    assert ran.error == f"{path}: spec 'ok_a' is retired; set `status: active` there to run it again"
    assert not zoo.outputs.exists()


def test_a_retired_spec_is_skipped_in_a_multirun_which_says_so(zoo):
    path = zoo.spec("ok_a", more="status: retired\n")
    zoo.spec("ok_b")
    ran = zoo.json("-m", "spec=ok_a,ok_b")
    assert ran.code == 0
    assert ran.statuses == {"ok_a": "skipped", "ok_b": "ok"}
    assert f"note: ok_a: is retired ({path}), and is skipped\n" in ran.err
    assert "skipped, being retired: ok_a" in zoo("-m", "spec=ok_a,ok_b").out


@pytest.mark.parametrize("words", [("spec=ok_a",), ("-m", "spec=ok_a")])
def test_editing_the_status_is_all_that_it_takes(zoo, words):
    path = zoo.spec("ok_a", more="status: retired\n")
    assert zoo.json(*words, "spec.status=active").statuses["ok_a"] == "ok"
    path.write_text(path.read_text().replace("retired", "active"))
    assert zoo.json(*words).statuses["ok_a"] == "ok"


def test_a_sweep_in_which_nothing_runs_is_an_error(zoo):
    ran = zoo.json("-m")
    assert ran.code == 2
    assert ran.document["error"]["type"] == "NothingToDo"
    assert ran.error.startswith("no spec ran (5 skipped); expected at least one active spec")
    assert set(ran.statuses.values()) == {"skipped"}
    assert not list((zoo.outputs / "runs").iterdir())


def test_bare_zoo_lists_the_specs_and_exits_with_2(zoo):
    zoo.spec("ok_a")
    ran = zoo()
    assert ran.code == 2
    assert "ok_a" in ran.out
    assert ran.err == "error: no spec was named; expected spec=<name>, or -m for every active spec\n"
    document = zoo.json().document
    assert document["error"]["type"] == "NothingToDo"
    assert "ok_a" in [spec["spec"] for spec in document["specs"]]


def test_another_sweeper_is_refused_since_it_isolates_nothing(zoo):
    zoo.spec("ok_a")
    ran = zoo.json("-m", "spec=ok_a", "hydra/sweeper=basic")
    assert ran.code == 2
    assert "hydra/sweeper=basic cannot isolate specs; expected hydra/sweeper=zoo" in ran.error


def test_a_run_may_be_given_a_name(zoo):
    zoo.spec("ok_a")
    assert zoo.json("spec=ok_a", "run.id=nightly").document["run_id"] == "nightly"
    assert zoo.json("-m", "spec=ok_a", "run.id=weekly").document["run_id"] == "weekly"
    assert sorted(path.name for path in (zoo.outputs / "runs").iterdir()) == ["nightly", "weekly"]


def test_what_hydra_and_others_print_goes_to_stderr(zoo):
    zoo.spec("ok_a")
    out, err = zoo.start("-m", "spec=ok_a", "hydra/launcher=basic", "hydra.verbose=true").communicate()
    assert out.startswith("spec ")
    assert "Launching 1 jobs locally" in err
