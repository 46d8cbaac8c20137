"""What the documents for operators point to and tell to type is there."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from lead_ops.main import cli
from lead_worker.core.outcome import HoldKind

ROOT = Path(__file__).parents[2]
OPS = ROOT / "ops"
DOCUMENTS = (
    *(ROOT / "README.md", OPS / "runbook.md", OPS / "monitoring.md", OPS / "deploy" / "METRICS.md"),
    *(ROOT / "producers" / "README.md", ROOT / "producers" / "PROTOCOL.md"),
)
RUNBOOK = (OPS / "runbook.md").read_text("utf-8")
FENCES = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
BLOCK_OR_SPAN = re.compile(r"^ {4,}(leads .*)$|`(leads [^`]+)`", re.MULTILINE)
NO_COMMAND = re.compile(r"[^a-z-]")

one_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)


def anchors(document: Path) -> set[str]:
    """What GitHub makes of a document's headings."""
    text = FENCES.sub("", document.read_text("utf-8"))
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", each.lower()).strip().replace(" ", "-") for each in headings}


@one_document
def test_each_place_that_a_document_points_to_is_there(document: Path) -> None:
    for target, anchor in re.findall(r"\]\(([^)#:\s]*)#([^)]+)\)", document.read_text("utf-8")):
        place = (document.parent / target).resolve() if target else document
        assert anchor in anchors(place), f"{document.name} points to {target}#{anchor}"


def commands(document: Path) -> Iterator[list[str]]:
    """The words of each `leads ...` that a document tells to type."""
    for block, span in BLOCK_OR_SPAN.findall(document.read_text("utf-8")):
        line = (block or span).split(" # ")[0].split(" | ")[0].split(";")[0]
        yield shlex.split(line, comments=True)[1:]


def unknown(words: list[str]) -> str:
    """What of a command line there is not; "" where all of it is."""
    command: click.Command = cli
    context = click.Context(command)
    while isinstance(command, click.Group) and words and not NO_COMMAND.search(words[0]):
        if words[0].startswith("-"):
            break
        found = command.get_command(context, words[0])
        if found is None:
            return words[0]
        command, words = found, words[1:]
    known = {option for each in command.params for option in (*each.opts, *each.secondary_opts)}
    for word in words:
        option = word.partition("=")[0].rstrip(",.:")
        if option.startswith("--") and option not in known | {"--help"}:
            return option
    return ""


@one_document
def test_each_command_that_a_document_tells_to_type_is_one(document: Path) -> None:
    missing = {" ".join(words): unknown(words) for words in commands(document)}
    assert {line: what for line, what in missing.items() if what} == {}


def test_the_runbook_tells_of_each_alert() -> None:
    rules = (OPS / "deploy" / "prometheus" / "rules.yml").read_text("utf-8")
    alerts = set(re.findall(r"- alert: (\w+)", rules))
    assert alerts == set(re.findall(r"`(Leads[A-Z]\w+)`", RUNBOOK))


def test_the_runbook_tells_of_each_hold() -> None:
    assert {kind.value for kind in HoldKind} == set(re.findall(r"`HELD (\w+)`", RUNBOOK))


def test_each_chapter_of_the_runbook_is_found_by_a_symptom() -> None:
    chapters = re.findall(r"^## (.+)$", RUNBOOK, re.MULTILINE)
    symptoms = RUNBOOK.partition("\n## ")[0]
    pointed = set(re.findall(r"\]\(#([^)]+)\)", symptoms))
    named = {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in chapters}
    assert named <= pointed
