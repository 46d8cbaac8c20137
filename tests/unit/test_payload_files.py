"""Files of payloads: what becomes of a record that holds several leads, or none."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

import pytest
from lead_ops.enqueueing import Enqueueing, key_of_payload
from lead_ops.lead_files.lead_file import Bad, Good, LeadFile, LeadFileError, NotLeadsError, Place
from lead_ops.lead_files.lead_lines import LONGEST, LONGEST_PAYLOAD
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


PAGE: dict[str, Any] = {
    "data": [{"id": "1", "field_data": [{"name": "email", "values": ["a@example.com"]}]}] * 2
}


@pytest.mark.parametrize(
    "content",
    [
        json.dumps(PAGE, indent=2),
        '{"data":[\n' + ",\n".join(map(json.dumps, PAGE["data"])) + "\n]}",
        '{"paging": {},\n "data": ' + json.dumps(PAGE["data"]) + "}\n",
        '{"paging": {}\n, "data": ' + json.dumps(PAGE["data"]) + "}\n",
        json.dumps(PAGE),
    ],
)
def test_a_page_is_one_payload_however_it_is_laid_out(tmp_path: Path, content: str) -> None:
    path = tmp_path / "page"
    path.write_text(content)
    found = read(path, Payloads("meta"))
    assert [item.key for item in found if isinstance(item, Good)] == ["meta:1", "meta:1"]
    assert len(found) == 2


@pytest.mark.parametrize("broken", ['{"email": "a', '{"email": "a@example.com"', '{"email": x},'])
def test_a_first_line_that_is_broken_off_is_a_bad_line(tmp_path: Path, broken: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(f"{broken}\n{json.dumps(ONE)}\n")
    assert [type(item) for item in read(path, Payloads("form"))] == [Bad, Good]


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("is_array", [False, True])
def test_a_payload_may_be_larger_than_a_lead_but_not_without_end(
    tmp_path: Path, indent: int | None, is_array: bool
) -> None:
    path, payloads = tmp_path / "a", Payloads("meta")
    for size, kind in ((3 * LONGEST, Good), (LONGEST_PAYLOAD, Bad)):
        page = PAGE | {"filler": "x" * size}
        path.write_text(json.dumps([page] if is_array else page, indent=indent))
        assert {type(item) for item in read(path, payloads)} == {kind}


def test_lines_as_browsers_post_forms_are_form_posts(tmp_path: Path) -> None:
    path = tmp_path / "posts.txt"
    path.write_text(
        "nome=Ana+Dias&email=ana%40example.com&tag%5B%5D=a&tag%5B%5D=b\n\nnome=Jo%E3o\nnothing\n"
        "fields[email][value]=eva%40example.com\n"
    )
    one, foreign, none, bracketed = read(path, Payloads("form"))
    assert isinstance(one, Good)
    assert one.raw == {
        "name": "Ana Dias",
        "email": "ana@example.com",
        "custom": {"tag": ["a", "b"]},
    }
    assert foreign == Bad(Place(3, 2), "expected UTF-8, found bytes that are not")
    assert isinstance(none, Bad)
    assert "found no =" in none.message
    assert isinstance(bracketed, Good)


EXPORT = (
    "id\tcreated_time\tad_id\tform_id\tplatform\tQual o prazo?\tfull_name\temail\tphone_number\n"
    "l:123\t2026-03-01\tag:4\tf:5\tfb\t1 mês\tJoão\tj@example.com\tp:+5511900000000\n"
    "l:124\t\t\t\t\t<test lead: dummy data for Qual o prazo?>\tx\t\t\n"
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be"])
@pytest.mark.parametrize("delimiter", ["\t", ",", ";"])
def test_the_rows_of_metas_export_are_leads(tmp_path: Path, encoding: str, delimiter: str) -> None:
    path, payloads = tmp_path / "export.csv", Payloads("meta")
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    path.write_bytes((mark + EXPORT.replace("\t", delimiter)).encode(encoding))
    (lead,) = read(path, payloads)
    assert isinstance(lead, Good)
    assert (lead.key, payloads.number, payloads.tests) == ("meta:123", 2, 1)
    custom = lead.raw.pop("custom")
    assert lead.raw == {"name": "João", "email": "j@example.com", "phone": "+5511900000000"}
    assert {name: custom[name] for name in ("ad_id", "form_id", "Qual o prazo?")} == {
        "ad_id": "4",
        "form_id": "5",
        "Qual o prazo?": "1 mês",
    }


def test_the_sample_of_metas_export_is_two_leads() -> None:
    path = Path(__file__).parents[2] / "ops" / "samples" / "mappings" / "meta-export.csv"
    found = [item for item in read(path, Payloads("meta")) if isinstance(item, Good)]
    assert [item.key for item in found] == ["meta:1009876543210555", "meta:1009876543210556"]
    assert found[0].raw["phone"] == "+5541900000909"
    assert found[0].raw["custom"]["adset_id"] == "120210002"


def test_a_file_in_utf16_has_one_digest_and_is_read_after_it(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(("nome,e-mail\n" + "João,j@example.com\n" * 20_000).encode("utf-16"))
    with LeadFile.open(path, None, Payloads("form")) as file:
        assert file.size is None
        assert file.digest() == file.digest()
        assert sum(isinstance(item, Good) for item in file.items()) == 20_000


def test_utf16_that_is_broken_is_one_error(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("nome\nAna\n".encode("utf-16") + b"\x00\xd8\x41")
    with pytest.raises(LeadFileError, match="UTF-16 that is broken"):
        read(path, Payloads("form"))


def test_the_good_leads_of_a_page_come_first_and_then_what_is_bad(tmp_path: Path) -> None:
    path, payloads = tmp_path / "a.jsonl", Payloads("meta")
    path.write_text(json.dumps({"data": [{"id": "0"}, PAGE["data"][0], "x"]}) + "\n")
    good, *bad = read(path, payloads)
    assert isinstance(good, Good)
    assert (good.key, good.is_last, payloads.number) == ("meta:1", False, 1)
    assert [item.message.partition(":")[0] for item in bad if isinstance(item, Bad)] == [
        "data[0].field_data",
        "data[2]",
    ]


def test_a_leads_number_is_the_same_whether_or_not_tests_are_wanted(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    test, real = ({"field_data": [{"name": "email", "values": [v]}]} for v in ("test@fb.com", "a"))
    path.write_text(json.dumps({"data": [test, real]}) + "\n")
    for include_tests, numbers in ((False, [2]), (True, [1, 2])):
        found = read(path, Payloads("meta", include_tests=include_tests))
        assert [item.number for item in found if isinstance(item, Good)] == numbers


def test_only_a_form_and_metas_export_may_be_csv(tmp_path: Path) -> None:
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
