import shutil

import pytest


@pytest.fixture
def planned(zoo, made_experiment):
    """A spec over the small experiment that lies where specs look for it."""
    experiments = zoo.directory / "experiments"
    shutil.copytree(made_experiment, experiments / "small")

    def plan(*words, permutations="[0, 2]", more="", name="mine"):
        text = f"name: {name}\nline: us_equity\nsources:\n  - experiment: ${{paths.experiments}}/small\n"
        zoo.spec(name, f"{text}    permutations: {permutations}\n{more}")
        return zoo.json("plan", *(words or (f"spec={name}",)), f"paths.experiments={experiments}")

    return plan


def test_a_plan_names_the_permutations_and_what_each_override_changes(zoo, planned):
    ran = planned(more="overrides: {forward_days: 60, residual_momentum_enabled: true}\n")
    assert ran.code == 0
    [result] = ran.document["results"]
    [source] = result["sources"]
    assert (result["spec"], result["status"], result["line"], result["label"]) == (
        "mine",
        "ok",
        "us_equity",
        "spec-mine",
    )
    assert (source["experiment"], source["permutations"], source["selected"]) == ("small", [0, 2], None)
    assert source["overrides"] == [
        {"name": "forward_days", "recorded": 21, "value": 60},
        {"name": "residual_momentum_enabled", "recorded": False, "value": True},
    ]
    assert result["notices"] == []
    assert not zoo.outputs.exists()


def test_the_best_are_named_with_the_score_that_chose_them(planned):
    [source] = planned(permutations="{top: 2, by: rank_ic}").document["results"][0]["sources"]
    assert source["selected"] == "top 2 by rank_ic"
    assert len(source["permutations"]) == 2


def test_an_override_equal_to_the_recorded_value_is_a_notice_and_no_failure(planned):
    ran = planned(more="overrides: {forward_days: 21}\n")
    assert ran.code == 0
    assert ran.document["results"][0]["notices"] == [
        "override forward_days equals what experiment small recorded (21): it changes nothing"
    ]


def test_the_table_shows_old_and_new(zoo, planned):
    planned(more="overrides: {forward_days: 60, residual_momentum_enabled: true}\n")
    out = zoo("plan", "spec=mine", f"paths.experiments={zoo.directory}/experiments").out
    assert "0, 2 of small" in out
    assert "forward_days: 21 -> 60" in out
    assert "residual_momentum_enabled: false -> true" in out


@pytest.mark.parametrize(
    ("permutations", "error", "message"),
    [
        ("[0, 99]", "UnknownPermutation", "permutation 99 does not exist"),
        ("{top: 99, by: rank_ic}", "ExperimentError", "at least 99"),
        ("{top: 1, by: sharpe}", "ExperimentError", "has no walk-forward score 'sharpe'"),
    ],
)
def test_what_the_experiment_does_not_have_is_a_failure_of_the_plan(planned, permutations, error, message):
    ran = planned(permutations=permutations)
    assert ran.code == 1
    [failure] = ran.document["results"][0]["failures"]
    assert failure["error"] == error
    assert message in failure["message"]


def test_a_missing_experiment_directory_is_said_with_its_remedy_and_the_other_specs_are_planned(zoo, planned):
    zoo.spec("ok_a")
    assert planned("-m", "spec=ok_a,mine").statuses == {"ok_a": "failed", "mine": "ok"}  # it has no 7 and 19
    shutil.rmtree(zoo.directory / "experiments" / "small")
    ran = zoo.json("plan", "-m", "spec=ok_a,mine", f"paths.experiments={zoo.directory}/experiments")
    assert ran.code == 1
    assert ran.statuses == {"ok_a": "failed", "mine": "failed"}
    message = ran.result("mine")["failures"][0]["message"]
    assert message.startswith(f"{zoo.directory}/experiments/small: there is no experiment directory")
    assert "python -m zoo experiment experiment=small" in message


@pytest.mark.parametrize("launcher", ["zoo", "basic", "joblib"])
def test_a_plan_of_several_specs_writes_nothing_whatever_the_launcher(zoo, planned, launcher):
    zoo.spec("bad", "name: [")
    ran = planned("-m", "spec=mine,bad,total_momentum", f"hydra/launcher={launcher}")
    assert ran.code == 1
    assert ran.statuses == {"mine": "ok", "bad": "bad_config", "total_momentum": "skipped"}
    assert not zoo.outputs.exists()
    assert sorted(path.name for path in zoo.directory.iterdir()) == ["conf", "experiments"]


def test_a_plan_in_which_no_spec_can_be_read_is_an_error(zoo):
    ran = zoo.json("plan", "-m")
    assert ran.code == 2
    assert ran.document["error"]["type"] == "NothingToDo"
    assert len(ran.document["results"]) == 5


def test_a_training_function_is_planned_by_its_name(zoo):
    zoo.spec(
        "mine", "name: mine\nline: us_equity\ntrainer: {_target_: lab.train}\noverrides: {forward_days: 5}\n"
    )
    ran = zoo.json("plan", "spec=mine")
    assert ran.document["results"][0]["trainer"] == "lab.train"
    out = zoo("plan", "spec=mine").out
    assert "lab.train" in out
    assert "forward_days: 5" in out


def test_an_experiment_that_recorded_no_settings_says_so(zoo, planned, edit_json):
    planned()
    metadata = zoo.directory / "experiments" / "small" / "metadata.json"
    foreign = ("settings", "format_version", "zoo_version")  # another library's: ours would be refused
    edit_json(metadata, lambda values: [values.pop(key) for key in foreign])
    ran = zoo.json("plan", "spec=mine", f"paths.experiments={zoo.directory}/experiments")
    assert ran.document["results"][0]["notices"] == [
        "experiment small recorded no settings, so what changes is unknown"
    ]
