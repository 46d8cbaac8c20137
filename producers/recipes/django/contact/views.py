"""One form, saved in two ways. Both answer before anything is delivered."""

from __future__ import annotations

from django.db import transaction
from django.forms import ModelForm
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_POST

from . import outbox
from .enqueuing import enqueue_on_commit
from .models import Contact


class ContactForm(ModelForm):
    """What a visitor fills in."""

    class Meta:
        model = Contact
        fields = ("name", "email", "phone")


@require_POST
def save_and_enqueue_after_commit(request: HttpRequest) -> JsonResponse:
    """Save a contact; its lead follows when that is certain."""
    form = ContactForm(request.POST)
    if not form.is_valid():
        return JsonResponse({"errors": form.errors}, status=422)
    with transaction.atomic():
        contact = form.save()
        enqueue_on_commit(contact.as_lead(), contact_id=contact.pk)
    return JsonResponse({"contact": contact.pk}, status=202)


@require_POST
def save_with_outbox(request: HttpRequest) -> JsonResponse:
    """Save a contact and its lead together; Redis is not asked."""
    form = ContactForm(request.POST)
    if not form.is_valid():
        return JsonResponse({"errors": form.errors}, status=422)
    with transaction.atomic():
        contact = form.save()
        outbox.add(contact.as_lead())
    return JsonResponse({"contact": contact.pk}, status=202)
