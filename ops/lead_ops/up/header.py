"""What `leads up` says of itself before anything arrives. Pure, but for the paths that it shortens.

It owns wording. It names no address with a password in it.
"""

from __future__ import annotations

from pathlib import Path

from ..context import Context
from .folder import USUAL_PORT, UpFolder
from .plan import Plan

Row = tuple[str, str]


def header(
    plan: Plan, folder: UpFolder, api_url: str, here: Path, program: str
) -> tuple[str, list[Row]]:
    """A title, and rows of a name and a value.

    Args:
        here: the current folder; paths below it are shown without it.
        program: how this program was called.
    """
    leads = command(program, here)
    rows = [
        ("API", f"{api_url} (the sandbox)" if plan.sandbox else api_url),
        ("Redis", _redis(plan)),
        ("queue", f"namespace {plan.namespace!r}"),
        ("workers", f"{plan.workers}, one for each core; and beat"),
        ("data", f"{below(folder.path, here)}; logs in {below(folder.logs, here)}"),
        ("enqueue", f"{leads} enqueue FILE"),
        ("look", f"{leads} status"),
    ]
    if plan.sandbox:
        port = int(api_url.split(":")[2].partition("/")[0])
        option = "" if port == USUAL_PORT else f" --port {port}"
        rows.append(("trouble", f"{leads} sandbox{option} fault --status 503 --for 20"))
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


def command(program: str, here: Path) -> str:
    """How to call this program from the current folder."""
    path = Path(program)
    return below(path, here) if path.name == "leads" and path.is_absolute() else "leads"


def below(path: Path, here: Path) -> str:
    """A path, relative to the current folder where it is below it."""
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
