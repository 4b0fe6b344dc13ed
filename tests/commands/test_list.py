import pytest

from zoo.commands.list import short_age


def test_every_spec_is_a_row_with_what_it_changes_and_its_last_version(zoo, registered):
    zoo.spec("ok_a", more="overrides: {forward_days: 60, residual_momentum_enabled: true}\n")
    zoo.spec("ok_b", more="status: retired\n")
    registered(number=7)
    newest = registered(number=19)
    ran = zoo.json("list")
    rows = {row["spec"]: row for row in ran.document}
    assert ran.code == 0
    assert rows["ok_a"] == {
        "spec": "ok_a",
        "status": "active",
        "line": "us_equity",
        "label": "spec-ok_a",
        "changes": {"forward_days": 60, "residual_momentum_enabled": True},
        "sources": [
            {"experiment": f"{zoo.outputs.parent}/outputs/experiments/small", "permutations": [7, 19]}
        ],
        "trainer": None,
        "last_version": newest.version_id,
        "created_at": newest.created_at,
        "age_s": rows["ok_a"]["age_s"],
        "validation": None,
        "path": str(zoo.conf / "spec" / "ok_a.yaml"),
        "error": None,
    } | {"sources": rows["ok_a"]["sources"]}
    assert rows["ok_a"]["sources"][0]["permutations"] == [7, 19]
    assert rows["ok_a"]["age_s"] >= 0
    assert (rows["ok_b"]["status"], rows["ok_b"]["last_version"]) == ("retired", None)


def test_the_table_fits_80_columns_and_cuts_nothing(zoo, registered):
    zoo.spec("ok_a", more="overrides: {residual_momentum_enabled: true}\n")
    version = registered()
    out = zoo("list").out
    assert max(map(len, out.splitlines())) <= 80
    assert version.version_id in out
    assert "residual_momentum_enabled: true" in out
    assert "top 3 of momentum by rank_ic" in out
    assert "7, 19 of small" in out
    assert "\x1b" not in out


def test_a_file_that_cannot_be_used_is_a_row_with_its_error_and_exit_code_1(zoo):
    path = zoo.spec("bad", "name: [")
    zoo.spec("ok_a")
    ran = zoo.json("list")
    rows = {row["spec"]: row for row in ran.document}
    assert ran.code == 1
    assert rows["bad"]["error"].startswith(f"{path}:1:8: is not valid YAML")
    assert (rows["bad"]["status"], rows["ok_a"]["error"]) == (None, None)
    table = zoo("list").out
    assert "cannot be used" in table
    assert f"bad: {path}:1:8: is not valid YAML" in table


def test_a_registry_that_cannot_be_read_is_said_and_the_specs_are_listed_all_the_same(zoo):
    zoo.spec("ok_a")
    (zoo.outputs / "registry").mkdir(parents=True)
    (zoo.outputs / "registry" / "registry.db").write_text("no database")
    ran = zoo.json("list")
    assert ran.code == 1
    assert "ok_a" in [row["spec"] for row in ran.document]
    assert ran.err.startswith(f"error: {zoo.outputs}/registry/registry.db")
    assert "Traceback" not in ran.err


def test_listing_makes_no_store(zoo):
    assert zoo("list").code == 0
    assert not zoo.outputs.exists()


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, None),
        (-3.0, "0 s"),
        (0.4, "0 s"),
        (59.9, "59 s"),
        (60.0, "1 min"),
        (7200.0, "2 h"),
        (172800.0, "2 d"),
    ],
)
def test_an_age_is_written_in_the_largest_unit(seconds, text):
    assert short_age(seconds) == text
