"""What stops the sandbox from starting or from being asked; the text is one line for a person."""

from __future__ import annotations

from lead_ops.errors import OpsError


class SandboxError(OpsError):
    """The sandbox cannot do it: expected, found, what to do. Never a token, never a lead."""
