import pytest
from hypothesis import given
from hypothesis import strategies as st
from omegaconf import OmegaConf

from zoo.commands.composition import compose, hydra_started, inspect, prepared, quoted, without_hydra
from zoo.commands.request import read_request
from zoo.configuration import conf_dir, group_files
from zoo.errors import ConfigError, SpecError, ZooError
from zoo.settings import ALLOWED, DEFAULTS
from zoo.trust import DEFAULT_PREFIXES


def composed(*overrides, **options):
    with hydra_started():
        return compose(prepared(overrides, **options))


@given(st.text(st.characters(blacklist_categories=["Cs", "Cc"], blacklist_characters="$"), max_size=20))
def test_quoted_text_is_text_to_hydra_whatever_it_holds(text):
    from hydra.core.override_parser.overrides_parser import OverridesParser

    [override] = OverridesParser.create().parse_overrides([f"a={quoted(text)}"])
    assert override.value() == text
    assert not override.is_sweep_override()


def test_the_settings_of_the_code_and_of_conf_are_the_same():
    request = read_request(composed())
    assert request.settings == dict(DEFAULTS)
    assert request.allowed == ALLOWED
    assert request.trust.prefixes == DEFAULT_PREFIXES


def test_a_run_leaves_nothing_of_hydra_s_in_the_working_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = composed().config
    assert (config.hydra.run.dir, config.hydra.output_subdir, config.hydra.job.name) == (".", None, "zoo")
    assert "file" not in config.hydra.job_logging.handlers
    assert not list(tmp_path.iterdir())


def test_a_spec_may_be_changed_for_one_run():
    spec = composed(
        "spec=residual_momentum", "spec.sources.0.permutations=[3]", "spec.overrides.forward_days=42"
    ).config.spec
    assert spec.sources[0].permutations == [3]
    assert spec.overrides == {"residual_momentum_enabled": True, "forward_days": 42}


def test_a_run_may_say_of_a_spec_what_its_file_does_not_mention(zoo):
    zoo.spec("ok_a")
    assert composed("spec=ok_a", "spec.label=b", "spec.priority=3").config.spec.label == "b"


def test_holes_of_an_experiment_are_left_alone_and_paths_filled_in():
    config = composed("experiment=momentum").config
    assert OmegaConf.to_container(config.experiment, resolve=False)["manifest"]["target"]["horizon"] == (
        "${settings.forward_days}"
    )


def test_a_bad_file_beside_it_does_not_keep_a_spec_from_being_composed(zoo):
    zoo.spec("bad", "name: [")
    zoo.spec("good_one")
    assert composed("spec=good_one").config.spec.name == "good_one"


def test_a_user_s_directory_wins_and_a_further_one_comes_last(zoo, tmp_path):
    further = tmp_path / "further"
    (further / "spec").mkdir(parents=True)
    for directory in (zoo.conf, further):
        (directory / "spec" / "mine.yaml").write_text(f"name: mine\nline: {directory.name}\n")
    (further / "spec" / "other.yaml").write_text("name: other\n")
    chosen = composed("spec=mine", config_dir=str(further))
    assert chosen.config.spec.line == "conf"
    assert chosen.directories == (zoo.conf, conf_dir(), further)
    assert composed("spec=other", config_dir=str(further)).config.spec.name == "other"


def test_zoo_s_search_path_is_not_forced_on_other_applications(zoo, tmp_path):
    from hydra import compose as hydra_compose
    from hydra import initialize_config_dir

    (tmp_path / "their").mkdir()
    (tmp_path / "their" / "config.yaml").write_text("a: 1\n")
    (zoo.conf / "config.yaml").write_text("a: 2\n")
    with initialize_config_dir(version_base="1.3", config_dir=str(tmp_path / "their")):
        assert hydra_compose("config") == {"a": 1}


@pytest.mark.parametrize("name", ["2024", "true", "null", "1e5", "nan"])
def test_a_spec_may_have_a_name_that_yaml_would_not_take_for_text(zoo, name):
    zoo.spec(name)
    chosen = composed(f"spec={name}")
    assert chosen.choices["spec"] == name


REFUSED = {
    "formt=json": r"the command line: formt: no such key; expected one of .*; did you mean 'format'\?",
    "paths.outptus=x": r"paths\.outptus: no such key; .*did you mean 'outputs'\?",
    "settings.values.forward_day=1": r"values\.forward_day: no such key; .*did you mean 'forward_days'",
    "settings.values.mine=1": r"settings\.values\.mine: no such key; .*write \+settings\.values\.mine=",
    "spec=residual_momentm": r"no spec is called 'residual_momentm'; .*did you mean 'residual_momentum'\?",
    "experiment=momentm": r"no experiment is called 'momentm'; .*did you mean 'momentum'\?",
    "registry=oracle": r"no registry is called 'oracle'; expected one of postgres, sqlite; add it as",
    "hydra/launcher=zo": r"no hydra/launcher is called 'zo'; expected one of .*; did you mean 'zoo'\?",
    "zzz/b=1": r"zzz/b: no such key",
    "format=xml": r"format=xml: Invalid value 'xml', expected one of \[table, json\]",
    "overwrite=maybe": r"overwrite=maybe: Value 'maybe' is not a valid bool",
    "paths.outputs=[1]": r"paths\.outputs=\[1\]: ",
    "settings.values=3": r"settings\.values=3: ",
    "spec=a,b": r"spec=a,b gives several values; expected one; add -m",
    "format=table,json": r"format=table,json gives several values",
    "spec=../line/us_equity": r"spec=\.\./line/us_equity: '\.\./line/us_equity' names no file of conf/spec",
    "spec=a.yaml": r"'a\.yaml' names no file of conf/spec; .*without \.yaml",
    "spec=": r"spec=: '' names no file of conf/spec",
    "a=[1": r"'a=\[1' is no override: .*expected key=value",
    "x={": r"'x=\{' is no override",
}


@pytest.mark.parametrize(("override", "message"), REFUSED.items(), ids=REFUSED)
def test_what_cannot_be_composed_is_refused_in_one_line(override, message):
    with pytest.raises(ZooError, match=message) as caught:
        composed(override)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 2


AFTERWARDS = {
    "+formt=json": "formt.*did you mean 'format'",
    "+registry.ulr=x": "registry.ulr.*did you mean 'url'",
    "paths.root=${nowhere}": "paths.root",
    "settings.values.forward_days=abc": "setting 'forward_days' cannot be 'abc'; expected a positive integer",
    "run.id='a/b'": "'a/b' cannot be a directory name",
}


@pytest.mark.parametrize(("override", "message"), AFTERWARDS.items(), ids=AFTERWARDS)
def test_what_hydra_lets_through_is_refused_when_it_is_read(override, message):
    with pytest.raises(ZooError, match=message) as caught:
        read_request(composed(override))
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 2


def test_a_spec_s_file_that_does_not_parse_is_named_with_its_line(zoo):
    path = zoo.spec("bad", "name: bad\n  line: x: y\n")
    with pytest.raises(ConfigError, match=rf"^{path}:2:7: is not valid YAML: mapping values"):
        composed("spec=bad")


@pytest.mark.parametrize("content", [b"a: \xff", b"\x00"])
def test_a_spec_s_file_that_is_no_text_is_named(zoo, content):
    path = zoo.spec("bad")
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=rf"^{path}"):
        composed("spec=bad")


def test_a_group_s_file_that_does_not_parse_is_named_with_its_line(zoo):
    (zoo.conf / "trust").mkdir()
    (zoo.conf / "trust" / "default.yaml").write_text("prefixes: [")
    with pytest.raises(ConfigError, match=r"trust/default\.yaml:\d+:\d+: is not valid YAML"):
        composed()


def test_a_group_s_file_with_a_misspelt_key_is_refused(zoo):
    (zoo.conf / "trust").mkdir()
    (zoo.conf / "trust" / "default.yaml").write_text("prefix: [zoo.]\n")
    with pytest.raises(
        ConfigError, match=r"trust/default\.yaml: prefix: no such key; .*did you mean 'prefixes'"
    ):
        composed()


def test_a_config_dir_that_is_none_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"--config-dir '.*missing' is no directory"):
        prepared([], str(tmp_path / "missing"))


def test_a_user_s_directory_that_is_none_is_refused(monkeypatch):
    monkeypatch.setenv("ZOO_CONF", "/nowhere")
    with pytest.raises(ConfigError, match="ZOO_CONF names '/nowhere'"), hydra_started():
        pass


def test_a_bug_is_not_dressed_up_as_a_refusal():
    from zoo.commands.refusal import refusal

    assert refusal(KeyError("x"), []) is None


def test_hydra_s_flags_print_the_configuration_on_stdout(capfd):
    inspect(["--cfg", "job"], ["spec=residual_momentum"])
    printed = OmegaConf.create(capfd.readouterr().out)
    assert printed.spec.name == "residual_momentum"
    assert "hydra" not in printed


def test_hydra_s_flags_refuse_in_one_line_as_well():
    with pytest.raises(ConfigError, match="did you mean 'format'"):
        inspect(["--cfg", "job"], ["formt=json"])
    with pytest.raises(SpecError, match="no spec is called 'nope'"):
        inspect(["--cfg", "job"], ["spec=nope"])


def test_every_group_has_the_files_that_the_defaults_name():
    assert set(group_files("line")) == {"tabular", "us_equity"}
    assert "hydra" not in without_hydra(composed().config)
