"""The way to a host: its addresses, a connection, a certificate; each bounded in time.

It owns the words for what is in the way. It sends nothing beyond a TLS handshake.
"""

from __future__ import annotations

import socket
import ssl
import time

import certifi

from lead_ops.bounded import TooSlowError, bounded

CONNECT_SECONDS = 5.0
DAY_SECONDS = 86_400.0


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


def connect(host: str, port: int) -> socket.socket:
    """Open a connection; close it.

    Raises:
        Unreachable: nobody listens, or it takes too long.
    """
    advice = "does a firewall stand between? does it need a proxy?"
    try:
        return socket.create_connection((host, port), CONNECT_SECONDS)
    except TimeoutError:
        words = f"{host}:{port} does not answer within {CONNECT_SECONDS:g} s"
    except ConnectionRefusedError:
        words = f"nobody listens at {host}:{port}"
    except OSError as error:
        words = f"{host}:{port} cannot be reached: {error.strerror or type(error).__name__}"
    raise Unreachable("connection", words, advice)


def certificate_days(host: str, port: int, ca_bundle: str = "") -> float:
    """Shake hands; gives for how many days the certificate is good.

    Args:
        ca_bundle: a file of CA certificates; "" for the usual ones.

    Raises:
        Unreachable: there is no connection, or the certificate is not to be trusted.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(ca_bundle or certifi.where())
    except OSError:
        words = "LEADS_API_CA_BUNDLE holds no CA certificates"
        raise Unreachable("tls", words, "expected a file in PEM") from None
    with connect(host, port) as plain:
        try:
            with context.wrap_socket(plain, server_hostname=host) as secured:
                ends = dict(secured.getpeercert() or {}).get("notAfter")
        except ssl.SSLCertVerificationError as error:
            words = f"the certificate of {host} is refused: {error.verify_message}"
            advice = "is a proxy in between? LEADS_API_CA_BUNDLE names the CA to trust"
            raise Unreachable("tls", words, advice) from None
        except OSError as error:  # a time-out and any other SSLError are of this kind
            words = f"no TLS with {host}:{port} ({type(error).__name__})"
            raise Unreachable("tls", words, "is this the right port?") from None
    return (ssl.cert_time_to_seconds(str(ends)) - time.time()) / DAY_SECONDS
