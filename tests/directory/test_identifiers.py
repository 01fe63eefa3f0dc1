"""Identifiers in one normal form, and refusals that say what is wrong."""

import pytest

from relance.capabilities.directory.identifiers import normalise
from relance.capabilities.directory.schemas import LocalId
from relance.core.errors import ValidationFailed


@pytest.mark.parametrize(
    ("scheme", "country", "value", "expected"),
    [
        ("siren", None, "732 829 320", ("FR", "732829320", "732829320")),
        ("siren", "FR", "732.829.320", ("FR", "732829320", "732829320")),
        ("siren", None, "732\u202f829\u202f320", ("FR", "732829320", "732829320")),
        ("siret", None, "732 829 320 00074", ("FR", "73282932000074", "732829320")),
        # La Poste: the head office keeps Luhn, its other establishments have a sum of digits that 5 divides.
        ("siret", None, "35600000000048", ("FR", "35600000000048", "356000000")),
        ("siret", None, "35600000049837", ("FR", "35600000049837", "356000000")),
        ("vat", None, "FR 83 404 833 048", ("FR", "FR83404833048", "vat:FR:FR83404833048")),
        ("vat", "FR", "83404833048", ("FR", "FR83404833048", "vat:FR:FR83404833048")),
        ("vat", None, "BE 0697.449.992", ("BE", "BE0697449992", "vat:BE:BE0697449992")),
        ("vat", "GR", "EL 094259216", ("GR", "EL094259216", "vat:GR:EL094259216")),
        ("vat", "GR", "094259216", ("GR", "EL094259216", "vat:GR:EL094259216")),
        ("vat", None, "GR094259216", ("GR", "EL094259216", "vat:GR:EL094259216")),
        ("vat", None, "de136695976", ("DE", "DE136695976", "vat:DE:DE136695976")),
        ("other", "CH", "che-123.456.789", ("CH", "CHE123456789", "other:CH:CHE123456789")),
    ],
)
def test_what_holds(scheme: str, country: str | None, value: str, expected: tuple[str, str, str]) -> None:
    found = normalise(LocalId.model_validate({"scheme": scheme, "country": country, "value": value}))
    assert (found.country, found.value, found.match_key) == expected
    assert found.scheme == scheme


@pytest.mark.parametrize(
    ("scheme", "country", "value", "pointer", "code"),
    [
        ("siren", None, "732829321", "/value", "identifier_checksum"),
        ("siren", None, "73282932", "/value", "identifier_length"),
        ("siren", None, "73282932A", "/value", "identifier_format"),
        ("siren", None, "٧٣٢٨٢٩٣٢٠", "/value", "identifier_format"),
        ("siren", "BE", "732829320", "/country", "identifier_country"),
        ("siret", None, "73282932000079", "/value", "identifier_checksum"),
        ("siret", None, "35600000049838", "/value", "identifier_checksum"),
        ("siret", None, "732829320", "/value", "identifier_length"),
        ("vat", None, "FR84404833048", "/value", "identifier_checksum"),
        ("vat", "DE", "FR83404833048", "/country", "identifier_country"),
        ("vat", None, "US123456789", "/value", "identifier_format"),
        ("vat", None, "1", "/value", "identifier_format"),
        ("other", None, "CHE123456789", "/country", "country_required"),
        ("other", "CH", "---", "/value", "identifier_format"),
        ("other", "CH", "数字", "/value", "identifier_format"),
    ],
)
def test_what_does_not(scheme: str, country: str | None, value: str, pointer: str, code: str) -> None:
    local_id = LocalId.model_validate({"scheme": scheme, "country": country, "value": value})
    with pytest.raises(ValidationFailed) as refused:
        normalise(local_id, "/partner/local_id")
    errors = refused.value.data["errors"]
    assert isinstance(errors, list)
    [error] = errors
    assert (error["pointer"], error["code"]) == (f"/partner/local_id{pointer}", code)
