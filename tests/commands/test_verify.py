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
