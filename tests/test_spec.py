import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoo.errors import SettingsError, SpecError, ZooError
from zoo.spec import NAME, Source, Spec, Status, Top, parse_spec

FILE = "conf/spec/a.yaml"
GOOD = {
    "name": "a",
    "line": "us_equity",
    "sources": [{"experiment": "/e/momentum", "permutations": [0, 7]}],
}

names = st.from_regex(NAME, fullmatch=True)
overrides = st.fixed_dictionaries(
    {}, optional={"forward_days": st.integers(1, 500), "residual_momentum_enabled": st.booleans()}
)
permutations = st.lists(st.integers(0, 99), min_size=1, unique=True) | st.fixed_dictionaries(
    {"top": st.integers(1, 9), "by": st.just("rank_ic")}
)


def parsed(**changes):
    return parse_spec({**GOOD, **changes}, FILE)


def test_what_a_file_leaves_out_has_its_default():
    assert parsed() == Spec("a", "us_equity", sources=(Source("/e/momentum", (0, 7)),))
    assert parsed().status is Status.active
    assert not parsed().retired


def test_a_spec_may_take_the_best_permutations_by_their_walk_forward_score():
    source = {"experiment": "/e", "permutations": {"top": 3, "by": "rank_ic"}}
    assert parsed(sources=[source]).sources[0].permutations == Top(3, "rank_ic")


def test_a_spec_may_name_an_existing_training_function_instead():
    values = {"name": "a", "line": "us_equity", "trainer": {"_target_": "lab.train.main", "args": {"x": 1}}}
    trainer = parse_spec(values, FILE).trainer
    assert (trainer.target, trainer.settings, trainer.args) == ("lab.train.main", None, {"x": 1})


@given(names, st.sampled_from(Status), st.none() | names, permutations, overrides, st.integers(-9, 9))
def test_a_good_spec_is_taken_whole_and_survives_a_task(name, status, label, chosen, changes, priority):
    values = {
        **GOOD,
        "name": name,
        "status": status.value,
        "label": label,
        "sources": [{"experiment": "/e", "permutations": chosen}],
        "overrides": changes,
        "priority": priority,
    }
    spec = parse_spec(values, f"conf/spec/{name}.yaml")
    assert (spec.name, spec.status, spec.overrides, spec.priority) == (name, status, changes, priority)
    assert spec.version_label == (f"spec-{name}" if label is None else label)
    assert Spec.from_dict(spec.as_dict()) == spec


anything = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=9,
)


@given(anything, st.sampled_from([*GOOD, "label", "overrides", "priority", "status", "trainer"]))
def test_whatever_stands_in_a_file_is_taken_or_refused_with_the_file_s_name_in_one_line(value, key):
    message = f"{FILE}: taken"
    try:
        parse_spec({**GOOD, key: value}, FILE)
    except ZooError as error:
        message = str(error)
    assert message.startswith(FILE)
    assert "\n" not in message


def test_an_override_of_the_label_wins_over_the_label():
    assert parsed(label="b").version_label == "b"
    assert parsed(label="b", overrides={"model_version_label": "c"}).version_label == "c"
    assert parsed(label="b", overrides={"model_version_label": None}).version_label == "b"


REFUSED = {
    "a misspelt key": ({"overides": {}}, "overides: no such key; .*did you mean 'overrides'"),
    "a key that is nothing alike": ({"zzz": 1}, "zzz: no such key; expected one of name, line"),
    "overrides: null": ({"overrides": None}, "overrides: None is no mapping; expected .*; write {} for none"),
    "overrides that are a list": ({"overrides": []}, r"overrides: \[\] is no mapping"),
    "a wrong status": ({"status": "activ"}, "status.*'activ'.*active, retired"),
    "a priority that is no integer": ({"priority": 1.5}, "priority: 1.5 is no integer"),
    "a priority that is a bool": ({"priority": True}, "priority: True is no integer"),
    "no line": ({"line": None}, "line: is missing; expected a value; add `line: ...`"),
    "a line that is no name": ({"line": "a/b"}, "line: 'a/b' cannot be a directory name"),
    "no sources": ({"sources": []}, "sources: give either sources or trainer; expected exactly one"),
    "sources that are no list": ({"sources": {}}, "sources: {} is no list"),
    "sources that are null": ({"sources": None}, "sources: None is no list"),
    "a source that is no mapping": ({"sources": ["x"]}, r"sources\.0: 'x' is no mapping"),
    "both sources and a trainer": (
        {"trainer": {"_target_": "a.b"}},
        "sources: give either sources or trainer",
    ),
    "a trainer that is a path": ({"sources": [], "trainer": {"_target_": "../x"}}, "trainer: '../x' is not"),
    "a trainer without a function": ({"sources": [], "trainer": {}}, r"trainer\._target_: is missing"),
    "another name than the stem": ({"name": "b"}, "name: 'b' is not the file's stem; expected name: a"),
    "no name": ({"name": None}, "name: is missing"),
    "a label that is no name": ({"label": "a b"}, "label: 'a b' cannot be a directory name"),
    "an empty label": ({"label": ""}, "label: '' cannot be a directory name"),
    "an override with an empty label": ({"overrides": {"model_version_label": ""}}, "label: '' cannot be"),
}


@pytest.mark.parametrize(("changes", "message"), REFUSED.values(), ids=REFUSED)
def test_refused_with_the_file_s_name(changes, message):
    with pytest.raises(SpecError, match=f"^{re.escape(FILE)}: {message}") as caught:
        parsed(**changes)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ([0, -1], "-1 is no permutation id; expected integers from 0 on"),
        ([True], "True is no permutation id"),
        ([1.0], "1.0 is no permutation id"),
        (["1"], "'1' is no permutation id"),
        ([None], "None is no permutation id"),
        ([7, 7], "7 is listed twice; expected each id once; remove one of them"),
        ([], "is empty; expected at least one permutation id"),
        (3, "3 is no list"),
        ("all", "'all' is no list"),
        ({"top": 3}, "by: unknown or missing; expected {top: 3, by: rank_ic}"),
        ({"top": 3, "by": "rank_ic", "bi": 1}, "bi: unknown or missing"),
        ({"top": 0, "by": "rank_ic"}, "selects nothing"),
        ({"top": True, "by": "rank_ic"}, "selects nothing"),
        ({"top": 3, "by": 7}, "selects nothing"),
    ],
)
def test_impossible_permutations_are_refused(chosen, message):
    with pytest.raises(SpecError, match=rf"^{FILE}: sources\.0\.permutations: .*{re.escape(message)}"):
        parsed(sources=[{"experiment": "/e", "permutations": chosen}])


def test_permutations_are_required():
    with pytest.raises(SpecError, match=r"sources\.0\.permutations: is missing"):
        parsed(sources=[{"experiment": "/e"}])


def test_a_misspelt_key_of_a_source_is_refused():
    with pytest.raises(SpecError, match=r"sources\.0\.permutation: no such key.*did you mean 'permutations'"):
        parsed(sources=[{"experiment": "/e", "permutation": [1]}])


def test_an_id_may_not_be_listed_in_two_sources_of_one_experiment():
    first, second = {"experiment": "/e", "permutations": [1, 2]}, {"experiment": "/e", "permutations": [2]}
    with pytest.raises(SpecError, match=r"sources\.1\.permutations: 2 is listed twice"):
        parsed(sources=[first, second])
    assert len(parsed(sources=[first, {**second, "experiment": "/f"}]).sources) == 2


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../x", "a/b", "a b", "-a", "a" * 65, "ä", "a\n", "a.b", "CON:"]
)
def test_a_name_that_is_no_directory_name_is_refused(name):
    assert NAME.fullmatch(name) is None
    with pytest.raises(SpecError, match=r"name: .*(cannot be a directory name|is missing)"):
        parse_spec({**GOOD, "name": name}, f"conf/spec/{name}.yaml")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"forward_days": "60"}, "a positive integer"),
        ({"forward_days": 0}, "a positive integer"),
        ({"forward_days": True}, "a positive integer"),
        ({"forward_days": 2.5}, "a positive integer"),
        ({"residual_momentum_enabled": 1}, "true or false"),
        ({"residual_momentum_enabled": None}, "true or false"),
        ({"model_version_label": 7}, "a string or null"),
    ],
)
def test_an_override_of_the_wrong_type_is_refused(values, expected):
    with pytest.raises(SettingsError, match=rf"^{FILE}: setting '{next(iter(values))}'.*expected {expected}"):
        parsed(overrides=values)


def test_a_key_that_is_no_text_is_refused():
    with pytest.raises(SpecError, match="7: no such key"):
        parse_spec({**GOOD, 7: 1}, FILE)


@pytest.mark.parametrize("values", [None, [], "text", 7])
def test_a_file_that_is_no_mapping_is_refused(values):
    with pytest.raises(SpecError, match=r"the spec: .* is no mapping; expected keys name, line"):
        parse_spec(values, FILE)
