"""Two minutes of chaos with fixed seeds: real processes, and each lead accounted for.

Nothing here asserts a time. What a seed brings about is the same each time; when exactly it meets a
lead is not, and the promise does not depend on it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from chaos.found import FINDINGS, HELD
from chaos.kinds import KINDS
from chaos.plan import make_plan

from tests.chaos.chaos_process import start

SEEDS = (1676, 3586)
"""Together they bring about nearly each kind of fault."""

SECONDS = 36.0
LEADS = 2_401
LEFT_OUT = {"api-429", "api-refuse", "redis-away", "redis-cut"}
"""What does not fit into two minutes."""


def run(path: Path, seed: int) -> tuple[int, str, dict[str, Any]]:
    """Run one seed; gives the exit code, what was said, and what was found."""
    size = ("--seconds", str(SECONDS), "--leads", str(LEADS), "--storms")
    process = start("--seed", str(seed), *size, "--json", str(path))
    said, errors = process.communicate()
    assert path.exists(), said + errors
    return process.returncode, said + errors, json.loads(path.read_text("utf-8"))


def test_the_seeds_bring_about_nearly_each_kind() -> None:
    plans = [make_plan(seed, SECONDS, KINDS, storms=True) for seed in SEEDS]
    kinds = {each.kind.name for plan in plans for each in plan}
    assert {kind.name for kind in KINDS} - kinds <= LEFT_OUT


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_is_lost_and_each_duplicate_is_explained(tmp_path: Path, seed: int) -> None:
    code, said, found = run(tmp_path / "found.json", seed)
    assert found["lost"] == [], said
    assert found["duplicates_unexplained"] == [], said
    assert found["unfinished"] == [], said
    assert found["mistaken"] == [], said
    assert found["audit"] == [], said
    assert found["receipts"] == LEADS
    assert found["leads_in_the_store"] >= LEADS
    assert sum(found["places"].values()) == found["leads_in_the_store"]
    assert sum(fault["times"] for fault in found["faults"]) > len(KINDS) / 3, said
    assert found["problems"] == [], said
    assert [each for each in found["findings"] if "ended by itself" in each] == [], said
    # Code 3: a bar was missed, or the operator did not get to something, on a slow machine.
    assert code in (HELD, FINDINGS), said
