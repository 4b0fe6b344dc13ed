import io
import json
import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoo.commands.output import Answer, console, jsonable, plainly, real_stdout, show_facts, show_table, write
from zoo.errors import DataError

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=9,
)


def _printed(width, columns, rows, whole=()):
    stream = io.StringIO()
    printer = console(stream)
    printer.width = width
    show_table(printer, columns, rows, whole)
    return stream.getvalue()


@given(values)
def test_whatever_a_document_holds_strict_json_can_say(value):
    json.loads(json.dumps(jsonable(value), allow_nan=False), parse_constant=lambda name: pytest.fail(name))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (float("nan"), None),
        (float("inf"), None),
        ((1, {2}), [1, [2]]),
        ({1: 2.5}, {"1": 2.5}),
        (b"x"[0:0], []),
    ],
)
def test_what_json_has_no_word_for_becomes_null_or_a_list(value, expected):
    assert jsonable(value) == expected


def test_a_value_that_is_none_of_these_becomes_its_text():
    assert jsonable({"path": os.devnull, "error": DataError("x")}) == {"path": os.devnull, "error": "x"}


def test_whatever_else_is_written_to_stdout_goes_to_stderr(capfd):
    with real_stdout() as out:
        print("from Python")
        os.write(1, b"from C\n")
        subprocess.run([sys.executable, "-c", "print('from a child')"], check=True)
        out.write("the answer\n")
    print("afterwards")
    captured = capfd.readouterr()
    assert captured.out == "the answer\nafterwards\n"
    assert captured.err == "from Python\nfrom C\nfrom a child\n"


def test_stdout_is_itself_again_after_an_error(capfd):
    with pytest.raises(ValueError, match="x"), real_stdout():
        raise ValueError("x")
    print("afterwards")
    assert capfd.readouterr().out == "afterwards\n"


@pytest.mark.parametrize("as_json", [True, False])
def test_a_reader_that_has_gone_away_is_no_error(as_json):
    def render(printer):
        for number in range(9999):
            printer.print(f"line {number}")

    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as stream:
        write(Answer(list(range(99999)), render), as_json, stream)
        stream.write("what comes later goes nowhere")


def test_a_version_s_id_is_never_cut_however_narrow_the_terminal():
    long = "a" * 64 + "-20171229-0123abcd"
    text = _printed(40, ("version", "note"), [(long, "words " * 9)], whole=("version",))
    assert long in text
    assert "…" not in text


def test_a_table_fits_the_width_where_nothing_has_to_stay_whole():
    text = _printed(60, ("a", "b"), [("words " * 20, "more words " * 20)])
    assert max(map(len, text.splitlines())) <= 60
    assert "…" not in text


def test_what_looks_like_markup_is_printed_as_it_is():
    assert "[0, 7, 19]" in _printed(80, ("ids",), [("[0, 7, 19]",)])


def test_a_table_that_is_not_for_a_terminal_has_no_colour():
    assert "\x1b" not in _printed(80, ("a",), [(1,)])


def test_a_stream_that_knows_ascii_only_gets_a_table_of_ascii():
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    show_table(console(stream), ("a",), [("x",)])
    stream.flush()
    assert b"x" in stream.buffer.getvalue()


def test_facts_are_lines_that_stay_unbroken():
    stream = io.StringIO()
    show_facts(console(stream), [("digest", "f" * 200), ("on", True)])
    assert stream.getvalue() == f"digest  {'f' * 200}\non      true\n"


@pytest.mark.parametrize(
    ("value", "expected"), [(True, "true"), (None, "null"), (60, "60"), ([1, None], "1, null"), ("x", "x")]
)
def test_values_are_written_as_in_yaml(value, expected):
    assert plainly(value) == expected
