from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

import zoo
from zoo.configuration import conf_dir
from zoo.errors import ArtifactCorrupt, ConfigError, NoChampion, TrustError, VersionNotFound
from zoo.registry import Registry
from zoo.registry.serving import configured

from .movers import LINE, sensor
from .stores import Place
from .writers import candidate


def register(registry: Registry, number: int) -> str:
    return registry.register(candidate(number, sensor=sensor(number))).version.version_id


def prediction(loaded: zoo.Sensor) -> float:
    return float(loaded.predict({"x_test": np.array([[0.5, 0.5]])})["_preds"][0])


@pytest.fixture
def conf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration directory of one's own, whose outputs are the test's."""
    directory = tmp_path / "conf"
    (directory / "paths").mkdir(parents=True)
    text = (conf_dir() / "paths" / "default.yaml").read_text()
    text = text.replace("outputs: ${paths.root}/outputs\n", f"outputs: {tmp_path}/outputs\n", 1)
    (directory / "paths" / "default.yaml").write_text(text)
    monkeypatch.setenv("ZOO_CONF", str(directory))
    return directory


def test_a_version_of_any_stage_is_loaded_and_predicts(registry: Registry) -> None:
    ids = [register(registry, number) for number in (1, 2, 3)]
    registry.promote(ids[0], expect=None, reason="first")
    registry.retire(ids[1])
    for number, version_id in enumerate(ids, start=1):
        loaded = registry.load(version_id)
        assert (loaded.permutation_id, round(prediction(loaded), 9)) == (number, number)
    with pytest.raises(VersionNotFound):
        registry.load("resmom-20171229-00000000")


def test_the_champion_is_loaded_from_the_registry_that_conf_names(
    registry: Registry, store: Place, conf: Path
) -> None:
    (conf / "registry").mkdir()
    (conf / "registry" / "sqlite.yaml").write_text(f"url: '{store.url}'\nartifacts: {store.root}\n")
    first, second = register(registry, 1), register(registry, 2)
    registry.promote(first, expect=None, reason="first")
    assert prediction(zoo.load_champion(LINE)) == pytest.approx(1)
    registry.promote(second, expect=first, reason="better")
    assert prediction(zoo.load_champion(LINE)) == pytest.approx(2)
    registry.rollback(LINE, expect=second)
    assert prediction(zoo.load_champion(LINE)) == pytest.approx(1)


def test_a_url_of_one_s_own_needs_no_conf(registry: Registry, url: str, root: Path, store: Place) -> None:
    registry.promote(register(registry, 7), expect=None, reason="first")
    assert prediction(zoo.load_champion(LINE, url=store.url, artifacts=root)) == pytest.approx(7)
    assert prediction(zoo.load_champion(LINE, url=store.url, artifacts=root, trusted=())) == pytest.approx(7)


def test_a_line_without_a_champion_is_said_and_no_store_is_made(conf: Path, tmp_path: Path) -> None:
    with pytest.raises(NoChampion, match="us_equity: the line has no champion; `zoo promote"):
        zoo.load_champion(LINE)
    assert not (tmp_path / "outputs").exists()


def test_a_champion_that_was_replaced_on_disk_is_refused(
    registry: Registry, root: Path, url: str, store: Place
) -> None:
    version_id = register(registry, 1)
    registry.promote(version_id, expect=None, reason="first")
    (root / LINE / version_id / "sensor.skops").write_bytes(sensor(2))
    with pytest.raises(ArtifactCorrupt, match=r"sensor\.skops: the bytes are not|not \d+"):
        zoo.load_champion(LINE, url=store.url, artifacts=root)


def test_a_pickle_inside_is_never_run(registry: Registry, tmp_path: Path) -> None:
    """Registered as it is, so that its digest is in order: the types are what it is refused for."""
    ran = tmp_path / "ran"
    pickle = b"cos\nsystem\n(S'touch " + str(ran).encode() + b"'\ntR."
    raw = registry.register(candidate(1, sensor=pickle)).version.version_id
    with pytest.raises(ArtifactCorrupt, match="is no sensor"):
        registry.load(raw)
    with zipfile.ZipFile(io.BytesIO(sensor(2))) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    entries["schema.json"] = entries["schema.json"].replace(b'"LinearRegression"', b'"system"')
    entries["schema.json"] = entries["schema.json"].replace(b'"sklearn.linear_model._base"', b'"posix"')
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    forged = registry.register(candidate(2, sensor=buffer.getvalue())).version.version_id
    with pytest.raises(TrustError, match=r"posix\.system"):
        registry.load(forged)
    assert not ran.exists()


def test_what_conf_says_is_what_the_command_line_says(
    conf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from zoo.commands.arguments import sort_arguments
    from zoo.commands.request import asked

    for text in (None, "prefixes: [zoo., sklearn., my_lab.]\nlocal: true\nhashes: [ab]\n"):
        if text is not None:
            (conf / "trust").mkdir()
            (conf / "trust" / "default.yaml").write_text(text)
            (conf / "registry").mkdir()
            (conf / "registry" / "sqlite.yaml").write_text(
                "url: sqlite:///${paths.root}/r.db\nartifacts: ${paths.outputs}/elsewhere\n"
            )
        request, place = asked(sort_arguments([])), configured()
        assert (place.url, place.artifacts, place.trust) == (
            request.registry_url,
            request.artifacts,
            request.trust,
        )


def test_a_registry_that_conf_chooses_and_that_is_not_there_is_refused(conf: Path) -> None:
    text = (conf_dir() / "config.yaml").read_text()
    (conf / "config.yaml").write_text(text.replace("registry: sqlite", "registry: oracle"))
    with pytest.raises(ConfigError, match=r"config\.yaml: defaults: no registry is called 'oracle'"):
        configured()
    (conf / "config.yaml").write_text(text + "\nregistry: {url: 'sqlite:////tmp/own.db'}\n")
    assert configured().url == "sqlite:////tmp/own.db"
