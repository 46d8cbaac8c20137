"""Files of payloads: what becomes of a record that holds several leads, or none."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

import pytest
from lead_ops.enqueueing import Enqueueing, key_of_payload
from lead_ops.lead_files.lead_file import Bad, Good, LeadFile, LeadFileError, NotLeadsError, Place
from lead_ops.lead_files.payloads import Payloads
from lead_producers import LeadProducer, QueueUnavailable, Receipt

ONE = {"email": "ana@example.com", "submission_id": "abc-1234567890"}


def read(path: Path, payloads: Payloads, format_: str | None = None) -> list[Good | Bad]:
    with LeadFile.open(path, format_, payloads) as file:
        return [item for item in file.items() if item is not None]


def test_each_lead_of_a_payload_knows_its_number_and_whether_it_is_the_last(tmp_path: Path) -> None:
    path, payloads = tmp_path / "a.jsonl", Payloads("rd-station")
    leads = [{"uuid": str(n), "email": "b@example.com"} for n in range(3)]
    path.write_text(f"{json.dumps({'leads': leads})}\n\n{json.dumps({'leads': []})}\n")
    found = [item for item in read(path, payloads) if isinstance(item, Good)]
    assert [(item.place, item.number, item.is_last) for item in found] == [
        (Place(1, 1), 1, False),
        (Place(1, 1), 2, False),
        (Place(1, 1), 3, True),
    ]
    assert (payloads.number, payloads.tests) == (2, 0)


@pytest.mark.parametrize("format_", [None, "json"])
def test_one_payload_over_several_lines_is_one_record(tmp_path: Path, format_: str | None) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(ONE, indent=2) + "\n\n")
    (item,) = read(path, Payloads("form"), format_)
    assert isinstance(item, Good)
    assert item.raw["email"] == ONE["email"]


def test_several_payloads_over_several_lines_are_refused_and_not_half_read(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(2 * (json.dumps(ONE, indent=2) + "\n"))
    (item,) = read(path, Payloads("form"))
    assert isinstance(item, Bad)
    assert item.message.startswith("expected JSON")


def test_payloads_of_another_source_are_one_error(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(f"{json.dumps(ONE)}\n" * 50)
    with pytest.raises(NotLeadsError, match=r"none of the first 20 .*RD Station"):
        read(path, Payloads("rd-station"))


def test_only_a_form_may_be_csv(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("nome,e-mail\nAna,ana@example.com\n")
    assert [type(item) for item in read(path, Payloads("form"))] == [Good]
    with pytest.raises(LeadFileError, match="expected payloads of typeform as JSON, found CSV"):
        read(path, Payloads("typeform"))


def test_a_payloads_own_key_is_used_and_the_files_where_there_is_none() -> None:
    own = Good(Place(1, 1), {}, key="meta:77")
    none = Good(Place(5, 2), {}, number=3)
    assert key_of_payload("meta", "d1")(own) == "meta:77"
    assert key_of_payload("meta", None)(own) == "meta:77"
    assert key_of_payload("meta", "d1")(none) == "file:d1:meta:2:3"
    assert key_of_payload("meta", None)(none) is None


class HalfProducer:
    """Stands in for a producer whose Redis goes away after the first lead."""

    def enqueue_many(self, leads: Iterable[object], *_: object, **given: Any) -> None:
        list(leads)
        given["on_receipt"](0, Receipt("0" * 32))
        raise QueueUnavailable("away", maybe_enqueued=True)


def test_a_payload_of_which_only_some_leads_are_in_is_not_called_done() -> None:
    items = [Good(Place(7, 1), {}, number=n, is_last=n == 2) for n in (1, 2)]
    run = Enqueueing(
        cast(LeadProducer, HalfProducer()),
        key_of_payload("meta", None),
        lane="bulk",
        source=None,
        on_refused=print,
    )
    with pytest.raises(QueueUnavailable):
        run.run(items)
    assert (run.tally.accepted, run.tally.line) == (1, 0)
