"""An agreed intervention as calendars read it. No I/O."""

from datetime import datetime
from zoneinfo import ZoneInfo

from relance.capabilities.calendars.events import CalendarEvent, Method, calendar
from relance.capabilities.messaging.attachments import Attachment
from relance.core.i18n import Locale, Text
from relance.domains.avant_vente.repository import RequestRow, SlotRow

_SUMMARY = "{number} – {type} – {customer}"
_DESCRIPTION = Text(
    "Opportunité : {title}\nPartenaire : {partner} – {requester}\nIntervenant : {speaker}\n\n{description}",
    "Opportunity: {title}\nPartner: {partner} – {requester}\nSpeaker: {speaker}\n\n{description}",
)
_NAME = "intervention.ics"


def intervention(
    row: RequestRow, slot: SlotRow, words: dict[str, str], now: datetime, locale: Locale, *, cancelled: bool = False
) -> Attachment:
    """The entry to publish, or to take out again; `words` has the `type` and the `place` in the reader's language.

    Its UID is the request's for ever, its SEQUENCE grows with each change of the intervention.
    """
    request = row.request
    asker = row.submitter or row.creator
    told = {
        "number": request.number,
        "customer": row.company.name,
        "title": row.opportunity.title,
        "partner": row.organisation_name,
        "requester": asker.name,
        "speaker": slot.speaker.name if slot.speaker is not None else "–",
        "description": request.description or "",
        **words,
    }
    event = CalendarEvent(
        id=request.id,
        sequence=request.calendar_sequence,
        starts_at=slot.slot.starts_at,
        ends_at=slot.slot.ends_at,
        zone=ZoneInfo(slot.slot.zone),
        summary=_SUMMARY.format_map(told),
        changed_at=now,
        location=words["place"],
        description=_DESCRIPTION.format(told, locale).strip(),
        cancelled=cancelled,
    )
    method = Method.CANCEL if cancelled else Method.PUBLISH
    return Attachment.calendar(calendar([event], method), method.value, _NAME)
