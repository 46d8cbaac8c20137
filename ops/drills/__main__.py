"""Run drills and say what was seen; see `ops/drills/run` for how to use it.

It owns arguments, output, the exit code, and that Ctrl-C or SIGTERM ends everything.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from lead_ops.trials import INTERRUPTED, interrupt_once

from .report import Report, facts_lines, table_lines
from .scenarios import SCENARIOS, Scenario, chosen
from .stage import Stage

Results = list[tuple[Report, float]]


def main() -> int:
    """Run what was asked for; gives the exit code."""
    parser = _parser()
    asked = parser.parse_args()
    if asked.list:
        for name, scenario in SCENARIOS.items():
            print(f"{name:<18}{scenario.__doc__}")
        return 0
    try:
        scenarios = chosen(asked.names)
    except ValueError as error:
        parser.error(str(error))
    interrupt_once()
    results: Results = []
    interrupted = False
    try:
        if asked.keep:
            _run(scenarios, asked.keep.resolve(), asked.quick, results)
        else:
            with tempfile.TemporaryDirectory(prefix="drills-") as folder:
                _run(scenarios, Path(folder), asked.quick, results)
    except KeyboardInterrupt:
        interrupted = True
        print("interrupted; everything that was started has ended")
    print("\n".join(["", *table_lines(results)]))
    if asked.json:
        asked.json.write_text(_as_json(results, quick=asked.quick), encoding="utf-8")
    held = all(report.held for report, _ in results)
    return INTERRUPTED if interrupted else 0 if held else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("ops/drills/run", description=(__doc__ or "").split(";")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="a drill, or how some begin")
    parser.add_argument("--list", action="store_true", help="say what drills there are")
    parser.add_argument("--quick", action="store_true", help="a tenth of the leads, shorter times")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write what was seen there too")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep logs and data there")
    return parser


def _run(scenarios: Mapping[str, Scenario], folder: Path, quick: bool, results: Results) -> None:
    for name, scenario in scenarios.items():
        print(f"{name}: {scenario.__doc__}", flush=True)
        began = time.monotonic()
        report = _report(name, scenario, Stage(folder / name, quick))
        results.append((report, time.monotonic() - began))
        print("\n".join(facts_lines(report)), flush=True)


def _report(name: str, scenario: Scenario, stage: Stage) -> Report:
    try:
        return scenario(stage)
    except Exception as error:  # noqa: BLE001 - the drills after it shall run
        return Report(name, {}, held=False, why=f"{type(error).__name__}: {error}")


def _as_json(results: Results, *, quick: bool) -> str:
    drills = [{**asdict(report), "took_seconds": round(took, 1)} for report, took in results]
    return json.dumps({"quick": quick, "drills": drills}, indent=2) + "\n"


if __name__ == "__main__":
    sys.exit(main())
