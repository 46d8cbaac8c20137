"""What holds for every mapping, on the samples."""

from __future__ import annotations

import ast
import copy
import sys
from pathlib import Path

import lead_producers
import pytest
from lead_producers.mappings import MAPPINGS
from lead_worker.core.lead import Lead

from tests.unit.mappings.samples import LEADS, checked, mapped, sample, source_of

PACKAGE = Path(lead_producers.__file__).parent
SECRETS = ("9d0e-secret-token", "EAAB-secret", "chave-que-so-o-google-conhece", "segredo-do-site")
PURE = set(sys.stdlib_module_names) - {"os", "time", "random", "secrets", "socket", "io", "logging"}


def imported(path: Path) -> set[str]:
    """The absolute modules that a file imports; relative ones begin with a dot."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add("." * node.level + (node.module or ""))
    return found


@pytest.mark.parametrize("name", LEADS)
def test_the_schema_takes_each_lead_with_default_settings(name: str) -> None:
    assert all(isinstance(checked(lead), Lead) for lead in mapped(name))


@pytest.mark.parametrize("name", LEADS)
def test_a_lead_says_its_source_by_the_name_of_its_mapping(name: str) -> None:
    assert {lead.source for lead in mapped(name)} == {source_of(name)}


@pytest.mark.parametrize("name", LEADS)
def test_a_key_begins_with_its_source(name: str) -> None:
    keys = [lead.key for lead in mapped(name) if lead.key]
    assert all(key.startswith(f"{source_of(name)}:") for key in keys)
    assert bool(keys) is (source_of(name) != "form")


@pytest.mark.parametrize("name", LEADS)
def test_the_same_payload_gives_the_same_leads_and_is_left_as_it_was(name: str) -> None:
    payload = sample(name)
    before = copy.deepcopy(payload)
    mapping = MAPPINGS[source_of(name)]
    assert mapping(payload) == mapping(payload) == mapped(name)
    assert payload == before


@pytest.mark.parametrize("name", LEADS)
def test_no_secret_is_in_a_lead_or_its_key(name: str) -> None:
    text = " ".join(f"{lead.raw} {lead.key}" for lead in mapped(name))
    assert [secret for secret in SECRETS if secret in text] == []


@pytest.mark.parametrize("name", LEADS)
def test_only_what_the_source_calls_a_test_is_one(name: str) -> None:
    for lead in mapped(name):
        assert lead.test is (lead.raw["custom"].get("test_lead") == "yes")
    expected = [False, True] if name == "meta-page" else [name.endswith("-test")]
    assert [lead.test for lead in mapped(name)] == expected * (2 if name.endswith("-leads") else 1)


def test_a_repr_shows_nothing_of_a_lead() -> None:
    assert "Rui" not in repr(mapped("typeform"))


def test_mappings_import_pure_modules_of_python_and_the_errors_alone() -> None:
    for path in (PACKAGE / "mappings").glob("*.py"):
        outside = {name for name in imported(path) if not name.startswith(".")}
        roots = {name.split(".")[0] for name in outside - {"lead_producers.errors"}}
        assert roots <= PURE, path.name


def test_nothing_of_the_producer_imports_the_mappings() -> None:
    for path in PACKAGE.glob("*.py"):
        assert not [name for name in imported(path) if "mappings" in name], path.name
