"""What the link of a delivery shows those who are asked, and what handing in does."""

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from relance.capabilities.files.attachments import Attachments
from relance.capabilities.links.forms import validate_answers
from relance.capabilities.links.models import ActionLink
from relance.capabilities.links.payload import require_version
from relance.capabilities.links.recipient import (
    AnswerOption,
    AskedBy,
    Deadline,
    LinkState,
    RecipientForm,
    RecipientView,
)
from relance.capabilities.links.uploads import FormFiles
from relance.core.db import DbSession
from relance.core.errors import NotFound
from relance.core.i18n import Locale, Text, as_locale, long_date, long_datetime
from relance.core.lifecycle import Actor
from relance.core.runtime import Runtime
from relance.core.subjects import ActorRef
from relance.domains.mandates.deliveries.asking import KIND, asked_for, subject_of, zone_of
from relance.domains.mandates.deliveries.dates import due_end
from relance.domains.mandates.deliveries.errors import DeliveryReceived, MandateNotActive
from relance.domains.mandates.deliveries.lifecycle import STATUS_LABELS, Channel, DeliveryStatus
from relance.domains.mandates.deliveries.repository import DeliveryRepository, DeliveryRow
from relance.domains.mandates.deliveries.service import Deliveries
from relance.domains.mandates.repository import MandateRow

#: Files at once.
MOST_FILES = 20
_VERSION = 1

_TITLE = Text("Dépôt du {due_on} – {company}", "Delivery of {due_on} – {company}")
_MESSAGES: Mapping[LinkState, Text] = {
    "open": Text(
        "{organisation} attend de {company} : {asked}, à déposer au plus tard le {due_on}.",
        "{organisation} awaits from {company}: {asked}, to be handed in by {due_on}.",
    ),
    "answered": Text(
        "Merci : le dépôt du {due_on} est reçu. Pour y ajouter quelque chose, écrivez à {requester} "
        "({requester_email}).",
        "Thank you: the delivery of {due_on} is received. To add something, write to {requester} ({requester_email}).",
    ),
    "closed": Text(
        "Le mandat de {company} n’est plus actif : aucun dépôt n’est attendu. Pour toute question, écrivez à "
        "{requester} ({requester_email}).",
        "The mandate of {company} is not active any more: nothing is to be handed in. With any question, write to "
        "{requester} ({requester_email}).",
    ),
}
_LATE = Text(
    "{organisation} attend de {company} : {asked}. L’échéance du {due_on} est passée ; vous pouvez encore déposer.",
    "{organisation} awaits from {company}: {asked}. The due date {due_on} has passed; you can still hand in.",
)
_CLOSED = Text("Dépôt clos", "Delivery closed")
_UPLOAD = Text("Déposer", "Hand in")
_FORM = Text("Vos documents", "Your documents")
_SCHEMA: dict[str, object] = {
    "type": "object",
    "x-order": ["files", "comment"],
    "properties": {
        "files": {
            "type": "array",
            "items": {"type": "string", "format": "file"},
            "minItems": 1,
            "maxItems": MOST_FILES,
            "uniqueItems": True,
            "x-title": {"fr": "Fichiers", "en": "Files"},
        },
        "comment": {
            "type": "string",
            "maxLength": 2000,
            "x-widget": "textarea",
            "x-title": {"fr": "Commentaire", "en": "Comment"},
        },
    },
    "required": ["files"],
    "additionalProperties": False,
}


class DeliveryRecipient:
    """Registered for the subject kind `mandate_delivery` by the composition root."""

    kind = KIND

    def __init__(self, runtime: Runtime) -> None:
        self._clock = runtime.clock

    async def locale(self, session: DbSession, link: ActionLink) -> Locale | None:
        """The language the mandate was written in."""
        row = (await DeliveryRepository(session).rows([link.subject_id])).get(link.subject_id)
        return as_locale(row.mandate.mandate.locale) if row is not None else None

    async def view(self, session: DbSession, link: ActionLink, locale: Locale) -> RecipientView:
        """The delivery as those who are asked see it; changes nothing.

        Raises:
            NotFound: the delivery is gone.
        """
        row = (await DeliveryRepository(session).rows([link.subject_id])).get(link.subject_id)
        if row is None:
            raise NotFound()
        held = await Attachments(session).held([subject_of(row.delivery)])
        return _view(row, link, [file.id for file in held], locale)

    async def answer(
        self, session: DbSession, link: ActionLink, answer: str, payload: Mapping[str, object], locale: Locale
    ) -> RecipientView:
        """Hand in files. The same files handed in twice are handed in once.

        Raises:
            NotFound: there is no such answer, or the delivery is gone.
            DeliveryReceived: something else was handed in before.
            MandateNotActive: nothing is awaited under this mandate.
            ValidationFailed: the answers do not fit.
        """
        if answer != "upload":
            raise NotFound()
        row = (await DeliveryRepository(session).lock_all([link.subject_id])).get(link.subject_id)
        if row is None:
            raise NotFound()
        await self._upload(session, row, link, payload, locale)
        return await self.view(session, link, locale)

    async def _upload(
        self, session: DbSession, row: DeliveryRow, link: ActionLink, payload: Mapping[str, object], locale: Locale
    ) -> None:
        files, subject = FormFiles(session, link), subject_of(row.delivery)
        if row.delivery.status == DeliveryStatus.RECEIVED:
            if not _is_same(payload.get("answers"), row, await files.held(subject)):
                raise DeliveryReceived()
            return
        if not row.active:
            raise MandateNotActive()
        require_version(payload, _VERSION)
        answers = validate_answers(_SCHEMA, payload.get("answers"), locale)
        named = await files.require(_SCHEMA, answers, ())
        comment = str(answers.get("comment") or "").strip() or None
        acts = Deliveries(session, self._clock, ActorRef("recipient", link.id))
        await acts.receive(row, "upload", Actor.RECIPIENT, Channel.LINK, comment, files=named)
        await files.hold(subject, named)


def _is_same(answers: object, row: DeliveryRow, held: set[UUID]) -> bool:
    """Whether `answers` are those that were given: a form sent twice, or in two tabs."""
    if not isinstance(answers, dict) or not isinstance(answers.get("files"), list):
        return False
    comment = str(answers.get("comment") or "").strip() or None
    return {str(one) for one in answers["files"]} == {str(one) for one in held} and comment == row.delivery.comment


def _state(row: DeliveryRow) -> LinkState:
    if row.delivery.status == DeliveryStatus.RECEIVED:
        return "answered"
    return "open" if row.active else "closed"


def _view(row: DeliveryRow, link: ActionLink, held: list[UUID], locale: Locale) -> RecipientView:
    delivery, mandate, zone, state = row.delivery, row.mandate, zone_of(row), _state(row)
    words = _words(row, locale)
    late = delivery.status == DeliveryStatus.LATE
    answers: dict[str, object] = {"files": [str(one) for one in held]} if held else {}
    if delivery.comment and delivery.channel != Channel.ELSEWHERE:
        answers["comment"] = delivery.comment
    label = _CLOSED if state == "closed" else STATUS_LABELS[DeliveryStatus(delivery.status)]
    return RecipientView(
        kind=KIND,
        state=state,
        state_label=label.in_locale(locale),
        title=_TITLE.format(words, locale),
        message=(_LATE if late and state == "open" else _MESSAGES[state]).format(words, locale),
        asked_by=_asked_by(mandate),
        recipient=link.recipient,
        reason=None,
        deadline=Deadline.of(due_end(delivery.due_on, zone) - timedelta(seconds=1), zone, locale)
        if state == "open"
        else None,
        version=_VERSION,
        answers=[_option(locale)] if state == "open" else [],
        form=RecipientForm(version=_VERSION, title=_FORM.in_locale(locale), json_schema=_SCHEMA, answers=answers)
        if state == "open" or answers
        else None,
        answered_at=delivery.received_at,
        answered_label=long_datetime(delivery.received_at, zone, locale) if delivery.received_at else None,
    )


def _option(locale: Locale) -> AnswerOption:
    label = _UPLOAD.in_locale(locale)
    return AnswerOption(name="upload", label=label, method="POST", uses_form=True, takes_reason=False)


def _asked_by(mandate: MandateRow) -> AskedBy:
    return AskedBy(
        organisation=mandate.organisation_name,
        requester_name=mandate.submitter_name,
        requester_email=mandate.submitter_email,
    )


def _words(row: DeliveryRow, locale: Locale) -> Mapping[str, str]:
    mandate = row.mandate
    return {
        "organisation": mandate.organisation_name,
        "company": mandate.company.name,
        "asked": asked_for(mandate, locale).lower(),
        "due_on": long_date(row.delivery.due_on, locale),
        "requester": mandate.submitter_name or mandate.organisation_name,
        "requester_email": mandate.submitter_email or mandate.creator_email,
    }
