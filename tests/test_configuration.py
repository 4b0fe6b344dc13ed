import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoo import configuration
from zoo.configuration import (
    conf_dir,
    conf_dirs,
    fill_paths,
    group_files,
    load_yaml,
    plain,
    root_dir,
    user_conf_dir,
)
from zoo.errors import ConfigError

text = st.text(st.characters(blacklist_characters="${}\\", blacklist_categories=["Cs"]), max_size=12)
trees = st.recursive(
    st.none() | st.booleans() | st.integers() | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=8,
)


@pytest.fixture
def user(tmp_path, monkeypatch):
    monkeypatch.setenv("ZOO_CONF", str(tmp_path))
    return tmp_path


def test_from_source_conf_lies_beside_the_package_and_its_directory_is_the_root():
    assert (conf_dir() / "config.yaml").is_file()
    assert root_dir() == conf_dir().parent


def test_in_a_wheel_conf_lies_inside_the_package_and_the_root_is_where_one_works(tmp_path, monkeypatch):
    package = tmp_path / "site-packages" / "zoo"
    (package / "conf").mkdir(parents=True)
    (package / "conf" / "config.yaml").touch()
    monkeypatch.setattr(configuration, "_PACKAGE", package)
    monkeypatch.chdir(tmp_path)
    assert conf_dir() == package / "conf"
    assert root_dir() == tmp_path


def test_an_installation_without_conf_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(configuration, "_PACKAGE", tmp_path / "zoo")
    with pytest.raises(ConfigError, match=r"zoo: conf/config.yaml is missing; install zoo again"):
        conf_dir()


def test_a_directory_of_the_user_s_own_is_looked_at_first(user):
    assert conf_dirs() == [user, conf_dir()]


@pytest.mark.parametrize("value", [None, ""])
def test_without_one_there_is_only_ours(monkeypatch, value):
    monkeypatch.delenv("ZOO_CONF", raising=False)
    if value is not None:
        monkeypatch.setenv("ZOO_CONF", value)
    assert user_conf_dir() is None
    assert conf_dirs() == [conf_dir()]


def test_a_user_directory_that_is_none_is_refused(user, monkeypatch):
    monkeypatch.setenv("ZOO_CONF", str(user / "missing"))
    with pytest.raises(ConfigError, match=r"ZOO_CONF names '.*missing'.*create it, or unset ZOO_CONF"):
        conf_dirs()


def test_a_user_s_file_of_the_same_stem_replaces_ours(user):
    (user / "spec").mkdir()
    (user / "spec" / "residual_momentum.yaml").touch()
    (user / "spec" / ".hidden.yaml").touch()
    files = group_files("spec")
    assert files["residual_momentum"] == user / "spec" / "residual_momentum.yaml"
    assert files["horizon_60d"] == conf_dir() / "spec" / "horizon_60d.yaml"
    assert ".hidden" not in files
    assert list(files) == sorted(files)


def test_a_group_that_is_not_there_has_no_files():
    assert group_files("nothing") == {}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"name: x\n  a: b: c\n", r"bad\.yaml:2:4: is not valid YAML: mapping values are not allowed here"),
        (b"a: [1, 2\nb: 3\n", r"bad\.yaml:2:\d+: is not valid YAML"),
        (
            b"a: {b: ${paths.x}/c, d: 1}\n",
            r"bad\.yaml:1:\d+: is not valid YAML.*quote \"\$\{\.\.\.\}\" inside",
        ),
        (b"a: 1\na: 2\n", r"bad\.yaml:2:\d+: is not valid YAML: found duplicate key a"),
        (b"\t- x", r"bad\.yaml:1:1: is not valid YAML"),
        (b"- a\n- b\n", r"bad\.yaml: is no mapping; expected `key: value` lines"),
        (b"a: \xff\xfe", r"bad\.yaml: cannot be read: .*utf-8"),
        (b"a: \x00", r"bad\.yaml"),
    ],
)
def test_a_file_that_is_no_yaml_mapping_is_refused_with_its_name_in_one_line(tmp_path, content, message):
    path = tmp_path / "bad.yaml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=message) as caught:
        load_yaml(path)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_or_a_directory_is_refused_with_its_name(tmp_path):
    with pytest.raises(ConfigError, match=r"missing\.yaml: cannot be read"):
        load_yaml(tmp_path / "missing.yaml")
    with pytest.raises(ConfigError, match="cannot be read"):
        load_yaml(tmp_path)


def test_an_empty_file_is_an_empty_mapping(tmp_path):
    (tmp_path / "empty.yaml").touch()
    assert load_yaml(tmp_path / "empty.yaml") == {}


def test_interpolations_of_paths_are_resolved():
    assert plain({"a": ["${paths.x}/b"]}, {"paths": {"x": "/r"}}, "f.yaml") == {"a": ["/r/b"]}


def test_an_interpolation_that_leads_nowhere_is_refused_with_the_file():
    with pytest.raises(ConfigError, match=r"f\.yaml: .*paths\.y.*correct the interpolation"):
        plain({"a": "${paths.y}"}, {"paths": {"x": "/r"}}, "f.yaml")


@given(trees)
def test_a_tree_without_paths_is_filled_with_nothing(tree):
    assert fill_paths(tree, {"x": "/r"}, "f") == tree


def test_paths_are_filled_in_and_holes_left_as_they_stand():
    tree = {"data": "${paths.x}/a.csv", "lookback": "${params.lookback}", "all": ["${settings.a} ${paths.x}"]}
    filled = {"data": "/r/a.csv", "lookback": "${params.lookback}", "all": ["${settings.a} /r"]}
    assert fill_paths(tree, {"x": "/r"}, "f") == filled


def test_a_path_that_nobody_declared_is_refused():
    with pytest.raises(ConfigError, match=r"f: no path is called 'y'; expected one of x"):
        fill_paths({"a": "${paths.y}"}, {"x": "/r"}, "f")
