"""What a form may tell the browser: only words that HTML knows, for a wrong one helps nobody (WCAG 2.2, 1.3.5)."""

from relance.capabilities.links.errors import FormNotSupported
from relance.capabilities.links.forms.fields import Section

#: HTML, “Autofill detail tokens”, without those of payment cards and of sign-in by other means than a password.
_AUTOCOMPLETE = """
off on name honorific-prefix given-name additional-name family-name honorific-suffix nickname organization-title
username new-password current-password organization street-address address-line1 address-line2 address-line3
address-level4 address-level3 address-level2 address-level1 country country-name postal-code language
bday bday-day bday-month bday-year sex url photo
tel tel-country-code tel-national tel-area-code tel-local tel-extension email impp
"""
AUTOCOMPLETE = frozenset(_AUTOCOMPLETE.split())
INPUT_MODES = frozenset({"none", "text", "decimal", "numeric", "tel", "search", "email", "url"})


def check_hints(form: Section) -> None:
    """Make sure that the browser understands what the fields of `form` say about themselves.

    Raises:
        FormNotSupported: one of them says what is no word of HTML.
    """
    for field in form.fields():
        place = "".join(f"/properties/{name}" for name in field.path)
        if field.autocomplete is not None and field.autocomplete not in AUTOCOMPLETE:
            raise FormNotSupported(place, "“x-autocomplete” is no autofill token of HTML")
        if field.inputmode is not None and field.inputmode not in INPUT_MODES:
            raise FormNotSupported(place, f"“x-inputmode” is one of {', '.join(sorted(INPUT_MODES))}")
