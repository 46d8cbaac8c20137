"""The sandbox API: a stand-in for the real one on loopback, with faults on request.

Tests use `SandboxServer`; people use `leads sandbox`. It must never leave this machine, and nothing
of it may pass for the real API: ids begin with `sandbox_`, answers carry `X-Sandbox: leads`.
"""

from .errors import SandboxError
from .faults import Faults, Kind, Scope
from .journal import Arrival, Sent
from .server import DEFAULT_TOKEN, SandboxServer

__all__ = [
    "DEFAULT_TOKEN",
    "Arrival",
    "Faults",
    "Kind",
    "SandboxError",
    "SandboxServer",
    "Scope",
    "Sent",
]
