"""What is the matter with Redis and what to do, for whoever runs a command.

It owns the wording of Redis's errors. Their own texts may hold an address with its password or a
part of a lead, so of those only what a script or Redis itself says is repeated.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import redis
from lead_producers import ProducerError
from lead_producers.wire import Refused
from lead_worker.store.runner import ScriptError
from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    InvalidResponse,
    NoPermissionError,
    NoScriptError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
)
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from . import context, redis_users
from .context import Context

PRIMARY = "point LEADS_REDIS_URL at the primary"
NO_WRITES = "is a replica, which takes no writes"
RIGHTS = 'see "Redis users" in ops/runbook.md'

_FORBIDDEN = ("no permission", "can't run this command", "can't access at least one of the keys")
"""How Redis says it, of a script too, from 6.2 to 8; in lower case."""

OTHER_NAME = (62, 64)
"""OpenSSL's X509_V_ERR_HOSTNAME_MISMATCH, and the same of an address."""

_NO_CERTIFICATE = "NO_CERTIFICATE_OR_CRL_FOUND"
"""OpenSSL's, of a file; one with a damaged certificate has a reason without a name."""

_CLIENTS = "does it want a certificate of ours (?ssl_certfile=FILE&ssl_keyfile=FILE)?"
"""What it says of a missing one may be lost, as it hangs up at once."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """What Redis did, and where; and what to do about it, or ""."""

    what: str
    advice: str

    def __str__(self) -> str:
        return f"{self.what}: {self.advice}" if self.advice else self.what


def redis_words(error: RedisError) -> str:
    """What Redis did, where it is, and what to do, in one line."""
    try:
        queue = context.load()
    except context.ContextError as unknown:  # It was known before: `leads up` stopped meanwhile.
        return f"Redis failed ({type(error).__name__}): {unknown}"
    return str(name_trouble(error, queue))


def name_trouble(error: RedisError, queue: Context, rights: str = redis_users.WORKER) -> Trouble:
    """Name what an error of Redis comes to.

    Args:
        queue: where it was.
        rights: what the user should have been allowed.
    """
    what, advice = _trouble(error, queue, rights)
    return Trouble(f"Redis at {queue.where()} {what}", advice)


def producer_words(error: ProducerError, queue: Context) -> str:
    """What a producer says; with what to do, where Redis does not allow to its user what it asks.

    Its own words then are those of a script, and name no right.
    """
    said = next((str(each) for each in _chain(error) if isinstance(each, Refused)), "")
    if not is_forbidden(ResponseError(said)):
        return str(error)
    return str(name_trouble(NoPermissionError(said), queue))


def _trouble(error: RedisError, queue: Context, rights: str) -> tuple[str, str]:
    chain = [*_chain(error)]
    tls = next((each for each in chain if isinstance(each, ssl.SSLError)), None)
    if any(isinstance(each, ReadOnlyError) for each in chain):
        return NO_WRITES, PRIMARY
    if any(is_forbidden(each) for each in chain):
        user = _option(queue, "username") or "default"
        line = redis_users.grant(user, rights, queue.settings.namespace)
        return f"does not allow this to its user {user}", f"{line} ({RIGHTS})"
    if tls is not None:
        return _tls_trouble(tls)
    return _plain_trouble(error, chain, queue)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """The error and what it came of, the last first."""
    for _ in range(8):
        if error is None:
            return
        yield error
        error = error.__cause__ or error.__context__


def is_forbidden(error: BaseException) -> bool:
    """Whether Redis does not allow this to its user.

    Scripts are loaded where they are not known: one that is unknown after that could not be.
    """
    words = str(error).lower() if isinstance(error, (ResponseError, ScriptError)) else ""
    refused = isinstance(error, (NoPermissionError, NoScriptError))
    return refused or any(part in words for part in _FORBIDDEN)


def _tls_trouble(error: ssl.SSLError) -> tuple[str, str]:
    if isinstance(error, ssl.SSLCertVerificationError):
        if error.verify_code in OTHER_NAME:
            return "shows a certificate of another name", "LEADS_REDIS_URL needs a name that it has"
        what = f"shows a certificate that is not trusted ({error.verify_message})"
        return what, "?ssl_ca_certs=FILE in LEADS_REDIS_URL names the CA to trust"
    if error.reason == _NO_CERTIFICATE or (error.library == "X509" and not error.reason):
        advice = "expected a file in PEM; see LEADS_REDIS_URL"
        return "was not asked: ssl_ca_certs holds no certificate", advice
    reason = error.reason or type(error).__name__
    return f"ended TLS ({reason})", f"{_CLIENTS} is this its port for TLS?"


def _plain_trouble(
    error: RedisError, chain: list[BaseException], queue: Context
) -> tuple[str, str]:
    hint = "is it running? LEADS_REDIS_URL says where it is"
    if queue.running:
        hint = f"{queue.running.path} says that it is there: is `leads up` still running?"
    match error:
        case AuthenticationError():
            return _login_trouble(str(error))
        case BusyLoadingError():
            return "is still reading its data", "try again in a moment"
        case OutOfMemoryError():
            return "is out of memory", "free or add some"
        case ResponseError() if str(error).startswith("BUSY "):
            advice = "wait for its end; SCRIPT KILL ends one that has written nothing"
            return "is busy with a script", advice
        case InvalidResponse():
            return "is no Redis: what answers there says something else", "see LEADS_REDIS_URL"
        case RedisTimeoutError():
            port = "; does that port speak TLS? redis:// is without" if _is_secure(queue) else ""
            return "did not answer", f"{hint}{port}"
        case RedisConnectionError():
            return _reach_trouble(chain, queue, hint)
        case ResponseError() | ScriptError():
            return f"refused the call: {_own_words(error)}", ""
        case _ if "SSL Certificate Requirements" in str(error):
            advice = "ssl_cert_reqs in LEADS_REDIS_URL: required, optional or none"
            return "was not asked: that is no address of TLS", advice
        case _:
            return f"failed ({type(error).__name__})", hint


def _login_trouble(words: str) -> tuple[str, str]:
    if "without any password configured" in words:
        return "has no password", "take the password out of LEADS_REDIS_URL, or set one there"
    if "required" in words.lower():
        return "wants a password", "put it, and the user, into LEADS_REDIS_URL"
    return "refused the user or password of LEADS_REDIS_URL", "see its requirepass, or ACL LIST"


def _reach_trouble(chain: list[BaseException], queue: Context, hint: str) -> tuple[str, str]:
    if any(isinstance(each, socket.gaierror) for each in chain):
        return "is not known by that name", "is LEADS_REDIS_URL right? does a name server answer?"
    if _is_secure(queue) and any(isinstance(each, FileNotFoundError) for each in chain):
        return "was not asked: a file of TLS is not there", "see ssl_... in LEADS_REDIS_URL"
    hung_up = any(isinstance(each, (ConnectionResetError, BrokenPipeError)) for each in chain)
    if hung_up or "closed by server" in str(chain[0]):
        if _is_secure(queue):
            return "hung up", f"{hint}; {_CLIENTS}"
        more = "" if _option(queue, "path") else "; does it want TLS, rediss:// ?"
        return "hung up", f"{hint}{more}"
    return "cannot be reached", hint


def _own_words(error: RedisError) -> str:
    """What Redis says, without a script's place and arguments."""
    first = str(error).splitlines()[0]
    return first.split(", with args", 1)[0].split(" script: ", 1)[0]


def _is_secure(queue: Context) -> bool:
    return str(queue.settings.redis_url).startswith("rediss:")


def _option(queue: Context, name: str) -> str:
    try:
        parse_url: Any = redis.connection.parse_url
        return str(parse_url(queue.settings.redis_url).get(name) or "")
    except (ValueError, TypeError):
        return ""
