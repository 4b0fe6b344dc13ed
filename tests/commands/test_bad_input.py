"""Whatever is wrong with a spec or a command line: one clear line, exit code 2, an unchanged registry; and
in a multirun the others are done."""

import json
import re
import subprocess
import sys

import pytest

GOOD = """\
name: bad
line: us_equity
sources:
  - experiment: ${paths.experiments}/small
    permutations: [7, 19]
"""


def _with(line):
    return f"{GOOD}{line}\n"


def _permutations(text):
    return GOOD.replace("[7, 19]", text)


_ID = "is no permutation id; expected integers from 0 on; correct the file"
BAD = {
    "misspelt key": (_with("overides: {}"), "overides: no such key; .*did you mean 'overrides'?"),
    "wrong type": (_with("priority: high"), "priority: 'high' is no integer; expected an integer.*"),
    "overrides: null": (_with("overrides: null"), "overrides: None is no mapping; .*write {} for none"),
    "name not its stem": (
        GOOD.replace("name: bad", "name: other"),
        "name: 'other' is not the file's stem; expected name: bad; rename one of the two",
    ),
    "not YAML": ("name: bad\n  line: x: y\n", ":2:7: is not valid YAML: .*; correct the YAML"),
    "not a mapping": ("- bad\n", "the spec: ['bad'] is no mapping; expected keys name, .*"),
    "empty": ("", "name: is missing; expected a value; add `name: ...`"),
    "unknown line": (
        GOOD.replace("us_equity", "us_equty"),
        "line: no line is called 'us_equty'; expected one of .*; did you mean 'us_equity'?",
    ),
    "override outside the allowlist": (
        _with("overrides: {forward_day: 60}"),
        "override 'forward_day' is not in the allowlist; .*did you mean 'forward_days'?",
    ),
    "override of the wrong type": (
        _with("overrides: {forward_days: '60'}"),
        "setting 'forward_days' cannot be '60'; expected a positive integer; correct the value",
    ),
    "negative id": (_permutations("[-1]"), f"sources.0.permutations: -1 {_ID}"),
    "bool id": (_permutations("[true]"), f"sources.0.permutations: True {_ID}"),
    "float id": (_permutations("[1.0]"), f"sources.0.permutations: 1.0 {_ID}"),
    "id twice": (_permutations("[7, 7]"), "sources.0.permutations: 7 is listed twice; .*; remove one .*"),
    "no ids": (_permutations("[]"), "sources.0.permutations: is empty; expected at least one .*"),
    "label that is no directory name": (
        _with("label: ../x"),
        "label: '../x' cannot be a directory name; expected up to 64 letters.*; rename the label",
    ),
    "line that is no directory name": (
        GOOD.replace("us_equity", "'a/b'"),
        "line: 'a/b' cannot be a directory name; expected up to 64 letters.*; rename the line",
    ),
    "path that nobody declared": (
        GOOD.replace("paths.experiments", "paths.experimnts"),
        ".*paths.experimnts.*; correct the interpolation",
    ),
}


def _says(message, path, text):
    """Compare with a message in which `.*` stands for anything, and all else for itself."""
    pattern = ".*".join(re.escape(part) for part in message.split(".*"))
    return re.fullmatch(rf"{re.escape(str(path))}(?:: )?{pattern}", text) is not None


@pytest.mark.parametrize(("text", "message"), BAD.values(), ids=BAD)
def test_a_spec_that_is_refused_is_one_line_and_changes_nothing(zoo, text, message):
    path = zoo.spec("bad", text)
    ran = zoo.json("spec=bad")
    assert ran.code == 2
    assert _says(message, path, ran.error), ran.error
    assert not zoo.outputs.exists()


def test_in_a_multirun_each_is_refused_with_the_same_line_and_the_others_are_done(zoo):
    named = {f"bad_{number}": case for number, case in enumerate(BAD.values())}
    paths = {n: zoo.spec(n, text.replace("name: bad", f"name: {n}")) for n, (text, _) in named.items()}
    zoo.spec("ok_a")
    ran = zoo.json("-m", f"spec=ok_a,{','.join(named)}")
    assert ran.code == 1
    assert ran.statuses == {"ok_a": "ok", **dict.fromkeys(named, "bad_config")}
    for name, (_, message) in named.items():
        [failure] = ran.result(name)["failures"]
        expected = message.replace("name: bad", f"name: {name}")
        assert _says(expected, paths[name], failure["message"]), failure
        assert f"failed: {name}: {failure['error']}: {failure['message']}\n" in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize("words", [("spec=okk_a",), ("-m", "spec=okk_a")])
def test_an_unknown_spec_is_refused_with_the_nearest(zoo, words):
    zoo.spec("ok_a")
    ran = zoo.json(*words)
    said = ran.error if "-m" not in words else ran.result("okk_a")["failures"][0]["message"]
    assert ran.code == 2
    assert re.search(r"no spec is called 'okk_a'; expected one of .*ok_a.*; did you mean 'ok_a'\?", said)


def test_an_unknown_spec_in_a_multirun_keeps_nobody_from_running(zoo):
    zoo.spec("ok_a")
    ran = zoo.json("-m", "spec=okk_a,ok_a")
    assert ran.code == 1
    assert ran.statuses == {"okk_a": "bad_config", "ok_a": "ok"}


def test_two_specs_with_one_label_are_both_refused_and_the_others_done(zoo):
    first, second = (zoo.spec(name, more="label: same\n") for name in ("ok_a", "ok_b"))
    zoo.spec("ok_c")
    ran = zoo.json("-m", "spec=ok_a,ok_b,ok_c")
    assert ran.code == 1
    assert ran.statuses == {"ok_a": "bad_config", "ok_b": "bad_config", "ok_c": "ok"}
    message = f"{first}: label: 'same' is also the label of {second}; give each spec a label of its own"
    assert ran.result("ok_a")["failures"][0]["message"] == message
    assert zoo.json("spec=ok_a").error == message


def test_a_label_given_for_one_run_may_not_be_another_s(zoo):
    zoo.spec("ok_a")
    other = zoo.spec("ok_b", more="label: taken\n")
    ran = zoo.json("spec=ok_a", "spec.label=taken")
    assert ran.code == 2
    assert f"label: 'taken' is also the label of {other}" in ran.error


def test_a_bad_file_elsewhere_does_not_stop_a_good_spec(zoo):
    zoo.spec("bad", "name: [")
    zoo.spec("ok_a")
    assert zoo.json("spec=ok_a").code == 0


@pytest.mark.parametrize("name", ["../x", "a/b", ".x", "x.", "", "os;x", "a b", "a.yaml"])
def test_a_name_that_is_no_directory_name_is_refused_before_anything_is_read(zoo, name):
    ran = zoo.json(f"spec={name}")
    assert ran.code == 2
    assert not zoo.outputs.exists()
    assert "spec=" in ran.error or "is no override" in ran.error


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("formt=json",), "formt: no such key; expected one of .*; did you mean 'format'?"),
        (("spec=ok_a", "+spec.foo=1"), "foo: no such key; expected one of name, line, .*"),
        (("spec=ok_a", "spec.priorty=1"), "priorty: no such key; expected one of .*did you mean 'priority'?"),
        (("spec=ok_a", "spec.overrides.forwrd_days=1"), ".*override 'forwrd_days' is not in the allowlist.*"),
        (
            ("spec=ok_a", "spec.sources.7.permutations=[3]"),
            "spec.sources.7.permutations=[3]: list index out .*",
        ),
        (("spec.overrides.forward_days=1",), "no spec was named; expected spec=<name>.*"),
        (("spec=ok_a,ok_b",), "spec=ok_a,ok_b gives several values; expected one; add -m .*"),
        (("show",), "no version was named; expected version=<id>; `python -m zoo versions` lists them"),
        (("show", "version=nope"), "no version 'nope'; expected a version, and none is registered yet.*"),
        (("experiment",), "no experiment was named; expected experiment=<name>, one of .*"),
        (("plan",), "no spec was named; expected spec=<name>, or -m for every active spec"),
        (("list", "-m"), "list takes no -m; expected -m with apply or plan; leave it out"),
        (("registry.url=mysql://x", "versions"), ".*mysql.*"),
        (("lst",), "no command is called 'lst'; expected one of .*; did you mean 'list'?"),
        (("--fromat", "x"), "no flag is called '--fromat'.*"),
    ],
)
def test_a_command_line_that_is_refused_is_one_line(zoo, words, message):
    zoo.spec("ok_a")
    ran = zoo.json(*words)
    assert ran.code == 2
    assert re.search(rf"(?:^|: ){'.*'.join(map(re.escape, message.split('.*')))}$", ran.error)
    assert zoo.registry() == []


@pytest.mark.parametrize("words", [("spec=ok_a",), ("-m", "spec=ok_a")])
def test_outputs_that_cannot_be_written_are_one_line_and_nothing_is_registered(zoo, words):
    zoo.spec("ok_a")
    zoo.outputs.write_text("a file in its place")
    ran = zoo.json(*words)
    assert ran.code == 1
    assert ran.document["error"]["type"] == "OutputUnavailable"
    assert re.search(rf"^{zoo.outputs}.*: cannot be written: .*paths\.outputs=", ran.error)
    assert zoo.outputs.read_text() == "a file in its place"


def test_a_disk_that_is_full_is_one_line_and_leaves_nothing_half_done(zoo):
    zoo.spec("ok_a")
    limited = f"ulimit -f 0; {sys.executable} -m zoo spec=ok_a format=json paths.outputs={zoo.outputs}"
    done = subprocess.run(["bash", "-c", limited], capture_output=True, text=True, check=False)
    [failure] = json.loads(done.stdout)["results"][0]["failures"]
    assert done.returncode == 1
    assert failure["error"] == "OutputUnavailable"
    assert "cannot be written: File too large" in failure["message"]
    assert "Traceback" not in done.stderr
    assert not [path for path in zoo.outputs.rglob("*") if path.is_file()]


def test_json_is_written_to_stdout_even_where_the_line_makes_no_sense(zoo):
    for words in (["lst"], ["-x"], ["list", "versions"], ["formt=1"], ["--config-dir", "/nowhere", "list"]):
        ran = zoo.json(*words)
        assert ran.code == 2
        assert set(ran.document) == {"error"}


def test_a_bug_shows_where_it_is_and_is_still_one_document(zoo, monkeypatch):
    import zoo.commands.list as command

    monkeypatch.setattr(command, "listing", lambda _: 1 / 0)
    ran = zoo.json("list")
    assert ran.code == 1
    assert ran.document == {"error": {"type": "ZeroDivisionError", "message": "division by zero"}}
    assert "Traceback" in ran.err
