"""The doctor: what keeps leads from being delivered, or may some day, and what to do about it.

| module | owns |
|---|---|
| `finding` | what one check found: its level, the words, the advice |
| `case` | the settings that are looked at, however bad, and what one section leaves for the next |
| `server` | Redis: what its answers to INFO and CONFIG mean for leads |
| `redis_reach` | Redis: whether it answers, how fast, over what |
| `namespace` | the namespace, Celery's two lists, whether delivery goes on |
| `workers` | workers and beat |
| `api` | the API: name, TLS, token |
| `sentry_reach` | Sentry: whether reports would arrive |
| `sentry_route` | Sentry: which way its SDK goes, which CA it trusts |
| `tls` | the way to a host: its addresses, a connection, a certificate |
| `clocks` | this machine's clock beside Redis's and the API's |
| `spool` | the spool of this machine's apps |
| `exam` | the sections in their order, each bounded in time |

No check changes the queue, creates a lead, or says anything personal or secret.
"""
