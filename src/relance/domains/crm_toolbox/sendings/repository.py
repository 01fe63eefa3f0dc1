"""Every query about sendings."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import and_, func, select

from relance.core.bulk import among
from relance.core.pagination import PageRequest, Slice, SortKey
from relance.core.repository import Repository, fetch_page
from relance.core.security import Caller
from relance.domains.crm_toolbox.infobox.repository import visible
from relance.domains.crm_toolbox.models import InfoboxEntry
from relance.domains.crm_toolbox.sendings.lifecycle import RecipientStatus
from relance.domains.crm_toolbox.sendings.models import ProfileRecipient, ProfileSending
from relance.domains.crm_toolbox.sendings.schemas import ProfileSendingQuery


@dataclass(frozen=True, slots=True)
class SendingRow:
    """A sending with its recipients, in the order in which they were given."""

    sending: ProfileSending
    recipients: Sequence[ProfileRecipient]

    @property
    def planned(self) -> list[ProfileRecipient]:
        """Those to whom it is still to leave."""
        return [one for one in self.recipients if one.status == RecipientStatus.PLANNED]


_ENTRY = and_(InfoboxEntry.workspace_id == ProfileSending.workspace_id, InfoboxEntry.id == ProfileSending.entry_id)


class SendingRepository(Repository):
    """Sendings of the session's workspace."""

    async def find(self, sending_id: UUID, caller: Caller, *, lock: bool = False) -> SendingRow | None:
        """The sending, where the caller may read its entry."""
        statement = (
            select(ProfileSending).join(InfoboxEntry, _ENTRY).where(ProfileSending.id == sending_id, visible(caller))
        )
        sending = await self.session.scalar(statement.with_for_update(of=ProfileSending) if lock else statement)
        return (await self._with_recipients([sending]))[0] if sending is not None else None

    async def lock_all(self, ids: Collection[UUID], *, skip: bool = False) -> dict[UUID, SendingRow]:
        """Sendings, locked in the order of their ids; `skip`: without those that somebody else holds."""
        statement = select(ProfileSending).where(among(ProfileSending.id, list(ids))).order_by(ProfileSending.id)
        statement = statement.with_for_update(skip_locked=skip).execution_options(populate_existing=True)
        found = (await self.session.scalars(statement)).all()
        return {row.sending.id: row for row in await self._with_recipients(found)}

    async def _with_recipients(self, sendings: Sequence[ProfileSending]) -> list[SendingRow]:
        statement = (
            select(ProfileRecipient)
            .where(among(ProfileRecipient.sending_id, [one.id for one in sendings]))
            .order_by(ProfileRecipient.id)
            .execution_options(populate_existing=True)
        )
        recipients: dict[UUID, list[ProfileRecipient]] = {one.id: [] for one in sendings}
        for row in await self.session.scalars(statement):
            recipients[row.sending_id].append(row)
        return [SendingRow(one, recipients[one.id]) for one in sendings]

    async def known(self, ids: Collection[UUID]) -> set[UUID]:
        """Those of `ids` that are there."""
        found = await self.session.scalars(select(ProfileSending.id).where(among(ProfileSending.id, list(ids))))
        return set(found)

    async def states(self, recipient_ids: Collection[UUID]) -> Mapping[UUID, str]:
        """Where recipients stand."""
        statement = select(ProfileRecipient.id, ProfileRecipient.status)
        found = await self.session.execute(statement.where(among(ProfileRecipient.id, list(recipient_ids))))
        return {row[0]: row[1] for row in found}

    async def sendings_of(self, recipient_ids: Collection[UUID]) -> Mapping[UUID, UUID]:
        """The sending of each recipient."""
        statement = select(ProfileRecipient.id, ProfileRecipient.sending_id)
        found = await self.session.execute(statement.where(among(ProfileRecipient.id, list(recipient_ids))))
        return {row[0]: row[1] for row in found}

    async def counts(self, ids: Collection[UUID]) -> Mapping[UUID, tuple[int, int, str]]:
        """How many recipients sendings have, to how many they are still to leave, and where one of them stands."""
        planned = func.count().filter(ProfileRecipient.status == RecipientStatus.PLANNED)
        statement = (
            select(ProfileRecipient.sending_id, func.count(), planned, func.min(ProfileRecipient.status))
            .where(among(ProfileRecipient.sending_id, list(ids)))
            .group_by(ProfileRecipient.sending_id)
        )
        return {row[0]: (row[1], row[2], row[3]) for row in await self.session.execute(statement)}

    async def page(self, wanted: ProfileSendingQuery, caller: Caller, request: PageRequest) -> Slice[ProfileSending]:
        """One page of the sendings whose entries the caller may read."""
        statement = select(ProfileSending).join(InfoboxEntry, _ENTRY).where(visible(caller))
        recipient = select(ProfileRecipient.id).where(
            ProfileRecipient.workspace_id == ProfileSending.workspace_id,
            ProfileRecipient.sending_id == ProfileSending.id,
        )
        if wanted.contact_id is not None:
            statement = statement.where(recipient.where(ProfileRecipient.contact_id == wanted.contact_id).exists())
        if wanted.upcoming is not None:
            planned = recipient.where(ProfileRecipient.status == RecipientStatus.PLANNED).exists()
            statement = statement.where(planned if wanted.upcoming else ~planned)
        key = SortKey("send_at", ProfileSending.send_at)
        found = await fetch_page(self.session, statement, request, key, ProfileSending.id)
        return Slice([row[0] for row in found.rows], found.next)
