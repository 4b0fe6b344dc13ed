import shutil

import pytest


@pytest.fixture
def attributed(zoo, made_experiment):
    """A spec over the small experiment, attributed."""
    experiments = zoo.directory / "experiments"
    shutil.copytree(made_experiment, experiments / "small")

    def run(*words, more="overrides: {residual_momentum_enabled: true}\n", form="json", permutations="[1]"):
        text = "name: mine\nline: us_equity\nsources:\n  - experiment: ${paths.experiments}/small\n"
        zoo.spec("mine", f"{text}    permutations: {permutations}\n{more}")
        where = (f"paths.experiments={experiments}", "attribution.draws=200")
        return zoo("attribute", *(words or ("spec=mine",)), *where, f"format={form}")

    return run


def test_the_document_has_a_figure_with_its_interval_for_each_override(attributed):
    ran = attributed()
    assert ran.code == 0
    found = ran.document
    assert {name: found[name] for name in ("spec", "line", "draws", "seed", "level", "intervals")} == {
        "spec": "mine",
        "line": "us_equity",
        "draws": 200,
        "seed": 0,
        "level": 0.95,
        "intervals": 6,
    }
    assert found["trials"] == {"evaluated": 2, "new": 5, "line": 5}
    [one] = found["permutations"]
    first, together = one["effects"]
    assert (first["override"], first["value"], first["recorded"]) == (
        "residual_momentum_enabled",
        True,
        False,
    )
    assert together["override"] is None
    for name in ("net_annual_mean", "net_sharpe", "rank_ic"):
        figure = first[name]
        assert figure["compared"]
        assert figure["low"] < figure["difference"] < figure["high"]
        assert figure["dates"] == figure["dates_given"] == figure["dates_without"] > 200


def test_the_table_says_what_was_compared_how_and_that_it_was_counted(attributed):
    ran = attributed(form="table", more="overrides: {residual_momentum_enabled: true, forward_days: 42}\n")
    assert ran.code == 0
    assert "permutation 1 of small, a year" in ran.out
    assert "all of them" in ran.out
    assert "forward_days, rank IC: 0 dates, of" in ran.out
    assert "not comparable: the labels are others" in ran.out
    assert "95% intervals, paired stationary bootstrap, 200 draws, seed 0; 7 of them, not adjusted" in ran.out
    assert "us_equity: 4 evaluations, 7 trials new to the ledger, N = 7" in ran.out


def test_an_identity_is_exactly_zero_to_the_last_digit(attributed):
    ran = attributed("spec=mine", "+spec.overrides.forward_days=21")
    [effect] = [e for e in ran.document["permutations"][0]["effects"] if e["override"] == "forward_days"]
    for name in ("net_annual_mean", "net_sharpe", "rank_ic"):
        assert [effect[name][key] for key in ("difference", "low", "high")] == [0.0, 0.0, 0.0]


def test_a_spec_without_overrides_is_usage_and_leaves_no_store(zoo, attributed):
    ran = attributed(more="")
    assert ran.code == 2
    assert "'mine' has no overrides: there is nothing to attribute" in ran.error
    assert not (zoo.outputs / "registry").exists()


def test_no_spec_an_unknown_one_and_a_retired_one_are_refused(zoo, attributed):
    assert attributed("spec=miine").code == 2
    assert "no spec was chosen" in attributed("line=us_equity").error
    assert attributed("-m", "spec=mine").code == 2
    ran = attributed(more="status: retired\noverrides: {forward_days: 42}\n")
    assert ran.code == 2
    assert "spec 'mine' is retired" in ran.error
    assert not (zoo.outputs / "registry").exists()


def test_a_permutation_that_fails_is_told_with_its_remedy_and_ends_with_one(attributed):
    ran = attributed(permutations="[1, 9]")
    assert ran.code == 1
    assert [f["error"] for f in ran.document["failures"]] == ["UnknownPermutation"]
    assert [one["permutation_id"] for one in ran.document["permutations"]] == [1]


def test_numbers_that_are_none_are_usage(attributed):
    ran = attributed("spec=mine", "attribution.level=2")
    assert ran.code == 2
    assert "attribution.level" in ran.error


def test_controls_are_read_from_the_command_line_and_refused_with_their_key(zoo, made_experiment):
    from zoo.commands.arguments import sort_arguments
    from zoo.commands.request import asked
    from zoo.controls import Controls

    assert asked(sort_arguments(["spec=total_momentum"])).controls is None
    request = asked(sort_arguments(["spec=total_momentum", "controls=true", "promotion.twins.seed=3"]))
    assert request.controls == Controls(seed=3)
    ran = zoo.json("spec=total_momentum", "controls=true", "promotion.twins.size=0.7")
    assert ran.code == 2
    assert "promotion.twins.size: 0.7" in ran.error


def test_apply_with_controls_says_what_the_twins_came_to(zoo, attributed, monkeypatch):
    attributed()
    monkeypatch.delenv("PYTHONPATH")  # the spec's process does what it says, not what its name says
    ran = zoo.json("spec=mine", "controls=true", f"paths.experiments={zoo.directory}/experiments")
    assert ran.code == 0
    [result] = ran.document["results"]
    assert result["notices"][0].startswith("permutation 1: controls passed: permuted labels test part")
