"""Editing experiment directories, as a user with a text editor could."""

import csv
import json


def set_metric(path, number, name, value):
    """Write one cell of results.csv; `number` is the row's place."""
    rows = list(csv.DictReader((path / "results.csv").open()))
    rows[number][name] = value
    with (path / "results.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def edit_round(path, number, change):
    """Change one line of round_data.jsonl through a function."""
    lines = (path / "round_data.jsonl").read_text().splitlines()
    value = json.loads(lines[number])
    change(value)
    lines[number] = json.dumps(value)
    (path / "round_data.jsonl").write_text("\n".join(lines) + "\n")


def edit_metadata(path, change):
    """Change metadata.json through a function."""
    value = json.loads((path / "metadata.json").read_text())
    change(value)
    (path / "metadata.json").write_text(json.dumps(value, indent=2) + "\n")


def make_foreign(path, *gone):
    """Make the directory another library's, which does not record `gone`."""

    def change(meta):
        for key in ("format_version", "zoo_version", *gone):
            meta.pop(key)

    edit_metadata(path, change)
    count = len((path / "round_data.jsonl").read_text().splitlines())
    for number in range(count):
        edit_round(path, number, lambda line: line.pop("sha256"))
