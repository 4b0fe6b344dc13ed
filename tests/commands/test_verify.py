from pathlib import Path


def test_a_registry_that_is_whole_is_well(zoo, registered):
    registered()
    ran = zoo.json("verify")
    assert ran.code == 0
    assert ran.document == {"ok": True, "checked": 1, "trials": 0, "problems": [], "swept": [], "healed": []}
    assert zoo("verify").out == "1 version checked: all well\n"


def test_a_flipped_byte_is_found_and_makes_the_exit_code_1(zoo, registered):
    version = registered()
    sensor = zoo.outputs / "registry" / "us_equity" / version.version_id / "sensor.skops"
    sensor.write_bytes(b"sensoR")
    ran = zoo.json("verify")
    assert ran.code == 1
    assert not ran.document["ok"]
    assert ran.document["problems"][0]["version_id"] == version.version_id
    out = zoo("verify").out
    assert f"{version.version_id}: " in out
    assert out.endswith("1 version checked: 1 problem\n")


def test_without_a_store_all_is_well_and_none_is_made(zoo):
    assert zoo.json("verify").document["checked"] == 0
    assert not zoo.outputs.exists()


def test_what_a_dead_writer_left_is_said_to_be_deleted(capfd):
    import sys

    from zoo.commands.output import console
    from zoo.commands.verify import render

    render(console(sys.stdout), {"problems": [], "swept": ["us_equity/.staging~x"], "checked": 0})
    assert "deleted us_equity/.staging~x, which a dead writer left" in capfd.readouterr().out


def test_a_database_that_cannot_be_read_is_made_anew_and_kept(zoo, registered):
    version = registered()
    zoo.json("promote", f"version={version.version_id}", "gate=override", "reason=first")
    database = zoo.outputs / "registry" / "registry.db"
    database.write_bytes(b"\xff" * 5000)
    ran = zoo.json("verify")
    assert ran.code == 1
    assert "zoo verify rebuild=true" in ran.error
    ran = zoo.json("verify", "rebuild=true")
    assert ran.code == 1  # the trials are lost, and it says so
    [lost] = ran.document["rebuilt"]["not_restored"]
    assert "trials" in lost
    assert (ran.document["ok"], ran.document["checked"]) == (True, 1)
    assert Path(ran.document["rebuilt"]["moved_aside"]).read_bytes() == b"\xff" * 5000
    assert zoo.json("champion", "line=us_equity").document["version_id"] == version.version_id


def test_a_database_that_can_be_read_stays_and_the_table_says_what_to_do(zoo, registered):
    registered()
    before = (zoo.outputs / "registry" / "registry.db").read_bytes()
    ran = zoo("verify", "rebuild=true")
    assert ran.code == 0
    assert "1 version, 1 event, 0 trials" in ran.out
    assert (
        "the old database can be read and stayed where it is; to use the new one, set registry.url" in ran.out
    )
    assert (zoo.outputs / "registry" / "registry.db").read_bytes() == before


def test_what_is_missing_in_the_event_log_is_written_and_said(zoo, registered):
    registered()
    (zoo.outputs / "registry" / "events.jsonl").unlink()
    ran = zoo("verify")
    assert ran.code == 0
    assert "events.jsonl: wrote 1 event that had not been written" in ran.out
