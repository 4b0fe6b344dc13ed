import pytest

from zoo.commands.versions import headline, number


def test_versions_are_an_array_the_newest_first(zoo, registered):
    older, newer = registered(number=7), registered(number=19)
    ran = zoo.json("versions")
    assert ran.code == 0
    assert [row["version_id"] for row in ran.document] == [newer.version_id, older.version_id]
    assert ran.document[0] == {
        "version_id": newer.version_id,
        "spec": "ok_a",
        "line": "us_equity",
        "stage": "challenger",
        "created_at": newer.created_at,
        "deleted_at": None,
        "experiment": "small",
        "permutation_id": 19,
        "members": None,
        "validation": None,
        "metrics": {"rank_ic": 0.0279, "rank_ic_se": 0.012, "rank_ic_t": 2.3},
    }


def test_a_spec_s_name_keeps_only_its_versions(zoo, registered):
    zoo.spec("ok_b")
    registered("ok_a")
    version = registered("ok_b")
    assert [row["version_id"] for row in zoo.json("versions", "spec=ok_b").document] == [version.version_id]


def test_the_table_shows_the_metric_with_its_standard_error(zoo, registered):
    version = registered()
    out = zoo("versions").out
    assert version.version_id in out
    assert "rank_ic 0.0279 ± 0.0120 (t 2.3)" in out
    assert max(map(len, out.splitlines())) <= 80


def test_without_a_store_there_are_none_and_none_is_made(zoo):
    assert zoo.json("versions").document == []
    assert zoo("versions").out == "no version is registered yet\n"
    assert not zoo.outputs.exists()


@pytest.mark.parametrize(
    ("metrics", "expected"),
    [
        ({"variant": {"r2": 0.5, "mse": 1.0}}, {"r2": 0.5}),
        ({"variant": {}, "logged": {"auc": 0.9}}, {"auc": 0.9}),
        ({"variant": {"rank_ic": 0.1, "auc": 0.9}}, {"rank_ic": 0.1}),
        ({"refit": {"rank_ic": 0.1}}, {}),
        ({}, {}),
    ],
)
def test_the_headline_is_the_variant_s_first_known_metric(metrics, expected):
    assert headline(metrics) == expected


@pytest.mark.parametrize(
    ("value", "text"), [(0.5, "0.5000"), (7, "7"), ("NaN", "NaN"), (float("nan"), "nan")]
)
def test_numbers_are_written_with_four_digits(value, text):
    assert number(value) == text


def test_a_version_that_was_not_validated_says_so_wherever_versions_are_listed(zoo, registered):
    zoo.spec("ok_a")
    registered(lineage={"validation": {"mode": "skip"}})
    assert zoo.json("versions").document[0]["validation"] == "skip"
    rows = {row["spec"]: row for row in zoo.json("list").document}
    assert rows["ok_a"]["validation"] == "skip"
    for command in ("versions", "list"):
        out = zoo(command).out
        assert "validation: skip" in out
        assert max(map(len, out.splitlines())) <= 80


def test_a_version_that_was_validated_needs_no_word(zoo, registered):
    zoo.spec("ok_a")
    registered(lineage={"validation": {"mode": "full"}})
    assert zoo.json("versions").document[0]["validation"] == "full"
    assert "validation" not in zoo("versions").out + zoo("list").out
