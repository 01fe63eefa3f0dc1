"""What happens when a planned sending is due, and what the outbox asks and tells about its mails."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from relance.capabilities.directory.models import Contact
from relance.capabilities.directory.repository import DirectoryRepository
from relance.capabilities.followups.handlers import Done, Dropped, Due, Outcome
from relance.capabilities.messaging.handlers import MailFact
from relance.core.db import DbSession
from relance.core.lifecycle import Actor
from relance.core.runtime import Runtime
from relance.domains.crm_toolbox.infobox.outcomes import Outcome as EntryOutcome
from relance.domains.crm_toolbox.infobox.recording import Infobox
from relance.domains.crm_toolbox.sendings.emails import ProfileMail
from relance.domains.crm_toolbox.sendings.lifecycle import KIND, RecipientStatus
from relance.domains.crm_toolbox.sendings.mailing import (
    SENDING_KIND,
    SendingMails,
    Steps,
    reason_not_to,
    recipient_subject,
    subject_of,
)
from relance.domains.crm_toolbox.sendings.models import ProfileRecipient
from relance.domains.crm_toolbox.sendings.repository import SendingRepository, SendingRow


class SendingFollowUps:
    """A `FollowUpHandler`: sends what was planned for now, to those to whom it still may be sent."""

    kind = SENDING_KIND

    def __init__(self, runtime: Runtime) -> None:
        self._clock = runtime.clock

    async def follow_up(self, session: DbSession, due: Sequence[Due]) -> Mapping[UUID, Outcome]:
        """Send; see `FollowUpHandler`. A sending that is gone was taken back with its entry."""
        rows = SendingRepository(session)
        ids = {follow_up.subject_id for follow_up in due}
        known = await rows.known(ids)
        found = await rows.lock_all(ids, skip=True)
        outcomes: dict[UUID, Outcome] = {}
        for follow_up in due:
            row = found.get(follow_up.subject_id)
            if row is None:
                if follow_up.subject_id not in known:
                    outcomes[follow_up.id] = Dropped("deleted")
            elif follow_up.cycle != row.sending.plans or not row.planned:
                outcomes[follow_up.id] = Dropped("planned_anew")
            else:
                await self._send(session, row)
                outcomes[follow_up.id] = Done()
        await session.flush()
        return outcomes

    async def _send(self, session: DbSession, row: SendingRow) -> None:
        contacts = await DirectoryRepository(session).contacts([one.contact_id for one in row.planned])
        reasons, reached = _sorted(row.planned, contacts)
        steps, mails = Steps(session, self._clock), SendingMails(session, self._clock)
        dropped = [one for one in row.planned if one.id in reasons]
        await steps.take(row, reached, "queue", Actor.WORKER)
        await steps.take(row, dropped, "drop", Actor.WORKER, reasons=reasons)
        await session.flush()
        if reached:
            await mails.send(row, reached, contacts)
        await mails.tell_author(row, reasons, subject_of(row.sending.id), cycle=row.sending.plans)
        infobox = Infobox(session, self._clock)
        entry = await infobox.lock(row.sending.entry_id)
        if entry.outcome == EntryOutcome.PLANNED:
            if reached:
                await infobox.complete(entry)
            else:
                await infobox.cancel(entry, next(iter(reasons.values())))


def _sorted(
    planned: Sequence[ProfileRecipient], contacts: Mapping[UUID, Contact]
) -> tuple[dict[UUID, str], list[ProfileRecipient]]:
    """Why some recipients get nothing, by id; and the others."""
    reasons = {one.id: reason_not_to(contacts.get(one.contact_id)) for one in planned}
    return {id_: why for id_, why in reasons.items() if why}, [one for one in planned if not reasons[one.id]]


class RecipientMails:
    """A `MailSubject`: a profile leaves while its recipient's row says that it is being sent."""

    kind = KIND

    def __init__(self, runtime: Runtime) -> None:
        self._clock = runtime.clock

    async def wanted(self, session: DbSession, messages: Sequence[MailFact]) -> set[UUID]:
        """Ids of the messages that still say what is so. The notice to the author always does."""
        known = await SendingRepository(session).states({message.subject.id for message in messages})
        live = {
            RecipientStatus.SENDING,
            RecipientStatus.SENT,
            RecipientStatus.FAILED,
        }  # the last two: somebody sends it again
        return {
            message.id
            for message in messages
            if known.get(message.subject.id) in live or message.mail_key != ProfileMail.key
        }

    async def sent(self, session: DbSession, messages: Sequence[MailFact]) -> None:
        """The relay took them."""
        for row, recipient, message in await self._found(session, messages):
            if recipient.status == RecipientStatus.SENDING:
                await Steps(session, self._clock).take(row, [recipient], "deliver", Actor.WORKER)
                recipient.sent_at = message.at
        await session.flush()

    async def failed(self, session: DbSession, messages: Sequence[MailFact]) -> None:
        """Shown on the recipient, and told to whoever wanted it sent."""
        steps, mails = Steps(session, self._clock), SendingMails(session, self._clock)
        for row, recipient, message in await self._found(session, messages):
            if recipient.status not in {RecipientStatus.SENDING, RecipientStatus.SENT}:
                continue
            reasons = {recipient.id: "not_sent" if message.never_left else "undeliverable"}
            await steps.take(row, [recipient], "fail", Actor.WORKER, reasons=reasons)
            await mails.tell_author(row, reasons, recipient_subject(recipient.id))
        await session.flush()

    async def _found(
        self, session: DbSession, messages: Sequence[MailFact]
    ) -> list[tuple[SendingRow, ProfileRecipient, MailFact]]:
        """Profiles' mails with their recipients, whose sendings are locked in the order of their ids."""
        about = {message.subject.id: message for message in messages if message.mail_key == ProfileMail.key}
        rows = SendingRepository(session)
        locked = await rows.lock_all(set((await rows.sendings_of(about.keys())).values()))
        return [(row, one, about[one.id]) for row in locked.values() for one in row.recipients if one.id in about]
