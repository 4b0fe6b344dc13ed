"""What a spec may say of a cohort."""

import json
from dataclasses import asdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zoo.cohort import COMBINATIONS, SELECTORS, CohortSource
from zoo.errors import SpecError
from zoo.spec import Source, Spec, Top, parse_spec

METRICS = st.lists(st.sampled_from(["rank_ic", "val_r2", "-val_mse", "auc"]), unique=True)
#: what each selector takes: metrics at least and at most, and whether it needs a count
NEEDS = {"all": (0, 0, False), "top_n": (1, 1, True), "pareto": (2, 9, None), "diverse": (1, 1, True)}


def source(**values):
    spec = {"name": "a", "line": "us_equity", "sources": [{"experiment": "/e", **values}]}
    return parse_spec(spec, "conf/spec/a.yaml").sources[0]


def test_a_source_becomes_one_version_of_the_best():
    declared = {"select": "top_n", "count": 3, "by": "rank_ic", "combine": "mean"}
    assert source(cohort=declared) == Source("/e", (), CohortSource("top_n", 3, ("rank_ic",), "mean"))


def test_listed_permutations_become_one_version_too():
    assert source(permutations=[0, 7], cohort={"combine": "vote"}) == Source(
        "/e", (0, 7), CohortSource(combine="vote")
    )
    top = source(permutations={"top": 2, "by": "rank_ic"}, cohort={})
    assert top == Source("/e", Top(2, "rank_ic"), CohortSource())


@settings(deadline=None)
@given(
    select=st.sampled_from(list(SELECTORS)),
    count=st.none() | st.integers(-1, 5) | st.booleans() | st.just("3"),
    by=METRICS,
    combine=st.none() | st.sampled_from(COMBINATIONS),
)
def test_a_cohort_is_taken_whole_or_refused_and_survives_a_task(select, count, by, combine):
    least, most, counted = NEEDS[select]
    whole = type(count) is int and count >= 2
    good = least <= len(by) <= most and (whole if counted else count is None or (counted is None and whole))
    declared = {"select": select, "count": count, "by": by, "combine": combine}
    if not good:
        with pytest.raises(SpecError, match=r"sources\.0\.cohort\.(by|count)"):
            source(cohort=declared)
        return
    found = source(cohort=declared)
    assert asdict(found.cohort) == {**declared, "by": tuple(by)}
    spec = Spec("a", "us_equity", sources=(found,))
    assert Spec.from_dict(json.loads(json.dumps(spec.as_dict()))) == spec


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"cohort": {"select": "topn", "count": 3, "by": "auc"}}, r"cohort\.select: 'topn'.*'top_n'"),
        ({"cohort": {"select": "all", "combine": "average"}}, r"cohort\.combine: 'average' is unknown"),
        ({"cohort": {"select": "all", "cuont": 3}}, r"cohort\.cuont.*did you mean 'count'"),
        ({"cohort": {"select": "top_n", "by": "auc"}}, r"cohort\.count: None with select=top_n"),
        ({"cohort": {"select": "top_n", "count": 1, "by": "auc"}}, r"count: 1 .*at least 2"),
        ({"cohort": {"select": "top_n", "count": True, "by": "auc"}}, r"count: True"),
        ({"cohort": {"select": "pareto", "by": "auc"}}, r"by: 'auc' with select=pareto.*2 to 9"),
        ({"cohort": {"select": "pareto", "by": ["auc", "auc"]}}, r"by: .* with select=pareto"),
        ({"cohort": {"select": "all", "by": "auc"}}, r"by: 'auc' with select=all.*nothing is ranked"),
        ({"cohort": {"select": "diverse", "count": 2, "by": 7}}, r"by: 7 with select=diverse"),
        ({"cohort": "all"}, r"sources\.0\.cohort: 'all' is no mapping"),
        ({"cohort": {}}, r"sources\.0\.permutations: is missing"),
        ({"cohort": {"combine": "mean"}}, r"sources\.0\.permutations: is missing"),
        ({}, r"sources\.0\.permutations: is missing"),
        ({"permutations": [1], "cohort": {}}, r"permutations: 1 of them are no cohort"),
        ({"permutations": {"top": 1, "by": "auc"}, "cohort": {}}, r"permutations: 1 of them are no cohort"),
        ({"permutations": [1, 2], "cohort": {"select": "all"}}, r"cohort\.select: permutations are listed"),
        ({"permutations": [1, 1], "cohort": {}}, r"permutations: 1 is listed twice"),
    ],
)
def test_what_is_no_cohort_is_refused_with_the_key(values, message):
    with pytest.raises(SpecError, match=rf"conf/spec/a\.yaml: .*{message}"):
        source(**values)


def test_a_permutation_may_be_a_version_of_its_own_and_a_member():
    values = {"name": "a", "line": "us_equity", "sources": [{"experiment": "/e", "permutations": [0, 1]}] * 2}
    values["sources"][1] = {**values["sources"][1], "cohort": {}}
    assert len(parse_spec(values, "conf/spec/a.yaml").sources) == 2
