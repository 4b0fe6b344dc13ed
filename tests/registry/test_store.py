from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path

import pytest

from zoo.errors import ArtifactCorrupt, ConfigError, RegistryError, StoreUnavailable, VersionNotFound
from zoo.registry import Registry

from .stores import Place, opened
from .writers import candidate

FILES = ("version.json", "sensor.skops", "predictions.parquet", "config.yaml")


def everything_below(path: Path) -> list[Path]:
    return sorted(path.rglob("*"))


@pytest.mark.parametrize("read_only", [True, False])
def test_a_missing_store_reads_as_an_empty_one_and_is_not_made(
    tmp_path: Path, url: str, read_only: bool
) -> None:
    with opened(url, read_only=read_only) as registry:
        assert registry.versions() == []
        assert registry.events() == []
        assert registry.champion("us_equity") is None
        assert registry.latest("residual_momentum") is None
        report = registry.verify()
        assert (report.ok, report.checked) == (True, 0)
        with pytest.raises(VersionNotFound, match="none is registered yet"):
            registry.get("resmom-20171229-00000000")
    assert everything_below(tmp_path) == []


def test_reading_leaves_no_file_beside_the_database(registry: Registry, url: str, root: Path) -> None:
    version_id = registry.register(candidate()).version.version_id
    before = everything_below(root)
    with opened(url, read_only=True) as reader:
        reader.read(version_id, "sensor.skops")
        reader.versions()
        assert everything_below(root) == before
    assert everything_below(root) == before


def test_a_registry_opened_to_read_refuses_to_register(url: str, tmp_path: Path) -> None:
    with opened(url, read_only=True) as registry, pytest.raises(RegistryError, match="opened to read"):
        registry.register(candidate())
    assert everything_below(tmp_path) == []


def test_a_reader_opened_before_the_store_existed_sees_it_afterwards(registry: Registry, url: str) -> None:
    with opened(url, read_only=True) as reader:
        assert reader.versions() == []
        registry.register(candidate())
        assert len(reader.versions()) == 1


def test_versions_come_newest_first_and_by_line_spec_and_stage(registry: Registry) -> None:
    first = registry.register(candidate(1)).version
    second = registry.register(candidate(2, spec="horizon_60d", label="h60")).version
    third = registry.register(candidate(3, line="tabular")).version
    assert registry.versions() == [third, second, first]
    assert registry.versions(line="us_equity") == [second, first]
    assert registry.versions(spec="residual_momentum", line="us_equity") == [first]
    assert registry.versions(stage="challenger") == [third, second, first]
    assert registry.versions(stage="champion") == []
    assert registry.latest("residual_momentum") == third
    assert registry.latest("unknown") is None


def test_what_register_returns_is_what_get_returns(registry: Registry) -> None:
    version = registry.register(candidate()).version
    assert registry.get(version.version_id) == version
    assert version.stage == "challenger"


def test_an_unknown_version_is_refused_with_the_nearest_one(registry: Registry) -> None:
    version_id = registry.register(candidate()).version.version_id
    wrong = version_id.replace("resmom", "resmon")
    with pytest.raises(VersionNotFound, match=f"{wrong}.*did you mean '{version_id}'"):
        registry.get(wrong)


def test_the_beginning_of_an_id_is_not_an_id(registry: Registry) -> None:
    version_id = registry.register(candidate()).version.version_id
    for beginning in (version_id[:-1], "resmom", ""):
        with pytest.raises(VersionNotFound):
            registry.get(beginning)
    with pytest.raises(VersionNotFound, match=f"did you mean '{version_id}'"):
        registry.get("resmom")


def test_the_files_come_back_as_they_were_given(registry: Registry) -> None:
    one = candidate(sensor=b"\0skops\xff", config="a: é\n")
    version = registry.register(one).version
    assert registry.read(version.version_id, "sensor.skops") == one.sensor
    assert registry.read(version.version_id, "config.yaml").decode() == one.config
    described = registry.read(version.version_id, "version.json")
    assert hashlib.sha256(described).hexdigest() == version.digest
    assert json.loads(described)["inputs"] == one.inputs


def test_a_file_that_versions_do_not_have_is_refused(registry: Registry) -> None:
    version_id = registry.register(candidate()).version.version_id
    for name in ("sensor.pkl", "../registry.db", "/etc/passwd", ""):
        with pytest.raises(RegistryError, match=r"expected version\.json or sensor"):
            registry.read(version_id, name)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("position", [0, -1])
def test_a_flipped_bit_is_refused_and_named(registry: Registry, root: Path, name: str, position: int) -> None:
    version = registry.register(candidate()).version
    path = root / version.line / version.version_id / name
    content = bytearray(path.read_bytes())
    content[position] ^= 1
    path.write_bytes(content)
    with pytest.raises(ArtifactCorrupt, match=f"{version.version_id}/{name}: "):
        registry.read(version.version_id, name)
    (problem,) = registry.verify().problems
    assert (problem.version_id, problem.kind) == (version.version_id, "artefact")
    assert name in problem.message
    with pytest.raises(ArtifactCorrupt, match=name):
        registry.register(candidate())
    assert path.read_bytes() == content


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("harm", ["missing", "truncated", "longer", "link", "directory", "pipe"])
def test_a_file_that_is_not_what_was_registered_is_refused_and_named(
    registry: Registry, root: Path, tmp_path: Path, name: str, harm: str
) -> None:
    version = registry.register(candidate()).version
    path = root / version.line / version.version_id / name
    content = path.read_bytes()
    path.unlink()
    if harm == "truncated":
        path.write_bytes(content[:-1])
    elif harm == "longer":
        path.write_bytes(content + b"\n")
    elif harm == "link":  # even to the very bytes
        (tmp_path / "elsewhere").write_bytes(content)
        path.symlink_to(tmp_path / "elsewhere")
    elif harm == "directory":
        path.mkdir()
    elif harm == "pipe":
        os.mkfifo(path)
    with pytest.raises(ArtifactCorrupt, match=f"{version.version_id}/{name}: "):
        registry.read(version.version_id, name)
    assert [problem.kind for problem in registry.verify().problems] == ["artefact"]


@pytest.mark.parametrize("linked", ["line", "version"])
def test_a_directory_that_is_a_link_out_of_the_store_is_refused(
    registry: Registry, root: Path, tmp_path: Path, linked: str
) -> None:
    version = registry.register(candidate()).version
    place = root / version.line if linked == "line" else root / version.line / version.version_id
    shutil.move(place, tmp_path / "elsewhere")
    place.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ArtifactCorrupt, match="symbolic link"):
        registry.read(version.version_id, "sensor.skops")
    with pytest.raises(ArtifactCorrupt, match="symbolic link"):
        registry.register(candidate())
    assert not registry.verify().ok


def test_a_document_cannot_vouch_for_itself(registry: Registry, root: Path, store: Place) -> None:
    """Files and document replaced together: consistent among themselves, and not what was registered."""
    mine = registry.register(candidate()).version
    another = store.another()
    with another.open() as other:
        other.register(candidate(sensor=b"another model"))
    place = root / mine.line / mine.version_id
    shutil.rmtree(place)
    shutil.copytree(another.root / mine.line / mine.version_id, place)
    with pytest.raises(ArtifactCorrupt, match=r"version\.json"):
        registry.read(mine.version_id, "sensor.skops")


def test_artefacts_may_live_elsewhere(tmp_path: Path, url: str, store: Place) -> None:
    with Registry.open(store.url, artifacts=tmp_path / "big disk") as registry:
        version = registry.register(candidate()).version
        assert registry.read(version.version_id, "sensor.skops")
        assert registry.verify().ok
    assert (tmp_path / "big disk" / "us_equity" / version.version_id).is_dir()
    with store.open(read_only=True) as registry:  # and are missed when looked for in the wrong place
        assert [problem.kind for problem in registry.verify().problems] == ["artefact"]


def test_a_line_whose_champion_is_set_has_that_champion(registry: Registry, store: Place) -> None:
    version = registry.register(candidate(1)).version
    registry.register(candidate(2))
    store.execute(f"UPDATE versions SET stage = 'champion' WHERE version_id = '{version.version_id}'")
    champion = registry.champion("us_equity")
    assert champion is not None
    assert champion.version_id == version.version_id
    registry.register(candidate(3))
    assert registry.register(candidate(1)).version.stage == "champion"  # and registering does not touch it
    assert registry.champion("us_equity") == champion
    assert registry.champion("tabular") is None


@pytest.mark.parametrize(
    "url",
    [
        "registry.db",
        "sqlite://",
        "sqlite:///:memory:",
        "postgresql://user:secret@host",
        "postgresql://user:secret/db",
        "postgresql+psycopg2://user:secret@host/db",
        "postgresql://user:secret@host:port/db",
        "postgresql://user@host/db?password=secret",
        "postgresql://user:secret@host/db?schema=Zoo",
        "postgresql://user:secret@host/db?schema=public",
        "postgresql://user:secret@host/db?timeout=soon",
        "mysql://user:secret@host/db",
        "sqlite:////x/r.db?timeout=soon",
        "sqlite:////x/r.db?timeout=nan",
        "sqlite:////x/r.db?timeout=-1",
        "sqlite:////x/r.db?timeout=1e9",
        "sqlite:////x/r.db?mode=ro",
        "",
    ],
)
def test_a_url_that_cannot_be_used_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(ConfigError, match="expected sqlite:///path") as caught:
        opened(url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("read_only", [True, False])
def test_a_file_in_the_directory_s_place_is_refused_at_once(tmp_path: Path, read_only: bool) -> None:
    (tmp_path / "outputs").write_text("a file")
    with pytest.raises(StoreUnavailable, match=r"outputs: a file stands in a directory's place; move"):
        Registry.open(f"sqlite:///{tmp_path}/outputs/registry/registry.db", read_only=read_only)
    with pytest.raises(StoreUnavailable, match="a file stands in"):
        Registry.open(f"sqlite:///{tmp_path}/r.db", artifacts=tmp_path / "outputs" / "x", read_only=read_only)


def test_a_path_with_odd_characters_works(tmp_path: Path) -> None:
    place = tmp_path / "a b%20#é'\"&="
    with Registry.open(f"sqlite:///{place}/registry.db") as registry:
        registry.register(candidate())
        assert registry.verify().ok
    assert (place / "registry.db").is_file()


def test_a_relative_path_stays_where_it_was_when_the_directory_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with Registry.open("sqlite:///outputs/registry.db") as registry:
        monkeypatch.chdir("/")
        registry.register(candidate())
    assert (tmp_path / "outputs" / "registry.db").is_file()


def test_the_lines_that_have_versions_are_sorted(registry: Registry) -> None:
    assert registry.lines() == []
    for line in ("us_equity", "tabular", "us_equity"):
        registry.register(candidate(len(registry.versions()), line=line))
    assert registry.lines() == ["tabular", "us_equity"]


def test_events_beyond_a_position_are_those_that_came_later(registry: Registry) -> None:
    for content in range(3):
        registry.register(candidate(content, line=("us_equity", "tabular")[content % 2]))
    assert [event.position for event in registry.events(after=1)] == [2, 3]
    assert [event.position for event in registry.events(line="us_equity", after=1)] == [3]
    assert registry.events(after=3) == []


def test_a_store_is_known_by_its_first_event(registry: Registry, tmp_path: Path, store: Place) -> None:
    assert registry.store_id is None
    registry.register(candidate(0))
    first = registry.store_id
    registry.register(candidate(1))
    assert registry.store_id == first == registry.events()[0].digest
    with store.another().open() as another:
        another.register(candidate(0))
        assert another.store_id != first


def test_the_place_of_a_version_is_the_address_of_its_directory(registry: Registry, root: Path) -> None:
    version = registry.register(candidate(0)).version
    assert registry.place(version) == (root / "us_equity" / version.version_id).as_uri()
