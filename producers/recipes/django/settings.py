"""As few settings as the recipe needs. `LEADS_*` are those to copy."""

from __future__ import annotations

import os
from pathlib import Path

from django.core.management.utils import get_random_secret_key

LEADS_REDIS_URL = os.environ.get("LEADS_REDIS_URL", "redis://localhost:6379/0")
LEADS_NAMESPACE = os.environ.get("LEADS_NAMESPACE", "leads")
LEADS_SPOOL = os.environ.get("LEADS_SPOOL") or None

SECRET_KEY = get_random_secret_key()  # nothing here is signed for longer than a process lives
ALLOWED_HOSTS = ["localhost", "127.0.0.1"]
INSTALLED_APPS = ["contact"]
# No CsrfViewMiddleware: the forms are public and on any page, so there is no log-in to misuse.
MIDDLEWARE: list[str] = []
ROOT_URLCONF = "urls"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ.get("CONTACT_DATABASE", Path(__file__).with_name("db.sqlite3")),
        # SQLite has one writer at a time; the others wait so long for their turn.
        "OPTIONS": {"timeout": 20, "transaction_mode": "IMMEDIATE"},
    }
}
