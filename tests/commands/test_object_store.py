"""The command line with its artefacts in an object store: a real server, and real specs in real processes."""

import subprocess

import pytest

from tests.commands.test_shadow import BEFORE, TRUSTED, small_world
from tests.registry.mlflow_stand_in import StandIn
from zoo.configuration import conf_dir
from zoo.registry import Registry

QUICK = ("leaderboard.draws=0", "leaderboard.permutations=3", "leaderboard.blocks=4")
SECRET = "a-secret-that-nobody-sees"


@pytest.fixture
def there(bucket):
    """What says on the command line where the artefacts are."""
    return (
        f"registry.artifacts={bucket.place.url}",
        f"registry.storage_options.endpoint_url={bucket.endpoint}",
    )


@pytest.fixture
def diabetes(zoo, monkeypatch):
    """The seeded table, whose spec really runs."""
    monkeypatch.delenv("PYTHONPATH")
    for group in ("line", "spec"):
        (zoo.conf / group).mkdir(exist_ok=True)
    (zoo.conf / "spec" / "diabetes.yaml").write_text((conf_dir() / "spec" / "diabetes.yaml").read_text())
    return f"paths.experiments={conf_dir().parent / 'outputs' / 'experiments'}"


def finished(process):
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


@pytest.mark.slow
def test_a_spec_is_applied_promoted_served_and_its_database_made_again(
    zoo, diabetes, there, bucket, monkeypatch
):
    code, out, err = finished(zoo.start("spec=diabetes", diabetes, *there))
    assert (code, "1 new version registered" in out) == (0, True), err
    [version] = zoo.json("versions", *there).document
    version_id = version["version_id"]
    assert [path.name for path in zoo.outputs.glob("registry/*")] == ["registry.db"]
    assert len([key for key in bucket.names() if version_id in key]) == 4

    words = (f"version={version_id}", "gate=override", "reason=first", "line=tabular")
    assert zoo("promote", *words, *there).code == 0
    assert zoo.json("champion", "line=tabular", *there).document["version_id"] == version_id
    assert zoo.json("show", f"version={version_id}", *there).document["stage"] == "champion"
    assert zoo.json("diff", f"a={version_id}", f"b={version_id}", *there).code == 0
    assert zoo.json("verify", *there).document["ok"] is True
    assert zoo.json("gc", *there).document["kept"][0]["bytes"] > 1000

    (zoo.outputs / "registry" / "registry.db").unlink()
    assert "verify rebuild=true" in zoo.json("versions", *there).error
    assert zoo.json("verify", "rebuild=true", *there).document["rebuilt"]["versions"] == 1
    assert zoo.json("champion", "line=tabular", *there).document["version_id"] == version_id

    code = "import zoo; print(zoo.load_champion('tabular').permutation_id)"
    (zoo.conf / "registry").mkdir()
    (zoo.conf / "registry" / "sqlite.yaml").write_text(
        f"url: sqlite:///{zoo.outputs}/registry/registry.db\nartifacts: {bucket.place.url}\n"
        f"storage_options: {{endpoint_url: {bucket.endpoint}}}\n"
    )
    served = subprocess.run(["python", "-c", code], capture_output=True, text=True, timeout=60)
    assert served.stdout == f"{version['permutation_id']}\n", served.stderr


def test_a_store_that_is_gone_fails_the_spec_before_it_is_trained(zoo, diabetes, credentials, s3_endpoint):
    there = ("registry.artifacts=s3://nobody-s/zoo", f"registry.storage_options.endpoint_url={s3_endpoint}")
    code, out, err = finished(zoo.start("spec=diabetes", diabetes, *there, "format=json"))
    assert code == 1
    assert "there is no bucket nobody-s; make it or correct its name" in out
    assert "Traceback" not in err
    assert not (zoo.outputs / "registry").exists()


def test_a_credential_on_the_command_line_is_refused_and_stands_nowhere(zoo, diabetes, there):
    secret = f"registry.storage_options.secret={SECRET}"
    code, out, err = finished(zoo.start("spec=diabetes", diabetes, *there, secret, "format=json"))
    assert code == 2
    assert "registry.storage_options.secret: a credential does not belong here" in out
    assert SECRET not in out + err
    assert not [path for path in zoo.outputs.rglob("*") if path.is_file()]


def test_credentials_of_the_environment_are_in_no_message_no_object_and_no_file(
    zoo, diabetes, there, bucket, monkeypatch
):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    code, out, err = finished(zoo.start("spec=diabetes", diabetes, *there, "format=json"))
    assert code == 0, err
    assert SECRET not in out + err
    written = [bucket.files.cat_file(path) for path in bucket.files.find(bucket.name)]
    written += [path.read_bytes() for path in zoo.outputs.rglob("*") if path.is_file()]
    assert len(written) > 5
    assert not any(SECRET.encode() in content for content in written)


def test_champion_and_challengers_are_shadowed_and_their_records_stay_below_the_outputs(
    zoo, monkeypatch, there, bucket
):
    world = small_world(zoo, monkeypatch)
    world.registry.close()
    url = f"sqlite:///{zoo.outputs}/registry/registry.db"
    with Registry.open(url, artifacts=bucket.place) as world.registry:
        first = world.register("first", at=BEFORE, champion=True)
        world.register("second", ("trend", {"window": 20}), at=BEFORE, number=1)
    before = bucket.names()

    ran = zoo.json("shadow", "line=small", TRUSTED, *there)
    assert {one["status"] for one in ran.document["results"]} == {"shadowed"}
    assert (world.records / first.version_id).is_dir()
    assert bucket.names() == before
    rows = zoo.json("leaderboard", "line=small", TRUSTED, *QUICK, *there).document
    assert sorted(one["rank"] for one in rows[:2]) in ([1, 2], [1, 1])


def test_the_mirror_tells_where_a_version_is(zoo, registered, there, bucket, monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1,localhost")
    registered(artifacts=bucket.place)
    with StandIn() as server:
        assert zoo("mirror", "sync", "mirror=mlflow", f"mirror.uri={server.url}", *there).code == 0
        [version] = server.models["us_equity"]["versions"].values()
    assert version["tags"]["zoo.artifact"].startswith(f"{bucket.place.url}/us_equity/")


def test_a_directory_by_file_url_is_a_directory(zoo, registered):
    place = zoo.directory / "share"
    registered(artifacts=place)
    [version] = zoo.json("versions", f"registry.artifacts=file://{place}").document
    assert zoo.json("verify", f"registry.artifacts=file://{place}").document["ok"] is True
    assert (place / "us_equity" / version["version_id"] / "version.json").is_file()
