def test_every_move_is_a_row_the_oldest_first(zoo, registered):
    first, second, third = (registered(number=number).version_id for number in (1, 2, 3))
    zoo.json("promote", f"version={first}", "gate=override", "reason=first")
    zoo.json("promote", f"version={second}", "gate=override", "reason=better")
    zoo.json("retire", f"version={third}", "reason=too dear")
    zoo.json("rollback", "line=us_equity")
    zoo.json("gc", "dry_run=false")
    rows = zoo.json("history", "line=us_equity").document
    assert [(row["kind"], row["version_id"], row["replaced"], row["gate"]) for row in rows] == [
        ("promoted", first, None, "override"),
        ("promoted", second, first, "override"),
        ("retired", third, None, None),
        ("rolled_back", first, second, None),
        ("deleted", third, None, None),
    ]
    assert [row["reason"] for row in rows] == ["first", "better", "too dear", None, "it was retired"]
    assert all(row["actor"] and row["host"] and row["at"] for row in rows)
    out = zoo("history", "line=us_equity").out
    assert f"for {first}" in out
    assert "rolled back" in out
    assert "no reason given" in out
    assert "gate: override" in out


def test_a_line_of_which_nothing_is_known_has_no_history(zoo):
    assert zoo.json("history", "line=tabular").document == []
    assert zoo("history", "line=tabular").out == "no version of the line was moved yet\n"
    assert not zoo.outputs.exists()
