"""From rows of consents to responses."""

from relance.capabilities.directory.consent import STATUS_LABELS, ConsentStatus
from relance.capabilities.directory.models import Contact
from relance.capabilities.directory.views import consent_of
from relance.core.actions import available_actions
from relance.core.db import DbSession
from relance.core.i18n import Text
from relance.core.security import Caller
from relance.domains.crm_toolbox.gdpr.consents import period_of
from relance.domains.crm_toolbox.gdpr.emails import MAILS
from relance.domains.crm_toolbox.gdpr.lifecycle import LIFECYCLE, PROPOSED, Facts
from relance.domains.crm_toolbox.gdpr.models import GdprSettings
from relance.domains.crm_toolbox.gdpr.repository import GdprRepository
from relance.domains.crm_toolbox.gdpr.schemas import ConsentRead, GdprStatuses, GdprStatusRead, ProposedTemplate

_LABELS: dict[str, Text | None] = {mail.key: mail.label for mail in MAILS}


async def read_consent(session: DbSession, contact: Contact, caller: Caller) -> ConsentRead:
    """A consent as the API shows it to `caller`."""
    rows = GdprRepository(session)
    facts = Facts((await rows.settings()).enabled, contact.gdpr_empties_at is not None)
    history = [
        {name: getattr(one, name) for name in ("action", "at", "how", "wording", "locale", "justification")}
        for one in await rows.history(contact.id)
    ]
    actions = available_actions(LIFECYCLE, contact.gdpr_status, facts, caller, contact.assigned_to)
    return ConsentRead.model_validate(
        {"contact_id": contact.id, **consent_of(contact), "history": history, "available_actions": actions}
    )


def read_statuses(settings: GdprSettings) -> GdprStatuses:
    """What can be set, and what is proposed with it."""
    return GdprStatuses(statuses=[_status(status, settings) for status in PROPOSED])


def _status(status: ConsentStatus, settings: GdprSettings) -> GdprStatusRead:
    return GdprStatusRead(
        status=status,
        status_label=STATUS_LABELS[status].in_locale(),
        emptied_after=period_of(settings, status),
        templates=[ProposedTemplate(key=one.value, label=_label(one.value)) for one in PROPOSED[status]],
    )


def _label(key: str) -> str:
    label = _LABELS[key]
    return label.in_locale() if label is not None else key
