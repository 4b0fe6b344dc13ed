def test_a_version_is_an_object_with_its_lineage_overrides_and_metrics(zoo, registered):
    version = registered()
    ran = zoo.json("show", f"version={version.version_id}")
    assert ran.code == 0
    assert ran.document == version.as_dict()
    assert ran.document["metrics"]["logged"]["rank_ic"] == "NaN"


def test_the_table_shows_the_metrics_side_by_side_and_the_lineage_with_dots(zoo, registered):
    version = registered()
    lines = zoo("show", f"version={version.version_id}").out.splitlines()
    assert lines[0].split() == ["version_id", version.version_id]
    assert any(line.split() == ["metric", "logged", "reproduced", "variant", "refit"] for line in lines)
    assert any(line.split() == ["rank_ic", "NaN", "0.027900"] for line in lines)
    assert any(line.split() == ["overrides.forward_days", "60"] for line in lines)
    assert any(line.split() == ["libraries.now.numpy", "2.4"] for line in lines)
    assert any(version.digest in line for line in lines)


def test_an_unknown_version_is_refused_with_the_nearest(zoo, registered):
    version = registered()
    ran = zoo.json("show", f"version={version.version_id[:-1]}")
    assert ran.code == 2
    assert ran.document["error"]["type"] == "VersionNotFound"
    assert f"did you mean '{version.version_id}'?" in ran.error
