"""The way to a host: its addresses, a connection, a certificate; each bounded in time.

It owns the words for what is in the way. It sends nothing beyond a TLS handshake.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import time
from dataclasses import dataclass

import certifi

from lead_ops.bounded import TooSlowError, bounded
from lead_ops.redis_trouble import OTHER_NAME

CONNECT_SECONDS = 5.0
DAY_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True)
class Party:
    """Whom the way leads to, and the names of the settings that lay it.

    Attributes:
        who: for a person: "the API".
        address, trust, proxy: say where it is, which CA to trust, over which proxy to go.
    """

    who: str
    address: str
    trust: str
    proxy: str


@dataclass(frozen=True, slots=True)
class Proxy:
    """One that is spoken to in clear, and asked for a tunnel where the way goes by TLS."""

    host: str
    port: int


class Unreachable(Exception):
    """There is no way.

    Attributes:
        what: the part of the way: `name`, `connection` or `tls`.
        advice: what to do.
    """

    def __init__(self, what: str, words: str, advice: str) -> None:
        super().__init__(words)
        self.what = what
        self.advice = advice


def resolve(host: str, port: int) -> str:
    """Look a name up; gives how many addresses it has, in words.

    Raises:
        Unreachable: it has none, or no name server answers.
    """
    advice = "is the name right? does this machine's name server answer?"
    try:
        found = bounded(
            lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM), CONNECT_SECONDS
        )
    except TooSlowError:
        words = f"no name server answered for {host} within {CONNECT_SECONDS:g} s"
        raise Unreachable("name", words, advice) from None
    except (OSError, UnicodeError):
        raise Unreachable("name", f"{host} is not known", advice) from None
    addresses = len({each[4][0] for each in found})
    return f"{addresses} {'address' if addresses == 1 else 'addresses'}"


def connect(party: Party, host: str, port: int) -> socket.socket:
    """Open a connection; close it.

    Raises:
        Unreachable: nobody listens, or it takes too long.
    """
    advice = f"does a firewall stand between? does it need a proxy ({party.proxy})?"
    try:
        return socket.create_connection((host, port), CONNECT_SECONDS)
    except TimeoutError:
        words = f"{host}:{port} does not answer within {CONNECT_SECONDS:g} s"
    except ConnectionRefusedError:
        words = f"nobody listens at {host}:{port}"
        advice = f"is {party.address} right? is {party.who} away?"
    except OSError as error:
        words = f"{host}:{port} cannot be reached: {error.strerror or type(error).__name__}"
    raise Unreachable("connection", words, advice)


def tunnel(party: Party, proxy: Proxy, host: str, port: int) -> socket.socket:
    """Open a connection through a proxy; close it.

    Raises:
        Unreachable: the proxy is not there, or opens no way.
    """
    asking = http.client.HTTPConnection(proxy.host, proxy.port, timeout=CONNECT_SECONDS)
    asking.set_tunnel(host, port)
    try:
        asking.connect()
    except (OSError, http.client.HTTPException) as error:
        asking.close()
        refused = str(error) if str(error).startswith("Tunnel") else type(error).__name__
        words = f"the proxy {proxy.host}:{proxy.port} does not let it through ({refused})"
        raise Unreachable("connection", words, f"see {party.proxy}") from None
    opened: socket.socket = asking.sock
    return opened


def certificate_days(
    party: Party, host: str, port: int, ca_bundle: str = "", proxy: Proxy | None = None
) -> float:
    """Shake hands; gives for how many days the certificate is good.

    Args:
        ca_bundle: a file of CA certificates; "" for the usual ones.
        proxy: the way goes through it.

    Raises:
        Unreachable: there is no connection, or the certificate is not to be trusted.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(ca_bundle or certifi.where())
    except OSError:
        words = f"{party.trust} holds no CA certificates"
        raise Unreachable("tls", words, "expected a file in PEM") from None
    with tunnel(party, proxy, host, port) if proxy else connect(party, host, port) as plain:
        try:
            with context.wrap_socket(plain, server_hostname=host) as secured:
                ends = dict(secured.getpeercert() or {}).get("notAfter")
        except ssl.SSLCertVerificationError as error:
            raise _refused(party, host, error) from None
        except OSError as error:  # a time-out and any other SSLError are of this kind
            words = f"no TLS with {host}:{port} ({type(error).__name__})"
            raise Unreachable("tls", words, "is this the right port?") from None
    return (ssl.cert_time_to_seconds(str(ends)) - time.time()) / DAY_SECONDS


def _refused(party: Party, host: str, error: ssl.SSLCertVerificationError) -> Unreachable:
    if error.verify_code in OTHER_NAME:
        words = f"the certificate is of another name than {host}"
        advice = f"{party.address} needs a name that it has; no CA mends a name"
        return Unreachable("tls", words, advice)
    words = f"the certificate of {host} is refused: {error.verify_message}"
    advice = f"is a proxy in between? {party.trust} names the CA to trust"
    return Unreachable("tls", words, advice)
