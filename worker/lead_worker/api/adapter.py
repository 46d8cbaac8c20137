"""requests' adapter, for one address.

It owns the pool, the TLS context and the proxy. What requests works out anew for each request (the
pool's key, the URL, the CA bundle, the answer's cookies) is worked out once here, or not at all.
"""

from __future__ import annotations

import ssl
from typing import Any

from requests import PreparedRequest, Response
from requests.adapters import DEFAULT_CA_BUNDLE_PATH, HTTPAdapter
from urllib3.exceptions import HTTPError
from urllib3.poolmanager import PoolManager
from urllib3.util import Retry, parse_url

from ..errors import SettingsError
from ..settings import Settings
from .call import Call, calling
from .connection import BoundedConnection, BoundedPool, BoundedTLSPool

_POOLS = {"http": BoundedPool, "https": BoundedTLSPool}


class LeadsAdapter(HTTPAdapter):
    """Sends prepared requests to `{api_url}/leads`, once each: no retry, redirect or cookie, and
    nothing from the environment (`.netrc`, `HTTPS_PROXY`, `REQUESTS_CA_BUNDLE`, `SSLKEYLOGFILE`).
    """

    def __init__(self, settings: Settings) -> None:
        self.url = f"{settings.api_url}/leads"
        self.host = str(parse_url(self.url).netloc)
        self._tls = _tls_context(settings.api_ca_bundle)
        super().__init__(1, settings.concurrency, Retry(total=False))
        proxy = str(settings.api_proxy)
        manager = self.proxy_manager_for(proxy) if proxy else self.poolmanager
        self.pool: Any = manager.connection_from_url(self.url)
        # What a proxy is told with each request that it forwards; a tunnel was told when it opened.
        self.forwarding = dict(self.pool.proxy_headers) if self.pool.scheme == "http" else {}
        target = PreparedRequest()
        target.url = self.url
        self.target = super().request_url(target, {"all": proxy} if proxy else {})

    def init_poolmanager(
        self, connections: int, maxsize: int, block: bool = False, **pool_kwargs: Any
    ) -> None:
        super().init_poolmanager(connections, maxsize, block, ssl_context=self._tls, **pool_kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **proxy_kwargs: Any) -> PoolManager:
        manager: PoolManager = super().proxy_manager_for(
            proxy, ssl_context=self._tls, proxy_ssl_context=self._tls, **proxy_kwargs
        )
        manager.pool_classes_by_scheme = _POOLS
        return manager

    def get_connection_with_tls_context(self, *_: object, **__: object) -> Any:
        return self.pool

    def open_connection(self, call: Call) -> BoundedConnection | None:
        """A connection that is open and can be used at once, taken out of the pool; None where
        one would have to be opened, or waited for."""
        try:
            with calling(call):
                connection: BoundedConnection = self.pool._get_conn()
        except HTTPError:
            return None  # it is closed: whoever may wait says so
        if connection.can_begin:
            return connection
        if connection.sock is not None:
            self.pool._put_conn(connection)
        return None

    def cert_verify(self, *_: object) -> None:
        """Nothing: the TLS context verifies."""

    def request_url(self, *_: object, **__: object) -> str:
        """The target without a query: the connection adds the call's (see `Call`)."""
        return self.target

    def close(self) -> None:
        super().close()
        self.pool.close()  # urllib3's managers only forget their pools

    def build_response(self, req: PreparedRequest, resp: Any) -> Response:
        response = Response()
        response.request, response.raw, response.status_code = req, resp, resp.status
        return response


def _tls_context(ca_bundle: str) -> ssl.SSLContext:
    """Certificates and host names verified, TLS 1.2 or later; one context for all connections,
    because reading the CA certificates takes longer than a handshake."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(ca_bundle or DEFAULT_CA_BUNDLE_PATH)
    except OSError as error:
        raise SettingsError(
            "LEADS_API_CA_BUNDLE: expected a file of CA certificates (PEM), found none in"
            f" {ca_bundle or DEFAULT_CA_BUNDLE_PATH!r}"
        ) from error
    return context
