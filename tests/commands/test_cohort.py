"""A cohort on the command line: planned, promoted, listed and shown."""

import shutil

import pytest


@pytest.fixture
def together(zoo, made_experiment):
    """A spec of one cohort over the small experiment."""

    def write(cohort):
        shutil.copytree(made_experiment, zoo.outputs.parent / "experiments" / "small", dirs_exist_ok=True)
        zoo.spec(
            "mine",
            "name: mine\nline: us_equity\nsources:\n"
            f"  - experiment: {zoo.outputs.parent}/experiments/small\n    cohort: {cohort}\n",
        )

    return write


def test_a_plan_names_the_members_and_how_they_were_chosen(zoo, together):
    together("{select: top_n, count: 3, by: rank_ic, combine: mean}")
    ran = zoo.json("plan", "spec=mine")
    assert ran.code == 0
    [source] = ran.document["results"][0]["sources"]
    assert len(source["permutations"]) == 3
    assert source["selected"] == "top_n 3 by selection_rank_ic"
    assert source["cohort"] == {"select": "top_n", "count": 3, "by": ["rank_ic"], "combine": "mean"}
    assert "cohort of " in zoo("plan", "spec=mine").out
    assert not zoo.outputs.exists()


def test_a_plan_by_a_test_metric_is_refused(zoo, together):
    together("{select: top_n, count: 3, by: net_sharpe}")
    ran = zoo.json("plan", "spec=mine")
    assert ran.code == 1
    assert "choosing by a test metric is refused" in ran.document["results"][0]["failures"][0]["message"]


def test_the_list_says_how_a_cohort_is_made(zoo, together):
    together("{select: pareto, by: [rank_ic, val_r2]}")
    [row] = [row for row in zoo.json("list").document if row["spec"] == "mine"]
    assert row["sources"][0]["cohort"]["select"] == "pareto"
    assert "cohort: pareto of small by" in zoo("list").out


def test_a_registered_cohort_is_listed_and_shown_with_its_members(zoo):
    from datetime import date

    import pandas as pd

    from zoo.registry import Candidate, Registry
    from zoo.registry.version import NO_PERMUTATION

    members = [{"name": f"small/{n}", "permutation_id": n, "validation": {"mode": "full"}} for n in (0, 7)]
    candidate = Candidate(
        line="us_equity",
        label="together",
        spec="mine",
        experiment="small",
        permutation_id=NO_PERMUTATION,
        train_end=date(2017, 11, 30),
        inputs={},
        overrides={},
        metrics={"variant": {"rank_ic": 0.1}},
        lineage={"kind": "cohort", "members": members},
        config="a: 1",
        sensor=b"cohort",
        predictions=pd.DataFrame({"part": ["test"], "row": [0], "prediction": [0.5]}),
    )
    with Registry.open(f"sqlite:///{zoo.outputs}/registry/registry.db") as registry:
        version = registry.register(candidate).version
    [row] = zoo.json("versions").document
    assert (row["permutation_id"], row["members"]) == (None, [0, 7])
    assert "cohort of 0, 7 of small" in zoo("versions").out
    shown = zoo("show", f"version={version.version_id}").out
    assert "members.small/7.validation.mode" in shown
    assert zoo.json("show", f"version={version.version_id}").document["permutation_id"] is None
