import pytest

from zoo.configuration import conf_dir
from zoo.errors import OverrideNotAllowed, SpecError
from zoo.roster import find, label_clash, read_roster, unknown_spec
from zoo.settings import ALLOWED
from zoo.spec import parse_spec

PATHS = {"experiments": "/e"}
BODY = "line: us_equity\nsources: [{experiment: '${paths.experiments}/m', permutations: [0]}]\n"


@pytest.fixture
def roster(tmp_path):
    """Write spec files, and read them with our lines."""
    (tmp_path / "spec").mkdir()

    def read(files, *, allowed=ALLOWED):
        for name, text in files.items():
            (tmp_path / "spec" / name).write_text(text)
        (tmp_path / "line").symlink_to(conf_dir() / "line")
        return read_roster(PATHS, allowed, [tmp_path])

    return read


def spec(name, more=""):
    return f"name: {name}\n{BODY}{more}"


def test_every_spec_that_ships_can_be_read():
    entries = read_roster({"experiments": "/e"}, ALLOWED, [conf_dir()])
    assert {name: entry.error for name, entry in entries.items()} == dict.fromkeys(entries)
    assert [name for name, entry in entries.items() if entry.spec.retired] == ["total_momentum"]
    assert len(entries) == 5


def test_a_file_that_is_bad_spoils_no_other(roster):
    entries = roster({"a.yaml": spec("a"), "b.yaml": "name: [", "c.yaml": spec("c", "overides: {}\n")})
    assert entries["a"].spec.sources[0].experiment == "/e/m"
    assert entries["a"].error is None
    assert "b.yaml:1:8: is not valid YAML" in str(entries["b"].error)
    assert "did you mean 'overrides'" in str(entries["c"].error)


def test_two_specs_with_one_label_are_both_refused_and_named(roster):
    entries = roster(
        {"a.yaml": spec("a", "label: x\n"), "b.yaml": spec("b", "label: x\n"), "c.yaml": spec("c")}
    )
    for one, other in (("a", "b"), ("b", "a")):
        message = str(entries[one].error)
        assert message.startswith(str(entries[one].path))
        assert "label: 'x' is also the label of" in message
        assert str(entries[other].path) in message
        assert "give each spec a label of its own" in message
    assert entries["c"].error is None


def test_a_label_that_an_override_gives_clashes_too(roster):
    entries = roster(
        {"a.yaml": spec("a", "label: x\n"), "b.yaml": spec("b", "overrides: {model_version_label: x}\n")}
    )
    assert None not in (entries["a"].error, entries["b"].error)


def test_a_spec_that_is_changed_for_one_run_may_not_take_a_label_of_another(roster):
    entries = roster(
        {"a.yaml": spec("a"), "b.yaml": spec("b", "label: x\n"), "c.yaml": spec("c", "label: x\n")}
    )
    values = {"name": "a", "line": "us_equity", "sources": [{"experiment": "/e", "permutations": [0]}]}
    changed = parse_spec({**values, "label": "x"}, "a.yaml")
    assert "b.yaml" in str(label_clash(changed, "a.yaml", entries))
    assert label_clash(parse_spec(values, "a.yaml"), "a.yaml", entries) is None


def test_an_override_outside_the_allowlist_is_refused_with_the_nearest_one(roster):
    entries = roster({"a.yaml": spec("a", "overrides: {forward_day: 60}\n")})
    assert isinstance(entries["a"].error, OverrideNotAllowed)
    message = str(entries["a"].error)
    assert message.startswith(str(entries["a"].path))
    assert "override 'forward_day' is not in the allowlist" in message
    assert "did you mean 'forward_days'?" in message


def test_the_allowlist_is_the_one_that_is_given(roster):
    text = spec("a", "overrides: {forward_days: 60}\n")
    entries = roster({"a.yaml": text}, allowed=["my_own"])
    assert "expected one of my_own; add it to settings.allowed in conf/settings" in str(entries["a"].error)


def test_an_unknown_line_is_refused(roster):
    entries = roster({"a.yaml": spec("a").replace("us_equity", "us_equty")})
    assert "no line is called 'us_equty'" in str(entries["a"].error)


def test_a_file_that_hydra_would_pass_over_is_refused_and_not_passed_over(roster):
    entries = roster({"a.yml": spec("a"), ".b.yaml": spec("b")})
    assert list(entries) == ["a"]
    assert "a.yml: is never read; expected a name that ends in .yaml" in str(entries["a"].error)


def test_an_unknown_spec_is_refused_with_the_nearest_one(roster):
    entries = roster({"momentum.yaml": spec("momentum")})
    assert find(entries, "momentum").spec.name == "momentum"
    with pytest.raises(SpecError, match=r"no spec is called 'momntum'; .*did you mean 'momentum'\?"):
        find(entries, "momntum")


def test_an_unknown_spec_that_is_like_no_other_sends_one_to_the_list():
    assert str(unknown_spec("zzz", [])) == (
        "no spec is called 'zzz'; expected one of (conf/spec is empty); see `python -m zoo list`"
    )
