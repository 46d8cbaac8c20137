"""Where the sandbox's tokens come from: the environment or a file, never an argument.

It owns the order of these sources. No message of its holds a token.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from .desk import check_tokens
from .errors import SandboxError
from .server import DEFAULT_TOKEN

VARIABLE = "LEADS_SANDBOX_TOKEN"


def read_tokens(environ: Mapping[str, str], file: Path | None) -> tuple[str, ...]:
    """The tokens to accept, separated by white space: of the file, else the variable, else ours.

    Raises:
        SandboxError: the file cannot be read, or what is there is no token.
    """
    text = _read(file) if file is not None else environ.get(VARIABLE, "")
    words = text.split()
    if file is not None and not words:
        raise SandboxError(f"the token file {file} is empty: expected a token in it")
    return check_tokens(words or [DEFAULT_TOKEN])


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise SandboxError(f"cannot read the token file {file}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SandboxError(f"the token file {file} is no text: expected a token in it") from None
