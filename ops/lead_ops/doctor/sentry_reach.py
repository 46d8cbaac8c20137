"""Whether reports would arrive at Sentry: the DSN's form, and the way there.

It owns the test event, which is sent only where somebody asks for it. The DSN holds a key, so only
its host is said.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sentry_sdk
from lead_worker import sentry
from lead_worker.settings import Settings
from sentry_sdk.utils import BadDsn, Dsn

from . import sentry_route
from .case import DSN, Case
from .finding import Finding, bad, good, skipped, warning
from .tls import Party, Unreachable, certificate_days, connect, resolve

FLUSH_SECONDS = 5.0
PARTY = Party("Sentry", DSN, "SSL_CERT_FILE, else REQUESTS_CA_BUNDLE,", "HTTPS_PROXY, NO_PROXY")
PROXY = Party("the proxy", "HTTPS_PROXY, or HTTP_PROXY,", PARTY.trust, PARTY.proxy)
FORM = "copy it from the project's page in Sentry: https://KEY@HOST/PROJECT"


def examine(case: Case, *, send: bool = False) -> Iterator[Finding]:
    """Look at it.

    Args:
        send: send a test event.
    """
    if DSN in case.bad:
        yield skipped("dsn", f"{DSN} cannot be used, see above")
        return
    if not case.settings.sentry_dsn:
        yield warning("dsn", "none: nobody is told of holds, dead letters and bugs", f"set {DSN}")
        return
    try:
        dsn = Dsn(str(case.settings.sentry_dsn))
    except BadDsn:
        yield bad("dsn", "it has no project (not shown: a secret)", FORM)
        return
    yield good("dsn", f"project {dsn.project_id} at {dsn.host}")
    try:
        yield _way(dsn)
    except Unreachable as error:
        yield bad("way", str(error), error.advice)
    if send:
        yield _send(case.settings)


def _way(dsn: Dsn) -> Finding:
    try:
        route = sentry_route.read(dsn)
    except ValueError:
        words = "the environment's proxy has no address that can be used"
        raise Unreachable("way", words, "write http://HOST:PORT into HTTPS_PROXY") from None
    if route.scheme and not route.proxy:
        words = f"over a proxy by {route.scheme}, not tried here"
        return warning("way", words, "--send-test-event tries it")
    host, port, proxy = str(dsn.host), int(dsn.port), route.proxy
    first, first_port = (proxy.host, proxy.port) if proxy else (host, port)
    resolve(first, first_port)
    there = f"{host} is there{', through the proxy' if proxy else ''}"
    if dsn.scheme == "https":
        days = certificate_days(PARTY, host, port, route.ca_bundle, proxy)
        return good("way", f"{there}, by TLS, its certificate good for {days:.0f} days")
    connect(PROXY if proxy else PARTY, first, first_port).close()
    there = f"the proxy {first}:{first_port} is there" if proxy else there
    return warning("way", f"{there}, without TLS", "use https:// in the DSN")


def _send(settings: Settings) -> Finding:
    """Send an event as the worker would, and see what the transport makes of it."""
    lost: list[str] = []
    try:
        sentry.begin(settings, "doctor")
    except Exception as error:  # noqa: BLE001 - the text of one may hold a proxy's password
        words = f"Sentry's SDK does not begin ({type(error).__name__})"
        return bad("test event", words, "see the line above")
    client = sentry_sdk.get_client()
    transport: Any = client.transport
    transport.on_dropped_event = lost.append
    event: Any = {
        "level": "info",
        "message": "a test event of leads doctor",
        "fingerprint": ["doctor"],
        "logger": "lead_ops",
        "tags": {"next_step": "nothing to do"},
    }
    event_id = client.capture_event(event, scope=sentry_sdk.Scope())
    client.close(timeout=FLUSH_SECONDS)
    if event_id is None or lost:
        why = f": {lost[0]}" if lost else ""
        return bad("test event", f"Sentry did not take it{why}", "is the DSN of a project of now?")
    return good("test event", f"sent, as {event_id}: look for it in Sentry")
