"""A person in texts: found whatever the accents, the capitals and the spaces; nobody else is."""

from datetime import UTC, datetime
from typing import Any

import pytest

from relance.core.ids import new_id
from relance.core.personal import Person


def person(**values: Any) -> Person:
    facts: dict[str, Any] = {
        "contact_id": new_id(),
        "company_id": new_id(),
        "company_name": "Fonderie Martin",
        "first_name": "Zoé",
        "last_name": "Le Goff-Noël",
        "emails": frozenset({"zoe@perso.example"}),
        "own_emails": frozenset({"zoe@perso.example"}),
        "own_phones": frozenset({"+33612345678", "+4930123456"}),
        "at": datetime(2026, 11, 26, tzinfo=UTC),
    }
    return Person(**(facts | values))


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Vu ZOE LE GOFF-NOEL hier", "Vu […] hier"),
        ("le goff noël, zoé : absente", "[…] : absente"),
        ("Mme Le Goff-Noël ; Zoélie reste", "Mme […] ; Zoélie reste"),
        ("<p><b>Zoé</b> Le Goff-Noël</p>", "<p><b>[…]</b></p>"),
        ("zoe.le-goff-noel@autre.example", "[…]@autre.example"),
        ("ZOE@Perso.example et zoe@perso.example.org", "[…] et […].org"),
        ("06 12 34 56 78, +33 (0)6.12.34.56.78, 0033612345678", "[…], […], […]"),
        ("+49 30 123456 ou 030/123456", "[…] ou 030/123456"),
        ("406123456789", "406123456789"),
        ("Legoff, Noël, Zoé", "Legoff, Noël, Zoé"),
    ],
)
def test_who_is_taken_out_of_a_text(text: str, left: str) -> None:
    assert person().without(text) == left


def test_documents_and_names_that_are_the_companys() -> None:
    document = {"contact": {"name": "Zoé Le Goff-Noël", "age": 3}, "notes": ["Le Goff-Noël", None, True]}
    assert person().without(document) == {"contact": {"name": "[…]", "age": 3}, "notes": ["[…]", None, True]}
    martin = person(first_name="Camille", last_name="Martin")
    assert martin.without("Fonderie Martin : Camille Martin") == "Fonderie Martin : […]"
    nobody = person(first_name="", last_name="", emails=frozenset(), own_emails=frozenset(), own_phones=frozenset())
    assert (nobody.without("Zoé"), nobody.needles, nobody.mentions) == ("Zoé", [], [])
