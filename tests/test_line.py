import pytest

from zoo.errors import ConfigError, LineMismatch, SpecError
from zoo.line import Line, Lines, parse_line, read_line, read_lines

GOOD = {"name": "fx", "data": "lab.prices", "target": "lab.label", "horizon": 5, "rebalance": 1}
LINE = Line("fx", "lab.prices", "lab.label", 5, 1, locked=("forward_days",))


@pytest.fixture
def directory(tmp_path):
    (tmp_path / "line").mkdir()
    (tmp_path / "line" / "fx.yaml").write_text("\n".join(f"{key}: {value}" for key, value in GOOD.items()))
    return tmp_path


@pytest.mark.parametrize("name", sorted(read_lines()))
def test_a_line_that_ships_is_read(name):
    assert read_line(name, "a.yaml").name == name


def test_an_unknown_line_is_refused_with_the_spec_that_names_it_and_the_nearest_one():
    message = r"a\.yaml: line: no line is called 'us_equty'; expected one of .*; did you mean 'us_equity'"
    with pytest.raises(SpecError, match=message):
        read_line("us_equty", "a.yaml")


def test_an_unknown_line_that_is_like_no_other_can_be_declared():
    with pytest.raises(SpecError, match=r"declare it in conf/line/zzz\.yaml"):
        read_line("zzz", "a.yaml")


def test_a_line_is_read_as_it_was_written(directory):
    assert read_line("fx", "a.yaml", [directory]) == Line("fx", "lab.prices", "lab.label", 5, 1)


def test_a_line_that_many_specs_name_is_read_once(directory):
    lines = Lines([directory])
    first = lines.get("fx", "a.yaml")
    (directory / "line" / "fx.yaml").unlink()
    assert lines.get("fx", "b.yaml") is first


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"horizn": 5}, "horizn: no such key; .*did you mean 'horizon'"),
        ({"name": "other"}, "name: 'other' is not the file's stem; expected fx"),
        ({"horizon": -1}, "horizon: -1 is no number of bars; expected 0 or more"),
        ({"horizon": 2.0}, "horizon: 2.0 is no number of bars"),
        ({"rebalance": True}, "rebalance: True is no number of bars"),
    ],
)
def test_a_line_s_file_that_cannot_be_used_is_refused_with_its_name(directory, changes, message):
    path = directory / "line" / "fx.yaml"
    with pytest.raises(ConfigError, match=rf"fx\.yaml: {message}"):
        parse_line({**GOOD, **changes}, path)


def test_a_key_that_is_missing_is_named(directory):
    values = {key: value for key, value in GOOD.items() if key != "target"}
    with pytest.raises(ConfigError, match=r"fx\.yaml: .*'target'"):
        parse_line(values, directory / "line" / "fx.yaml")


def test_a_locked_setting_may_not_be_overridden():
    LINE.check_overrides({"residual_momentum_enabled": True}, "a.yaml")
    with pytest.raises(SpecError, match=r"a\.yaml: overrides\.forward_days: line 'fx' locks this setting"):
        LINE.check_overrides({"forward_days": 60}, "a.yaml")


@pytest.mark.parametrize("key", ["data", "target"])
def test_an_experiment_of_another_line_is_refused(key):
    manifest = {"data": {"_target_": "lab.prices"}, "target": {"_target_": "lab.label"}}
    LINE.check_manifest(manifest, "e")
    with pytest.raises(LineMismatch, match=rf"e: {key} 'other' is not that of line 'fx'; expected 'lab\."):
        LINE.check_manifest({**manifest, key: {"_target_": "other"}}, "e")
    with pytest.raises(LineMismatch, match=f"{key} None"):
        LINE.check_manifest({**manifest, key: None}, "e")
