"""Bring faults upon real processes and account for each lead; see `ops/chaos/run` for how.

It owns output, the exit code, and that Ctrl-C or SIGTERM ends everything.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from lead_ops.errors import OpsError
from lead_ops.trials import INTERRUPTED, interrupt_once

from . import report, stock_report
from .failures import StartError
from .found import BROKEN
from .kinds import KINDS
from .links import LinkError
from .options import STOCK, Options, read_options
from .progress import Progress
from .stock_trial import try_stock
from .trial import try_product


def main() -> int:
    """Run what was asked for; gives the exit code."""
    options = read_options()
    if options.list:
        for kind in KINDS:
            print(f"{kind.name:<16}{kind.what}")
        return 0
    interrupt_once()
    print(f"seed {options.asked.seed}", flush=True)
    try:
        if options.keep:
            return _run(options, options.keep)
        with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
            return _run(options, Path(folder))
    except KeyboardInterrupt:
        print("interrupted before anything was found; everything that was started has ended")
        return INTERRUPTED
    except (StartError, LinkError, OpsError, OSError) as error:
        print(f"ops/chaos/run: {error}", file=sys.stderr)
        return BROKEN


def _run(options: Options, folder: Path) -> int:
    asked, progress = options.asked, Progress()
    found: Any
    if options.against == STOCK:
        found = try_stock(asked, folder, progress)
        said, value = stock_report.lines(asked, found), stock_report.as_json(asked, found)
    else:
        found = try_product(asked, folder, progress)
        said, value = report.lines(asked, found), report.as_json(asked, found)
    print("\n".join(["", *said]), flush=True)
    if options.json:
        options.json.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
    return int(found.code)


if __name__ == "__main__":
    sys.exit(main())
