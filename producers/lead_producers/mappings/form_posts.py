"""A plain form post: HTML forms, Elementor, Contact Form 7, and whatever posts fields by names.

Source of the names: Contact Form 7's "Accessing user input data" (`_wpcf7` fields are the form's
and not the visitor's) and its default template (`your-name`), Elementor's metadata, and the names
that forms in Portuguese, English and Spanish use. The table of names is in `names`.

A form offers a key only where a plugin numbers its submissions. Such a number is counted anew on
each site, so the key has the page's host and the form's id in it, and a bare number without either
is no key: two sites would swallow each other's leads.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from .draft import Draft, host
from .form_fields import Entry, Post, parts
from .mapped import Mapped
from .names import FIELDS, is_secret, normal, target, word_set
from .reading import opened, text

SOURCE = "form"

_NOISE = re.compile(
    r"wpcf7(?:_.*)?|_?viewstate.*|eventvalidation|eventtarget|eventargument|utf8|method|submit"
    r"|action|(?:wp_)?ajax|post_id|queried_id|referer_title|powered_by|desenvolvido_por"
    r"|bot_field|gotcha|honey|hp_field|(?:.*_)?honeypot(?:_.*)?|max_file_size|btn_.*|botao_.*"
)
_OURS = frozenset({"agentId"})  # not for a visitor to choose; `names` can say otherwise
_NOT_ANSWERS = frozenset({"credit", "remote_ip", "user_agent"})  # the software's maker; the visit's
_MACHINE_NAMES = frozenset({"form_id", "form_name", "formid", "formname"})
_SUBMISSIONS = word_set(
    "submission_id submissionid form_submission_id entry_id entryid response_id responseid"
)
_PAGES = word_set("""
    page_url pageurl url_da_pagina url_de_la_pagina landing_page landing_page_url current_url
    source_url origin_url url_de_origem referer referrer http_referer page_referrer wp_http_referer
""")
_UNSEEN_PAGES = frozenset({"wp_http_referer"})  # a machine's; its query is all that is of use
_SHORT_NUMBER = re.compile(r"\d{1,11}")
_PLACES = frozenset({*FIELDS, "first_name", "last_name", ""})


def form(
    payload: Mapping[str, Any], names: Mapping[str, str] | None = None, key: str | None = None
) -> list[Mapped]:
    """Map a form post: one lead.

    Args:
        payload: the post's fields; several values of one name may be a list, as `parse_qs` gives
            them. Dicts of Django, Flask and Starlette are taken as they are.
        names: what your form's fields are, over the built-in table: a field of the lead,
            `first_name`, `last_name`, `utm.TAG`, `custom.NAME`, or "" to leave it out.
        key: your own idempotency key, used as it is.

    Raises:
        BadPayload: it is no object, or nothing was filled in.
        ValueError: `names` has a place that there is not.
    """
    chosen = _chosen(names or {})
    post = parts(opened(payload))
    draft = Draft()
    for entry in post.entries:
        _take(draft, entry, chosen)
    for name, value in post.form.items():
        draft.note(f"form_{name}", _single(value))
    for name, value in post.meta.items():
        if name not in _NOT_ANSWERS:
            _take_meta(draft, name, value)
    return [draft.mapped(key or _key(post), SOURCE)]


def _take(draft: Draft, entry: Entry, chosen: Callable[[str], str | None]) -> None:
    name = entry.names[0] if entry.names else ""
    places = [place for place in map(chosen, entry.names) if place is not None]
    word = normal(name)
    if places:
        if places[0]:
            draft.answer(name, entry.value, places[0])
    elif _is_noise(name) or any(map(is_secret, entry.names)):
        _visit(draft, word, entry.value)
    elif word in _PAGES or word in _SUBMISSIONS or word in _MACHINE_NAMES:
        _take_meta(draft, name, entry.value)
    else:
        known = next(filter(None, map(target, entry.names)), entry.where)
        known = f"custom.{word}" if known in _OURS else known
        draft.answer(name, entry.value, known)


def _take_meta(draft: Draft, name: str, value: Any) -> None:
    if not _is_noise(name):
        draft.note(name, _single(value))
    _visit(draft, normal(name), value)


def _visit(draft: Draft, word: str, value: Any) -> None:
    if word in _PAGES:
        draft.page(text(_single(value)))


def _is_noise(name: str) -> bool:
    word = normal(name)
    return word in _UNSEEN_PAGES or bool(_NOISE.fullmatch(word))


def _chosen(names: Mapping[str, str]) -> Callable[[str], str | None]:
    for place in names.values():
        group, _, inner = place.partition(".")
        if place not in _PLACES and not (group in ("utm", "custom") and inner):
            raise ValueError(
                "names: expected a field of the lead, first_name, last_name, utm.TAG, custom.NAME"
                " or an empty text as the place of each name, found another"
            )
    exact = dict(names)
    loose = {normal(name): place for name, place in names.items() if normal(name)}
    return lambda name: exact.get(name, loose.get(normal(name)))


def _key(post: Post) -> str | None:
    found = {normal(entry.names[0]): _single(entry.value) for entry in post.entries if entry.names}
    found |= {normal(name): _single(value) for name, value in post.meta.items()}
    submission = next((text(found[name]) for name in found if name in _SUBMISSIONS), "")
    form_id = text(_single(post.form.get("id"))) or text(found.get("form_id"))
    form_id = form_id or text(found.get("wpcf7"))
    page = next(filter(None, (host(text(found[name])) for name in found if name in _PAGES)), "")
    if not submission or (_SHORT_NUMBER.fullmatch(submission) and not (page or form_id)):
        return None
    return ":".join(part for part in (SOURCE, page, form_id, submission) if part)


def _single(value: Any) -> Any:
    return value[0] if isinstance(value, list) and len(value) == 1 else value
