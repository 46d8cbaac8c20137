"""A group in words: what is wrong, what would mend it, and nothing of strangers' in a command."""

from __future__ import annotations

import shlex
from typing import Any

import pytest
from lead_ops.views.groups import QUOTED, group_words
from lead_worker.core.groups import FIELDS

EMAIL = {"path": "email", "message": "expected one e-mail address"}


def timeline(*errors: dict[str, str], message: str = "") -> list[dict[str, Any]]:
    return [{"event": "attempt", "errors": list(errors)}, {"event": "edited", "message": message}]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (
            "invalid:email",
            "The e-mail address cannot be one. Mend all: leads dead edit --group invalid:email"
            " --unset email; or one by one: leads dead edit ID.",
        ),
        (
            "invalid:capture,utm.source",
            "Capture is not as it must be; utm.source is not as it must be. Mend all: leads dead"
            " edit --group invalid:capture,utm.source --set capture=completed --set"
            " utm.source=...; or one by one: leads dead edit ID.",
        ),
        (
            "invalid:lead",
            "They cannot be read as leads. Mend one: leads dead edit ID; or give them up: leads"
            " dead discard --group invalid:lead --reason WHY.",
        ),
        (
            "invalid:other",
            "They are invalid, of causes that have no group of their own. See each: leads dead"
            " list --group invalid:other.",
        ),
        (
            "rejected:status_422:STATUS_422",
            "The API refused them with 422. Mend all: leads dead edit --group"
            " rejected:status_422:STATUS_422 --set FIELD=...; or one by one: leads dead edit ID;"
            " or mend it at the API, and then: leads replay start --group"
            " rejected:status_422:STATUS_422.",
        ),
        (
            "exhausted:status_503",
            "The API answered 503 until the attempts were spent. Once it is well: leads replay"
            " start --group exhausted:status_503.",
        ),
        (
            "exhausted:refused",
            "The API refused connections until the attempts were spent. Once it is well: leads"
            " replay start --group exhausted:refused.",
        ),
        (
            "mangled:email,name",
            "The API took them and lost email, name; replayed, they would be there twice. See one:"
            " leads dead show ID; correct them there, and then: leads dead discard --group"
            " mangled:email,name --reason WHY.",
        ),
        (
            "poison:lease_expired",
            "Workers died while they had them, which may be the leads' fault. Look, also in the"
            " API: leads dead show ID; then: leads replay start --group poison:lease_expired; or:"
            " leads dead discard --group poison:lease_expired --reason WHY.",
        ),
        (
            "other",
            "They died of causes that have no group of their own. See each: leads dead list"
            " --group other.",
        ),
    ],
)
def test_each_cause_has_its_words_and_commands(name: str, words: str) -> None:
    assert group_words(name).sentence == words


@pytest.mark.parametrize("cause", ["status_500", "status_522", "deadline", "dropped"])
def test_what_may_have_arrived_is_to_be_looked_for_first(cause: str) -> None:
    words = group_words(f"exhausted:{cause}")
    assert "Some may be there." in words.wrong
    assert words.steps[0].command == "leads dead show {id}"


def test_what_is_said_of_the_newest_is_quoted_and_cut() -> None:
    refused = group_words("rejected:status_422:NO_AGENT", timeline(message="x" * 500)).wrong
    assert refused.startswith("The API refused them with 422 NO_AGENT, and said of the newest:")
    assert len(refused) < 70 + QUOTED
    unreadable = group_words("invalid:lead", timeline({"path": "", "message": "expected JSON"}))
    assert unreadable.wrong == "They are no leads: expected JSON."
    site = group_words("invalid:site", timeline({"path": "site", "message": "expected text"}))
    assert site.wrong == "Site: expected text."
    tags = group_words("invalid:custom", timeline({"path": "custom.x", "message": "expected y"}))
    assert tags.wrong == "Custom: expected y."


@pytest.mark.parametrize(
    ("name", "move"),
    [
        ("telefone", "telefone=phone"),
        ("E-mail", "E-mail=email"),
        ("nome_completo", "nome_completo=name"),
        ("cargo", "cargo=custom.cargo"),
        ("ID", "ID=custom.ID"),
        ("GROUP", "GROUP=custom.GROUP"),
        ("profissão", "profissão=custom.profissão"),
        ("a b", "FIELD=custom.FIELD"),
        ("$(reboot)", "FIELD=custom.FIELD"),
        ("x;reboot", "FIELD=custom.FIELD"),
        ("{id}", "FIELD=custom.FIELD"),
        ("-x", "FIELD=custom.FIELD"),
        ("x" * 41, "FIELD=custom.FIELD"),
    ],
)
def test_a_field_that_the_api_lacks_is_moved_to_where_it_probably_belongs(
    name: str, move: str
) -> None:
    words = group_words("invalid:unknown-3fa2b1", timeline({"path": name, "message": "x"}, EMAIL))
    assert words.wrong.startswith(f'The API has no field "{name[:39]}')
    assert words.steps[0].command_for("0" * 32).endswith(f" --move {move}")


def test_of_many_unknown_fields_some_are_named() -> None:
    errors = [{"path": f"f{number}", "message": "x"} for number in range(9)]
    words = group_words("invalid:email,unknown-3fa2b1", timeline(*errors))
    assert words.wrong == (
        'The e-mail address cannot be one; the API has no field "f0", "f1", "f2" and 6 more.'
    )
    assert [step.command for step in words.steps] == ["leads dead edit {id}"]
    assert (
        group_words("invalid:unknown-3fa2b1", timeline(*errors[:8]))
        .steps[0]
        .command.count("--move")
        == 8
    )
    capped = timeline(*errors, {"path": "", "message": "and 247 more are wrong"})
    assert "and 253 more." in group_words("invalid:unknown-3fa2b1", capped).wrong
    assert "the API has not all the fields" in group_words("invalid:email,unknown-3fa2b1").wrong


@pytest.mark.parametrize(
    "name", ["", ":", "invalid", "invalid:", "rejected:", "x:y;z", "exhausted:$(x)", "mangled"]
)
def test_a_name_that_nobody_knows_has_words_too_and_is_one_word_to_a_shell(name: str) -> None:
    words = group_words(name, [{"errors": [None, {"path": 5}], "message": 7}, {"errors": "x"}])
    assert words.wrong.endswith(".")
    for step in words.steps:
        parts = shlex.split(step.command)
        assert "--group" not in parts or name in parts


@pytest.mark.parametrize("field", FIELDS)
def test_each_field_of_the_schema_can_be_mended_over_a_group(field: str) -> None:
    command = group_words(f"invalid:{field}").steps[0].command
    assert command.partition(f"--group invalid:{field} ")[2].startswith(("--set", "--unset"))
