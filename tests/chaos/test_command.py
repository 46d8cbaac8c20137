"""The command: Ctrl-C ends everything and says what was found; wrong words are told."""

from __future__ import annotations

import json
import signal
from pathlib import Path

from tests.chaos.chaos_process import descendants, start, still_there


def test_ctrl_c_ends_everything_and_says_what_was_found(tmp_path: Path) -> None:
    path = tmp_path / "found.json"
    process = start("--seed", "3", "--leads", "60000", "--storms", "--json", str(path))
    assert process.stderr is not None
    for line in process.stderr:  # a line now and then, until deliveries have begun
        if "in the API" in line and not line.rstrip().endswith("in the API 0"):
            break
    below = descendants(process.pid)
    process.send_signal(signal.SIGINT)
    said, errors = process.communicate()
    assert process.returncode == 130, said + errors
    assert still_there(below) == []
    assert len(below) > 8
    assert "Interrupted" in said
    found = json.loads(path.read_text("utf-8"))
    assert found["interrupted"]
    assert found["lost"] == [], said
    assert found["duplicates_unexplained"] == [], said


def test_a_kind_that_is_not_known_is_told() -> None:
    process = start("--only", "redos")
    said, errors = process.communicate()
    assert process.returncode == 2
    assert "expected one of worker-kill" in errors
    assert said == ""
    assert errors.count("\n") == 1
