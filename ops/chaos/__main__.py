"""Bring faults upon real processes and account for each lead; see `ops/chaos/run` for how.

It owns arguments, output, the exit code, and that Ctrl-C or SIGTERM ends everything.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import sys
import tempfile
from pathlib import Path
from types import FrameType
from typing import Any

from . import report, stock_report
from .kinds import KINDS, chosen
from .progress import Progress
from .stage import Size
from .stock_trial import try_stock
from .trial import Asked, try_product

INTERRUPTED = 130
SECONDS = 600.0
LEADS = 50_000
SHORTEST_SECONDS = 20.0
STOCK = "stock-celery"


def main() -> int:
    """Run what was asked for; gives the exit code."""
    parser = _parser()
    options = parser.parse_args()
    if options.list:
        for kind in KINDS:
            print(f"{kind.name:<16}{kind.what}")
        return 0
    asked = _asked(options, parser)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    print(f"seed {asked.seed}", flush=True)
    try:
        if options.keep:
            options.keep.mkdir(parents=True, exist_ok=True)
            return _run(asked, options, options.keep.resolve())
        with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
            return _run(asked, options, Path(folder))
    except KeyboardInterrupt:
        print("interrupted before anything was found; everything that was started has ended")
        return INTERRUPTED


def _run(asked: Asked, options: argparse.Namespace, folder: Path) -> int:
    progress = Progress()
    found: Any
    if options.against == STOCK:
        found = try_stock(asked, folder, progress)
        said, value = stock_report.lines(asked, found), stock_report.as_json(asked, found)
    else:
        found = try_product(asked, folder, progress)
        said, value = report.lines(asked, found), report.as_json(asked, found)
    print("\n".join(["", *said]))
    if options.json:
        options.json.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
    if found.interrupted:
        return INTERRUPTED
    return 0 if found.held else 1


def _asked(options: argparse.Namespace, parser: argparse.ArgumentParser) -> Asked:
    names = [name for name in options.only.split(",") if name]
    try:
        kinds = chosen(names)
    except ValueError as error:
        parser.error(f"--only: {error}")
    if options.seconds < SHORTEST_SECONDS or options.leads < 3:
        parser.error(f"expected --seconds from {SHORTEST_SECONDS:g} and --leads from 3 on")
    seed = random.randrange(1_000_000) if options.seed is None else options.seed
    size = Size(options.leads, options.seconds)
    return Asked(seed, size, kinds, options.policy, options.storms)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("ops/chaos/run", description=(__doc__ or "").split(";")[0])
    add = parser.add_argument
    add("--seed", type=int, metavar="N", help="of the plan of faults; random if not given")
    add("--seconds", type=float, default=SECONDS, help="how long (default: %(default)g)")
    add("--leads", type=int, default=LEADS, help="how many (default: %(default)s)")
    add("--only", default="", metavar="FAULT,...", help="these kinds alone, or how they begin")
    add("--storms", action="store_true", help="several faults at once, without calm between")
    add("--policy", choices=("reconcile", "retry", "park"), default="reconcile")
    add("--against", choices=(STOCK,), help="the same faults against another system")
    add("--list", action="store_true", help="say what kinds of faults there are")
    add("--json", type=Path, metavar="FILE", help="write what was seen there too")
    add("--keep", type=Path, metavar="FOLDER", help="keep logs, receipts and data there")
    return parser


def _interrupt(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - Python's
    """Stop once; a second Ctrl-C must not keep what was started from being ended."""
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
