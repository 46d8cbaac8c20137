"""`leads dead export` and `leads dead import`: out, mended elsewhere, and back."""

from __future__ import annotations

import csv
import json
import stat
from pathlib import Path

import pytest
from lead_ops.audit import run_audit
from lead_producers.keys import FORMAT
from lead_worker.core.lifecycle import State
from lead_worker.store import Store
from lead_worker.store.letters import Letters
from lead_worker.store.reading import Reading

from tests.integration.fleet import ONE_REDIS
from tests.integration.queues import ENTRY

from .conftest import Leads, Queue
from .letters import EMAIL, NO_EMAIL, die_of, edit

pytestmark = ONE_REDIS

RAW = {"name": "=Ana", "email": "ana", "custom": {"age": 30, "vip": None}}


def raw_of(queue: Queue, lead_id: str) -> bytes:
    sight = Reading(queue.store).sight(lead_id)
    assert sight is not None
    assert sight.raw is not None
    return sight.raw


def put_bytes(queue: Queue, lead_id: str, raw: bytes) -> str:
    """Let a dead letter have these bytes, which no producer of ours would have sent."""
    queue.store.client.set(queue.store.keys.raw(lead_id), raw)
    return lead_id


@pytest.mark.parametrize("name", ["bad.jsonl", "bad.csv"])
def test_a_file_is_private_and_changes_nothing_on_its_way_back(
    leads: Leads, queue: Queue, tmp_path: Path, name: str
) -> None:
    file = tmp_path / name
    letters = [die_of(queue, EMAIL, {"errors": [NO_EMAIL]}, RAW) for _ in range(3)]
    put_bytes(queue, letters[0], b"\xff not JSON")
    put_bytes(queue, letters[1], b'{"a":1,"a":2}')
    ran = leads("dead", "export", file, "--group", "invalid")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == f"wrote 3 dead letters to {file}, which only you can read\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert leads("dead", "export", file).code == 1
    assert leads("dead", "export", file, "--overwrite", "--json").code == 0
    before = [raw_of(queue, lead_id) for lead_id in letters]
    ran = leads("dead", "import", file)
    assert (ran.code, ran.out) == (0, "0 mended, 0 brought in, 3 unchanged, 0 refused\n")
    assert [raw_of(queue, lead_id) for lead_id in letters] == before
    assert "edited" not in {e["event"] for e in Reading(queue.store).log(50)}
    exported = [e for e in Reading(queue.store).log(50) if e["event"] == "exported"]
    assert [(e["leads"], e["about"]) for e in exported] == [
        (3, f"group {EMAIL}"),
        (3, "everything"),
    ]


def test_what_was_mended_in_a_spreadsheet_is_an_edit_and_keeps_the_types_of_the_rest(
    leads: Leads, queue: Queue, tmp_path: Path
) -> None:
    file = tmp_path / "bad.csv"
    first, second = (die_of(queue, EMAIL, {"errors": [NO_EMAIL]}, RAW) for _ in range(2))
    assert leads("dead", "export", file).code == 0
    rows = list(csv.DictReader(file.read_text(encoding="utf-8-sig").splitlines()))
    assert {row["lead.name"] for row in rows} == {"'=Ana"}
    for row in rows:
        row["lead.email"] = "ana@example.com" if row["id"] == first else "still none"
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, rows[0], delimiter=";")
        writer.writeheader()
        writer.writerows(rows)
    dry = leads("dead", "import", file, "--dry-run")
    assert dry.out.startswith("1 would be mended, 0 would be brought in")
    assert json.loads(raw_of(queue, first)) == RAW
    ran = leads("dead", "import", file, "--reason", "checked by sales")
    assert (ran.code, ran.out.splitlines()[-1]) == (1, "next: leads replay start --edited")
    assert f"{second}: it is not valid yet; email: expected one e-mail address" in ran.err
    assert "still none" not in ran.err
    assert json.loads(raw_of(queue, first)) == RAW | {"email": "ana@example.com"}
    assert json.loads(raw_of(queue, second)) == RAW
    (change,) = Letters(queue.store).edits(first).changes
    assert change["reason"] == "checked by sales"
    assert change["changes"] == [{"path": "email", "before": "ana", "after": "ana@example.com"}]
    again = json.loads(leads("dead", "import", file, "--json").out)
    assert (again["mended"], again["unchanged"], again["refused"]) == (0, 1, 1)
    assert run_audit(queue.store).ok


def test_a_lead_that_was_edited_since_the_export_is_not_set_back(
    leads: Leads, queue: Queue, tmp_path: Path
) -> None:
    file, raw = tmp_path / "bad.jsonl", {"name": "Ana", "email": "ana"}
    lead_id = die_of(queue, raw=raw)
    assert leads("dead", "export", file).code == 0
    edit(queue, lead_id, raw, name="Ana", email="ana@example.com")
    ran = leads("dead", "import", file)
    assert (ran.code, "it was edited here since it was exported" in ran.err) == (1, True)
    assert json.loads(raw_of(queue, lead_id))["email"] == "ana@example.com"


def test_discarded_leads_are_restored_and_unknown_ones_come_in_under_their_ids(
    leads: Leads, queue: Queue, tmp_path: Path, redis_url: str, namespace: str
) -> None:
    file = tmp_path / "bad.jsonl"
    kept, discarded = (die_of(queue, EMAIL, raw=RAW, source="site") for _ in range(2))
    delivered = queue.settle(State.DELIVERED)
    assert leads("dead", "export", file).code == 0
    queue.store.discard(discarded, "act", ENTRY)
    text = file.read_text()
    ran = leads("dead", "import", file)
    assert ran.out == "0 mended, 0 brought in, 2 unchanged, 0 refused\n"
    file.write_text(text.replace('"email":"ana"', '"email":"ana@example.com"'))
    with file.open("a") as out:
        out.write(json.dumps({"id": delivered, "raw": {"name": "Ana"}}) + "\n")
        out.write('{"id": "none", "raw": {}}\nnonsense\n')
    ran = leads("dead", "import", file)
    first, *_ = ran.out.splitlines()
    assert first == "2 mended, 0 brought in, 1 restored, 0 unchanged, 3 refused"
    assert f"line 3: {delivered}: it is delivered here, not dead: nothing was changed" in ran.err
    assert queue.store.check([discarded]) == {discarded: "dead"}

    other = Store.from_url(redis_url, f"{namespace}.2")
    import_elsewhere(leads, file, f"{namespace}.2")
    found = Reading(other).sight(kept)
    assert found is not None
    assert found.raw == raw_of(queue, kept)
    told = (found.fields["group"], found.fields["source"], found.fields["lane"])
    assert told == (EMAIL, "site", "live")
    assert [entry["event"] for entry in found.timeline] == ["imported"]
    counts = other.counts()
    assert (counts.accepted, counts.dead) == (3, 3)
    assert other.client.hget(other.keys.meta, "format") == FORMAT.encode()
    assert run_audit(other).ok
    other.client.close()


def import_elsewhere(leads: Leads, file: Path, namespace: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LEADS_NAMESPACE", namespace)
        assert "3 refused" not in leads("dead", "import", file).out  # all five are
        for _ in range(2):  # the last two lines are nonsense
            assert leads("dead", "import", file, "--bring-in").code == 1


def test_an_export_on_a_pipe_is_letters_and_nothing_else(leads: Leads, queue: Queue) -> None:
    lead_id = die_of(queue, EMAIL, {"errors": [NO_EMAIL]}, RAW)
    ran = leads("dead", "export", "-")
    told = json.loads(ran.out)
    assert (told["id"], told["raw"], told["errors"]) == (lead_id, RAW, [NO_EMAIL])
    assert ran.err == "wrote 1 dead letter\n"
    assert leads("dead", "export", "-", "--json").code == 2
    assert leads("dead", "import", "no-such-file").code == 1
