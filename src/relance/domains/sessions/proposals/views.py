"""From rows to responses: proposals and their draft."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from relance.capabilities.files.models import StoredFile
from relance.capabilities.files.schemas import FileFacts
from relance.capabilities.messaging.catalogue.checking import Draft
from relance.core.i18n import Locale, as_locale
from relance.domains.sessions.calendars import snapshot
from relance.domains.sessions.models import DateProposal, SessionClient
from relance.domains.sessions.proposals.schemas import DateProposalRead, ProposalDraft, ProposedSlot
from relance.domains.sessions.repository import SessionRow


def _slot(slot: Mapping[str, Any]) -> ProposedSlot:
    return ProposedSlot.model_validate({name: slot[name] for name in ProposedSlot.model_fields})


def draft(
    row: SessionRow,
    version: int,
    due_on: date,
    to: str | None,
    locale: Locale,
    words: Draft,
    files: Sequence[StoredFile],
) -> ProposalDraft:
    """A proposal as it would leave."""
    return ProposalDraft(
        version=version,
        due_on=due_on,
        to=to,
        cc=[],
        bcc=[],
        locale=locale,
        subject=words.subject,
        body=words.html,
        attachments=[FileFacts.of(file) for file in files],
        slots=[_slot(snapshot(slot)) for slot in row.slots],
    )


def proposal(found: DateProposal, client: SessionClient, files: Sequence[StoredFile]) -> DateProposalRead:
    """A proposal as it was sent."""
    return DateProposalRead(
        id=found.id,
        version=found.version,
        current=found.version == client.proposal_version and client.due_on is not None,
        due_on=found.due_on,
        zone=found.zone,
        slots=[_slot(slot) for slot in found.slots],
        to=found.recipient,
        cc=found.cc,
        bcc=found.bcc,
        locale=as_locale(found.locale),
        subject=found.subject,
        body=found.body,
        attachments=[FileFacts.of(file) for file in files if str(file.id) in found.file_ids],
        created_at=found.created_at,
        sent_at=found.sent_at,
    )
