"""Reading, editing and spoiling what the other library wrote."""

import csv
import json
import textwrap


def cells(path):
    with (path / "results.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def write_cells(path, rows):
    with (path / "results.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def set_cell(path, number, name, value):
    rows = cells(path)
    rows[number][name] = value
    write_cells(path, rows)


def drop_columns(path, *names):
    write_cells(path, [{k: v for k, v in row.items() if k not in names} for row in cells(path)])


def edit_round(path, number, change):
    lines = (path / "round_data.jsonl").read_text().splitlines()
    value = json.loads(lines[number])
    change(value)
    lines[number] = json.dumps(value)
    (path / "round_data.jsonl").write_text("\n".join(lines) + "\n")


def local(path, source, name="their_decoder"):
    """Put a decoder into an experiment's directory, and have metadata.json name it."""
    (path / f"{name}.py").write_text(textwrap.dedent(source))
    metadata = json.loads((path / "metadata.json").read_text())
    (path / "metadata.json").write_text(json.dumps({**metadata, "sfd_module": name}))
    return path / f"{name}.py"
