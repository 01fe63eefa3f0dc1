"""From rows to responses."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from relance.capabilities.directory.repository import DirectoryRepository
from relance.capabilities.files.attachments import Attachments
from relance.capabilities.files.schemas import FileFacts
from relance.core.actions import AvailableAction, available_actions
from relance.core.db import DbSession
from relance.core.i18n import as_locale
from relance.core.schemas import Reference
from relance.core.security import Caller
from relance.domains.crm_toolbox.infobox.recording import subject_of as entry_subject
from relance.domains.crm_toolbox.sendings.lifecycle import (
    LIFECYCLE,
    STATUS_LABELS,
    Facts,
    RecipientStatus,
    reason_label,
)
from relance.domains.crm_toolbox.sendings.models import ProfileSending
from relance.domains.crm_toolbox.sendings.repository import SendingRepository, SendingRow
from relance.domains.crm_toolbox.sendings.schemas import ProfileSendingListed, ProfileSendingRead, RecipientRead


def _shown(sending: ProfileSending, total: int, planned: int, people: dict[UUID, str]) -> dict[str, Any]:
    return {
        "id": sending.id,
        "entry_id": sending.entry_id,
        "send_at": sending.send_at,
        "upcoming": planned > 0,
        "profiles": [Reference(id=UUID(one["id"]), name=one["title"]) for one in sending.profiles],
        "recipients_count": total,
        "created_by": Reference(id=sending.created_by, name=people.get(sending.created_by, "")),
        "created_at": sending.created_at,
        "version": sending.version,
    }


async def listed(
    session: DbSession, sendings: Sequence[ProfileSending], caller: Caller, *, with_actions: bool
) -> list[ProfileSendingListed]:
    """Sendings as a list shows them."""
    counts = await SendingRepository(session).counts([one.id for one in sendings])
    people = await DirectoryRepository(session).people({one.created_by for one in sendings})
    shown = []
    for one in sendings:
        total, planned, status = counts[one.id]
        actions = (
            _actions(RecipientStatus.PLANNED if planned else RecipientStatus(status), one, caller)
            if with_actions
            else None
        )
        shown.append(ProfileSendingListed(**_shown(one, total, planned, people), available_actions=actions))
    return shown


def _actions(state: RecipientStatus, sending: ProfileSending, caller: Caller) -> list[AvailableAction]:
    return available_actions(LIFECYCLE, state, Facts(), caller, sending.created_by)


async def detail(session: DbSession, row: SendingRow, caller: Caller) -> ProfileSendingRead:
    """One sending in full."""
    sending, directory = row.sending, DirectoryRepository(session)
    people = await directory.people({sending.created_by})
    contacts = await directory.contacts([one.contact_id for one in row.recipients])
    companies = await directory.company_names({one.company_id for one in row.recipients})
    files = await Attachments(session).held([entry_subject(sending.entry_id)])
    state = RecipientStatus.PLANNED if row.planned else RecipientStatus(row.recipients[0].status)
    words = sending.words or {}
    recipients = []
    for one in row.recipients:
        contact, status = contacts.get(one.contact_id), RecipientStatus(one.status)
        recipients.append(
            RecipientRead(
                contact_id=one.contact_id,
                contact_name=f"{contact.first_name} {contact.last_name}" if contact else None,
                company_id=one.company_id,
                company_name=companies.get(one.company_id),
                status=status,
                status_label=STATUS_LABELS[status].in_locale(),
                reason=one.reason,
                reason_label=reason_label(one.reason).in_locale() if one.reason else None,
                sent_at=one.sent_at,
            )
        )
    return ProfileSendingRead(
        **_shown(sending, len(row.recipients), len(row.planned), people),
        subject=words.get("subject"),
        body=words.get("html"),
        locale=as_locale(sending.locale) if sending.locale else None,
        files=[FileFacts.of(file) for file in files],
        recipients=recipients,
        available_actions=_actions(state, sending, caller),
    )
