"""Every key begins with the namespace, and no namespace can reach into another."""

from __future__ import annotations

import inspect
import re
from importlib.resources import files
from typing import Any

import pytest
from lead_producers import LeadProducer
from lead_producers.keys import LANES, Keys
from lead_worker.errors import SettingsError
from lead_worker.settings import load


def all_keys(keys: Keys) -> list[str]:
    """What each of its properties and methods gives."""
    found = []
    for name, member in inspect.getmembers(Keys):
        if isinstance(member, property):
            found.append(getattr(keys, name))
        elif inspect.isfunction(member) and not name.startswith("_"):
            found.append(getattr(keys, name)("x"))
    return found


def test_each_key_begins_with_the_namespace_as_a_hash_tag() -> None:
    found = all_keys(Keys("shop"))
    assert len(found) >= 14
    assert all(key.startswith("{shop}:") for key in found)
    assert len({*found}) == len(found)


def test_the_default_namespace_is_leads() -> None:
    assert Keys().prefix == "{leads}:"


@pytest.mark.parametrize("namespace", ["a", "A-1_b.c", "x" * 64])
def test_a_namespace_of_letters_digits_and_some_signs_is_taken(namespace: str) -> None:
    assert Keys(namespace).prefix == f"{{{namespace}}}:"


@pytest.mark.parametrize(
    "namespace", ["", "a}", "{a", "a:b", "a b", "a\n", "é", "x" * 65, None, 7, b"leads"]
)
def test_any_other_namespace_is_refused_by_producer_and_worker_alike(namespace: Any) -> None:
    with pytest.raises(ValueError, match=r"^namespace: expected"):
        LeadProducer.from_url("redis://localhost", namespace)
    if isinstance(namespace, str) and namespace.strip() == namespace != "":
        with pytest.raises(SettingsError):
            load({"LEADS_NAMESPACE": namespace})


def test_enqueue_lua_uses_no_key_that_keys_py_does_not_know() -> None:
    script = files("lead_producers").joinpath("enqueue.lua").read_text(encoding="utf-8")
    known = all_keys(Keys("n")) + [Keys("n").due(lane) for lane in LANES]
    used = set(re.findall(r"P \.\. '([a-z]+:?)'", script))
    assert used == {
        *("meta", "full", "key:", "same:", "lead:", "raw:", "due:", "counts", "bell", "governor")
    }
    assert all(any(key.startswith("{n}:" + name) for key in known) for name in used)
