"""What can be wrong with an edited template, each with a stable code, a place and words in both languages."""

from collections.abc import Mapping
from dataclasses import dataclass

from relance.core.errors import FieldError
from relance.core.i18n import Text

WORDS: Mapping[str, Text] = {
    "template_syntax": Text(
        "Cette balise n’est pas complète ou n’est pas comprise : {what}.",
        "This tag is incomplete or is not understood: {what}.",
    ),
    "code_not_allowed": Text(
        "Ceci n’est pas permis dans un modèle : {what}. "
        "Sont permis les champs documentés, leurs filtres, « if » et « for ».",
        "This is not allowed in a template: {what}. Documented placeholders, their filters, “if” and “for” are.",
    ),
    "unknown_placeholder": Text("Ce modèle n’a pas de champ « {what} ».", "This template has no placeholder “{what}”."),
    "placeholder_not_printable": Text(
        "Le champ « {what} » ne s’écrit pas tel quel : utilisez ses champs, « if » ou « for ».",
        "The placeholder “{what}” cannot be written as it is: use its own fields, “if” or “for”.",
    ),
    "placeholder_not_here": Text(
        "Le champ « {what} » n’est pas permis ici.", "The placeholder “{what}” is not allowed here."
    ),
    "placeholder_may_be_absent": Text(
        "« {what} » peut manquer : entourez ceci de {{% if {what} %}}…{{% endif %}}.",
        "“{what}” may be absent: put this between {{% if {what} %}} and {{% endif %}}.",
    ),
    "not_a_list": Text("Le champ « {what} » n’est pas une liste.", "The placeholder “{what}” is no list."),
    "filter_not_allowed": Text(
        "Le filtre « {what} » n’est pas permis ici.", "The filter “{what}” is not allowed here."
    ),
    "filter_argument": Text(
        "L’argument du filtre « {what} » ne convient pas.", "The argument of the filter “{what}” does not fit."
    ),
    "block_unclosed": Text("« {what} » n’est pas refermé.", "“{what}” is not closed."),
    "block_unexpected": Text("« {what} » n’a pas d’ouverture.", "“{what}” has nothing to close."),
    "block_across_elements": Text(
        "Les balises de « {what} » doivent être dans le même élément.",
        "The tags of “{what}” must be in the same element.",
    ),
    "too_deep": Text("Trop de niveaux imbriqués (au plus {what}).", "Nested too deeply ({what} levels at most)."),
    "too_many_tags": Text("Trop de balises (au plus {what}).", "Too many tags ({what} at most)."),
    "tag_too_long": Text(
        "Cette balise est trop longue (au plus {what} caractères).",
        "This tag is too long ({what} characters at most).",
    ),
    "code_misplaced": Text(
        "Une balise n’est pas permise à cet endroit du HTML.", "A tag is not allowed at this place of the HTML."
    ),
    "address_not_allowed": Text(
        "Ce lien doit commencer par https://, http:// ou mailto:, ou être le champ « link » seul.",
        "This link must begin with https://, http:// or mailto:, or be the placeholder “link” alone.",
    ),
    "picture_not_allowed": Text(
        "Cette image doit être une image du modèle, ou être écrite dans l’adresse (data:image/…).",
        "This picture must be one of the template’s own, or be written into the address (data:image/…).",
    ),
    "style_not_allowed": Text(
        "Ceci n’est pas permis dans les styles : {what}.", "This is not allowed in styles: {what}."
    ),
    "markup_not_allowed": Text("Ce HTML n’est pas permis : {what}.", "This HTML is not allowed: {what}."),
    "link_missing": Text(
        "Ce message demande une réponse : le champ {{{{ link }}}} doit y être, hors de toute condition.",
        "This mail asks for an answer: {{{{ link }}}} must be in it, outside of any condition.",
    ),
    "encoded_word": Text(
        "La suite « =? » n’est pas permise dans un objet.", "The sequence “=?” is not allowed in a subject."
    ),
    "empty_template": Text("Ce texte est vide.", "This text is empty."),
    "output_too_long": Text(
        "Le message obtenu est trop long (au plus {what} caractères).",
        "The resulting mail is too long ({what} characters at most).",
    ),
    "not_renderable": Text("Ce modèle ne peut pas être rempli : {what}.", "This template cannot be filled: {what}."),
}


@dataclass(frozen=True, slots=True)
class PlacedError(FieldError):
    """A fault of a field at a place in its text. Lines and columns count from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong at a place of a source."""

    code: str
    offset: int
    what: str = ""

    def placed(self, source: str, pointer: str) -> PlacedError:
        """This fault of the field at `pointer`, in the language of the request."""
        line, column = place(source, self.offset)
        return PlacedError(pointer, self.code, WORDS[self.code].format({"what": shown(self.what)}), line, column)


def place(source: str, offset: int) -> tuple[int, int]:
    """Line and column of an offset, from 1."""
    before = source[:offset]
    return before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1


def shown(text: str) -> str:
    """`text` short enough for a message, and encodable."""
    safe = " ".join(text.encode("utf-8", "replace").decode().split())
    return safe if len(safe) <= 60 else f"{safe[:57]}…"
