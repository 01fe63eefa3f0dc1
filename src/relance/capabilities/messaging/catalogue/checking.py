"""What a draft must be before it is stored or shown: every fault at once, each with its place."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from relance.capabilities.messaging.catalogue.faults import Fault, PlacedError
from relance.capabilities.messaging.catalogue.language import Reading, read
from relance.capabilities.messaging.catalogue.placeholders import Kind, Slots, flat, sample_of, slots_of
from relance.capabilities.messaging.catalogue.plaintext import plain_text
from relance.capabilities.messaging.catalogue.richtext import Cleaned, clean
from relance.capabilities.messaging.catalogue.styles import Style, Wording
from relance.capabilities.messaging.catalogue.tailor import LONGEST_OUTPUT, OutputTooLong
from relance.capabilities.messaging.errors import TemplateFault
from relance.capabilities.messaging.mails import Mail
from relance.capabilities.messaging.templates import Rendering, Templates
from relance.core.errors import ValidationFailed
from relance.core.i18n import Locale


@dataclass(frozen=True, slots=True)
class Draft:
    """A template as somebody wrote it; `text` None: derived from the HTML."""

    subject: str
    html: str
    text: str | None = None


def checked(templates: Templates, mail: type[Mail], locale: Locale, draft: Draft) -> Wording:
    """`draft` as it may be stored: its HTML cleaned, its text there, and proven to render.

    Raises:
        ValidationFailed: what is wrong with it, with lines and columns.
    """
    slots = slots_of(mail)
    addresses = _addresses(slots)
    subject, html = read(draft.subject, slots, subject=True), read(draft.html, slots)
    errors = _placed(subject, "/subject") + _placed(html, "/html")
    if "=?" in draft.subject:
        errors.append(Fault("encoded_word", draft.subject.index("=?")).placed(draft.subject, "/subject"))
    cleaned = clean(html, addresses) if not html.faults else None
    if cleaned is not None:
        errors += [fault.placed(draft.html, "/html") for fault in cleaned.faults]
    text = draft.text if draft.text is not None else _derived(cleaned, html, addresses)
    reading = read(text, slots)
    if draft.text is not None or not errors:
        errors += _placed(reading, "/text" if draft.text is not None else "/html")
    errors += _empty(draft, cleaned)
    if not errors and mail.link_bearing:
        errors += _linkless(mail, draft, html, reading)
    if errors or cleaned is None:
        raise ValidationFailed(errors)
    wording = Wording(None, 0, draft.subject, cleaned.html, text)
    _rehearse(templates, mail, locale, wording)
    return wording


def faults_of(mail: type[Mail], wording: Wording) -> Sequence[PlacedError]:
    """Why a stored wording no longer fits its mail; nothing where it does."""
    slots = slots_of(mail)
    subject, html, text = (
        read(wording.subject, slots, subject=True),
        read(wording.html, slots),
        read(wording.text, slots),
    )
    found = _placed(subject, "/subject") + _placed(html, "/html") + _placed(text, "/text")
    if not found and mail.link_bearing:
        found += _linkless(mail, Draft(wording.subject, wording.html, wording.text), html, text)
    return found


def preview(
    templates: Templates, mail: type[Mail], locale: Locale, style: Style, values: Mail, link: str | None
) -> Rendering:
    """`mail` as it would leave, its link shown as `link`.

    Raises:
        ValidationFailed: it cannot be filled.
    """
    placeholders = values.model_dump(mode="json")
    if link is not None:
        placeholders.update(mail.links(link))
    try:
        return templates.render(mail.key, locale, placeholders, style, strict=True)
    except TemplateFault as fault:
        if isinstance(fault.__cause__, OutputTooLong):
            raise ValidationFailed([Fault("output_too_long", 0, str(LONGEST_OUTPUT)).placed("", "/html")]) from fault
        raise ValidationFailed([Fault("not_renderable", 0, str(fault.__cause__)).placed("", "/html")]) from fault


def _rehearse(templates: Templates, mail: type[Mail], locale: Locale, wording: Wording) -> None:
    """Fill it with everything there may be, and with as little as there may be."""
    for full in (True, False):
        preview(templates, mail, locale, Style(wording), sample_of(mail, locale, full=full), None)


def _addresses(slots: Slots) -> frozenset[str]:
    return frozenset(slot.path for slot in flat(slots) if slot.kind is Kind.URL)


def _derived(cleaned: Cleaned | None, html: Reading, addresses: frozenset[str]) -> str:
    if cleaned is None:
        return ""
    codes = frozenset(html.tags[index].code for index, path in html.written.items() if path in addresses)
    return plain_text(cleaned.marked, cleaned.hidden, codes)


def _placed(reading: Reading, pointer: str) -> list[PlacedError]:
    return [fault.placed(reading.source, pointer) for fault in reading.faults]


def _empty(draft: Draft, cleaned: Cleaned | None) -> list[PlacedError]:
    parts = (("/subject", draft.subject), ("/html", cleaned.html if cleaned else "…"), ("/text", draft.text or "…"))
    return [Fault("empty_template", 0).placed("", pointer) for pointer, source in parts if not source.strip()]


def _linkless(mail: type[Mail], draft: Draft, html: Reading, text: Reading) -> list[PlacedError]:
    links = mail.link_fields()
    missing = [] if links & html.always else [Fault("link_missing", 0).placed(draft.html, "/html")]
    if draft.text is not None and not links & text.always:
        missing.append(Fault("link_missing", 0).placed(draft.text, "/text"))
    return missing


def stored(id_: UUID | None, number: int, wording: Wording) -> Wording:
    """`wording` under the id and the number of its row."""
    return Wording(id_, number, wording.subject, wording.html, wording.text)
