"""The options that choose dead letters: read, and written again so that a list can go on."""

from __future__ import annotations

import shlex

import click
import pytest
from lead_ops.choosing.chosen import cursor_of, option_words, read_cursor
from lead_ops.choosing.options import Asked, is_or_below, takes_filters
from lead_worker.core.selection import Selection
from lead_worker.store.letters import Cursor, Letter
from lead_worker.store.reading import Listed

ID = "019302f4c1a07d1f0a6b3c8e5d2f4a91"


def asked_by(*words: str, why: bool = False) -> Asked:
    """What a command gets.

    Args:
        why: `--reason` says why it is done.
    """
    found: list[Asked] = []

    def command_of(asked: Asked, **_: str | None) -> None:
        found.append(asked)

    filtered = takes_filters(reason=not why)(command_of)
    command = click.command()(click.option("--reason")(filtered) if why else filtered)

    command.main(list(words), standalone_mode=False)
    return found[0]


def test_each_option_is_taken_and_may_be_repeated() -> None:
    assert asked_by() == Asked()
    assert asked_by().is_nothing
    words = ("--group", "invalid", "--group", "rejected", "--status", "422", "--source", "a b")
    asked = asked_by(*words, "--lane", "bulk", "--since", "6h", "--not-edited")
    assert asked.groups == ("invalid", "rejected")
    assert (asked.statuses, asked.sources, asked.lanes) == (("422",), ("a b",), ("bulk",))
    assert (asked.since, asked.until, asked.edited) == ("6h", None, False)
    assert not asked.is_nothing


def test_a_reason_that_says_why_is_no_filter() -> None:
    assert asked_by("--reason", "a test", why=True) == Asked()
    assert asked_by("--reason", "invalid").reasons == ("invalid",)


@pytest.mark.parametrize("text", ["email", "", "=x"])
def test_a_condition_that_cannot_be_read_is_a_mistake_and_is_not_repeated(text: str) -> None:
    with pytest.raises(click.BadParameter) as raised:
        asked_by("--where", text)
    assert "expected" in raised.value.message


def test_options_are_written_as_they_were_given_and_spans_as_instants() -> None:
    where = r"utm.x\.y=it's *"
    asked = asked_by("--group", "a;b", "--since", "6h", "--where", where, "--edited")
    words = option_words(asked, Selection(since_at=1_740_837_789.25))
    assert shlex.split(words) == [
        *("--group", "a;b", "--since", "2025-03-01T14:03:09.250000Z"),
        *("--where", where, "--edited"),
    ]
    again = asked_by(*shlex.split(words))
    assert (again.wheres, again.groups, again.edited) == (asked.wheres, asked.groups, True)


@pytest.mark.parametrize("at", [1_760_000_000.123456, 1_760_000_000.0, 0.5])
def test_a_cursor_is_read_as_it_was_written(at: float) -> None:
    text = cursor_of(Letter(Listed(ID, at, {})))
    assert _read(text) == Cursor(at, ID)


@pytest.mark.parametrize("text", ["", ID, f"-{ID}", f"nan-{ID}", f"1-{ID}x", "1.5-ID"])
def test_what_is_no_cursor_is_a_mistake(text: str) -> None:
    with pytest.raises(click.BadParameter, match="expected a cursor"):
        _read(text)


def _read(text: str) -> Cursor | None:
    command = click.Command("list")
    return read_cursor(click.Context(command), click.Option(["--after"]), text)


def test_a_group_is_below_another_by_whole_words() -> None:
    assert is_or_below("rejected:status_422:X", "rejected:status_422")
    assert is_or_below("rejected", "rejected")
    assert not is_or_below("rejected:status_4222", "rejected:status_422")
    assert not is_or_below("rejected", "rejected:status_422")
