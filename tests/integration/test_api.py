"""One call of the API: what is sent, and each row of the table of outcomes that has an answer."""

from __future__ import annotations

import gzip
import json
import zlib
from pathlib import Path

import pytest
from lead_worker.api import LeadsApi
from lead_worker.core.classify import classify
from lead_worker.core.outcome import (
    Delivered,
    GivenBack,
    HoldKind,
    Mangled,
    Outcome,
    Rejected,
    Retry,
    Unknown,
)
from lead_worker.core.reply import Answered
from lead_worker.errors import SettingsError
from lead_worker.settings import Secret, Settings

from tests.integration.api_calls import BODY, TOKEN, client, judged, outcome_of, post, reply_of
from tests.integration.bad_server import Peer, Serve
from tests.integration.behaviours import ECHO, OK, SENT, answering, hanging_up_after, http

pytestmark = pytest.mark.usefixtures("way")


def test_the_request_is_what_the_contract_asks_for_to_the_letter(serve: Serve) -> None:
    server = serve(answering(OK))
    assert outcome_of(server.url) == Delivered("lead-1")
    [asked] = server.asked
    assert asked.first_line == "POST /rest/leads HTTP/1.1"
    assert asked.body == BODY
    assert asked.headers == {
        "host": f"127.0.0.1:{server.port}",
        "authorization": f"Bearer {TOKEN}",
        "content-type": "application/json",
        "content-length": str(len(BODY)),
        "accept-encoding": "identity",
        "user-agent": "leads-worker",
    }


def test_a_netrc_and_a_proxy_of_the_environment_change_nothing(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else\n", encoding="utf-8")
    netrc.chmod(0o600)
    server, proxy = serve(answering(OK)), serve(answering(http(502)))
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
    assert outcome_of(server.url) == Delivered("lead-1")
    assert server.asked[0].headers["authorization"] == f"Bearer {TOKEN}"
    assert proxy.connections == 0


def test_a_large_lead_arrives_whole(serve: Serve) -> None:
    server = serve(answering(OK))
    large = b'{"name": "' + b"a" * 3_000_000 + b'"}'
    with client(server.url) as api:
        assert isinstance(post(api, large), Answered)
    assert server.asked[0].body == large


@pytest.mark.parametrize("token", ["", "two words", "ends-in-a-newline\n", "a\r\nX-Other: b", "ç"])
def test_a_token_that_is_no_header_value_is_refused_without_being_shown(token: str) -> None:
    with pytest.raises(SettingsError) as refused:
        LeadsApi(Settings(api_token=Secret(token)))
    assert not token or token not in str(refused.value)


def test_the_token_shows_in_no_repr_and_no_exception(serve: Serve) -> None:
    def behave(peer: Peer) -> None:
        peer.read()
        peer.reset()

    with client(serve(behave).url) as api:
        reply = post(api)
        shown = [repr(reply), repr(api), *(repr(value) for value in vars(api).values())]
        api.close()
        shown.append(repr(post(api)))  # an error of the library's own, for a pool that is closed
    assert TOKEN not in "".join(shown)


# --- what is answered: every row of the table of outcomes


def refused(kind: HoldKind, status: int, code: str = "NO", words: str = "not this one") -> Outcome:
    return GivenBack(kind, f"status_{status}", status, code, words)


MEANT = {
    **dict.fromkeys((200, 201, 202, 203), Delivered("lead-1")),
    204: Unknown("status_2xx_unreadable"),
    304: refused(HoldKind.CONFIGURATION, 304, "", ""),  # it has no body
    **{
        status: refused(HoldKind.CONFIGURATION, status)
        for status in (300, 301, 302, 303, 307, 308, 404, 405, 407, 415, 421, 426)
    },
    **{status: refused(HoldKind.CREDENTIALS, status) for status in (401, 403)},
    402: refused(HoldKind.QUOTA, 402),
    **{status: Rejected(status, "NO", "not this one") for status in (400, 406, 409, 413, 422)},
    **{status: Unknown(f"status_{status}") for status in (408, 500, 501, 502, 504, 520, 524)},
    **{status: Retry(f"status_{status}") for status in (425, 429, 503)},
}


@pytest.mark.parametrize(("status", "meant"), MEANT.items())
def test_each_status_has_its_outcome(serve: Serve, status: int, meant: Outcome) -> None:
    refusal = json.dumps({"message": "not this one", "code": "NO"}).encode()
    body = b"" if status in (204, 304) else ECHO if status < 300 else refusal
    assert outcome_of(serve(answering(http(status, body))).url) == meant


def test_each_call_on_a_connection_gets_its_own_answer(serve: Serve) -> None:
    server = serve(answering(*(http(status, ECHO) for status in MEANT if status not in (204, 304))))
    with client(server.url) as api:
        statuses = [reply.status for _ in range(8) if isinstance(reply := post(api), Answered)]
    assert statuses == [200, 201, 202, 203, 300, 301, 302, 303]
    assert server.connections == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(serve: Serve, status: int) -> None:
    target = serve(answering(OK))
    server = serve(answering(http(status, b"", f"Location: {target.url}/leads")))
    assert outcome_of(server.url) == refused(HoldKind.CONFIGURATION, status, "", "")
    assert len(server.asked) == 1
    assert target.connections == 0


def test_a_429_waits_as_long_as_retry_after_says(serve: Serve) -> None:
    server = serve(answering(http(429, b"", "Retry-After: 17")))
    assert outcome_of(server.url) == Retry("status_429", 17.0)


def test_a_retry_after_date_counts_from_the_date_of_the_answer(serve: Serve) -> None:
    now_at = 1_759_572_005.0
    dates = ("Date: Sat, 04 Oct 2025 10:00:00 GMT", "Retry-After: Sat, 04 Oct 2025 10:00:30 GMT")
    reply = reply_of(serve(answering(http(503, b"", *dates))).url)
    assert classify(reply, SENT, now_at=now_at, retry_after_cap_seconds=60.0) == Retry(
        "status_503", 30.0
    )


def test_what_came_back_empty_is_mangled(serve: Serve) -> None:
    empty = json.dumps({"id": "lead-1", "name": None, "email": "", "capture": "completed"})
    server = serve(answering(http(200, empty.encode())))
    assert outcome_of(server.url) == Mangled("lead-1", ("email", "name"))


def test_html_in_place_of_json_is_unknown_after_200_and_a_hold_after_400(serve: Serve) -> None:
    page = b"<html><body>We will be back</body></html>"
    assert outcome_of(serve(answering(http(200, page))).url) == Unknown("status_2xx_unreadable")
    refusal = outcome_of(serve(answering(http(400, page))).url)
    assert refusal == refused(HoldKind.CONFIGURATION, 400, "", "")


def test_an_answer_in_chunks_is_read_whole(serve: Serve) -> None:
    chunks = b"".join(b"%x\r\n%c\r\n" % (1, value) for value in ECHO) + b"0\r\n\r\n"
    server = serve(answering(http(200, chunks, "Transfer-Encoding: chunked")))
    with client(server.url) as api:
        assert [judged(post(api)) for _ in range(3)] == [Delivered("lead-1")] * 3
    assert server.connections == 1


def test_an_answer_that_ends_with_its_connection_is_read_whole(serve: Serve) -> None:
    server = serve(hanging_up_after(http(200, ECHO, "Connection: close")))
    with client(server.url) as api:
        assert [judged(post(api)) for _ in range(3)] == [Delivered("lead-1")] * 3


@pytest.mark.parametrize("interim", [100, 102, 103])
def test_an_interim_answer_is_not_the_answer(serve: Serve, interim: int) -> None:
    between = f"HTTP/1.1 {interim} Wait\r\nLink: </style.css>\r\n\r\n".encode()
    server = serve(answering(between + between + OK))
    with client(server.url) as api:
        assert [judged(post(api)) for _ in range(3)] == [Delivered("lead-1")] * 3


@pytest.mark.parametrize(
    "header",
    ["retry-after:7", "RETRY-AFTER :  7 ", "Retry-After:\r\n 7", "no header\r\nRetry-After: 7"],
    ids=["bare", "spaced", "folded", "after a line that is none"],
)
def test_a_header_is_read_however_it_is_written(serve: Serve, header: str) -> None:
    server = serve(answering(http(503, b"{}", header)))
    with client(server.url) as api:
        assert [post(api) for _ in range(2)] == [Answered(503, b"{}", "7")] * 2
    assert server.connections == 1


def test_an_early_answer_to_a_lead_that_was_not_read_is_an_answer(serve: Serve) -> None:
    refusal = http(413, b'{"message": "too large", "code": "PAYLOAD_TOO_LARGE"}')

    def behave(peer: Peer) -> None:
        peer.say(refusal)
        peer.read()

    assert outcome_of(serve(behave).url) == Rejected(413, "PAYLOAD_TOO_LARGE", "too large")


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("gzip", gzip.compress(ECHO, mtime=0)),
        ("GZIP", gzip.compress(ECHO, mtime=0)),
        ("deflate", zlib.compress(ECHO)),
    ],
)
def test_an_answer_that_is_packed_unasked_is_unpacked(
    serve: Serve, encoding: str, packed: bytes
) -> None:
    server = serve(answering(http(200, packed, f"Content-Encoding: {encoding}")))
    assert outcome_of(server.url) == Delivered("lead-1")


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("gzip", b"not gzip"),
        ("gzip", gzip.compress(ECHO, mtime=0)[:-20]),
        ("br", b"\x0b"),
        ("x", b"\xff"),
    ],
)
def test_an_answer_that_cannot_be_unpacked_is_unknown_but_its_status_is_a_fact(
    serve: Serve, encoding: str, packed: bytes
) -> None:
    header = f"Content-Encoding: {encoding}"
    server = serve(answering(http(200, packed, header), http(401, packed, header)))
    with client(server.url) as api:
        assert judged(post(api)) == Unknown("status_2xx_unreadable")
        assert judged(post(api)) == refused(HoldKind.CREDENTIALS, 401, "", "")
