import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoo.commands.arguments import COMMANDS, Arguments, sort_arguments, wants_json
from zoo.errors import ConfigError

words = st.permutations(
    [("plan",), ("-m",), ("spec=a,b",), ("format=json",), ("--config-dir", "conf"), ("-cn", "other"), ("~x",)]
)


@given(words)
def test_the_order_of_command_flags_and_overrides_does_not_matter(groups):
    sorted_ = sort_arguments([word for group in groups for word in group])
    assert (sorted_.command, sorted_.multirun) == ("plan", True)
    assert (sorted_.config_dir, sorted_.config_name) == ("conf", "other")
    assert sorted(sorted_.overrides) == ["format=json", "spec=a,b", "~x"]


@given(st.lists(st.sampled_from(["a=1", "a=2", "+b=3", "~c", "++d.e=4"])))
def test_overrides_keep_their_order_for_the_last_one_wins(overrides):
    assert sort_arguments(overrides).overrides == tuple(overrides)


def test_nothing_said_means_apply():
    assert sort_arguments([]) == Arguments("apply")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_known(command):
    assert sort_arguments(["format=json", command]).command == command


@pytest.mark.parametrize("word", ["-h", "--help", "help"])
def test_help_may_be_asked_for_in_three_ways(word):
    assert sort_arguments(["list", word]).help


@pytest.mark.parametrize("word", ["-m", "--multirun", "hydra.mode=MULTIRUN"])
def test_several_specs_may_be_asked_for_in_three_ways(word):
    assert sort_arguments([word]) == Arguments(multirun=True)


@pytest.mark.parametrize(
    ("line", "flags"),
    [
        (["--cfg", "job"], ("--cfg", "job")),
        (["--cfg=job", "--resolve"], ("--cfg", "job", "--resolve")),
        (["-c", "hydra", "-p", "hydra.sweep"], ("-c", "hydra", "-p", "hydra.sweep")),
        (["--info"], ("--info", "all")),
        (["-i", "searchpath"], ("-i", "searchpath")),
        (["--info", "list"], ("--info", "all")),
        (["--hydra-help"], ("--hydra-help",)),
    ],
)
def test_flags_that_print_the_configuration_are_handed_to_hydra(line, flags):
    assert sort_arguments(line).inspecting == flags


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (["lst"], "no command is called 'lst'; expected one of apply, .*; did you mean 'list'"),
        (["zzz"], "no command is called 'zzz'; .*see `python -m zoo --help`"),
        (["residual_momentum"], r"'residual_momentum'; .*did you mean spec=residual_momentum\?"),
        (["list", "versions"], "list and versions are two commands; expected one"),
        (["--multirn"], "no flag is called '--multirn'; did you mean '--multirun'"),
        (["--config-dir"], "--config-dir needs a value"),
        (["--cfg"], "--cfg needs a value"),
        (["--config-path", "x"], "--config-path is not supported; use --config-dir"),
        (["--experimental-rerun=x"], "--experimental-rerun is not supported; .*loads no pickle"),
    ],
)
def test_what_is_wrong_with_a_line_is_said_with_the_nearest_word(line, message):
    with pytest.raises(ConfigError, match=message) as caught:
        sort_arguments(line)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ([], False),
        (["format=json"], True),
        (["lst", "-x", "format=json"], True),
        (["++format='json'"], True),
        (["format=json", "format=table"], False),
        (["format=xml"], False),
        (["my.format=json"], False),
    ],
)
def test_whether_json_is_wanted_is_known_however_wrong_the_line_is(line, expected):
    assert wants_json(line) is expected
