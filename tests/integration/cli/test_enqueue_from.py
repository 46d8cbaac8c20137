"""`leads enqueue --from`: payloads of webhooks from a file, as an app's endpoint takes them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from lead_ops.audit import run_audit
from lead_ops.commands.enqueue import PAYLOAD_SOURCES
from lead_producers.mappings import MAPPINGS
from lead_worker.store.reading import Reading

from .conftest import Leads, Queue

SAMPLES = Path(__file__).parents[3] / "ops" / "samples" / "mappings"


def typeform(token: str, email: str) -> dict[str, object]:
    field = {"id": "a", "ref": "email", "type": "email", "title": "Email"}
    answer = {"type": "email", "email": email, "field": {"id": "a", "type": "email"}}
    response = {"form_id": "f", "token": token, "definition": {"fields": [field]}}
    return {"event_type": "form_response", "form_response": response | {"answers": [answer]}}


def rd_station(*uuids: str) -> dict[str, object]:
    conversion = {"created_at": "2026-03-02T09:12:44Z", "content": {"identificador": "form"}}
    person = {"email": "b@example.com", "last_conversion": conversion}
    return {"leads": [{"uuid": uuid, **person} for uuid in uuids]}


def write(path: Path, *payloads: object) -> Path:
    path.write_text("".join(f"{json.dumps(payload)}\n" for payload in payloads), "utf-8")
    return path


def raws(queue: Queue) -> list[dict[str, object]]:
    reading, client = Reading(queue.store), queue.store.client
    ids = client.zrange(queue.store.keys.due("bulk"), 0, -1)
    sights = [reading.sight(lead_id.decode()) for lead_id in ids]
    return [json.loads(sight.raw) for sight in sights if sight and sight.raw]


def source_of(path: Path) -> str:
    return next(name for name in PAYLOAD_SOURCES if path.name.startswith(name))


def test_every_source_that_the_command_offers_has_a_mapping() -> None:
    assert list(PAYLOAD_SOURCES) == list(MAPPINGS)


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.json")), ids=lambda path: path.stem)
def test_each_sample_gives_the_leads_of_its_mapping(leads: Leads, queue: Queue, path: Path) -> None:
    name = source_of(path)
    ran = leads("enqueue", "--from", name, path, "--include-test")
    if path.name == "meta-notice.json":  # it says that there is a lead, and has none
        assert (ran.code, ran.err.startswith("record 1, line 1: expected")) == (1, True)
        return
    assert (ran.code, ran.err) == (0, "")
    payload = json.loads(path.read_text("utf-8"))
    assert raws(queue) == [mapped.raw for mapped in MAPPINGS[name](payload)]
    assert run_audit(queue.store).ok


def test_a_payload_of_several_leads_gives_all_of_them_under_their_source(
    leads: Leads, queue: Queue, tmp_path: Path
) -> None:
    path = write(tmp_path / "a.jsonl", rd_station("u1", "u2"), rd_station("u3"))
    ran = leads("enqueue", path, "--from", "rd-station")
    assert (ran.code, ran.out) == (0, "2 payloads: 3 leads accepted, 0 duplicates, 0 refused\n")
    (first, *_) = queue.store.client.zrange(queue.store.keys.due("bulk"), 0, -1)
    sight = Reading(queue.store).sight(first.decode())
    assert sight
    assert sight.fields["source"] == "rd-station"


def test_what_an_app_enqueued_from_the_same_payload_is_a_duplicate(
    leads: Leads, queue: Queue, tmp_path: Path
) -> None:
    payload = typeform("t1", "ana@example.com")
    for mapped in MAPPINGS["typeform"](payload):
        queue.producer.enqueue(mapped.raw, key=mapped.key, source=mapped.source)
    path = write(tmp_path / "a.jsonl", payload, typeform("t2", "eva@example.com"))
    ran = leads("enqueue", path, "--from", "typeform")
    assert ran.code == 0
    assert ran.out.startswith("2 payloads: 1 lead accepted, 1 duplicate, 0 refused\n1 had been")
    assert leads("enqueue", path, "--from", "typeform", "--again").out.startswith(
        "2 payloads: 2 leads accepted"
    )


def test_leads_without_a_key_of_their_own_are_enqueued_once_a_file(
    leads: Leads, queue: Queue, tmp_path: Path
) -> None:
    path = write(tmp_path / "a.jsonl", *({"nome": "Ana", "email": "ana@example.com"},) * 2)
    assert leads("enqueue", path, "--from", "form").out.startswith("2 payloads: 2 leads accepted")
    assert leads("enqueue", path, "--from", "form").out.startswith(
        "2 payloads: 0 leads accepted, 2 duplicates, 0 refused\n"
    )
    # Read as leads they are other leads.
    assert leads("enqueue", path).out.startswith("2 leads accepted")
    assert queue.store.counts().accepted == 4


def test_a_bad_payload_is_told_by_line_and_path_and_stops_no_other(
    leads: Leads, queue: Queue, tmp_path: Path
) -> None:
    bad = {"leads": [{"uuid": "u1", "email": "b@example.com"}, "SECRET"]}
    path = write(tmp_path / "a.jsonl", rd_station("u1"), bad, rd_station("u2"))
    ran = leads("enqueue", path, "--from", "rd-station")
    assert ran.code == 1
    assert ran.err == "line 2: leads[1]: expected an object, found text\n"
    # The other lead of the bad payload is enqueued too.
    assert ran.out.startswith("3 payloads: 3 leads accepted, 0 duplicates, 1 refused\n")
    assert queue.store.counts().accepted == 3


def test_test_leads_are_left_out_and_counted_unless_they_are_asked_for(
    leads: Leads, queue: Queue
) -> None:
    path = SAMPLES / "google-ads-test.json"
    ran = leads("enqueue", path, "--from", "google-ads")
    assert ran.code == 0
    assert "1 test lead left out; --include-test enqueues them" in ran.out
    told = json.loads(leads("enqueue", path, "--from", "google-ads", "--json").out)
    assert (told["payloads"], told["accepted"], told["test_leads"]) == (1, 0, 1)
    assert queue.store.counts().accepted == 0
    told = json.loads(
        leads("enqueue", path, "--from", "google-ads", "--json", "--include-test").out
    )
    assert (told["accepted"], told["test_leads"]) == (1, 0)


def test_the_rows_of_a_form_may_have_any_names_and_keep_them(
    leads: Leads, queue: Queue, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    path.write_text("nome;e-mail;utm.source;Obs. do cliente\nAna;a@example.com;fair;oi\n", "utf-8")
    assert leads("enqueue", path, "--from", "form", "--source", "feira").code == 0
    (raw,) = raws(queue)
    assert (raw["name"], raw["email"], raw["utm"]) == ("Ana", "a@example.com", {"source": "fair"})
    assert raw["custom"] == {"Obs. do cliente": "oi"}


def test_metas_export_gives_the_leads_that_its_webhook_gave(
    leads: Leads, queue: Queue, tmp_path: Path
) -> None:
    queue.producer.enqueue({"email": "a@example.com"}, key="meta:77")
    path = tmp_path / "export.csv"
    path.write_text("id\tfull_name\temail\nl:77\tAna\ta@example.com\nl:78\tEva\t\n", "utf-16")
    ran = leads("enqueue", path, "--from", "meta")
    assert ran.code == 0
    assert ran.out.startswith("2 payloads: 1 lead accepted, 1 duplicate, 0 refused\n")


@pytest.mark.parametrize(
    ("source", "content", "said"),
    [
        ("form", "", "no payload in it: nothing was enqueued\n"),
        ("form", "[]", "no payload in it: nothing was enqueued\n"),
        ("form", "nome,e-mail\n", "no payload in it: nothing was enqueued\n"),
        ("rd-station", '{"leads":[]}', "1 payload, no lead in it: nothing was enqueued\n"),
        ("meta", '{"data":[]}\n' * 2, "2 payloads, no lead in them: nothing was enqueued\n"),
    ],
)
def test_where_there_is_nothing_it_says_so_and_that_is_no_mistake(
    leads: Leads, tmp_path: Path, source: str, content: str, said: str
) -> None:
    path = tmp_path / "a"
    path.write_text(content)
    ran = leads("enqueue", path, "--from", source)
    assert (ran.code, ran.out, ran.err) == (0, said, "")


def test_leads_without_a_key_are_other_leads_in_a_file_that_grew_and_keyed_ones_are_not(
    leads: Leads, tmp_path: Path
) -> None:
    plain, keyed = {"nome": "Ana"}, typeform("t1", "ana@example.com")
    for source, payload, accepted in (("form", plain, 2), ("typeform", keyed, 0)):
        leads("enqueue", write(tmp_path / "a.jsonl", payload), "--from", source)
        grown = write(tmp_path / "a.jsonl", payload, payload)
        ran = leads("enqueue", grown, "--from", source, "--json")
        assert json.loads(ran.out)["accepted"] == accepted
    told = " ".join(leads("enqueue", "--help").out.split())
    assert "A FILE that was changed is another file" in told


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--from", "rd-station", "--key", "email"), "--key is for leads"),
        (("--from", "hubspot"), "is not one of"),
        (("--include-test",), "--include-test is for runs with --from"),
        (("--from", "typeform"), "found CSV; the rows of any CSV are taken by --from form"),
        (("--from", "meta"), "found none of a lead's fields there"),
        (("--from", "form"), "found none of a lead's fields there"),
        (("--dedupe-seconds", "0"), "expected seconds from 0.001 to 604800"),
        (("--dedupe-seconds", "nan"), "expected seconds from 0.001 to 604800"),
        (("--dedupe-seconds", "604801"), "expected seconds from 0.001 to 604800"),
    ],
)
def test_what_does_not_fit_together_is_one_line_and_code_2(
    leads: Leads, tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Ana,ana@example.com\nEva,eva@example.com\n")
    ran = leads("enqueue", path, *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert words in ran.err
    assert len(ran.err.splitlines()) == 1


def test_leads_of_equal_content_are_dropped_where_that_is_asked_for(
    leads: Leads, queue: Queue, tmp_path: Path
) -> None:
    path = write(tmp_path / "a.jsonl", {"name": "Ana"}, {"name": "Ana"}, {"name": "Eva"})
    ran = leads("enqueue", path, "--dedupe-seconds", "60")
    assert ran.code == 0
    assert ran.out == (
        "2 leads accepted, 1 duplicate, 0 refused\n"
        "1 had been enqueued before, under the same key or with the same content\n"
    )
    assert queue.store.counts().accepted == 2


def test_whoever_enqueues_leads_loads_no_mappings() -> None:
    program = "import lead_ops.commands.enqueue, sys; print(*sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert "lead_ops.enqueueing" in run.stdout.split()
    assert "lead_producers.mappings" not in run.stdout.split()
