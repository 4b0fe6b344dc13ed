import pytest

from zoo.commands.arguments import sort_arguments
from zoo.commands.composition import compose, hydra_started, prepared
from zoo.commands.request import asked, read_request, read_spec, request_of, task_of
from zoo.errors import OverrideNotAllowed, SpecError
from zoo.terms import Terms
from zoo.trust import Trust


def request(*words):
    return asked(sort_arguments(words))


def test_paths_are_absolute_and_what_refers_to_them_too(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = request("paths.outputs=out")
    assert found.paths["outputs"] == f"{tmp_path}/out"
    assert found.registry_url == f"sqlite:///{tmp_path}/out/registry/registry.db"
    assert found.artifacts == tmp_path / "out" / "registry"


def test_moving_the_outputs_keeps_the_seeded_experiments(tmp_path):
    here, there = request(), request(f"paths.outputs={tmp_path}")
    assert here.paths["experiments"] == there.paths["experiments"]


def test_a_home_directory_is_expanded(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert request("paths.outputs='~/out'").paths["outputs"] == f"{tmp_path}/out"


def test_what_may_be_imported_is_what_conf_trust_says():
    found = request("trust.prefixes=[my_lab.]", "trust.local=true", "trust.hashes=[ab]")
    assert found.trust == Trust(("my_lab.",), True, frozenset({"ab"}))


def test_a_setting_of_one_s_own_may_be_added_and_allowed():
    found = request("+settings.values.my_knob=3", "settings.allowed=[my_knob]")
    assert found.settings["my_knob"] == 3
    assert found.allowed == {"my_knob"}


def test_a_spec_is_read_as_composed_and_its_task_says_all_that_its_process_needs(zoo):
    path = zoo.spec("ok_a")
    found = request("spec=ok_a", "spec.overrides.forward_days=60", "settings.values.forward_days=5")
    spec, line = read_spec(found, found.roster())
    task = task_of(found, spec, line, "run-1")
    assert spec.overrides == {"forward_days": 60}
    assert (task.line.name, task.settings["forward_days"], task.run_id) == ("us_equity", 5, "run-1")
    assert task.spec.sources[0].experiment == f"{found.paths['experiments']}/small"
    assert path.exists()


def test_the_allowlist_is_the_one_of_the_configuration(zoo):
    zoo.spec("ok_a", more="overrides: {forward_days: 60}\n")
    found = request("spec=ok_a", "settings.allowed=[]")
    with pytest.raises(OverrideNotAllowed, match="override 'forward_days' is not in the allowlist") as caught:
        read_spec(found, {})
    assert caught.value.exit_code == 2


def test_without_a_choice_there_is_no_spec_to_read():
    with pytest.raises(SpecError, match="no spec was chosen"):
        read_spec(request(), {})


def test_one_job_of_a_sweep_says_itself_which_spec_was_chosen(zoo):
    zoo.spec("ok_a")
    with hydra_started():
        composed = compose(prepared(["spec=ok_a", "run.spec=ok_a", "run.name=ok_a.2", "run.id=r"]))
    job = request_of(composed.config, composed.directories)
    assert (job.spec_name, job.job, job.run_id) == ("ok_a", "ok_a.2", "r")
    assert job.spec == read_request(composed).spec


def test_the_terms_of_a_promotion_come_from_the_command_line(zoo):
    found = request("promotion.agreement=off", "promotion.validation=skip", "promotion.n_jobs=2")
    assert found.terms == Terms("skip", "off")
    assert found.promotion_jobs == 2
    assert request("promotion.agreement=0.5").terms.agreement == 0.5
    for word in ("promotion.agreement=2", "promotion.validation=no", "promotion.n_jobs=0", "promotion.x=1"):
        assert zoo.json("list", word).code == 2
