"""A group of dead letters in plain words: what is wrong with them, and what would mend it.

It owns the wording. What the newest of a group tells beside the group's name was written by
strangers: it is cut short, and gets into a command that is offered only where a shell takes it for
one plain word.
"""

from __future__ import annotations

import re
import shlex
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lead_worker.core.groups import FIELDS, UNKNOWN, WHOLE
from lead_worker.core.lifecycle import Reason

Timeline = Sequence[Mapping[str, Any]]

QUOTED = 120
"""Characters of what the API or the schema said that are repeated."""

NAMED = 3
"""So many of the fields that the API does not have are named; of more, how many there are."""

MOVED = 8
"""So many of them are moved by one suggested command; where there are more, none is suggested."""


@dataclass(frozen=True, slots=True)
class Step:
    """What can be done: in few words, and the command, in which `{id}` is for one of the leads."""

    words: str
    command: str

    def command_for(self, lead_id: str) -> str:
        """The command with an id, or what stands for one."""
        return self.command.replace("{id}", lead_id)


@dataclass(frozen=True, slots=True)
class GroupWords:
    """A group in words.

    Attributes:
        wrong: what its leads died of, a sentence. May quote what the API or the schema said of one.
        steps: what can be done about them.
    """

    wrong: str
    steps: tuple[Step, ...]

    @property
    def sentence(self) -> str:
        """All of it on one line."""
        steps = "; ".join(f"{step.words}: {step.command_for('ID')}" for step in self.steps)
        return f"{self.wrong} {steps[:1].upper()}{steps[1:]}."


def group_words(name: str, newest: Timeline = ()) -> GroupWords:
    """Tell what is wrong with a group of dead letters.

    Args:
        name: the group's, see `core/groups.py`.
        newest: the timeline of its newest dead letter, oldest entry first, for what the name does
            not say; without it there is nothing personal in the words.
    """
    reason, _, about = name.partition(":")
    group = f"--group {shlex.quote(name)}"
    if about == "other" or reason not in _WORDS:
        wrong = f"They are {reason}, of" if reason in _WORDS else "They died of"
        see = Step("see each", f"leads dead list {group}")
        return GroupWords(f"{wrong} causes that have no group of their own.", (see,))
    wrong, steps = _WORDS[reason](about, newest)
    return GroupWords(
        wrong, tuple(Step(words, command.replace("{group}", group)) for words, command in steps)
    )


_Told = tuple[str, list[tuple[str, str]]]
"""What is wrong, and words and commands of what can be done; `{group}` in them is for the group."""

_MORE = re.compile(r"and (\d{1,9}) more are wrong")
"""What the schema says last of a lead with very many errors."""

_MEND_ONE = ("or one by one", "leads dead edit {id}")
_LOOK = ("look, also in the API", "leads dead show {id}")
_DISCARD = "leads dead discard {group} --reason WHY"
_REPLAY = "leads replay start {group}"


def _invalid(about: str, newest: Timeline) -> _Told:
    parts, errors = about.split(","), _errors(newest)
    strange = [path for path, _ in errors if path and path.partition(".")[0] not in FIELDS]
    if about.partition(":")[0] == WHOLE:
        said = next((message for path, message in errors if not path), "")
        wrong = f"They are no leads: {_cut(said)}." if said else "They cannot be read as leads."
        return wrong, [("mend one", "leads dead edit {id}"), ("or give them up", _DISCARD)]
    wrong = "; ".join(_clause(part, errors, strange) for part in parts)
    edits = " ".join(edit for part in parts for edit in _edits(part, strange))
    steps = [("mend all", f"leads dead edit {{group}} {edits or '--set FIELD=...'}"), _MEND_ONE]
    if len(strange) > MOVED:  # as many steps are not for a line, and fewer would mend none
        steps = [("mend one by one", "leads dead edit {id}")]
    if about.startswith(UNKNOWN):
        steps.append(("or let LEADS_UNKNOWN_FIELDS=custom take them, and then", _REPLAY))
    return f"{wrong[:1].upper()}{wrong[1:]}.", steps


def _clause(part: str, errors: Sequence[tuple[str, str]], strange: Sequence[str]) -> str:
    """What is wrong with one of the fields that the group's name lists."""
    if part.startswith(UNKNOWN):
        named = ", ".join(f'"{_cut(name, 40)}"' for name in strange[:NAMED])
        beyond = sum(int(found[1]) for _, said in errors if (found := _MORE.fullmatch(said)))
        more = f" and {len(strange) - NAMED + beyond} more" if len(strange) > NAMED else ""
        return f"the API has no field {named}{more}" if named else "the API has not all the fields"
    if part.startswith("more-"):
        return "more fields are wrong"
    if part == "email":
        return "the e-mail address cannot be one"
    said = next((message for path, message in errors if _is_of(path, part)), "")
    return f"{part}: {_cut(said)}" if said else f"{part} is not as it must be"


def _is_of(path: str, part: str) -> bool:
    return path == part or path.startswith(f"{part}.")


def _edits(part: str, strange: Sequence[str]) -> list[str]:
    """What could be asked of `leads dead edit` for one field, over a whole group."""
    if part.startswith(UNKNOWN):
        return [_move(name) for name in strange] or ["--move FIELD=custom.FIELD"]
    if part.startswith("more-"):
        return []
    return [_EDITS.get(part, f"--set {part}=...")]


_EDITS = {
    "email": "--unset email",  # no address is right for all of them
    "capture": "--set capture=completed",
    "custom": "--unset custom",
    "utm": "--unset utm",
}

_PLAIN = re.compile(r"[^\W\d][\w-]{0,39}")
_MEANT = {
    "agentId": ("agent", "agente"),
    "name": ("nome", "fullname", "nomecompleto"),
    "email": ("mail", "emailaddress"),
    "phone": ("telefone", "telephone", "tel", "fone", "celular", "mobile", "whatsapp"),
    "company": ("empresa", "companyname", "organization"),
    "site": ("website", "url", "homepage"),
}
_FIELD_OF = {alias: field for field, aliases in _MEANT.items() for alias in (field, *aliases)}


def _move(name: str) -> str:
    """Where a field that the API does not have probably belongs; most belong in `custom`."""
    if not _PLAIN.fullmatch(name):
        return "--move FIELD=custom.FIELD"
    letters = unicodedata.normalize("NFKD", name.casefold())
    field = _FIELD_OF.get("".join(filter(str.isalpha, letters)), f"custom.{name}")
    return f"--move {name}={field}"


def _rejected(about: str, newest: Timeline) -> _Told:
    status, _, code = about.partition(":")
    number = status.removeprefix("status_")
    told = f" {code}" if code and code.casefold() not in (number, status) else ""
    said = next((e["message"] for e in reversed(newest) if isinstance(e.get("message"), str)), "")
    quote = f', and said of the newest: "{_cut(said)}"' if said else ""
    mend = ("mend all", "leads dead edit {group} --set FIELD=...")
    steps = [mend, _MEND_ONE, ("or mend it at the API, and then", _REPLAY)]
    return f"The API refused them with {number}{told}{quote}.", steps


def _exhausted(about: str, newest: Timeline) -> _Told:
    del newest
    wrong = _CAUSES.get(about, f"Their attempts are spent ({about}).")
    if re.fullmatch(r"status_\d{3}", about):
        wrong = f"The API answered {about[7:]} until the attempts were spent."
    steps = [("once it is well", _REPLAY)]
    if about in _NO_ANSWER or _MAYBE.fullmatch(about):
        return f"{wrong} Some may be there.", [_LOOK, *steps]
    return wrong, steps


_NOT_SENT = {
    "dns": "The name of the API's host was not found",
    "refused": "The API refused connections",
    "tls": "No encrypted connection to the API came about",
    "connect_timeout": "The API could not be reached in time",
    "proxy": "The proxy before the API did not let them through",
    "connect": "The API could not be reached",
}
_NO_ANSWER = {
    "dropped": "The API took them and dropped the connection",
    "truncated": "The API's answers were cut short",
    "oversized": "The API's answers were too long to be read",
    "deadline": "The API took too long to answer",
    "garbled": "The API's answers could not be read",
    "status_2xx_unreadable": "The API's answers could not be read",
    "lease_expired": "Workers died while they sent them",
}
_CAUSES = {
    **{cause: f"{words} until the attempts were spent." for cause, words in _NOT_SENT.items()},
    **{cause: f"{words}, until the attempts were spent." for cause, words in _NO_ANSWER.items()},
    "nothing": "No answer said that they arrived, nor were they found, until the attempts were"
    " spent.",
}
_MAYBE = re.compile(r"status_(408|500|502|504|52\d)")


def _mangled(about: str, newest: Timeline) -> _Told:
    del newest
    lost = about.replace(",", ", ")
    wrong = f"The API took them and lost {lost}; replayed, they would be there twice."
    return wrong, [("see one", "leads dead show {id}"), ("correct them there, and then", _DISCARD)]


def _poison(about: str, newest: Timeline) -> _Told:
    del about, newest
    wrong = "Workers died while they had them, which may be the leads' fault."
    return wrong, [_LOOK, ("then", _REPLAY), ("or", _DISCARD)]


_WORDS: dict[str, Callable[[str, Timeline], _Told]] = {
    Reason.INVALID.value: _invalid,
    Reason.REJECTED.value: _rejected,
    Reason.EXHAUSTED.value: _exhausted,
    Reason.MANGLED.value: _mangled,
    Reason.POISON.value: _poison,
}


def _errors(newest: Timeline) -> list[tuple[str, str]]:
    """Path and message of each error that the schema found last."""
    found: list[Any] = next(
        (e["errors"] for e in reversed(newest) if isinstance(e.get("errors"), list)), []
    )
    return [
        (str(error.get("path") or ""), str(error.get("message") or ""))
        for error in found
        if isinstance(error, dict)
    ]


def _cut(text: str, most: int = QUOTED) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
