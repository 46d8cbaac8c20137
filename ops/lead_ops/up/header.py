"""What `leads up` says of itself before anything arrives. Pure.

It owns wording. It names no address with a password in it. Commands and paths are whole and quoted,
because they are copied into another terminal, whatever its current folder is.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from pathlib import Path

from ..context import Context, checkout
from .folder import UpFolder
from .plan import Plan

Row = tuple[str, str]


def header(
    plan: Plan, folder: UpFolder, environ: Mapping[str, str], program: str
) -> tuple[str, list[Row]]:
    """A title, and rows of a name and a value.

    Args:
        environ: what the processes are told.
        program: how to call this program from anywhere, see `command`.
    """
    api_url = environ["LEADS_API_URL"]
    rows = [
        ("API", f"{api_url} (the sandbox)" if plan.sandbox else api_url),
        ("Redis", _redis(plan)),
        ("namespace", plan.namespace),
        ("workers", f"{plan.workers}, one for each core; and beat"),
        ("data", shlex.quote(str(folder.path))),
        ("logs", shlex.quote(str(folder.logs))),
        ("app", _app(plan, environ["LEADS_REDIS_URL"])),
        ("enqueue", f"{program} enqueue FILE"),
        ("look", f"{program} status"),
    ]
    if plan.sandbox:
        rows.append(("trouble", f"{program} sandbox fault --status 503 --for 20"))
    rows.append(("stop", "Ctrl-C"))
    return _title(plan), rows


def _title(plan: Plan) -> str:
    if plan.sandbox:
        return "Leads go to the sandbox on this machine: there is no LEADS_API_TOKEN."
    return "Leads go to the real API: LEADS_API_TOKEN is set."


def _redis(plan: Plan) -> str:
    if plan.embedded:
        return "embedded"
    return f"{Context(plan.settings).where()} (LEADS_REDIS_URL)"


def _app(plan: Plan, redis_url: str) -> str:
    """How an application enqueues; an address that was given may hold a password."""
    url = _literal(redis_url) if plan.embedded else 'os.environ["LEADS_REDIS_URL"]'
    return f"LeadProducer.from_url({url}, namespace={_literal(plan.namespace)})"


def _literal(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def command(program: str, folder: UpFolder, here: Path, root: Path | None = None) -> str:
    """How to call this program from anywhere, so that it finds this folder.

    Args:
        program: how it was called, such as `.venv/bin/leads`.
        here: the current folder.
        root: the checkout that the program looks into by itself; by default its own.
    """
    path = Path(program)
    known = path.name == "leads" and path.parent != Path()
    leads = shlex.quote(str(here / path)) if known else "leads"
    home = folder.path.parent
    return leads if home == (root or checkout()) else f"cd {shlex.quote(str(home))} && {leads}"
