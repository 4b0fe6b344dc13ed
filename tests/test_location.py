from pathlib import Path

import pytest

from zoo.errors import ConfigError
from zoo.location import ObjectStore, as_values, from_values, located

DEFAULT = Path("/outputs/registry")


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (None, DEFAULT),
        ("/share/zoo", Path("/share/zoo")),
        ("~/zoo", Path.home() / "zoo"),
        ("zoo", Path.cwd() / "zoo"),
        ("file:///share/my%20zoo", Path("/share/my zoo")),
        ("file://localhost/share", Path("/share")),
        ("s3://desk", ObjectStore("s3://desk")),
        ("s3://desk/a/b/", ObjectStore("s3://desk/a/b")),
        ("gs://desk-1/v1.0/a_b=c", ObjectStore("gs://desk-1/v1.0/a_b=c")),
    ],
)
def test_a_place_is_a_path_a_file_url_or_an_object_store(said, meant):
    assert located(said, default=DEFAULT) == meant


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ("file://host/share", "a file of another host"),
        ("memory://zoo", "no object store that zoo knows"),
        ("sftp://host/share", "no object store that zoo knows"),
        ("s3://", "no prefix of a bucket"),
        ("s3://desk//zoo", "no prefix of a bucket"),
        ("s3://desk/../other", "no prefix of a bucket"),
        ("s3://desk/zoo*", "no prefix of a bucket"),
        ("s3://desk/zoo?versionId=1", "no prefix of a bucket"),
        ("zip://x::s3://desk/zoo", "no object store that zoo knows"),
    ],
)
def test_a_url_that_names_no_place_is_refused_in_one_line(said, problem):
    with pytest.raises(ConfigError, match=problem) as found:
        located(said, default=DEFAULT)
    assert "correct registry.artifacts" in str(found.value)


def test_a_login_in_a_url_is_refused_and_not_repeated():
    with pytest.raises(ConfigError, match="a URL with a login") as found:
        located("s3://key:hidden@desk/zoo", default=DEFAULT)
    assert "hidden" not in str(found.value)
    assert "s3://desk/zoo" in str(found.value)


def test_a_directory_takes_no_options():
    with pytest.raises(ConfigError, match=r"registry\.storage_options: a directory takes no options"):
        located("/share", {"endpoint_url": "http://x"}, default=DEFAULT)
    assert located("/share", {}, default=DEFAULT) == Path("/share")


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"key": "hidden"}, "registry.storage_options.key"),
        (
            {"client_kwargs": {"aws_secret_access_key": "hidden"}},
            "registry.storage_options.client_kwargs.aws_secret_access_key",
        ),
    ],
)
def test_a_credential_that_is_declared_is_refused_and_not_repeated(options, named):
    with pytest.raises(ConfigError, match="AWS_SECRET_ACCESS_KEY") as found:
        located("s3://desk/zoo", options, default=DEFAULT)
    assert str(found.value).startswith(f"{named}: a credential does not belong here")
    assert "hidden" not in str(found.value)


def test_the_credentials_of_a_caller_are_neither_shown_nor_repeated():
    options = {
        "key": "AKIA",
        "client_kwargs": {"aws_secret_access_key": "hidden"},
        "endpoint_url": "http://x",
    }
    place = ObjectStore("s3://desk/zoo", options)
    assert "hidden" not in repr(place)
    assert "http" not in repr(place)
    assert place.without_secrets("AKIA said hidden to http://x") == "... said ... to http://x"


@pytest.mark.parametrize("place", [DEFAULT, ObjectStore("s3://desk/zoo", {"endpoint_url": "http://x"})])
def test_a_place_is_the_same_after_it_was_written_down(place):
    assert from_values(as_values(place)) == place
