"""Hundreds of leads as people write them, and each value in them that could point to a person."""

from __future__ import annotations

import random
from collections.abc import Iterator

FIRST = ("Ana", "João", "Cláudia", "Thiago", "Mariângela", "Zé", "Íris", "Öykü")
LAST = ("Souza", "Conceição", "D'Ávila", "Nogueira Filho", "Guimarães", "de Sá", "Çelik")
PHONES = ("({0}) 9{1}-{2}", "+55 {0} 9{1} {2}", "{0}9{1}{2}", "0{0} 9{1}.{2}", "+55{0}9{1}{2}")


def person(number: int, chance: random.Random, **fields: object) -> dict[str, object]:
    """A valid lead; no value of it, but for the source of its visit, is another lead's too."""
    first, last = chance.choice(FIRST), chance.choice(LAST)
    digits = (chance.randint(11, 99), chance.randint(1000, 9999), chance.randint(1000, 9999))
    cpf = "".join(str(chance.randint(0, 9)) for _ in range(11))
    return {
        "name": f"{first} {last} {number:05}",
        "email": f"{'abcdefgh'[number % 8]}.person{number:05}@example.com",
        "phone": chance.choice(PHONES).format(*digits),
        "company": f"Padaria {last} & Irmãos {number:05}",
        "custom": {"cpf": f"{cpf[:3]}.{cpf[3:6]}.{cpf[6:9]}-{cpf[9:]}", "nota": f"nota {cpf}"},
        "utm": {"source": "google"},
        **fields,
    }


def values(lead: object) -> Iterator[str]:
    """Each text of a lead, and each name of a field that a stranger chose."""
    if isinstance(lead, dict):
        for name, value in lead.items():
            if "@" in str(name):
                yield str(name)
            if name not in ("utm", "agentId"):
                yield from values(value)
    elif isinstance(lead, str) and len(lead) > 5:
        yield lead
