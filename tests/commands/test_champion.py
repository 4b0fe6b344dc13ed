def test_the_champion_comes_with_the_event_that_made_it_one(zoo, registered):
    first, second = registered(number=1), registered(number=2)
    zoo.json("promote", f"version={first.version_id}", "gate=override", "reason=first")
    zoo.json("promote", f"version={second.version_id}", "gate=override", "reason=better")
    document = zoo.json("champion", "line=us_equity").document
    assert document["version_id"] == second.version_id
    assert (document["how"], document["replaced"], document["gate"], document["reason"]) == (
        "promoted",
        first.version_id,
        "override",
        "better",
    )
    assert document["version"]["stage"] == "champion"
    assert document["since"] > document["version"]["created_at"]
    zoo.json("rollback", "line=us_equity", "reason=worse")
    document = zoo.json("champion", "line=us_equity").document
    assert (document["version_id"], document["how"], document["gate"]) == (
        first.version_id,
        "rolled_back",
        None,
    )
    out = zoo("champion", "line=us_equity").out
    assert first.version_id in out
    assert "worse" in out


def test_a_line_without_a_champion_says_so_and_no_store_is_made(zoo):
    ran = zoo.json("champion", "line=us_equity")
    assert (ran.code, ran.document) == (0, {"line": "us_equity", "version_id": None, "version": None})
    assert zoo("champion", "line=us_equity").out == "us_equity has no champion\n"
    assert not zoo.outputs.exists()
