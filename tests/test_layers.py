"""Data flows one way: a module imports only from its own room and from floors below its own."""

import ast
import importlib.util
from pathlib import Path

import pytest

import zoo

PACKAGE = Path(zoo.__file__).parent
FLOORS = [
    {"errors", "events", "foreign", "settings", "trust", "configuration", "metrics"},
    {"data", "features", "targets", "models", "portfolio", "monitoring", "spec", "line", "roster", "terms"}
    | {"controls"},
    {"manifest"},
    {"experiment"},
    {"promotion"},
    {"registry"},
    {"evaluation", "retraining"},
    {"driver", "report"},
    {"commands"},
    {"__main__", "plot"},  # who asks the commands: a command line, or a notebook
]
#: what the ground floor may use of itself: everybody may raise our errors
GROUND = {("settings", "errors"), ("settings", "foreign"), ("trust", "errors"), ("configuration", "errors")}
#: one room of four modules
ROOMS = {"line": "spec", "roster": "spec", "cohort": "spec"}
FLOOR_OF = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}


def room_of(name):
    room = name.split(".")[1]
    return ROOMS.get(room, room)


def modules():
    for path in sorted(PACKAGE.rglob("*.py")):
        name = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
        if name not in ("zoo.__init__",):
            yield name.removesuffix(".__init__"), path


def imported_rooms(name, path):
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text())):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = (
                importlib.util.resolve_name("." * node.level + (node.module or ""), package)
                if node.level
                else node.module
            )
            names = [f"{base}.{alias.name}" for alias in node.names] if base == "zoo" else [base]
        for found in names:
            if found.startswith("zoo.") and not found.endswith("__version__"):
                yield room_of(found)


def test_every_room_has_a_floor():
    assert {room_of(name) for name, _ in modules()} <= set(FLOOR_OF)


@pytest.mark.parametrize(("name", "path"), list(modules()), ids=lambda v: v if isinstance(v, str) else "")
def test_imports_point_down_only(name, path):
    own = room_of(name)
    for room in set(imported_rooms(name, path)):
        below = FLOOR_OF[room] < FLOOR_OF[own]
        assert room == own or below or (own, room) in GROUND, f"{name} imports from {room}"


def test_the_rule_would_find_a_wrong_import(tmp_path):
    wrong = tmp_path / "wrong.py"
    wrong.write_text("from zoo.registry import Registry\n")
    assert set(imported_rooms("zoo.manifest.wrong", wrong)) == {"registry"}
    assert FLOOR_OF["registry"] > FLOOR_OF["manifest"]
