"""`verify leakage` on the command line."""

import json

import pytest

from tests.commands.test_shadow import BEFORE, world  # noqa: F401  # a fixture
from tests.evaluation import small

FORESIGHT = "tests.evaluation.foresight"
TRUSTED = f"trust.prefixes=[zoo.,sklearn.,{small.HERE}.,{FORESIGHT}.]"
QUICK = "leakage.cuts=3"
EXPERIMENT = """\
line: small
params: {{window: [5, 10], alpha: [0.1, 1, 10]}}
search: {{strategy: grid, seed: 7}}
manifest:
  data: {{_target_: tests.evaluation.small.prices}}
  features:
    - {{_target_: tests.evaluation.small.trend, window: "${{params.window}}"}}
    - {{_target_: {feature}}}
  target: {{_target_: zoo.targets.forward_return, horizon: 5, demean: true}}
  rows: {{every: 5}}
  model: {{_target_: sklearn.linear_model.Ridge, alpha: "${{params.alpha}}"}}
"""


@pytest.fixture
def experiment(zoo, world):  # noqa: F811
    """Declare an experiment of the small line with one feature more."""
    (zoo.conf / "experiment").mkdir()

    def declare(feature, name="seer"):
        (zoo.conf / "experiment" / f"{name}.yaml").write_text(EXPERIMENT.format(feature=feature))

    return declare


def test_a_line_whose_versions_look_back_is_sound_and_says_how_much_was_compared(zoo, world):  # noqa: F811
    ran = zoo.json("verify", "leakage", "line=small", TRUSTED, QUICK)
    assert ran.code == 0
    document = ran.document
    assert (document["sound"], document["leak"], document["hollow"], document["not_checked"]) == (3, 0, 0, 0)
    names = [(one["kind"], one["name"], one["declared"].get("window")) for one in document["results"]]
    assert sorted(names, key=str) == [
        ("feature", "trend", 20),
        ("feature", "trend", None),
        ("target", "forward_return", None),
    ]
    assert all(one["cuts"] == 3 and one["values"] > 1_000 for one in document["results"])
    assert len(document["cuts"]) == 3
    table = zoo("verify", "leakage", "line=small", TRUSTED, QUICK).out
    assert [one["part"] for one in document["not_perturbed"]] == ["model"]
    told = "neither feature nor target, and not perturbed: model (fitted on train only)"
    assert told in table.splitlines()
    assert max(len(line) for line in table.splitlines() if line != told) <= 80
    assert "small: 3 sound, 0 leak, 0 hollow, 0 not checked" in table


def test_a_leaking_feature_is_named_with_date_and_asset_and_the_exit_code_is_1(zoo, experiment):
    experiment(f"{FORESIGHT}.tomorrow")
    ran = zoo.json("verify", "leakage", "experiment=seer", TRUSTED, QUICK)
    assert ran.code == 1
    assert ran.document["error"]["type"] == "LooksAhead"
    (leaking,) = [one for one in ran.document["results"] if one["status"] == "leak"]
    leak = leaking["leak"]
    assert leaking["name"] == "tomorrow"
    assert f"feature tomorrow of experiment seer: {leak['asset']} on {leak['date']} is" in ran.error
    assert f"when the bars after {leak['cut']} were changed" in ran.error
    assert [one["name"] for one in ran.document["results"] if one["status"] == "sound"] == [
        "trend",
        "forward_return",
        "trend",
    ]
    assert "leak: feature tomorrow: A00 on" in zoo("verify", "leakage", "experiment=seer", TRUSTED, QUICK).out


def test_a_line_has_its_experiments_too(zoo, experiment):
    experiment(f"{FORESIGHT}.standardised")
    ran = zoo.json("verify", "leakage", "line=small", TRUSTED, QUICK)
    assert ran.code == 1
    assert {one["name"] for one in ran.document["results"] if one["status"] == "leak"} == {"standardised"}


def test_a_leak_in_a_registered_version_names_the_version(zoo, world):  # noqa: F811
    version = world.register("peeking", "peeking", at=BEFORE, number=5)
    ran = zoo.json("verify", "leakage", "line=small", TRUSTED, QUICK)
    assert ran.code == 1
    assert f"feature peeking of version {version.version_id}" in ran.error


def test_what_cannot_be_checked_is_said_and_strict_makes_it_the_exit_code(zoo, experiment):
    experiment(f"{FORESIGHT}.calendar")
    words = ("verify", "leakage", "experiment=seer", TRUSTED, QUICK)
    ran = zoo.json(*words)
    assert (ran.code, ran.document["not_checked"]) == (0, 1)
    assert zoo.json(*words, "strict=true").code == 1
    out = zoo(*words).out
    assert "not checked: feature calendar: nothing of it follows from what was changed" in out
    assert "3 sound, 0 leak, 0 hollow, 1 not checked" in out


def test_an_experiment_that_is_another_library_s_is_not_checked_and_never_sound(zoo, world, monkeypatch):  # noqa: F811
    spec = zoo.spec("outside", None)
    spec.write_text(
        "name: outside\nline: small\n"
        "trainer: {_target_: my_lab.train.main, settings: my_lab.settings, args: {}}\n"
    )
    ran = zoo.json(
        "verify", "leakage", "line=small", TRUSTED, "trust.prefixes=[zoo.,sklearn.,tests.,my_lab.]", QUICK
    )
    assert ran.code == 0
    assert ran.document["unread"] == [
        {
            "name": "spec outside",
            "reason": "made by an external trainer or another library: its features are not known",
        }
    ]
    assert ran.document["not_checked"] == 1


def test_where_nothing_at_all_could_be_checked_the_exit_code_is_1(zoo):
    ran = zoo.json("verify", "leakage", "experiment=diabetes")
    assert ran.code == 1
    assert ran.document["sound"] == 0
    assert {one["reason"] for one in ran.document["unread"]} == {
        "a table: it has no bars, and nothing comes later"
    }
    assert "not checked: experiment diabetes: a table" in zoo("verify", "leakage", "experiment=diabetes").out


def test_a_source_that_cannot_be_read_leaves_its_manifests_unchecked(zoo, experiment, monkeypatch):
    experiment(f"{small.HERE}.level")
    monkeypatch.setitem(small.STATE, "data", None)
    monkeypatch.setenv("ZOO_TEST_SMALL", str(zoo.directory / "nowhere.parquet"))
    ran = zoo.json("verify", "leakage", "experiment=seer", TRUSTED, QUICK)
    assert ran.code == 1
    assert (ran.document["sound"], ran.document["not_checked"]) == (0, 1)
    assert "nowhere.parquet" in json.dumps(ran.document["unread"])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "neither a line nor an experiment was named; expected line=<name> or experiment=<name>"),
        (("line=us_equity", "experiment=momentum"), "a line and an experiment were named"),
        (("line=nowhere",), "no line is called 'nowhere'"),
        (("experiment=nothing",), "no experiment is called 'nothing'"),
        (("line=us_equity", "leakage.cuts=0"), "leakage.cuts: 0; expected 1 or more"),
        (("line=us_equity", "leakage.cut=3"), "leakage.cut: no such key"),
    ],
)
def test_a_command_line_that_names_nothing_to_check_is_refused(zoo, words, message):
    ran = zoo.json("verify", "leakage", *words)
    assert ran.code == 2
    assert message in ran.error


def test_the_word_belongs_to_verify(zoo):
    ran = zoo.json("list", "leakage")
    assert ran.code == 2
    assert "leakage is no command; expected `verify leakage`" in ran.error
