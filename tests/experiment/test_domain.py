import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoo.errors import ManifestError
from zoo.experiment.domain import ParamDomain

PARAMS = {"lookback": [20, 40, 60, 80], "kind": ["a", "b"]}


@pytest.fixture
def domain():
    return ParamDomain(PARAMS)


def test_values_are_removed_kept_and_injected(domain):
    domain.remove("lookback", [20])
    assert domain.values("lookback") == (40, 60, 80)
    domain.keep("kind", ["b"])
    assert domain.values("kind") == ("b",)
    domain.keep_between("lookback", 50, 80)
    assert domain.values("lookback") == (60, 80)
    domain.inject("lookback", [100, 60])
    assert domain.values("lookback") == (60, 80, 100)
    assert domain.allows({"lookback": 100, "kind": "b"})
    assert not domain.allows({"lookback": 40, "kind": "b"})


def test_every_change_has_a_version_and_is_told(domain):
    told = []
    domain.observe(told.append)
    domain.remove("lookback", [20])
    domain.remove("lookback", [20])
    domain.inject("kind", ["c"])
    assert [(c.version, c.operation, c.added, c.removed) for c in told] == [
        (1, "remove", (), (20,)),
        (2, "inject", ("c",), ()),
    ]
    assert domain.version == 2


def test_the_last_value_of_a_parameter_stays(domain):
    with pytest.raises(ManifestError, match=r"would leave params\.kind without a value"):
        domain.remove("kind", ["a", "b"])
    assert domain.values("kind") == ("a", "b")
    assert domain.version == 0


def test_a_parameter_that_does_not_exist_is_named_with_the_nearest(domain):
    with pytest.raises(ManifestError, match=r"params\.lokback.*did you mean 'lookback'"):
        domain.keep("lokback", [20])


def test_only_numbers_lie_between(domain):
    with pytest.raises(ManifestError, match="no numbers"):
        domain.keep_between("kind", 0, 1)


def test_a_domain_leaves_the_declared_values_alone(domain):
    domain.remove("lookback", [20])
    assert PARAMS["lookback"] == [20, 40, 60, 80]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["remove", "keep", "inject"]), st.sets(st.integers(0, 6), min_size=1, max_size=3)
        ),
        max_size=8,
    )
)
def test_no_series_of_changes_empties_a_parameter_or_repeats_a_value(changes):
    domain = ParamDomain({"a": [0, 1, 2]})
    for operation, values in changes:
        try:
            getattr(domain, operation)("a", sorted(values))
        except ManifestError:
            continue
    assert len(domain.values("a")) >= 1
    assert len(set(domain.values("a"))) == len(domain.values("a"))


def test_an_observer_that_fails_undoes_nothing_and_keeps_nobody_from_hearing():
    domain, heard = ParamDomain({"a": [1, 2, 3]}), []
    domain.observe(lambda change: 1 / 0)
    domain.observe(heard.append)
    with pytest.warns(RuntimeWarning, match="observer of the domain failed"):
        domain.remove("a", [1])
    assert domain.values("a") == (2, 3)
    assert [change.version for change in heard] == [1]
