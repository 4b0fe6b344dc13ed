"""The mirror in MLflow: what is shown, in which order, once, and whatever goes wrong in between."""

import contextlib
import math
import posixpath
import re
import shutil
import socket
import threading
import time
import uuid

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.registry.mlflow_stand_in import NAME, Refusal, StandIn
from tests.registry.movers import register
from tests.registry.writers import candidate
from zoo.errors import ConfigError, MirrorUnavailable
from zoo.registry.mirror import Mirror
from zoo.registry.mirror.client import Client
from zoo.registry.mirror.image import image_of

LINE = "us_equity"
REAL = pytest.param("real", marks=[pytest.mark.slow, pytest.mark.xdist_group("mlflow")])


@pytest.fixture(autouse=True)
def direct(monkeypatch):
    """This machine is not reached through a proxy."""
    monkeypatch.setenv("no_proxy", "127.0.0.1,localhost")


@pytest.fixture
def stand_in():
    with StandIn() as server:
        yield server


@pytest.fixture(params=["stand-in", REAL])
def url_of_server(request):
    """Whatever is shown is shown by the real server, and the stand-in says the same."""
    real = request.param == "real"
    return request.getfixturevalue("mlflow_server") if real else request.getfixturevalue("stand_in").url


class Wall:
    """A server with a mirror on it, and what is seen there."""

    def __init__(self, url):
        self.mirror = Mirror.parse(url, prefix=f"{uuid.uuid4().hex[:8]}-")
        self.client = Client(url, None, 60)

    def name(self, line=LINE):
        return self.mirror.prefix + line

    def sync(self, registry, **options):
        return {followed.line: followed for followed in self.mirror.sync(registry, **options)}

    def model(self, line=LINE):
        return self.client.get("registered-models/get", dict, name=self.name(line))["registered_model"]

    def numbers(self, line=LINE):
        """The versions by MLflow's numbers, in their order."""
        found, token = {}, {}
        while True:
            asked = {"filter": f"name = '{self.name(line)}'", **token}
            answer = self.client.get("model-versions/search", dict, **asked)
            found |= {int(item["version"]): read(item["tags"]) for item in answer.get("model_versions", [])}
            if not answer.get("next_page_token"):
                return {number: found[number]["zoo.version_id"] for number in sorted(found)}
            token = {"page_token": answer["next_page_token"]}

    def version(self, version_id, line=LINE):
        number = next(number for number, name in self.numbers(line).items() if name == version_id)
        found = self.client.get("model-versions/get", dict, name=self.name(line), version=number)[
            "model_version"
        ]
        return {**found, "tags": read(found["tags"])}

    def run(self, version_id):
        found = self.client.get("runs/get", dict, run_id=self.version(version_id)["run_id"])["run"]
        return {**found["info"], **{kind: read(pairs) for kind, pairs in found["data"].items()}}

    def champion(self, line=LINE):
        aliases = {item["alias"]: int(item["version"]) for item in self.model(line).get("aliases", [])}
        return self.numbers(line)[aliases["champion"]] if "champion" in aliases else None

    def everything(self):
        """All that is seen, times of MLflow's own included."""
        return self.model(), {name: (self.version(name), self.run(name)) for name in self.numbers().values()}


def read(pairs):
    return {pair["key"]: pair["value"] for pair in pairs or []}


def versions_of(wall):
    return list(wall.numbers().values())


@pytest.fixture
def wall(url_of_server):
    return Wall(url_of_server)


# --- what is shown ------------------------------------------------------------------------------


def test_a_version_is_shown_with_a_run_of_its_own(registry, wall):
    metrics = {
        "logged": {"rank_ic": 0.02, "nothing": None, "kind": "ridge"},
        "variant": {"rank_ic": math.nan, "n": 12, "worst": 0.1 + 0.2},
    }
    lineage = {
        "round_params": {"alpha": 0.1, "lookback": [126, 252]},
        "settings": {"effective": {"forward_days": 21, "model_version_label": None}},
    }
    version = registry.register(candidate(7, metrics=metrics, lineage=lineage)).version
    followed = wall.sync(registry)[LINE]
    assert (followed.added, followed.trouble) == ([version.version_id], [])
    shown, run = wall.version(version.version_id), wall.run(version.version_id)
    assert (shown["name"], shown["version"]) == (wall.name(), "1")
    assert shown["source"] == f"zoo:/us_equity/{version.version_id}"
    assert shown["description"] == "spec residual_momentum: permutation 7 of momentum"
    facts = {
        "zoo.version_id": version.version_id,
        "zoo.line": "us_equity",
        "zoo.spec": "residual_momentum",
        "zoo.label": "resmom",
        "zoo.experiment": "momentum",
        "zoo.permutation_id": "7",
        "zoo.train_end": "2017-12-29",
        "zoo.overrides": '{"residual_momentum_enabled": true}',
        "zoo.fingerprint": version.fingerprint,
        "zoo.digest": version.digest,
        "zoo.created_at": version.created_at,
        "zoo.zoo_version": version.zoo_version,
        "zoo.stage": "challenger",
    }
    event = registry.events()[0]
    assert shown["tags"] == {
        **facts,
        "zoo.artifact": registry.place(version),
        "zoo.event.000001": f"{event.at} registered by {event.actor} on {event.host}",
    }
    assert facts.items() <= run["tags"].items()
    assert (run["status"], run["run_name"]) == ("FINISHED", version.version_id)
    assert run["metrics"] == {
        "logged/rank_ic": 0.02,
        "variant/rank_ic": "NaN",
        "variant/n": 12.0,
        "variant/worst": 0.1 + 0.2,
    }
    assert run["params"] == {
        "alpha": "0.1",
        "lookback": "[126, 252]",
        "settings.forward_days": "21",
        "settings.model_version_label": "null",
    }


def test_the_alias_follows_promotions_and_rollbacks_and_events_say_why(registry, wall):
    first, second, third = register(registry, 1, 2, 3)
    wall.sync(registry)
    assert wall.champion() is None
    registry.promote(first, expect=None, reason="the first one")
    assert wall.sync(registry, anew=False)[LINE].moved
    assert wall.champion() == first
    registry.promote(second, expect=first, reason="a better one")
    registry.retire(third, reason="too slow")
    followed = wall.sync(registry, anew=False)[LINE]
    assert (followed.champion, sorted(followed.changed)) == (second, sorted([first, second, third]))
    assert wall.champion() == second
    stages = {first: "archived", second: "champion", third: "retired"}
    assert {name: wall.version(name)["tags"]["zoo.stage"] for name in stages} == stages
    assert {name: wall.run(name)["tags"]["zoo.stage"] for name in stages} == stages
    registry.rollback("us_equity", expect=second, reason="worse after all")
    wall.sync(registry, anew=False)
    assert wall.champion() == first
    told = {key: said for key, said in wall.version(first)["tags"].items() if key.startswith("zoo.event.")}
    assert [re.sub(r"^\S+ (\w+) by \S+ on \S+?([,:]|$)", r"\1\2", told[key]) for key in sorted(told)] == [
        "registered",
        "promoted, gate none: the first one",
        f"rolled_back, in the place of {second}: worse after all",
    ]
    assert sorted(told) == ["zoo.event.000001", "zoo.event.000004", "zoo.event.000007"]


def test_doing_it_again_changes_nothing(registry, wall):
    first, *_ = register(registry, *range(4))
    registry.promote(first, expect=None, reason="first")
    wall.sync(registry)
    before = wall.everything()
    for anew in (True, False):
        followed = wall.sync(registry, anew=anew)[LINE]
        assert (followed.added, followed.changed, followed.removed, followed.moved) == ([], [], [], False)
        shown = wall.everything()
        assert shown[1] == before[1]
        assert shown[0]["tags"] == before[0]["tags"]


def test_what_was_missed_is_shown_later_in_the_order_in_which_it_happened(registry, wall):
    early = register(registry, *range(3))
    registry.promote(early[2], expect=None, reason="first")
    wall.sync(registry, anew=False)
    assert versions_of(wall) == early
    late = register(registry, *range(3, 25))
    registry.promote(late[0], expect=early[2], reason="better")
    registry.promote(late[2], expect=late[0], reason="better still")
    followed = wall.sync(registry, anew=False)[LINE]
    assert (followed.added, followed.strangers) == (late, [])
    assert versions_of(wall) == early + late
    assert wall.champion() == late[2]
    assert wall.version(late[0])["tags"]["zoo.stage"] == "archived"


def test_each_line_has_a_model_of_its_own(registry, wall):
    ours = register(registry, 1, 2)
    theirs = registry.register(candidate(3, line="tabular")).version.version_id
    assert set(wall.sync(registry, line="tabular")) == {"tabular"}
    assert list(wall.sync(registry)) == ["tabular", "us_equity"]
    assert list(wall.numbers("tabular").values()) == [theirs]
    assert versions_of(wall) == ours


def test_what_was_changed_there_is_put_right(registry, wall):
    first, second, third = register(registry, 1, 2, 3)
    registry.promote(first, expect=None, reason="first")
    wall.sync(registry)
    number = {name: number for number, name in wall.numbers().items()}
    name = wall.name()
    alias = {"name": name, "alias": "champion", "version": str(number[second])}
    wall.client.post("registered-models/alias", alias)
    tag = {"name": name, "version": str(number[second]), "key": "zoo.stage", "value": "champion"}
    wall.client.post("model-versions/set-tag", tag)
    wall.client.post("model-versions/set-tag", {**tag, "key": "mine", "value": "kept"})
    wall.client.delete("model-versions/delete", {"name": name, "version": str(number[third])})
    assert wall.sync(registry, anew=False)[LINE].moved  # the alias is always looked at
    assert wall.champion() == first
    followed = wall.sync(registry)[LINE]
    assert (followed.changed, followed.added) == ([second], [third])
    assert wall.version(second)["tags"]["zoo.stage"] == "challenger"
    assert wall.version(second)["tags"]["mine"] == "kept"
    assert wall.numbers() == {1: first, 2: second, 4: third}
    assert wall.run(third)["status"] == "FINISHED"


def test_a_version_there_that_the_registry_does_not_have_is_left_alone_and_named(registry, wall):
    ours = register(registry, 1, 2)
    wall.sync(registry)
    tags = [{"key": "zoo.version_id", "value": "lost-20171229-00000000"}]
    wall.client.post("model-versions/create", {"name": wall.name(), "source": "zoo:/x/y", "tags": tags})
    assert wall.sync(registry)[LINE].strangers == ["lost-20171229-00000000"]
    register(registry, 3)
    assert wall.sync(registry, anew=False)[LINE].strangers == []  # it was not looked for
    assert versions_of(wall)[:3] == [*ours, "lost-20171229-00000000"]


def test_a_model_of_somebody_else_s_is_never_touched_and_stops_no_other_line(registry, wall):
    register(registry, 1)
    registry.register(candidate(2, line="tabular"))
    wall.client.post("registered-models/create", {"name": wall.name()})
    done = wall.sync(registry)
    assert "is not of this registry" in done[LINE].error
    assert "mirror.prefix" in done[LINE].error
    assert versions_of(wall) == []
    assert wall.model().get("tags", []) == []
    assert len(done["tabular"].added) == 1


def test_another_registry_s_model_is_somebody_else_s_also_with_the_same_content(
    registry, wall, tmp_path, store
):
    register(registry, 1)
    wall.sync(registry)
    with store.another().open() as other:
        register(other, 1)
        assert "is not of this registry" in wall.sync(other)[LINE].error
    assert wall.sync(registry)[LINE].trouble == []


def test_an_experiment_of_somebody_else_s_gets_no_runs(registry, wall):
    (version,) = register(registry, 1)
    wall.client.post("experiments/create", {"name": f"zoo/{wall.name()}"})
    followed = wall.sync(registry)[LINE]
    assert list(followed.failures) == [version]
    assert "is not of this registry" in followed.failures[version]
    assert versions_of(wall) == []


def test_odd_names_and_long_values_arrive(registry, wall):
    metrics = {
        "variant": {"a b": 1.0, "a(b)": 2.0, "a[b]": 3.0, "..": 4.0, "é%": 5.0, "x" * 400: 6.0, "a/b": 7.0}
    }
    params = {"": 1, "weights": {"0": 0.5}, "text": "ü" * 9_000, "a:b": 2}
    many = {f"metric_{number}": float(number) for number in range(2_000)}
    overrides = {f"setting_{number}": number for number in range(2_000)}
    made = candidate(
        1, metrics={**metrics, "refit": many}, lineage={"round_params": params}, overrides=overrides
    )
    version = registry.register(made).version
    assert wall.sync(registry)[LINE].trouble == []
    run = wall.run(version.version_id)
    assert sorted(value for key, value in run["metrics"].items() if key.startswith("variant/")) == [
        *map(float, range(1, 8))
    ]
    assert run["metrics"]["refit/metric_1999"] == 1999.0
    assert run["params"]["text"] == "ü" * 499 + "…"
    assert run["params"]["weights.0"] == "0.5"
    assert len(run["tags"]["zoo.overrides"]) == 5_000


def test_deleted_files_are_told_of(registry, wall):
    (version,) = register(registry, 1)
    registry.retire(version)
    wall.sync(registry)
    registry.gc(dry_run=False)
    wall.sync(registry, anew=False)
    assert wall.version(version)["tags"]["zoo.deleted_at"] == registry.get(version).deleted_at


def test_a_registry_in_which_nothing_was_registered_shows_nothing(tmp_path, stand_in, store):
    with store.another().open() as registry:
        assert Mirror.parse(stand_in.url).sync(registry) == []
    assert stand_in.asked == []
    assert not (tmp_path / "none").exists()


def test_a_rebuilt_store_is_still_the_same_one(registry, url, wall, store):
    first, second = register(registry, 1, 2)
    registry.promote(first, expect=None, reason="first")
    wall.sync(registry)
    registry.close()
    store.spoil()
    store.rebuild()
    with store.open() as again:
        again.promote(second, expect=first, reason="second")
        followed = wall.sync(again, anew=False)[LINE]
        assert (followed.trouble, followed.added) == ([], [])
    assert wall.champion() == second


# --- how much is asked --------------------------------------------------------------------------


def test_where_nothing_happened_little_is_asked_and_nothing_written(registry, stand_in):
    first, *_ = register(registry, *range(22))
    registry.promote(first, expect=None, reason="first")
    mirror = Mirror.parse(stand_in.url)
    mirror.sync(registry)
    stand_in.asked.clear()
    mirror.sync(registry, anew=False)
    assert (len(stand_in.asked), stand_in.written) == (3, [])
    stand_in.asked.clear()
    mirror.sync(registry)
    assert stand_in.written == ["registered-models/set-tag"]  # the mark: all was looked at


def test_a_move_among_many_versions_asks_for_those_two_only(registry, stand_in):
    first, second, *_ = register(registry, *range(22))
    registry.promote(first, expect=None, reason="first")
    mirror = Mirror.parse(stand_in.url)
    mirror.sync(registry)
    registry.promote(second, expect=first, reason="second")
    stand_in.asked.clear()
    mirror.sync(registry, anew=False)
    searched = [body["filter"] for _, path, body in stand_in.asked if path == "model-versions/search"]
    assert all("zoo.version_id" in asked for asked in searched)
    assert len(searched) == 3


def test_a_mark_that_is_not_of_our_events_is_not_believed(registry, stand_in):
    wanted = register(registry, 1, 2)
    mirror = Mirror.parse(stand_in.url)
    mirror.sync(registry)
    for mark in ("2 " + "0" * 64, "99 " + "0" * 64, "x", "-1 x", "²"):
        stand_in.models[LINE]["tags"]["zoo.mirrored"] = mark
        stand_in.models[LINE]["versions"].clear()
        assert mirror.sync(registry, anew=False)[0].added == wanted


# --- what goes wrong ----------------------------------------------------------------------------


def shown(stand_in):
    """What people see: versions and their runs in the order of MLflow's numbers, the alias, the mark."""
    model = stand_in.models[LINE]
    versions = [
        {**item["tags"], "run": stand_in.runs[item["run_id"]]}
        for _, item in sorted(model["versions"].items())
    ]
    for version in versions:
        version["run"] = {key: value for key, value in version["run"].items() if key != "experiment_id"}
    aliases = {
        name: model["versions"][number]["tags"]["zoo.version_id"] for name, number in model["aliases"].items()
    }
    active = sorted(run["run_name"] for run in stand_in.runs.values() if run["lifecycle"] == "active")
    return versions, aliases, active, model["tags"]


def story(registry):
    """Something of everything; what happens after each step is up to the test."""
    first, second, third = register(registry, 1, 2, 3)
    yield
    registry.promote(first, expect=None, reason="first")
    registry.retire(third, reason="slow")
    yield
    registry.promote(second, expect=first, reason="second")
    register(registry, 4)
    yield


@pytest.mark.parametrize("step", [6, pytest.param(1, marks=pytest.mark.slow)])
@pytest.mark.parametrize("how", ["refused", "broken off", "done and broken off"])
def test_whichever_request_fails_the_next_time_puts_it_right_and_nothing_is_there_twice(
    registry, stand_in, how, step
):
    with contextlib.ExitStack() as stack:
        fragile = [stack.enter_context(StandIn()) for _ in range(0, 90, step)]
        for position, server in enumerate(fragile):
            fail_at(server, position * step, how)
        for _ in story(registry):
            for server in (stand_in, *fragile):
                with contextlib.suppress(MirrorUnavailable):
                    Mirror.parse(server.url).sync(registry, anew=False)
        assert 60 < len(stand_in.asked) < 90
        wanted = shown(stand_in)
        order = [item["zoo.version_id"] for item in wanted[0]]
        for server in fragile[: len(stand_in.asked) // step]:  # the others did not fail yet
            with contextlib.suppress(MirrorUnavailable):
                Mirror.parse(server.url).sync(registry, anew=False)
            (followed,) = Mirror.parse(server.url).sync(registry, anew=False)
            assert followed.trouble == []
            found = shown(server)
            if how == "refused":  # what is refused comes later
                found[0].sort(key=lambda item: order.index(item["zoo.version_id"]))
            assert found == wanted


def fail_at(server, fatal, how):
    """Have the server fail at one of its requests."""

    def before(_method, path, body):
        if len(server.asked) - 1 != fatal:
            return
        if how == "done and broken off":
            do = getattr(server, f"{_method.lower()}_{re.sub(r'[/-]', '_', path)}")
            with server._lock:
                do(body)
        if how == "refused":
            raise Refusal(400, "INVALID_PARAMETER_VALUE", "it does not please")
        raise ConnectionAbortedError

    server.before = before


def test_a_version_that_is_refused_does_not_stop_the_others_and_is_tried_again(registry, stand_in):
    _, second, third = register(registry, 1, 2, 3)
    registry.promote(third, expect=None, reason="third")

    def before(_method, path, body):
        if path == "model-versions/create" and second in body["source"]:
            raise Refusal(400, "INVALID_PARAMETER_VALUE", "not\nthis one " + "SELECT " * 1_000)

    stand_in.before = before
    mirror = Mirror.parse(stand_in.url)
    for _ in range(2):
        (followed,) = mirror.sync(registry, anew=False)
        assert followed.failures[second].startswith(
            f"{stand_in.url}: model-versions/create: refused: not this one SELECT"
        )
        assert len(followed.failures[second]) < 500
        assert followed.champion == third
        assert list(stand_in.models[LINE]["aliases"].values()) == [2]
    stand_in.before = lambda *_: None
    assert mirror.sync(registry, anew=False)[0].added == [second]
    assert mirror.sync(registry, anew=False)[0].added == []


def test_two_at_once_show_each_version_once(registry, wall, store):
    wanted = register(registry, *range(12))
    registry.promote(wanted[5], expect=None, reason="fifth")
    start, found = threading.Barrier(3), []

    def follow():
        with store.open(read_only=True) as own:
            start.wait()
            found.append(wall.sync(own)[LINE])

    threads = [threading.Thread(target=follow) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [followed.trouble for followed in found] == [[], [], []]
    assert sorted(versions_of(wall)) == sorted(wanted)
    assert sorted(name for followed in found for name in followed.added) == sorted(wanted)
    assert {wall.run(name)["lifecycle_stage"] for name in wanted} == {"active"}
    assert wall.champion() == wanted[5]


def test_what_happens_while_it_is_mirrored_is_shown_too(registry, stand_in):
    first, second = register(registry, 1, 2)
    registry.promote(first, expect=None, reason="first")

    def before(_method, path, _body):
        if path == "registered-models/alias" and registry.champion(LINE).version_id == first:
            registry.promote(second, expect=first, reason="meanwhile")

    stand_in.before = before
    Mirror.parse(stand_in.url).sync(registry, anew=False)
    versions, aliases, _, tags = shown(stand_in)
    assert aliases == {"champion": second}
    assert [item["zoo.stage"] for item in versions] == ["archived", "champion"]
    assert tags["zoo.mirrored"].startswith("4 ")


def test_one_that_is_late_does_not_leave_an_older_champion_behind(registry, url, stand_in, store):
    first, second = register(registry, 1, 2)
    registry.promote(first, expect=None, reason="first")
    mirror, quick = Mirror.parse(stand_in.url), []

    def before(_method, path, _body):
        if path == "registered-models/alias" and not quick:
            quick.append(True)
            registry.promote(second, expect=first, reason="second")
            with store.open(read_only=True) as own:
                mirror.sync(own, anew=False)  # sees all, and marks it, before the late one writes

    stand_in.before = before
    mirror.sync(registry, anew=False)
    assert shown(stand_in)[1] == {"champion": second}


def test_a_champion_that_was_lost_leaves_no_alias(registry, root, url, stand_in, store):
    (version,) = register(registry, 1)
    register(registry, 2)
    registry.promote(version, expect=None, reason="first")
    mirror = Mirror.parse(stand_in.url)
    mirror.sync(registry)
    registry.close()
    shutil.rmtree(root / LINE / version)
    store.spoil()
    store.rebuild()
    with store.open() as again:
        assert again.champion(LINE) is None
        (followed,) = mirror.sync(again, anew=False)
    assert (followed.trouble, followed.champion) == ([], None)
    assert stand_in.models[LINE]["aliases"] == {}


def answering(status, body=b"", **headers):
    """A server that always says the same."""
    server = StandIn()

    def told(handler, *_):
        if status is None:
            raise ConnectionAbortedError
        for name, value in headers.items():
            handler._headers_buffer = getattr(handler, "_headers_buffer", [])
            handler._headers_buffer.append(f"{name}: {value}\r\n".encode())
        raise Answer(status, body)

    server.told = told
    return server


class Answer(Refusal):
    def __init__(self, status, body):
        Exception.__init__(self)
        self.status, self.body = status, body


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (200, b"<html>", "the answer is not MLflow's"),
        (200, b"[]", "the answer is not MLflow's"),
        (200, b"\xff", "the answer is not MLflow's"),
        (404, b"<html>", "HTTP 404 Not Found; check mirror.uri"),
        (500, b'{"error_code": "INTERNAL_ERROR"}', "HTTP 500 Internal Server Error"),
        (503, b"", "HTTP 503"),
        (401, b"You are not authenticated", "does not let us in; set MLFLOW_TRACKING_TOKEN"),
        (403, b"", "does not let us in"),
        (302, b"", "HTTP 302: it sends us to"),
        (None, b"", "no answer"),
    ],
)
def test_whatever_answers_that_is_no_mlflow_is_named_in_one_line(registry, status, body, said):
    register(registry, 1)
    with answering(status, body) as server, pytest.raises(MirrorUnavailable) as caught:
        Mirror.parse(server.url).sync(registry)
    assert str(caught.value).startswith(f"{server.url}: registered-models/get: ")
    assert said in str(caught.value)


def test_an_answer_without_what_it_should_hold_is_not_mlflow_s(registry):
    register(registry, 1)
    with answering(200, b"{}") as server, pytest.raises(MirrorUnavailable, match="not MLflow's"):
        Mirror.parse(server.url).sync(registry)


def test_nobody_there_is_said_with_the_address(registry):
    register(registry, 1)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(MirrorUnavailable, match=rf"{address}: .*no answer: .*refused"):
            Mirror.parse(address).sync(registry)


def test_a_server_that_does_not_answer_is_not_waited_for_longer_than_was_said(registry, stand_in):
    register(registry, 1)
    over = threading.Event()
    stand_in.before = lambda *_: over.wait(60)
    with pytest.raises(MirrorUnavailable, match="no answer: timed out"):
        Mirror.parse(stand_in.url, timeout=0.05).sync(registry)
    over.set()


def test_when_the_time_is_over_what_is_done_is_done_and_the_next_time_goes_on(
    registry, stand_in, monkeypatch
):
    wanted = register(registry, *range(6))
    mirror, now = Mirror.parse(stand_in.url), time.monotonic()
    monkeypatch.setattr("zoo.registry.mirror.client.time.monotonic", lambda: now + len(stand_in.asked))
    with pytest.raises(MirrorUnavailable, match="the time was over before all was mirrored"):
        mirror.sync(registry, anew=False, seconds=20)
    assert 0 < len(stand_in.models[LINE]["versions"]) < 6
    stand_in.asked.clear()
    mirror.sync(registry, anew=False)
    assert [item["zoo.version_id"] for item in shown(stand_in)[0]] == wanted


# --- what is configured -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"url": "mlflow.example.com"}, "http://host"),
        ({"url": "file:///etc/passwd"}, "http://host"),
        ({"url": "sqlite:///mlflow.db"}, "mlflow server"),
        ({"url": "http://"}, "http://host"),
        ({"url": "http://[::1"}, "http://host"),
        ({"url": "http://host:99999"}, "http://host"),
        ({"url": "http://host/?x=1"}, "http://host"),
        ({"url": "http://anna:secret@host"}, "MLFLOW_TRACKING_USERNAME"),
        ({"prefix": "a/b"}, "mirror.prefix"),
        ({"prefix": "a b"}, "mirror.prefix"),
        ({"timeout": 0}, "mirror.timeout"),
        ({"timeout": math.nan}, "mirror.timeout"),
    ],
)
def test_what_cannot_be_used_is_refused_without_telling_a_password(options, said):
    with pytest.raises(ConfigError, match=re.escape(said)) as caught:
        Mirror.parse(**{"url": "http://host", **options})
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("credentials", "header"),
    [
        ({}, None),
        ({"username": "anna", "password": "secret"}, "Basic YW5uYTpzZWNyZXQ="),
        ({"username": "anna"}, "Basic YW5uYTo="),
        ({"token": "secret", "username": "anna", "password": "x"}, "Bearer secret"),
    ],
)
def test_credentials_go_to_the_server_as_mlflow_sends_them_and_into_no_text(
    registry, stand_in, credentials, header
):
    register(registry, 1)
    mirror = Mirror.parse(stand_in.url + "/", **credentials)
    mirror.sync(registry)
    assert stand_in.headers.get("Authorization") == header
    assert "secret" not in repr(mirror)
    assert "YW5uYT" not in repr(mirror)


names = st.text(max_size=300) | st.sampled_from(
    ["", ".", "..", "a/b", "/a", "a/", "a//b", "ä", "a:b", "x" * 251]
)


@settings(max_examples=40, deadline=None)
@given(
    st.dictionaries(names, st.floats(), max_size=8), st.dictionaries(names, st.text(max_size=6), max_size=8)
)
def test_every_name_is_one_that_mlflow_takes_and_no_two_become_one(metrics, params):
    version = FakeVersion(metrics, params)
    image = image_of(version, [], "file:///nowhere")
    assert len(image.metrics) == len(metrics)
    assert len(image.params) == len(params)
    for name in [*image.metrics, *image.params]:
        assert NAME.match(name)
        assert posixpath.normpath(name) == name
        assert not name.startswith(("..", "/"))
        assert name != "."
        assert len(name) <= 250
    values = sorted(map(float, image.metrics.values()), key=str)
    assert list(map(str, values)) == list(map(str, sorted(metrics.values(), key=str)))


def FakeVersion(metrics, params):
    """A version with these names, of a candidate that was never registered."""
    from zoo.registry.version import Version

    return Version(
        version_id="a-20171229-00000000",
        line=LINE,
        label="a",
        spec="a",
        experiment="a",
        permutation_id=0,
        stage="challenger",
        fingerprint="0" * 64,
        train_end=None,
        created_at="2026-01-01T00:00:00.000000+00:00",
        overrides={},
        metrics={"variant": metrics},
        lineage={"round_params": params},
        digest="0" * 64,
        zoo_version="0",
    )
