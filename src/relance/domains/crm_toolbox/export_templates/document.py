"""What a template may say and how it is filled: the reduced language of mails, with the HTML of a page.

See docs/adr/0015 for the language and docs/adr/0036 for what pages may hold beside it.
"""

import re
from collections.abc import Sequence
from datetime import date
from functools import cache
from html import escape
from typing import Annotated

from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from relance.capabilities.messaging.catalogue.faults import Fault, PlacedError
from relance.capabilities.messaging.catalogue.filters import FILTERS, bounded
from relance.capabilities.messaging.catalogue.language import read
from relance.capabilities.messaging.catalogue.placeholders import sample_of, slots_of
from relance.capabilities.messaging.catalogue.richtext import TAGS, Rules, clean
from relance.capabilities.messaging.catalogue.tailor import LONGEST_OUTPUT, OutputTooLong, built, limited
from relance.capabilities.messaging.errors import TemplateFault
from relance.capabilities.messaging.mails import Placeholders, hint
from relance.core.errors import ValidationFailed
from relance.core.i18n import Locale

#: How an `src` names a picture that the template holds.
PICTURE = "picture:"
_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_WITHIN = rf"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=]+|{PICTURE}({_UUID})"
_PAGE_TAGS = frozenset({
    "address", "article", "aside", "caption", "code", "col", "colgroup", "dd", "dl", "dt", "figcaption", "figure",
    "footer", "h4", "h5", "h6", "header", "img", "main", "pre", "section", "small", "sub", "sup", "tfoot",
})  # fmt: skip
_EVERYWHERE = frozenset({"class", "id", "lang", "dir", "style"})
_RULES = Rules(
    tags=TAGS | _PAGE_TAGS,
    attributes={
        "*": _EVERYWHERE,
        "a": frozenset({"href", "title"}),
        "img": frozenset({"src", "alt", "width", "height"}),
        "td": frozenset({"colspan", "rowspan"}),
        "th": frozenset({"colspan", "rowspan", "scope"}),
        "col": frozenset({"span"}),
    },
    classes={},
    style=re.compile(r"[^{}<>\\@]*"),
    picture=re.compile(_WITHIN),
    # Of the machine's own files too: to be refused with words, instead of vanishing.
    schemes=frozenset({"data", "file", PICTURE.rstrip(":")}),
    formatted=frozenset({"profile.description"}),
)
_PICTURES = re.compile(rf"{PICTURE}({_UUID})")
#: What would be fetched from elsewhere. The printer fetches nothing; this tells whoever writes it why.
_ELSEWHERE = re.compile(r"@import\b[^;]*|url\(\s*[\"']?(?!data:image/|picture:)[^)]*\)?|</?style", re.IGNORECASE)


class FieldFacts(Placeholders):
    """One thing that is told of a profile."""

    label: Annotated[str, hint("Nom du champ", "Name of the field", "Disponibilité", "Availability")]
    value: Annotated[str, hint("Valeur du champ", "Value of the field", "Mars 2030", "March 2030")]


class ProfileFacts(Placeholders):
    """A profile."""

    title: Annotated[str, hint("Titre du profil", "Title of the profile", "Chargée de prévention", "Safety officer")]
    kind: Annotated[str, hint("« person » ou « offer »", "“person” or “offer”", "person")]
    kind_label: Annotated[str, hint("Personne ou offre, en mots", "Person or offer, in words", "Personne", "Person")]
    summary: Annotated[str | None, hint("Résumé", "Summary", "Dix ans dans l’industrie.", "Ten years in industry.")]
    description: Annotated[
        str | None, hint("Description mise en forme", "Formatted description", "Prévention et audits.", "Audits.")
    ]
    fields: Annotated[list[FieldFacts], hint("Champs, dans leur ordre", "Fields, in their order", "", "")]


class ContactFacts(Placeholders):
    """Whom the document is made for."""

    first_name: Annotated[str, hint("Prénom du contact", "First name of the contact", "Camille")]
    last_name: Annotated[str, hint("Nom du contact", "Last name of the contact", "Martin")]
    company: Annotated[str, hint("Société du contact", "Company of the contact", "Fonderie Martin")]


class AuthorFacts(Placeholders):
    """Who makes it."""

    name: Annotated[str, hint("Nom de l’auteur", "Name of the author", "Inès Roy")]
    email: Annotated[str, hint("Adresse de l’auteur", "Address of the author", "ines@vasseur.example")]


class ProfileDocument(Placeholders):
    """What templates are filled with."""

    profile: ProfileFacts
    contact: ContactFacts | None
    author: AuthorFacts
    workspace: Annotated[str, hint("Nom de l’espace de travail", "Name of the workspace", "Groupe Vasseur")]
    today: Annotated[date, hint("Date du document", "Date of the document", "2030-03-01")]


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    made = ImmutableSandboxedEnvironment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: "" if value is None else value,
    )
    made.filters.update({name: known.apply for name, known in FILTERS.items()}, bounded=bounded)
    return made


def checked(html: str, css: str) -> str:
    """`html` as it may be stored: cleaned, and proven to be filled.

    Raises:
        ValidationFailed: what is wrong with it or with `css`, with lines and columns.
    """
    reading = read(html, slots_of(ProfileDocument))
    errors = [fault.placed(html, "/html") for fault in reading.faults]
    errors += _styles(css)
    cleaned = clean(reading, frozenset(), _RULES) if not reading.faults else None
    if cleaned is not None:
        errors += [fault.placed(html, "/html") for fault in cleaned.faults]
        errors += [] if cleaned.html.strip() else [Fault("empty_template", 0).placed("", "/html")]
    if errors or cleaned is None:
        raise ValidationFailed(errors)
    for full in (True, False):
        filled(cleaned.html, sample_of(ProfileDocument, "fr", full=full), "fr")
    return cleaned.html


def _styles(css: str) -> list[PlacedError]:
    return [
        Fault("style_not_allowed", one.start(), one.group(0)).placed(css, "/css") for one in _ELSEWHERE.finditer(css)
    ]


def filled(html: str, values: ProfileDocument, locale: Locale) -> str:
    """A whole page: `html` with `values` in it.

    Raises:
        ValidationFailed: it cannot be filled, or becomes too long.
    """
    known = values.model_dump(mode="json")
    if values.profile.description is not None:
        # Sanitised when it was written.
        known["profile"]["description"] = Markup(values.profile.description)  # noqa: S704
    try:
        body = limited(built(_environment(), "page", None, {"": html}), {**known, "locale": locale})
    except OutputTooLong:
        raise ValidationFailed([Fault("output_too_long", 0, str(LONGEST_OUTPUT)).placed("", "/html")]) from None
    except (TemplateFault, TemplateError, TypeError, ValueError, ArithmeticError) as error:
        raise ValidationFailed([Fault("not_renderable", 0, str(error)).placed("", "/html")]) from error
    head = f'<meta charset="utf-8"><title>{escape(values.profile.title)}</title>'
    head += f'<meta name="author" content="{escape(values.author.name)}">'
    return f'<!doctype html><html lang="{locale}"><head>{head}</head><body>{body}</body></html>'


def pictures_in(*sources: str) -> Sequence[str]:
    """Ids of the pictures that sources name."""
    return list(dict.fromkeys(found for source in sources for found in _PICTURES.findall(source)))
