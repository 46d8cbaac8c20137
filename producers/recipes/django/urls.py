"""The two ways side by side; an app needs one of them."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [path("contacts/", include("contact.urls"))]
