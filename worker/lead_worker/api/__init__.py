"""The client of the leads API, and the only importer of `requests` and `urllib3`.

It owns how one `POST /leads` or `GET /leads` goes over the wire and what is certain about it
afterwards: whether anything was sent, and whether the answer is whole. It must not judge an answer
(`core.classify` and `core.reconcile` do), retry, follow a redirect, or let an exception of the
libraries out: theirs hold the request, and so the token and the lead.

| module | owns |
|---|---|
| `client` | `LeadsApi`: one call, from bytes or a question to a reply |
| `credentials` | a token as the headers of a request, and its mark |
| `call` | the one call that this thread is making: its deadline, and whether it has sent |
| `dial` | a connected socket within a time limit, name look-up included |
| `connection` | urllib3's connections, taught to keep the call's limits and to say what failed |
| `response` | an answer as it comes in: its headers, and the framing of its body |
| `adapter` | requests' adapter: one address, one pool, one TLS context |
| `answer` | the body, within the size cap, and what is certain without one |
| `exchange` | one call on an open connection, for whoever must not wait for it |
"""

from .client import LeadsApi
from .credentials import Credentials
from .exchange import Exchange, Progress

__all__ = ["Credentials", "Exchange", "LeadsApi", "Progress"]
