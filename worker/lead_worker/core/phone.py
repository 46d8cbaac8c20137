"""One phone, as a person wrote it, to E.164 where that is certain.

It must not refuse anything: what does not parse as a valid number comes back as it went in. The
numbering plans are those of Google's libphonenumber; what it misses of how Brazilians write phones
is here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import phonenumbers

_LONGEST = 250
"""libphonenumber refuses longer ones; checked first, so that no pattern here walks one either."""

_EXTENSION = re.compile(
    r"(?<=\d)[\W_]*(?:ramal|ram|rml|r|extens[aã]o|extension|ext)[\W_]*\d{1,7}[\W_]*\Z",
    re.IGNORECASE,
)
_CARRIER_BLANK = re.compile(r"\b0\s*xx\s*(?=\(?\d)", re.IGNORECASE)
_DOUBLE_ZERO = re.compile(r"\W*0\W*0\W*(?=[1-9])")


def normalised(text: str, region: str) -> str:
    """The phone in E.164 (`+5511987654321`), or `text` unchanged where it is no valid number.

    An extension ("ramal 12", "r. 12", "ext 12", "x12", "#12") is left out: E.164 has none.

    Args:
        text: the phone, stripped.
        region: the region of phones without country code, two capital letters (ISO 3166-1). Where
            libphonenumber does not know it, only phones with a country code are normalised.
    """
    if len(text) > _LONGEST:
        return text
    for reading in _readings(" ".join(text.split())):
        try:
            number = phonenumbers.parse(reading, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return text


def _readings(text: str) -> Iterator[str]:
    """What to try, in order.

    `00` is read as `+` first: in Brazil a carrier's code follows it when one really dials, so
    libphonenumber takes the 55 of "0055 34 98765-4321" for the carrier Oi and finds a valid number
    in Spain. `0xx11` is how Brazil prints "0, a carrier of your choice, 11".
    """
    number = _CARRIER_BLANK.sub("0", _EXTENSION.sub("", text))
    prefix = _DOUBLE_ZERO.match(number)
    if prefix:
        yield "+" + number[prefix.end() :]
    yield number
