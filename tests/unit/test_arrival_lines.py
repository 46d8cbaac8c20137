"""The lines that `leads up` shows of arrivals."""

from __future__ import annotations

from typing import Any

import pytest
from lead_ops.up.arrival_lines import (
    WIDE,
    Line,
    arrival_line,
    clock,
    counts_line,
    cut,
    flood_line,
    hold_lines,
)
from lead_ops.up.watch import Arrival
from lead_worker.core.governor import Governor, Hold
from lead_worker.core.lifecycle import State
from lead_worker.core.outcome import HoldKind
from lead_worker.store import Counts

LEAD = "0123456789abcdef" * 2
AT = 1_760_000_000.0


def text(line: Line) -> str:
    return "".join(part if isinstance(part, str) else part[0] for part in line)


def counts(hold: Hold | None = None, **numbers: int) -> Counts:
    names = Counts.__dataclass_fields__
    zero: dict[str, Any] = {name: 0 for name in names if names[name].type == "int"}
    return Counts(now_at=AT, oldest_due_at=None, governor=Governor(hold=hold), **(zero | numbers))


@pytest.mark.parametrize(
    ("arrival", "told"),
    [
        (
            Arrival(AT, LEAD, State.DELIVERED, api_id="api-1", attempts=1, seconds=0.042),
            f"delivered {LEAD} api-1 42 ms",
        ),
        (
            Arrival(AT, LEAD, State.DELIVERED, api_id="api-1", attempts=3, seconds=61),
            f"delivered {LEAD} api-1 61 s, 3 attempts",
        ),
        (
            Arrival(AT, LEAD, State.DEAD, reason="invalid", fields=("email", "utm")),
            f"dead      {LEAD} invalid: email, utm",
        ),
        (
            Arrival(AT, LEAD, State.DEAD, reason="rejected", cause="status_400", code="NO"),
            f"dead      {LEAD} rejected: status_400 NO",
        ),
        (
            Arrival(AT, LEAD, State.DEAD, reason="exhausted", cause="refused", attempts=20),
            f"dead      {LEAD} exhausted: refused after 20 attempts",
        ),
        (
            Arrival(AT, LEAD, State.PARKED, cause="read_timeout"),
            f"parked    {LEAD} may have arrived: read_timeout",
        ),
        (
            Arrival(AT, LEAD, State.WAITING, cause="status_503", seconds=4.2),
            f"retry     {LEAD} status_503; again in 4.2 s",
        ),
        (
            Arrival(AT, LEAD, State.DISCARDED),
            f"discarded {LEAD} given up by an operator",
        ),
    ],
)
def test_one_lead_is_one_line(arrival: Arrival, told: str) -> None:
    assert text(arrival_line(arrival, WIDE - 1)) == told
    assert len(text(arrival_line(arrival, 80))) <= 80
    assert text(arrival_line(arrival, WIDE)) == f"{clock(AT)} {told}"


def test_a_delivery_to_the_sandbox_fits_into_80_columns() -> None:
    arrival = Arrival(AT, LEAD, State.DELIVERED, api_id="sandbox_" + "0" * 20, seconds=0.4)
    assert len(text(arrival_line(arrival, 80))) <= 80


@pytest.mark.parametrize(
    ("arrival", "told"),
    [
        (
            Arrival(
                AT, LEAD, State.DELIVERED, api_id="sandbox_" + "0" * 20, attempts=12, seconds=31
            ),
            f"delivered {LEAD} sandbox_00000000... 31 s, 12 attempts",
        ),
        (
            Arrival(
                AT, LEAD, State.DEAD, reason="rejected", cause="status_422", code="UNPROCESSABLE_E"
            ),
            f"dead      {LEAD} rejected: status_422 UNPROCESSABLE_E",
        ),
        (
            Arrival(
                AT,
                LEAD,
                State.DEAD,
                reason="rejected",
                cause="status_422",
                code="UNPROCESSABLE_ENT",
            ),
            f"dead      {LEAD} rejected: status_422",
        ),
        (
            Arrival(AT, LEAD, State.DEAD, reason="exhausted", cause="connect_timeout", attempts=20),
            f"dead      {LEAD} exhausted: 20 x connect_timeout",
        ),
    ],
)
def test_what_matters_is_not_cut_at_80_columns(arrival: Arrival, told: str) -> None:
    line = text(arrival_line(arrival, 80))
    assert line == told
    assert len(line) <= 80


def test_many_leads_are_one_line() -> None:
    line = flood_line(AT, {State.DELIVERED: 2310, State.DEAD: 3})
    assert text(line) == f"{clock(AT)} and 2,310 more delivered, 3 more dead"


def test_counts_name_only_what_there_is() -> None:
    assert text(counts_line(counts(delivered=1200, dead=2, waiting_bulk=3))).endswith(
        "all leads: 1,200 delivered, 2 dead, 3 waiting"
    )
    assert text(counts_line(counts())).endswith("all leads: none")


def test_a_hold_is_told_with_what_can_be_done_but_not_with_its_reason() -> None:
    hold = Hold(HoldKind.PAUSED, "Ana asked for it", "ops")
    lines = [text(line) for line in hold_lines(counts(hold))]
    assert lines == [f"{clock(AT)} deliveries are held: paused", "         to go on: leads resume"]
    timed = Hold(HoldKind.NOT_BEFORE, "the API asked for 60 s", until_at=AT + 60)
    assert f"not_before until {clock(AT + 60)}" in text(hold_lines(counts(timed))[0])
    assert text(hold_lines(counts())[0]) == f"{clock(AT)} deliveries go on"


def test_a_suspicion_is_told_as_one_and_no_line_is_longer_than_80_columns() -> None:
    hold = Hold(HoldKind.CREDENTIALS, "the API refuses the token", suspected=True)
    lines = [text(line) for line in hold_lines(counts(hold))]
    assert lines[0] == f"{clock(AT)} deliveries are held: credentials (suspected)"
    assert len(lines) == 3
    assert max(map(len, lines)) <= 80


def test_a_line_is_cut_to_the_width_with_dots() -> None:
    line: Line = [("abc", "dim"), "defgh", "ijk"]
    assert text(cut(line, 11)) == "abcdefghijk"
    assert text(cut(line, 10)) == "abcdefgh.."
    assert text(cut(line, 7)) == "abcd..."
    assert text(cut(line, 0)) == ""
