def test_a_challenger_is_retired_once(zoo, registered):
    version = registered()
    ran = zoo.json("retire", f"version={version.version_id}", "reason=too dear")
    assert ran.code == 0
    assert (ran.document["stage"], ran.document["changed"]) == ("retired", True)
    assert ran.document["event"]["reason"] == "too dear"
    again = zoo.json("retire", f"version={version.version_id}")
    assert (again.code, again.document["changed"], again.document["event"]) == (0, False, None)
    assert zoo.json("versions").document[0]["stage"] == "retired"


def test_a_champion_is_not_retired(zoo, registered):
    version = registered()
    zoo.json("promote", f"version={version.version_id}", "gate=override", "reason=first")
    ran = zoo.json("retire", f"version={version.version_id}")
    assert ran.code == 1
    assert "it is champion; expected a version that is challenger; promote another" in ran.error


def test_a_version_must_be_named(zoo):
    assert "no version was named" in zoo.json("retire").error
    assert not zoo.outputs.exists()
