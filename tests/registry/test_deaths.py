"""Two hundred processes killed at random moments of registering and promoting real models (see `mortals`)."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from . import mortals


def die(root: Path, rounds: int) -> dict[str, Any]:
    command = [
        sys.executable,
        mortals.__file__,
        "die",
        json.dumps([str(root), str(rounds), str(random.random())[2:]]),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert found["wrong"] == []
    assert found["deaths"] == rounds
    return found


def test_whoever_is_killed_leaves_a_store_that_opens_and_of_which_everything_loads(tmp_path: Path) -> None:
    die(tmp_path, 10)


@pytest.mark.slow
def test_two_hundred_are_killed_in_many_different_moments(tmp_path: Path) -> None:
    """They hit before, between and after the steps of a write, and not always the same one."""
    left = die(tmp_path, 200)["left"]
    half_done = {
        "staging",
        "journal",
        "directory without a row",
        "event not exported",
        "no tables",
        "no store",
    }
    hit = half_done & set(left)
    assert len(hit) >= 3, left
    assert sum(left[kind] for kind in hit) >= 20, left
