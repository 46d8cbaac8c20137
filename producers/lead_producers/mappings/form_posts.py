"""A plain form post: HTML forms, Elementor, Contact Form 7, and whatever posts fields by names.

Source of the names: Contact Form 7's "Accessing user input data" (`_wpcf7` fields are the form's
and not the visitor's) and its default template (`your-name`), Elementor's metadata, and the names
that forms in Portuguese, English and Spanish use. The table of names is in `names`.

A form offers a key only where a plugin numbers its submissions. Such a number is counted anew on
each form of each site, so there is a key only where all three are told: the host of the form's own
page, the form's id and the submission's. Whoever may post to the endpoint may choose all of them,
and so pass off a lead as the duplicate of another: what browsers post to directly wants a `key=` of
the app's own, such as a random one that the page was given when it was shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from .addresses import host, is_own_page, is_page
from .draft import Draft
from .forbidden import is_forbidden
from .form_fields import Entry, Post, parts
from .mapped import Mapped
from .names import FIELDS, is_one_of, is_own_email, normal, target, word_set
from .reading import opened, single, text

SOURCE = "form"

_NOISE = re.compile(
    r"wpcf7(?:_.*)?|_?viewstate.*|eventvalidation|eventtarget|eventargument|utf8|submit"
    r"|(?:wp_)?ajax|queried_id|referer_title|powered_by|desenvolvido_por"
    r"|bot_field|gotcha|honey|hp_field|(?:.*_)?honeypot(?:_.*)?|max_file_size|btn_.*|botao_.*"
)
# A form's machinery under a name that a question may have as well; so its value is looked at.
_NOISE_BY_VALUE = {
    "action": re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)+|/\S*|https?:\S*|submit|send|save"),
    "method": re.compile(r"get|post|put|patch", re.IGNORECASE),
    "post_id": re.compile(r"\d+"),
}
_OURS = frozenset({"agentId"})  # not for a visitor to choose; `names` can say otherwise
_MACHINE_NAMES = word_set("form_id form_name formid formname")
_SUBMISSIONS = word_set(
    "submission_id submissionid form_submission_id entry_id entryid response_id responseid"
)
_NOTES = _MACHINE_NAMES | _SUBMISSIONS
_UNSEEN_PAGES = frozenset({"wp_http_referer"})  # a machine's; its query is all that is of use
_ID = re.compile(r"[\w.-]{1,100}")
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
        draft.note(f"form_{name}", single(value))
    for name, value in post.meta.items():
        if name != "credit":  # the maker of the software
            _take_meta(draft, name, value)
    return [draft.mapped(key or _key(post), SOURCE)]


def _take(draft: Draft, entry: Entry, chosen: Callable[[str], str | None]) -> None:
    name = entry.names[0] if entry.names else ""
    places = [place for place in map(chosen, entry.names) if place is not None]
    if places:
        if places[0]:
            draft.answer(name, entry.value, places[0], is_certain=True)
    elif any(map(is_forbidden, entry.names)):
        return
    elif _is_noise(name, entry.value) or is_page(name) or is_one_of(_NOTES, name):
        _take_meta(draft, name, entry.value)
    else:
        known = next(filter(None, map(target, entry.names)), entry.where)
        is_hidden = entry.is_hidden or known in _OURS
        known = f"custom.{normal(name)}" if known in _OURS else known
        is_own = any(map(is_own_email, entry.names))
        draft.answer(name, entry.value, known, is_hidden=is_hidden, is_certain=is_own)


def _take_meta(draft: Draft, name: str, value: Any) -> None:
    if not _is_noise(name, value):
        draft.note(name, single(value))
    if is_page(name):
        draft.page(text(single(value)))


def _is_noise(name: str, value: Any) -> bool:
    word = normal(name)
    if word in _UNSEEN_PAGES or _NOISE.fullmatch(word):
        return True
    by_value = _NOISE_BY_VALUE.get(word)
    return bool(by_value and by_value.fullmatch(text(single(value))))


def _chosen(names: Mapping[str, str]) -> Callable[[str], str | None]:
    if not all(isinstance(name, str) and _is_place(place) for name, place in names.items()):
        raise ValueError(
            "names: expected a field of the lead, first_name, last_name, utm.TAG, custom.NAME"
            " or an empty text as the place of each name, found another"
        )
    exact = dict(names)
    loose = {normal(name): place for name, place in names.items() if normal(name)}
    return lambda name: exact.get(name, loose.get(normal(name)))


def _is_place(place: object) -> bool:
    if not isinstance(place, str):
        return False
    group, _, inner = place.partition(".")
    return place in _PLACES or (group in ("utm", "custom") and bool(inner))


def _key(post: Post) -> str | None:
    found = {entry.names[0]: text(single(entry.value)) for entry in post.entries if entry.names}
    found |= {name: text(single(value)) for name, value in post.meta.items()}
    pages = (host(value) for name, value in found.items() if is_own_page(name))
    submissions = (value for name, value in found.items() if is_one_of(_SUBMISSIONS, name))
    page, submission = (next(filter(None, values), "") for values in (pages, submissions))
    by_word = {normal(name): value for name, value in found.items()}
    form_id = text(single(post.form.get("id"))) or by_word.get("form_id") or by_word.get("wpcf7")
    if page and form_id and _ID.fullmatch(form_id) and _ID.fullmatch(submission):
        return ":".join((SOURCE, page, form_id, submission))
    return None
