"""Whatever value, line or byte of an experiment directory is changed: nothing of it is registered."""

import csv
import io
import json
import math
import shutil

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from zoo.errors import ZooError
from zoo.experiment.loop import run_experiment
from zoo.promotion import Trainer


class Tampered:
    """One file, changed; shown without its content, which is long."""

    def __init__(self, name, how, content):
        self.name, self.how, self.content = name, how, content

    def __repr__(self):
        return f"{self.name}: {self.how}"


FILES = ("metadata.json", "round_data.jsonl", "results.csv", "checkpoint.json", "audit.jsonl")
VOLATILE = {"execution_time", "turnover"}


@pytest.fixture(scope="module")
def directory(tmp_path_factory, prices):
    """An experiment of two permutations that declares one metric volatile, and a tolerance."""
    from tests.conftest import DEFINITION

    definition = {**DEFINITION, "volatile": ["turnover"], "tolerances": {"mse": {"relative": 1e-9}}}
    definition["params"] = {"lookback": [20, 40], "alpha": [1]}
    path = tmp_path_factory.mktemp("tampering") / "small"
    run_experiment(definition, path, data=prices)
    return path


@pytest.fixture(scope="module")
def clean(directory, prices):
    found = promoted(directory, prices)
    assert not [outcome for outcome in found if isinstance(outcome, Exception)]
    return found


def promoted(path, prices):
    """Return everything that would be registered of each permutation, or its error."""
    found = []
    for outcome in Trainer(path, prices, agreement="off").outcomes([0, 1]):
        if outcome.error is not None:
            found.append(outcome.error)
            continue
        sensor = outcome.sensor
        kept = {name: repr(sensor.results[name]) for name in sensor.results}
        weights = sensor.model.estimator.named_steps["model"].coef_.tolist()
        found.append((outcome.inputs, sensor.metadata, kept, weights, outcome.predictions.to_csv()))
    return found


def check(path, prices, clean, tampered):
    """Nothing tampered is registered without an error, unless the value was declared volatile.

    Returns the names of the errors.
    """
    before = {name: (path / name).read_bytes() for name in FILES}
    name, content = tampered.name, tampered.content
    assume(content != before[name])
    place = path.parent / "tampered" / path.name
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(path, place)
    (place / name).write_bytes(content)
    found = promoted(place, prices)
    errors = [outcome for outcome in found if isinstance(outcome, Exception)]
    assert all(isinstance(error, ZooError) for error in errors), errors
    for now, then in zip(found, clean, strict=True):
        assert isinstance(now, Exception) or now == then
    assert errors or (name == "results.csv" and only_volatile(before[name], content))
    return {type(error).__name__ for error in errors}


def only_volatile(before, after):
    """Tell whether two tables differ in volatile cells only."""
    tables = [list(csv.reader(io.StringIO(text.decode()))) for text in (before, after)]
    kept = [place for place, name in enumerate(tables[0][0]) if name not in VOLATILE]
    if tables[0][0] != tables[1][0] or len(tables[0]) != len(tables[1]):
        return False
    return [[row[i] for i in kept] for row in tables[0]] == [[row[i] for i in kept] for row in tables[1]]


# --- how something is tampered with --------------------------------------------------------------


@st.composite
def one_byte(draw, path):
    name = draw(st.sampled_from(FILES))
    content = bytearray((path / name).read_bytes())
    place = draw(st.integers(0, len(content) - 1))
    kind = draw(st.sampled_from(["replaced", "inserted", "deleted"]))
    byte = draw(
        st.sampled_from(list(b' \n\r\t0123456789-+.eE",:{}[]ntfaN\\_x\x00\xff')) | st.integers(0, 255)
    )
    if kind == "replaced":
        content[place] = byte
    elif kind == "inserted":
        content.insert(place, byte)
    else:
        del content[place]
    return Tampered(name, f"byte {place} {kind}: {byte}", bytes(content))


@st.composite
def one_line(draw, path):
    name = draw(st.sampled_from(FILES))
    lines = (path / name).read_bytes().splitlines(keepends=True)
    place = draw(st.integers(0, len(lines) - 1))
    kind = draw(st.sampled_from(["removed", "doubled", "added", "moved", "emptied", "torn"]))
    line = lines[place]
    if kind == "removed":
        del lines[place]
    elif kind == "doubled":
        lines.insert(place, line)
    elif kind == "added":  # a round that was never run
        added = line.replace(b'"round_id": 1', b'"round_id": 2')
        lines.append(added if name == "round_data.jsonl" else b"2" + line[1:])
    elif kind == "moved":
        lines.insert(draw(st.integers(0, len(lines) - 1)), lines.pop(place))
    else:
        lines[place] = b"\n" if kind == "emptied" else line[: len(line) // 2]
    return Tampered(name, f"line {place} {kind}", b"".join(lines))


@st.composite
def one_value(draw, path):
    name = draw(st.sampled_from(FILES))
    if name == "results.csv":
        return Tampered(name, *draw(one_cell((path / name).read_text())))
    if name in ("metadata.json", "checkpoint.json"):
        tree = json.loads((path / name).read_text())
        changed = draw(changed_tree(tree))
        content = json.dumps(changed, indent=2 if name == "metadata.json" else None) + "\n"
        return Tampered(name, "a value", content.encode())
    lines = (path / name).read_text().splitlines()
    place = draw(st.integers(0, len(lines) - 1))
    lines[place] = json.dumps(draw(changed_tree(json.loads(lines[place]))))
    return Tampered(name, f"a value of line {place}", ("\n".join(lines) + "\n").encode())


@st.composite
def one_prediction(draw, path):
    """Change one number among the predictions, the net returns or the rank ICs of a round."""
    name = "round_data.jsonl"
    lines = (path / name).read_text().splitlines()
    place = draw(st.integers(0, len(lines) - 1))
    tree = json.loads(lines[place])
    kind = draw(st.sampled_from(["preds", "net", "rank_ic"]))
    series = {"preds": tree, "net": tree["held_out"], "rank_ic": tree["quality"]}[kind][kind]
    which = draw(st.integers(0, len(series) - 1))
    series[which] = draw(changed_leaf(series[which]) | st.floats(allow_nan=False, allow_infinity=False))
    lines[place] = json.dumps(tree)
    return Tampered(name, f"{kind}[{which}] of line {place}", ("\n".join(lines) + "\n").encode())


@st.composite
def one_cell(draw, text):
    rows = list(csv.reader(io.StringIO(text)))
    row = draw(st.integers(1, len(rows) - 1))
    column = draw(st.integers(0, len(rows[0]) - 1))
    cell = rows[row][column]
    nudged = [repr(math.nextafter(float(cell), math.inf)), repr(float(cell) * 1.000001)] if cell else []
    nudged += [cell.removesuffix(".0"), f"{cell}0", f"+{cell}"] if cell else []
    others = [cells[column] for cells in rows[1:]]
    rows[row][column] = draw(
        st.sampled_from(["", "nan", "inf", "0", "0.0", "9999", "true", *nudged, *others])
    )
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return f"{rows[0][column]} of row {row}: {cell} -> {rows[row][column]}", out.getvalue().encode()


@st.composite
def changed_tree(draw, tree):
    """Change one leaf, or take one key or one element away."""
    if isinstance(tree, dict) and tree:
        key = draw(st.sampled_from(sorted(tree)))
        if draw(st.integers(0, 9)) == 0:
            return {name: value for name, value in tree.items() if name != key}
        return {**tree, key: draw(changed_tree(tree[key]))}
    if isinstance(tree, list) and tree:
        place = draw(st.integers(0, len(tree) - 1))
        if draw(st.integers(0, 9)) == 0:
            return [*tree[:place], *tree[place + 1 :]]
        return [*tree[:place], draw(changed_tree(tree[place])), *tree[place + 1 :]]
    return draw(changed_leaf(tree))


def changed_leaf(value):
    odd = [None, True, 0, 1, -1, 0.5, 1e300, "", "x", [], {}]
    if isinstance(value, float):
        odd += [math.nextafter(value, math.inf), value * 1.000001, -value]
    elif isinstance(value, int) and not isinstance(value, bool):
        odd += [value + 1, float(value)]
    elif isinstance(value, str):
        odd += [value + " ", value.upper(), value[:-1]]
    kept = [other for other in odd if (type(other), other) != (type(value), value)]
    return st.sampled_from(kept)


KINDS = {"value": one_value, "line": one_line, "byte": one_byte, "prediction": one_prediction}
UNHURRIED = {"deadline": None, "suppress_health_check": list(HealthCheck)}


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_tampered_is_registered_without_an_error(directory, clean, prices, kind):
    @settings(max_examples=14, **UNHURRIED)
    @given(KINDS[kind](directory))
    def tamper(tampered):
        check(directory, prices, clean, tampered)

    tamper()


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_tampered_is_registered_without_an_error_five_hundred_times(directory, clean, prices, kind):
    seen, errors = set(), set()

    @settings(max_examples=125, **UNHURRIED)
    @given(KINDS[kind](directory))
    def tamper(tampered):
        errors.update(check(directory, prices, clean, tampered))
        seen.add(tampered.name)

    tamper()
    assert seen == ({"round_data.jsonl"} if kind == "prediction" else set(FILES))
    assert errors >= ({"ReconstructionError"} if kind == "prediction" else {"ExperimentCorrupt"})
