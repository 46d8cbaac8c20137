"""Which way Sentry's SDK goes, and which CA it trusts, by the environment.

It owns that reading, which is that of `sentry_sdk.transport.HttpTransport` where the SDK is begun
without options of its own. It asks nobody.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib.util import find_spec
from urllib.parse import urlsplit
from urllib.request import getproxies

from sentry_sdk.utils import Dsn

from .tls import Proxy


@dataclass(frozen=True, slots=True)
class Route:
    """The way to Sentry.

    Attributes:
        ca_bundle: a file of CA certificates; "" for the usual ones.
        scheme: of the address of the proxy, or "" without one.
        proxy: one whose scheme is http, else None.
    """

    ca_bundle: str
    scheme: str = ""
    proxy: Proxy | None = None


def read(dsn: Dsn) -> Route:
    """Read which way reports of this DSN go.

    Raises:
        ValueError: the SDK cannot use the address of the proxy, and does not begin.
    """
    bundle = os.environ.get("SSL_CERT_FILE") or os.environ.get("REQUESTS_CA_BUNDLE") or ""
    url = proxy_url(dsn)
    if not url or (url.startswith("socks") and find_spec("socks") is None):
        return Route(bundle)
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    if not parts.hostname or not (scheme in ("http", "https") or scheme.startswith("socks")):
        raise ValueError("no address of a proxy")
    # A login in it is not sent by the SDK either.
    proxy = Proxy(parts.hostname, parts.port or 80) if scheme == "http" else None
    return Route(bundle, scheme, proxy)


def proxy_url(dsn: Dsn) -> str:
    """The address of the proxy of the environment, or ""; may hold its password."""
    proxies = getproxies()
    past = [name.strip() for name in proxies["no"].split(",")] if proxies.get("no") else []
    if any(str(dsn.host).endswith(name) or dsn.netloc.endswith(name) for name in past):
        return ""
    secure = proxies.get("https") if dsn.scheme == "https" else ""
    return secure or proxies.get("http") or ""
