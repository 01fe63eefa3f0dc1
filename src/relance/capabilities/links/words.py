"""The words of the recipient pages."""

from collections.abc import Mapping

from relance.core.i18n import Locale, Text

PAGE: Mapping[str, Text] = {
    "skip": Text("Aller au contenu", "Skip to content"),
    "language": Text("Langue", "Language"),
    "asked_by": Text("Demandé par", "Asked by"),
    "reason": Text("Motif", "Reason"),
    "deadline": Text("À répondre avant le", "Answer by"),
    "recipient": Text("Adressé à", "Addressed to"),
    "status": Text("État", "Status"),
    "answered_at": Text("Répondu le", "Answered on"),
    "about": Text("À propos de cette demande", "About this request"),
    "given_answers": Text("Vos réponses", "Your answers"),
    "all_required": Text(
        "Toutes les réponses sont obligatoires, sauf mention « facultatif ».",
        "Every answer is required unless marked “optional”.",
    ),
    "optional": Text("(facultatif)", "(optional)"),
    "username": Text("Votre identifiant", "Your sign-in address"),
    "kept_files": Text("Déjà joint :", "Already attached:"),
    "remove_file": Text("Retirer", "Remove"),
    "replace_file": Text("Pour le remplacer, choisissez un autre fichier.", "To replace it, choose another file."),
    "add_file": Text("Vous pouvez en ajouter d’autres.", "You can add more."),
    "step": Text("{number} sur {count}", "{number} of {count}"),
    "choose": Text("Choisissez dans la liste", "Choose from the list"),
    "error_prefix": Text("Erreur : ", "Error: "),
    "errors_title": Text("Des réponses sont à corriger", "Some answers need your attention"),
    "errors_intro": Text(
        "Rien n’a encore été envoyé. Corrigez les points suivants, puis envoyez de nouveau :",
        "Nothing has been sent yet. Correct the following points, then send again:",
    ),
    "not_done": Text("Votre réponse n’a pas été enregistrée", "Your answer was not recorded"),
    "chosen": Text(
        "Vous avez choisi « {label} ». Rien n’est encore enregistré : confirmez ci-dessous.",
        "You have chosen “{label}”. Nothing is recorded yet: confirm below.",
    ),
    "why": Text("Motif", "Reason"),
    "why_hint": Text("Il sera transmis à la personne qui vous sollicite.", "It is passed on to the person who asks."),
    "confirm": Text("Confirmer", "Confirm"),
    "private": Text(
        "Ce lien vous est personnel : ne le transférez qu’à une personne qui doit répondre pour vous.",
        "This link is personal: forward it only to somebody who is to answer for you.",
    ),
    "reference": Text("Référence à citer :", "Reference to quote:"),
    "other_language": Text("English", "Français"),
}

_ADVICE: Mapping[int, Text] = {
    404: Text(
        "Vérifiez que l’adresse a été copiée en entier, jusqu’à son dernier caractère. Si vous avez reçu un message "
        "plus récent à ce sujet, utilisez son lien. Sinon, écrivez à la personne qui vous a sollicité.",
        "Check that the address was copied whole, to its last character. If you have received a more recent message "
        "about it, use its link. Otherwise write to the person who contacted you.",
    ),
    409: Text(
        "Revenez à la page de la demande pour voir où elle en est.",
        "Go back to the page of the request to see where it stands.",
    ),
    410: Text(
        "Si vous souhaitez encore répondre, demandez à la personne qui vous a sollicité de renouveler sa demande.",
        "If you still wish to answer, ask the person who contacted you to renew the request.",
    ),
    413: Text(
        "Revenez à la page précédente, raccourcissez les textes les plus longs ou choisissez des fichiers plus petits, "
        "puis envoyez de nouveau.",
        "Go back to the previous page, shorten the longest texts or choose smaller files, then send again.",
    ),
    500: Text(
        "Rien n’a été enregistré. Réessayez dans quelques minutes ; si cela se reproduit, écrivez à la personne qui "
        "vous a sollicité en citant la référence ci-dessous.",
        "Nothing was recorded. Try again in a few minutes; if it happens again, write to the person who contacted you "
        "and quote the reference below.",
    ),
    503: Text(
        "Rien n’a été enregistré. Réessayez dans quelques instants.",
        "Nothing was recorded. Try again in a moment.",
    ),
}

_TITLES: Mapping[int, tuple[Text, Text]] = {
    404: (
        Text("Ce lien n’est pas valable", "This link is not valid"),
        Text(
            "Il est incomplet, ou il a été remplacé ou retiré depuis son envoi.",
            "It is incomplete, or it was replaced or withdrawn since it was sent.",
        ),
    ),
    500: (
        Text("Un problème est survenu de notre côté", "Something went wrong on our side"),
        Text("Votre demande n’a pas pu être traitée.", "Your request could not be processed."),
    ),
}


def page_words(locale: Locale) -> Mapping[str, str]:
    """Every fixed word of the pages in `locale`."""
    return {name: text.in_locale(locale) for name, text in PAGE.items()}


def advice(status: int, locale: Locale) -> str | None:
    """What a recipient can do about an error."""
    found = _ADVICE.get(status)
    return found.in_locale(locale) if found else None


def title_and_text(status: int, locale: Locale) -> tuple[str, str] | None:
    """The words of an error page where the problem document's own would not speak to a recipient."""
    found = _TITLES.get(status)
    return (found[0].in_locale(locale), found[1].in_locale(locale)) if found else None
