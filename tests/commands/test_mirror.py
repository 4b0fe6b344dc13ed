"""The mirror and the command line: what a command wrote is shown, and no failure there is one here."""

import json
import socket
import threading

import pytest

from tests.registry.mlflow_stand_in import Refusal, StandIn


@pytest.fixture(autouse=True)
def direct(monkeypatch):
    """This machine is not reached through a proxy, and nobody configured MLflow on it."""
    monkeypatch.setenv("no_proxy", "127.0.0.1,localhost")
    for name in ("URI", "USERNAME", "PASSWORD", "TOKEN"):
        monkeypatch.delenv(f"MLFLOW_TRACKING_{name}", raising=False)


@pytest.fixture
def server():
    with StandIn() as stand_in:
        yield stand_in


@pytest.fixture
def nobody():
    """An address at which nobody answers."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


def at(url):
    return "mirror=mlflow", f"mirror.uri={url}"


def champion(server):
    model = server.models["us_equity"]
    number = model["aliases"].get("champion")
    return None if number is None else model["versions"][number]["tags"]["zoo.version_id"]


def stages(server):
    versions = server.models["us_equity"]["versions"].values()
    return {version["tags"]["zoo.version_id"]: version["tags"]["zoo.stage"] for version in versions}


def said(ran):
    """What stderr says of the mirror."""
    return [line for line in ran.err.splitlines() if "mirror" in line]


def test_what_a_command_moves_is_moved_in_the_mirror(zoo, registered, server):
    first, second, third = (registered(number=number).version_id for number in (1, 2, 3))
    ran = zoo("promote", f"version={first}", "gate=override", "reason=first", *at(server.url))
    assert (ran.code, said(ran)) == (0, [])
    assert champion(server) == first
    zoo("promote", f"version={second}", "gate=override", "reason=better", *at(server.url))
    zoo("retire", f"version={third}", *at(server.url))
    assert stages(server) == {first: "archived", second: "champion", third: "retired"}
    zoo("rollback", "line=us_equity", *at(server.url))
    assert champion(server) == first
    zoo("gc", "dry_run=false", *at(server.url))
    versions = server.models["us_equity"]["versions"].values()
    gone = [item["tags"]["zoo.version_id"] for item in versions if "zoo.deleted_at" in item["tags"]]
    assert gone == [third]


def test_commands_that_only_read_ask_the_mirror_nothing(zoo, registered, server):
    version = registered().version_id
    for words in (
        ["versions"],
        ["show", f"version={version}"],
        ["champion", "line=us_equity"],
        ["gc"],
        ["plan", "spec=ok_a"],
    ):
        zoo.spec("ok_a")
        zoo(*words, *at(server.url))
    assert server.asked == []


@pytest.mark.parametrize("words", [["spec=ok_a"], ["-m"]])
def test_what_is_registered_is_shown_after_apply(zoo, registered, server, words):
    version = registered().version_id  # the stand-in of the spec's process registers nothing itself
    zoo.spec("ok_a")
    ran = zoo.json(*words, *at(server.url))
    assert (ran.code, said(ran)) == (0, [])
    assert list(stages(server)) == [version]


def test_apply_that_failed_shows_what_there_is_and_fails_as_before(zoo, registered, server, nobody):
    version = registered().version_id
    zoo.spec("partial_a")
    assert zoo.json("spec=partial_a", *at(nobody)).code == 1
    ran = zoo.json("spec=partial_a", *at(server.url))
    assert (ran.code, said(ran)) == (1, [])
    assert list(stages(server)) == [version]


def test_without_a_server_everything_is_as_it_is_without_a_mirror_but_for_one_line(zoo, registered, nobody):
    first, second = (registered(number=number).version_id for number in (1, 2))
    alone = zoo.json("promote", f"version={first}", "gate=override", "reason=first")
    ran = zoo.json("promote", f"version={second}", "gate=override", "reason=second", *at(nobody))
    assert ran.code == alone.code == 0
    assert ran.document.keys() == alone.document.keys()
    assert ran.document["changed"]
    (line,) = ran.err.splitlines()
    assert line.startswith(f"failed: mirror: MirrorError: {nobody}: registered-models/get: no answer: ")
    assert line.endswith("nothing of the registry is lost; `python -m zoo mirror` catches up")
    assert zoo.json("champion", "line=us_equity").document["version_id"] == second


def test_a_server_that_hangs_is_left_alone_when_its_time_is_over(zoo, registered, server):
    version = registered().version_id
    over = threading.Event()
    server.before = lambda *_: over.wait(60)
    ran = zoo.json(
        "promote", f"version={version}", "gate=override", "reason=r", *at(server.url), "mirror.timeout=0.1"
    )
    over.set()
    assert (ran.code, ran.document["stage"]) == (0, "champion")
    assert "timed out" in said(ran)[0]
    assert len(said(ran)) == 1


def test_a_thread_that_hangs_is_left_behind(zoo, registered, server, monkeypatch):
    version = registered().version_id
    over = threading.Event()
    monkeypatch.setattr("zoo.commands.mirroring._GRACE", 0.05)
    monkeypatch.setattr("zoo.registry.mirror.Mirror.sync", lambda *_, **__: over.wait(60) and [])
    ran = zoo.json(
        "promote", f"version={version}", "gate=override", "reason=r", *at(server.url), "mirror.timeout=0.05"
    )
    over.set()
    assert (ran.code, ran.document["stage"]) == (0, "champion")
    assert said(ran)[0].startswith(f"failed: mirror: MirrorError: {server.url}: no answer in 0.05 s; nothing")


def test_a_bug_of_the_mirror_s_is_a_line_too(zoo, registered, server, monkeypatch):
    def broken(*_, **__):
        raise KeyError("tags")

    monkeypatch.setattr("zoo.registry.mirror.Mirror.sync", broken)
    ran = zoo.json(
        "promote", f"version={registered().version_id}", "gate=override", "reason=r", *at(server.url)
    )
    assert ran.code == 0
    assert "KeyError: 'tags'" in said(ran)[0]


def test_what_the_server_refuses_is_a_line_and_counted(zoo, registered, server):
    for number in (1, 2, 3):
        version = registered(number=number).version_id

    def before(_method, path, _body):
        if path == "model-versions/create":
            raise Refusal(400, "INVALID_PARAMETER_VALUE", "not today")

    server.before = before
    ran = zoo("promote", f"version={version}", "gate=override", "reason=r", *at(server.url))
    assert ran.code == 0
    assert "refused: not today, and 2 more; nothing of the registry is lost" in said(ran)[0]


@pytest.mark.parametrize("words", [["mirror"], ["mirror", "sync"], ["sync", "mirror"]])
def test_mirror_catches_up_with_what_was_missed(zoo, registered, server, nobody, words):
    first, second = (registered(number=number).version_id for number in (1, 2))
    for version in (first, second):
        zoo("promote", f"version={version}", "gate=override", "reason=r", *at(nobody))
    ran = zoo.json(*words, *at(server.url))
    assert ran.code == 0
    assert ran.document == {
        "uri": server.url,
        "lines": [
            {
                "line": "us_equity",
                "model": "us_equity",
                "added": [first, second],
                "changed": [],
                "removed": [],
                "champion": second,
                "moved": True,
                "strangers": [],
                "failures": [],
                "error": None,
            }
        ],
    }
    assert champion(server) == second
    assert zoo.json(*words, *at(server.url)).document["lines"][0]["added"] == []


def test_the_table_says_what_was_done(zoo, registered, server):
    first = registered(number=1).version_id
    zoo("promote", f"version={first}", "gate=override", "reason=r")
    out = zoo("mirror", *at(server.url), "mirror.prefix=desk-").out
    assert out.splitlines()[0].split() == ["line", "model", "added", "changed", "champion"]
    assert ["us_equity", "desk-us_equity", "1", "0", first, "(moved)"] in [
        line.split() for line in out.splitlines()
    ]
    model = server.models["desk-us_equity"]
    model["versions"][9] = {"version": "9", "tags": {"zoo.version_id": "lost-20171229-00000000"}}
    out = zoo("mirror", *at(server.url), "mirror.prefix=desk-").out
    assert "lost-20171229-00000000 is in desk-us_equity and not in the registry; it was left alone" in out


def test_mirror_of_one_line_asks_for_no_other(zoo, registered, server):
    registered()
    ran = zoo.json("mirror", "line=tabular", *at(server.url))
    assert (ran.code, ran.document["lines"], server.asked) == (0, [], [])


def test_a_model_of_somebody_else_s_is_exit_code_1_and_what_to_do(zoo, registered, server):
    registered()
    server.models["us_equity"] = {"tags": {}, "aliases": {}, "versions": {}, "next": 1}
    ran = zoo("mirror", *at(server.url))
    assert ran.code == 1
    assert "registered model 'us_equity' is not of this registry" in ran.out
    assert "set mirror.prefix=" in ran.out
    assert zoo("mirror", *at(server.url), "mirror.prefix=desk-").code == 0


def test_a_version_that_is_refused_is_exit_code_1_and_named(zoo, registered, server):
    version = registered().version_id

    def before(_method, path, _body):
        if path == "runs/create":
            raise Refusal(400, "INVALID_PARAMETER_VALUE", "not today")

    server.before = before
    ran = zoo("mirror", *at(server.url))
    assert ran.code == 1
    assert f"{version}: {server.url}: runs/create: refused: not today" in ran.out.splitlines()
    assert zoo.json("mirror", *at(server.url)).document["lines"][0]["failures"][0]["version_id"] == version


def test_mirror_without_a_server_is_an_error(zoo, registered, nobody):
    registered()
    ran = zoo.json("mirror", *at(nobody))
    assert ran.code == 1
    assert ran.document["error"]["type"] == "MirrorUnavailable"
    assert nobody in ran.error


def test_mirror_of_an_empty_registry_makes_nothing_here_or_there(zoo, server):
    ran = zoo("mirror", *at(server.url))
    assert (ran.code, ran.out) == (0, "nothing is registered yet, and nothing was mirrored\n")
    assert (server.asked, zoo.registry()) == ([], [])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["mirror"], "there is no mirror; expected mirror=mlflow mirror.uri=http://host:port"),
        (["mirror", "mirror=mlflow", "mirror.uri=null"], "the mirror has no address"),
        (
            ["mirror", "mirror.uri=http://host"],
            "mirror.uri is set, and there is no mirror; add mirror=mlflow",
        ),
        (["mirror", "mirror=mlflow", "mirror.uri=sqlite:///mlflow.db"], "mirror.uri: 'sqlite:///mlflow.db'"),
        (["mirror", "mirror=mlflow", "mirror.uri=http://host", "mirror.timeout=0"], "mirror.timeout"),
        (["mirror", "mirror=wandb"], "no mirror is called 'wandb'"),
        (["sync"], "sync is no command; expected `mirror sync`"),
        (["verify", "sync"], "sync is no command"),
        (["mirror", "verify"], "mirror and verify are two commands"),
    ],
)
def test_what_cannot_be_mirrored_is_refused_before_anything_is_done(zoo, words, message):
    ran = zoo.json(*words)
    assert ran.code == 2
    assert message in ran.error


def test_a_mirror_that_is_configured_wrongly_stops_a_command_before_it_moves_anything(zoo, registered):
    version = registered().version_id
    ran = zoo.json(
        "promote", f"version={version}", "gate=override", "reason=r", "mirror=mlflow", "mirror.uri=nowhere"
    )
    assert ran.code == 2
    assert zoo.json("champion", "line=us_equity").document["version_id"] is None


def test_the_environment_names_the_server_and_who_asks_and_cfg_tells_nobody(
    zoo, registered, server, monkeypatch
):
    registered()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server.url)
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "sesame")
    assert zoo("mirror", "mirror=mlflow").code == 0
    assert server.headers["Authorization"] == "Bearer sesame"
    assert "sesame" not in zoo("--cfg", "job", "mirror=mlflow").out


@pytest.mark.slow
@pytest.mark.xdist_group("mlflow")
def test_a_desk_s_day_is_seen_in_a_real_server(zoo, registered, mlflow_server, nobody):
    from zoo.registry.mirror.client import Client

    prefix = "mirror.prefix=day-"
    first, second = (registered(number=number).version_id for number in (1, 2))
    assert (
        said(zoo("promote", f"version={first}", "gate=override", "reason=first", *at(mlflow_server), prefix))
        == []
    )
    assert (
        len(said(zoo("promote", f"version={second}", "gate=override", "reason=second", *at(nobody), prefix)))
        == 1
    )
    done = zoo.json("mirror", "sync", *at(mlflow_server), prefix).document["lines"]
    assert [(line["champion"], line["moved"]) for line in done] == [(second, True)]
    assert said(zoo("rollback", "line=us_equity", *at(mlflow_server), prefix)) == []
    client = Client(mlflow_server, None, 60)
    found = client.get("registered-models/alias", dict, name="day-us_equity", alias="champion")
    tags = {pair["key"]: pair["value"] for pair in found["model_version"]["tags"]}
    assert (tags["zoo.version_id"], tags["zoo.stage"]) == (first, "champion")
    run = client.get("runs/get", dict, run_id=found["model_version"]["run_id"])["run"]
    metrics = {item["key"]: item["value"] for item in run["data"]["metrics"]}
    assert metrics["variant/rank_ic"] == 0.0279
    assert metrics["logged/rank_ic"] == "NaN"
    assert json.loads(tags["zoo.overrides"]) == {"forward_days": 60}
