"""Programs of the client in Node: its own checks, the command, and one that a user may write."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

from lead_ops.enqueueing import Enqueueing, key_from_digest
from lead_ops.lead_files.lead_file import LeadFile
from lead_producers import LeadProducer
from lead_producers.bulk import CHUNK
from lead_producers.keys import FORMAT, Keys
from lead_producers.record import MAX_BYTES, MAX_DEPTH, key_digest
from lead_producers.terms import DEDUPE_MAX_SECONDS, SOURCE_MAX

from tests.integration.node_client import FOLDER, run_node
from tests.integration.producer_sight import raws, waiting
from tests.integration.producer_trouble import PASSWORD

LINES = ['{"name": "Ana"}', "", '{"name": "João"}', '{"name": NaN}', "[1]", '{"name": "Eva"}']


def test_the_checks_of_the_client_itself_pass() -> None:
    run = run_node("--test")
    assert run.returncode == 0, run.stdout[-5000:] + run.stderr


def test_a_file_is_enqueued_once_by_whichever_command_and_bad_lines_stop_no_other(
    redis_url: str, namespace: str, redis_client: Any, keys: Keys, tmp_path: Path
) -> None:
    path = tmp_path / "leads.jsonl"
    path.write_text("\n".join(LINES), encoding="utf-8")
    variables = {"LEADS_REDIS_URL": redis_url, "LEADS_NAMESPACE": namespace}
    run = run_node("enqueue.mjs", str(path), **variables)
    receipts = [json.loads(line) for line in run.stdout.splitlines()]
    assert [(r["line"], r["duplicate"]) for r in receipts] == [(1, False), (3, False), (6, False)]
    assert [r["leadId"] for r in receipts] == waiting(redis_client, keys, "bulk")
    assert [r["name"] for r in raws(redis_client, keys, "bulk")] == ["Ana", "João", "Eva"]
    assert run.stderr.splitlines() == [
        "line 4: expected JSON, found something else",
        "line 5: expected a lead as an object, found a value of type Array",
        "3 accepted, 0 duplicates, 2 refused",
    ]
    assert run.returncode == 1
    again = run_node("enqueue.mjs", str(path), **variables)
    assert "0 accepted, 3 duplicates, 2 refused" in again.stderr


def test_a_file_that_python_enqueued_is_not_enqueued_by_node_again(
    redis_url: str, producer: LeadProducer, keys: Keys, tmp_path: Path
) -> None:
    path = tmp_path / "leads.jsonl"
    path.write_text("\n".join(LINES), encoding="utf-8")
    with LeadFile.open(path) as leads:
        make_key = key_from_digest(leads.digest())
        run = Enqueueing(producer, make_key, lane="bulk", source=None, on_refused=lambda _: None)
        run.run(leads.items())
    assert run.tally.accepted == 3
    variables = {"LEADS_REDIS_URL": redis_url, "LEADS_NAMESPACE": keys.namespace}
    again = run_node("enqueue.mjs", str(path), **variables)
    assert "0 accepted, 3 duplicates, 2 refused" in again.stderr


def test_the_command_says_in_one_line_what_is_wrong_and_never_the_password(tmp_path: Path) -> None:
    path = tmp_path / "leads.jsonl"
    path.write_text(LINES[0], encoding="utf-8")
    for url, words in (
        (f"redis://:{PASSWORD}@127.0.0.1:1/0", "Redis at 127.0.0.1:1 cannot be reached: ECONNREF"),
        (f"redis://:{PASSWORD}/x@127.0.0.1:1/0", "expected Redis's URL to begin with redis://"),
    ):
        run = run_node("enqueue.mjs", str(path), LEADS_REDIS_URL=url)
        assert run.stderr.startswith(f"enqueue: {words}")
        assert (run.returncode, run.stdout, run.stderr.count("\n")) == (1, "", 1)
        assert PASSWORD not in run.stderr
    for arguments in ([], ["--help"], ["a", "b"]):
        run = run_node("enqueue.mjs", *arguments)
        assert (run.returncode, run.stdout) == (2, "")
        assert run.stderr.startswith("usage: node enqueue.mjs FILE.jsonl\n")
    run = run_node("enqueue.mjs", str(tmp_path / "none.jsonl"), LEADS_REDIS_URL="redis://h")
    assert (run.returncode, "ENOENT" in run.stderr, run.stderr.count("\n")) == (1, True, 1)


def test_a_program_that_leaves_its_connection_open_ends_by_itself(redis_url: str) -> None:
    program = """
        import { LeadProducer } from "./lead-producer.mjs";
        import { Wire } from "./wire.mjs";
        const producer = new LeadProducer(new Wire(process.env.LEADS_REDIS_URL).send);
        console.log((await producer.enqueue({ name: "Ana" })).duplicate);
    """
    run = run_node("--input-type=module", "--eval", program, LEADS_REDIS_URL=redis_url)
    assert (run.stdout, run.stderr, run.returncode) == ("false\n", "", 0)


def test_the_protocol_says_what_the_script_and_the_python_producer_do() -> None:
    protocol = (FOLDER.parent / "PROTOCOL.md").read_text(encoding="utf-8")
    script = files("lead_producers").joinpath("enqueue.lua").read_text(encoding="utf-8")
    for name in set(re.findall(r"P \.\. '([a-z]+:?)'", script)):
        assert re.search(rf"`{name}[<`]", protocol), f"expected {name} among the keys"
    assert re.findall(r"HEAD, EACH, MOST, WEEK_MS = (.*)\n", script) == ["7, 4, 1000, 604800000"]
    assert f"`{DEDUPE_MAX_SECONDS:.0f}`" in protocol
    for words in (f"{MAX_BYTES:,} bytes", f"{MAX_DEPTH} levels", f"at most {CHUNK},"):
        assert words in protocol
    assert f"up to {SOURCE_MAX} printable" in protocol
    assert f"| 1 | format of the record: `{FORMAT}` |" in protocol
    assert key_digest("abc") in protocol
    for target in re.findall(r"\]\(([^)#:]+)\)", protocol):
        assert (FOLDER.parent / target).exists(), target
