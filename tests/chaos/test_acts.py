"""Which of the operator's steps were done, and which never."""

from __future__ import annotations

import json
from pathlib import Path

from chaos.acts import Act, read_acts, resumed, undone

EDIT = ("dead", "edit", "--group", "invalid")


def act(*words: str, at: float = 10.0, code: int = 0) -> Act:
    return Act(words, at, at + 1, code)


def test_acts_are_read_and_a_line_that_was_cut_short_is_not(tmp_path: Path) -> None:
    path = tmp_path / "acts.jsonl"
    line = json.dumps({"at": 1.0, "until": 2.0, "words": EDIT, "code": 1, "said": "no"})
    path.write_text(f'{line}\n{{"at": 3.0, "wor', encoding="utf-8")
    (read,) = read_acts(path)
    assert (read, read.name) == (Act(EDIT, 1.0, 2.0, 1), "dead edit")
    assert read_acts(tmp_path / "none") == []


def test_a_pause_that_was_done_once_and_ordered_twice_is_told() -> None:
    acts = [act("pause"), act("pause", code=1), act("resume"), act("resume")]
    assert undone(acts, {"pause": 2, "resume": 2}, None) == ["pause: ordered 2 times, done 1"]


def test_a_step_that_fails_under_faults_is_no_finding() -> None:
    assert undone([act(*EDIT, code=1)], {}, 20.0) == []


def test_a_step_that_fails_after_all_faults_is_told_unless_a_later_try_succeeds() -> None:
    failed = act(*EDIT, at=21.0, code=1)
    said = ["dead edit: failed after all faults were over (exit code 1)"]
    assert undone([act(*EDIT), failed], {}, 20.0) == said
    assert undone([failed, act(*EDIT, at=23.0)], {}, 20.0) == []


def test_a_resume_counts_from_when_it_was_done() -> None:
    assert resumed([act("resume", code=1), act("pause"), act("resume", at=12.0)]) == [13.0]
