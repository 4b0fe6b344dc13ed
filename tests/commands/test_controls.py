"""`controls=true` on the command line, with real processes."""

import copy
import shutil
from pathlib import Path

import pytest

from tests.conftest import DEFINITION
from tests.promotion import leaks

ROOT = Path(__file__).parents[2]
SPEC = """\
name: {name}
line: us_equity
sources:
  - experiment: ${{paths.experiments}}/{name}
    permutations: [0]
"""


@pytest.fixture
def experiments(zoo, made_experiment, monkeypatch):
    """Where the small experiment lies; specs' processes do what they say, not what their names say."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    path = zoo.directory / "experiments"
    shutil.copytree(made_experiment, path / "small")
    zoo.spec("small", SPEC.format(name="small"))
    return path


def test_controls_are_read_from_the_command_line_and_refused_with_their_key(zoo):
    from zoo.commands.arguments import sort_arguments
    from zoo.commands.request import asked
    from zoo.controls import Controls

    assert asked(sort_arguments(["spec=total_momentum"])).controls is None
    request = asked(sort_arguments(["spec=total_momentum", "controls=true", "promotion.twins.seed=3"]))
    assert request.controls == Controls(seed=3)
    ran = zoo.json("spec=total_momentum", "controls=true", "promotion.twins.size=0.7")
    assert ran.code == 2
    assert "promotion.twins.size: 0.7" in ran.error


def test_apply_with_controls_says_what_the_twins_came_to_for_several_specs_too(zoo, experiments):
    for words in (["spec=small"], ["-m", "spec=small"]):
        ran = zoo.json(*words, "controls=true", f"paths.experiments={experiments}")
        assert ran.code == 0
        [result] = ran.document["results"]
        assert result["notices"][0].startswith("permutation 0: controls passed: permuted labels test part")


def test_a_spec_that_leaks_ends_with_one_says_what_is_wrong_and_is_not_registered(zoo, experiments, prices):
    from zoo.experiment.loop import run_experiment
    from zoo.trust import Trust

    definition = copy.deepcopy(DEFINITION)
    definition["params"] = {"lookback": [20]}
    definition["manifest"]["target"] |= leaks.REMEMBERING
    definition["manifest"]["model"] = {"_target_": f"{leaks.HERE}.Recalling"}
    run_experiment(
        definition, experiments / "leaky", data=prices, trust=Trust(("zoo.", "sklearn.", "tests."))
    )
    zoo.spec("leaky", SPEC.format(name="leaky"))
    trusted = (f"paths.experiments={experiments}", "trust.prefixes=[zoo.,sklearn.,tests.]")
    ran = zoo.json("-m", "spec=leaky,small", "controls=true", *trusted)
    assert ran.code == 1
    assert ran.statuses == {"leaky": "failed", "small": "ok"}
    [failure] = ran.result("leaky")["failures"]
    assert failure["error"] == "ControlFailed"
    assert "the pipeline, not the signal, is wrong" in failure["message"]
    assert ran.result("leaky")["versions"] == []
    versions = zoo.json("versions", *trusted).document
    assert {version["spec"] for version in versions} == {"small"}
