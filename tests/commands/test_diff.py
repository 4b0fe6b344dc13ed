import pytest


def test_two_versions_side_by_side(zoo, registered):
    a, b = registered(number=1), registered(number=2)
    ran = zoo.json("diff", f"a={a.version_id}", f"b={b.version_id}")
    assert ran.code == 0
    document = ran.document
    assert (document["a"], document["b"]) == (a.version_id, b.version_id)
    facts = {fact["name"]: fact for fact in document["version"]}
    assert facts["permutation_id"] == {"name": "permutation_id", "a": 1, "b": 2, "same": False}
    assert facts["train_end"] == {"name": "train_end", "a": "2017-11-30", "b": "2017-11-30", "same": True}
    assert document["overrides"] == [{"name": "forward_days", "a": 60, "b": 60, "same": True}]
    metrics = {fact["name"]: fact for fact in document["metrics"]}
    assert metrics["variant.rank_ic"]["difference"] == 0
    assert metrics["logged.rank_ic"] == {
        "name": "logged.rank_ic",
        "a": "NaN",
        "b": "NaN",
        "difference": "NaN",
        "same": True,
    }


def test_the_table_shows_what_differs_and_every_metric(zoo, registered):
    a, b = registered(number=1), registered(number=2)
    out = zoo("diff", f"a={a.version_id}", f"b={b.version_id}").out
    assert "version.permutation_id" in out
    assert "forward_days" not in out
    assert "variant.mse" in out
    same = zoo("diff", f"a={a.version_id}", f"b={a.version_id}").out
    assert "nothing that went in differs" in same


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("b=x",), "a: no version was named; expected a=<id> b=<id>"),
        (("a=x",), "b: no version was named"),
        (("a=x", "b=y"), "no version 'x'"),
    ],
)
def test_both_must_be_named_and_known(zoo, words, said):
    ran = zoo.json("diff", *words)
    assert ran.code == 2
    assert said in ran.error
    assert not zoo.outputs.exists()
