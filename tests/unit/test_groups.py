"""What a dead letter died of, as a name: alike for one cause, and never with a value in it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lead_worker.core.evidence import Seen, as_accused
from lead_worker.core.fields import UTM_NAMES
from lead_worker.core.groups import (
    FIELDS,
    POISON_GROUP,
    group_of,
    reason_of,
    rejected_group,
)
from lead_worker.core.lifecycle import Reason
from lead_worker.core.outcome import (
    Delivered,
    FieldError,
    GivenBack,
    HoldKind,
    Invalid,
    Mangled,
    Outcome,
    Rejected,
    Retry,
    Unknown,
)

CODE = "UNPROCESSABLE_CONTENT"


def invalid(*paths: str, message: str = "expected text") -> str:
    errors = tuple(FieldError(path, message) for path in paths)
    return group_of(Reason.INVALID, Invalid(errors))


@pytest.mark.parametrize(
    ("reason", "outcome", "cause", "group"),
    [
        (Reason.REJECTED, Rejected(422, CODE, "no"), "", f"rejected:status_422:{CODE}"),
        (Reason.REJECTED, Rejected(409, "", "no"), "", "rejected:status_409"),
        (Reason.REJECTED, Rejected(422, "Ana Souza", "no"), "", "rejected:status_422"),
        (Reason.MANGLED, Mangled("api-1", ("name", "phone")), "", "mangled:name,phone"),
        (Reason.MANGLED, Mangled("api-1", ("utm.source", "utm.id")), "", "mangled:utm"),
        (Reason.EXHAUSTED, Retry("status_503"), "", "exhausted:status_503"),
        (Reason.EXHAUSTED, Unknown("dropped"), "", "exhausted:dropped"),
        (Reason.EXHAUSTED, GivenBack(HoldKind.QUOTA, "status_402"), "", "exhausted:status_402"),
        (Reason.EXHAUSTED, Retry("refused"), "dns", "exhausted:dns"),
        (Reason.EXHAUSTED, None, "not_there", "exhausted:not_there"),
        (Reason.POISON, None, "lease_expired", POISON_GROUP),
        (Reason.POISON, None, "", "poison:other"),
        (Reason.REJECTED, Delivered("api-1"), "", "rejected:other"),
    ],
)
def test_each_cause_has_a_group_of_its_own(
    reason: Reason, outcome: Outcome | None, cause: str, group: str
) -> None:
    assert group_of(reason, outcome, cause) == group
    assert reason_of(group) == reason


@pytest.mark.parametrize(
    ("paths", "group"),
    [
        (["email"], "invalid:email"),
        (["phone", "email", "email"], "invalid:email,phone"),
        (["", "email"], "invalid:email"),
        (["utm.source", "utm.utm_medium"], "invalid:utm.source,utm.utm_medium"),
        (["utm.ana@example.com"], "invalid:utm"),
        (["custom.Ana Souza", "custom.score"], "invalid:custom"),
    ],
)
def test_an_invalid_lead_is_named_by_its_fields_at_fault(paths: list[str], group: str) -> None:
    assert invalid(*paths) == group


@pytest.mark.parametrize("path", ["", ".below"])
def test_leads_that_cannot_be_read_are_told_apart_by_what_was_said(path: str) -> None:
    at_7, at_99 = (invalid(path, message=f"expected JSON, found x at {n}") for n in (7, 99))
    assert re.fullmatch("invalid:lead:[0-9a-f]{6}", at_7)
    assert at_7 == at_99
    twice, again = (invalid(path, message=f'found "{n}" twice') for n in ("ana", "bia"))
    assert twice == again != at_7


def test_of_names_that_the_schema_does_not_know_a_digest_is_left() -> None:
    assert re.fullmatch(r"invalid:unknown-[0-9a-f]{6}", invalid("Ana Souza"))
    assert re.fullmatch(r"invalid:email,unknown-[0-9a-f]{6}", invalid("Ana Souza", "email"))
    assert invalid("Ana Souza") != invalid("Bia Lima")


def test_names_that_differ_in_case_number_or_order_are_one_group() -> None:
    assert (
        invalid("field_17", "Topic") == invalid("TOPIC", "Field_3") == invalid("topic", "field_9")
    )
    assert invalid("email", "phone") == invalid("phone", "email")


def test_of_many_fields_four_are_named_and_a_digest_tells_the_sets_apart() -> None:
    five = invalid("agentId", "capture", "company", "email", "phone")
    other = invalid("agentId", "capture", "company", "email", "site")
    assert re.fullmatch(r"invalid:agentId,capture,company,email,more-[0-9a-f]{6}", five)
    assert five != other
    assert five.rpartition("-")[0] == other.rpartition("-")[0]


def test_what_was_expected_makes_no_group_of_its_own() -> None:
    assert invalid("email", message="ana@example.com is none") == invalid("email")


PART = "|".join(
    re.escape(name)
    for name in (
        *FIELDS,
        *(f"utm.{prefix}{tag}" for prefix in ("", "utm_") for tag in UTM_NAMES),
    )
)
NAME = re.compile(
    rf"invalid:(lead:[0-9a-f]{{6}}|((unknown-[0-9a-f]{{6}}|more-[0-9a-f]{{6}}|{PART})(,(?!$)|$))+)"
)
PATHS = st.lists(
    st.text() | st.text().map("utm.{}".format) | st.text().map("custom.{}".format)
    | st.sampled_from(FIELDS) | st.builds("{}.{}".format, st.text(), st.text()),
    max_size=8,
)  # fmt: skip


@given(paths=PATHS, message=st.text())
def test_no_group_holds_a_value_or_a_name_that_a_stranger_chose(
    paths: list[str], message: str
) -> None:
    """All of the name is made of words of ours and of digests, so no piece of theirs is in it."""
    assert NAME.fullmatch(invalid(*paths, message=message))


# No digit of a digest, and no letters that follow one another in a word of ours.
STRANGE = st.text("zZ@ #jJqQ\u00e9\u4e2d", min_size=4)


@given(name=STRANGE, value=STRANGE, path=st.sampled_from(["{}", "{}.x", "custom.{}", "utm.{}"]))
def test_no_piece_of_a_name_or_value_is_in_a_group(name: str, value: str, path: str) -> None:
    outcomes: list[tuple[Reason, Outcome]] = [
        (Reason.INVALID, Invalid((FieldError(path.format(name), value),))),
        (Reason.REJECTED, Rejected(422, f" {name}", value)),
    ]
    for reason, outcome in outcomes:
        group = group_of(reason, outcome)
        pieces = {text[at : at + 4] for text in (name, value) for at in range(len(text) - 3)}
        assert not [piece for piece in pieces if piece in group]


@pytest.mark.parametrize("code", ["", "NOT_FOUND", "UNPROCESSABLE_CONTENT", "STATUS_418"])
def test_a_refusal_is_named_by_status_and_code(code: str) -> None:
    assert rejected_group(404, code) == group_of(Reason.REJECTED, Rejected(404, code, ""))


@pytest.mark.parametrize(
    "code",
    [
        *("Ana.Souza", "ana-souza", "11987654321", "CPF_12345678909", "A1B2C3D4E5F6", "X"),
        *("MARIA", "ANA_SOUZA", "STATUS_MARIA", "FORBIDDEN_MARIA"),
    ],
)
def test_of_a_code_that_is_not_known_a_digest_is_left_wherever_it_is_named(
    code: str,
) -> None:
    refused = Rejected(422, code, "no")
    group = group_of(Reason.REJECTED, refused)
    assert re.fullmatch("rejected:status_422:other-[0-9a-f]{6}", group)
    assert as_accused(Seen("a", refused)).code == group.rpartition(":")[2]
    assert group_of(Reason.REJECTED, Rejected(422, group.rpartition(":")[2], "no")) == group
    assert group_of(Reason.REJECTED, Rejected(422, f"{code}.", "no")) != group


def test_a_name_that_is_no_text_has_a_digest_too() -> None:
    assert re.fullmatch(r"invalid:unknown-[0-9a-f]{6}", invalid("\ud800"))
