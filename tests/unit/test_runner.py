"""The Lua scripts, read as text: their keys are those of keys.py, and they decode nothing."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest
from lead_producers.keys import LANES, Keys
from lead_worker.core.lifecycle import State
from lead_worker.store.runner import SCRIPTS

FOLDER = files("lead_worker.store").joinpath("scripts")
TEXTS = {
    entry.name: entry.read_text(encoding="utf-8")
    for entry in (*FOLDER.iterdir(), files("lead_producers").joinpath("enqueue.lua"))
}
OTHERS = {"prelude.lua", "fleet.lua", "enqueue.lua"}
"""What is no script of the worker's, or none by itself."""
KEYS = Keys("n")
LITERAL = re.compile(r"\bP \.\. '([^']*)'")

# What a script may name: a key as a whole, or the part of one before an id. Each index is named by
# the state that it lists; `pulse` and `grace` are reclaim's own.
NAMES = {
    key.removeprefix(KEYS.prefix)
    for key in (
        KEYS.meta,
        KEYS.counts,
        KEYS.governor,
        KEYS.rate,
        KEYS.shares,
        KEYS.metrics,
        KEYS.metered(""),
        KEYS.looking,
        KEYS.log,
        KEYS.groups,
        KEYS.group(""),
        KEYS.mended(""),
        KEYS.deaths,
        KEYS.given,
        KEYS.deaths_of(""),
        KEYS.campaigns,
        KEYS.active,
        KEYS.redrive,
        KEYS.campaign(""),
        KEYS.campaign_todo(""),
        KEYS.campaign_out(""),
        KEYS.campaign_ended(""),
        KEYS.original(""),
        KEYS.edits(""),
        KEYS.reports,
        KEYS.full,
        KEYS.bell,
        KEYS.pulse,
        KEYS.grace,
        KEYS.workers,
        KEYS.lead(""),
        KEYS.raw(""),
        KEYS.timeline(""),
        KEYS.idempotency(""),
        KEYS.alike(""),
        KEYS.api(""),
        KEYS.claim(""),
        KEYS.worker(""),
        KEYS.due(""),
        *(KEYS.due(lane) for lane in LANES),
        *(KEYS.index(state) for state in State if state is not State.WAITING),
    )
}


@pytest.mark.parametrize("name", TEXTS)
def test_a_script_names_no_key_that_keys_py_does_not(name: str) -> None:
    assert set(LITERAL.findall(TEXTS[name])) <= NAMES


def test_each_name_of_keys_py_is_some_scripts() -> None:
    named = {literal for text in TEXTS.values() for literal in LITERAL.findall(text)}
    # The other states are reached through `index` in the prelude, and through forget's argument.
    reached = {state.value for state in State}
    assert named | reached >= NAMES


@pytest.mark.parametrize("name", ["check.lua", "counts.lua"])
def test_a_script_that_looks_at_all_indexes_knows_all_of_them(name: str) -> None:
    lanes = {f"due:{lane}" for lane in LANES}
    states = {state.value for state in State if state is not State.WAITING}
    quoted = re.findall(r"'([a-z:]+)'", TEXTS[name])
    assert lanes | states <= set(quoted)


@pytest.mark.parametrize("name", TEXTS)
def test_no_script_decodes_or_searches_a_raw_lead(name: str) -> None:
    assert "cjson.decode" not in TEXTS[name]
    assert "cmsgpack" not in TEXTS[name]
    reads = re.findall(r".*P \.\. 'raw:'.*", TEXTS[name])
    assert not any("string." in line for line in reads)


@pytest.mark.parametrize("name", TEXTS)
def test_no_script_uses_a_random_number_or_another_clock(name: str) -> None:
    assert not re.search(r"math\.random|os\.(time|clock)|SRANDMEMBER|\bKEYS\[2\]", TEXTS[name])
    assert ("redis.call('TIME')" in TEXTS[name]) == (name in ("prelude.lua", "enqueue.lua"))


@pytest.mark.parametrize("name", TEXTS)
def test_each_script_says_what_it_is_for(name: str) -> None:
    first, *_ = TEXTS[name].splitlines()
    assert first.startswith(f"-- {name.removesuffix('.lua')}: ")


def test_each_script_in_the_folder_is_loaded() -> None:
    assert {f"{name}.lua" for name in SCRIPTS} | OTHERS == set(TEXTS)
