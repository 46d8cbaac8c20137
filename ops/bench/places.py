"""What the benchmark puts into the checkout's `build/bench`: the peers' packages, the stand-in.

It is made on demand and again where what it is made from has changed. All of it may be deleted.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
OPS = HERE.parent
CACHE = OPS.parent / "build" / "bench"
REQUIREMENTS = HERE / "peers" / "requirements.txt"
BULLMQ = HERE / "peers" / "bullmq"
STAND_IN = HERE / "stand_in.c"


class BenchError(Exception):
    """The benchmark cannot go on; the text says what was expected and what was found."""


def peers_python() -> Path:
    """The interpreter of the peers' own environment, made where it is not there.

    Raises:
        BenchError: pip could not install them.
    """
    folder, mark = CACHE / "venv", CACHE / "venv" / "made"
    wanted = f"{sys.version_info[:2]} {CACHE} {_digest(REQUIREMENTS)}"
    if not _is(mark, wanted):
        print("setting up the peers' own environment (once, about a minute) ...", file=sys.stderr)
        shutil.rmtree(folder, ignore_errors=True)
        _run(sys.executable, "-m", "venv", str(folder))
        pip = (str(folder / "bin" / "python"), "-I", "-m", "pip", "install", "-qq")
        _run(*pip, "--disable-pip-version-check", "--require-hashes", "-r", str(REQUIREMENTS))
        mark.write_text(wanted, encoding="utf-8")
    return folder / "bin" / "python"


def bullmq_program() -> Path | None:
    """BullMQ's program beside its packages, put there on demand; None where it cannot be run, and
    why is told."""
    if not shutil.which("node") or not shutil.which("npm"):
        print("bullmq is left out: there is no node, or no npm, on this machine", file=sys.stderr)
        return None
    try:
        return _installed_bullmq()
    except (BenchError, OSError) as error:
        print(f"bullmq is left out: {error}", file=sys.stderr)
        return None


def _installed_bullmq() -> Path:
    folder = CACHE / "bullmq"
    mark, wanted = folder / "made", _digest(BULLMQ / "package-lock.json")
    if not _is(mark, wanted):
        print("installing BullMQ (once) ...", file=sys.stderr)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(BULLMQ / name, folder)
        _run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", cwd=folder)
        mark.write_text(wanted, encoding="utf-8")
    return Path(shutil.copy(BULLMQ / "bullmq.mjs", folder))


def stand_in_command() -> list[str]:
    """How to run the stand-in: the C one, compiled on demand, or else Python's."""
    compiler = shutil.which("cc")
    program = CACHE / f"stand_in-{_digest(STAND_IN)[:12]}"
    if not program.exists() and compiler:
        CACHE.mkdir(parents=True, exist_ok=True)
        made = program.with_suffix(".new")
        _run(compiler, "-O2", "-o", str(made), str(STAND_IN))
        made.replace(program)
    if program.exists():
        return [str(program), "0"]
    print("no C compiler (cc): the stand-in is Python's, which is slower", file=sys.stderr)
    return [sys.executable, str(HERE / "stand_in.py"), "0"]


def _is(mark: Path, wanted: str) -> bool:
    return mark.exists() and mark.read_text(encoding="utf-8") == wanted


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _run(*command: str, cwd: Path | None = None) -> None:
    run = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    if run.returncode:
        words = " | ".join((run.stderr or run.stdout).strip().splitlines()[-3:])
        raise BenchError(f"expected {' '.join(command[:5])} ... to succeed, found: {words}")


def draw(text: str, to: Path) -> None:
    """Draw what a run found, as JSON, into a PNG; the peers' environment has what it takes.

    Raises:
        BenchError: it cannot be drawn.
    """
    with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        _run(str(peers_python()), "-m", "bench.plot", file.name, str(to), cwd=OPS)
