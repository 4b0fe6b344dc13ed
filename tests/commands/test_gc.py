import pytest


@pytest.fixture
def retired(zoo, registered):
    version = registered()
    zoo.json("retire", f"version={version.version_id}")
    return version


def files(zoo, version):
    return sorted(
        path.name for path in (zoo.outputs / "registry" / "us_equity" / version.version_id).iterdir()
    )


def test_by_default_it_only_says_what_would_go(zoo, retired):
    ran = zoo.json("gc")
    assert ran.code == 0
    assert ran.document["dry_run"] is True
    [item] = ran.document["deleted"]
    assert (item["version_id"], item["why"]) == (retired.version_id, "it was retired")
    assert ran.document["bytes"] == item["bytes"] > 0
    assert len(files(zoo, retired)) == 4
    out = zoo("gc").out
    assert "would go" in out
    assert out.endswith("would go with dry_run=false\n")


def test_it_deletes_when_it_is_told_to_and_the_version_stays_listed(zoo, retired):
    assert zoo.json("gc", "dry_run=false").document["dry_run"] is False
    assert files(zoo, retired) == ["version.json"]
    [row] = zoo.json("versions").document
    assert row["version_id"] == retired.version_id
    assert row["deleted_at"] is not None
    assert "retired, files deleted" in " ".join(zoo("versions").out.split())
    assert zoo.json("show", f"version={retired.version_id}").document["deleted_at"] == row["deleted_at"]
    assert zoo.json("verify").code == 0
    assert zoo("gc", "dry_run=false").out.endswith("deleted the files of 0 versions, 0 KiB\n")


@pytest.mark.parametrize("keep", ["0", "-1", "some"])
def test_at_least_one_former_champion_is_kept(zoo, keep):
    assert zoo.json("gc", f"keep={keep}").code == 2


def test_without_a_store_there_is_nothing_to_delete_and_none_is_made(zoo):
    for words in (("gc",), ("gc", "dry_run=false")):
        assert zoo.json(*words).document["deleted"] == []
    assert not zoo.outputs.exists()
