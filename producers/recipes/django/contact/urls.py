"""Where the views are."""

from __future__ import annotations

from django.urls import path

from . import views

urlpatterns = [
    path("after-commit", views.save_and_enqueue_after_commit),
    path("outbox", views.save_with_outbox),
]
