"""Inviting partners: one, a thousand of a request, or the rows of a file, by the same few statements."""

from collections.abc import Sequence
from uuid import UUID

from relance.capabilities.directory.models import Company
from relance.capabilities.directory.schemas import CompanyCreate
from relance.capabilities.directory.service import Directory
from relance.capabilities.directory.watchers import name_key
from relance.capabilities.followups.service import FollowUps
from relance.capabilities.journal.service import Entry, Journal
from relance.core.db import DbSession
from relance.core.errors import RelanceError, ValidationFailed
from relance.core.i18n import Text
from relance.core.ids import new_id
from relance.core.runtime import Runtime
from relance.core.security import Caller
from relance.core.subjects import ActorRef
from relance.domains.invitations.asked.repository import Around, AskedRepository, OpenKey
from relance.domains.invitations.asking import Ask, Asking, asked_of
from relance.domains.invitations.errors import AlreadyOpen, PrequalificationValid
from relance.domains.invitations.lifecycle import FormStatus, Reason, Status
from relance.domains.invitations.models import Invitation
from relance.domains.invitations.repository import InvitationRow
from relance.domains.invitations.schemas import InvitationCreate

DOMAIN = "invitations"

UNKNOWN_ORGANISATION = Text("Cette organisation n’est pas une des vôtres.", "This organisation is not one of yours.")
_UNKNOWN_COMPANY = Text("Société inconnue.", "Unknown company.")


#: The columns of a new invitation; the database fills in what is not here.
_WRITTEN = (
    "id",
    "company_id",
    "issuing_organisation_id",
    "requested_by",
    "email",
    "email_key",
    "locale",
    "status",
    "form_status",
    "reason",
    "cycle",
    "last_asked_at",
    "reminders_count",
    "reminders_asked",
    "created_at",
    "version",
)


class Creation:
    """Creates invitations for a caller in one session."""

    def __init__(self, session: DbSession, runtime: Runtime, caller: Caller) -> None:
        self._session = session
        self._runtime = runtime
        self._caller = caller
        self._clock = runtime.clock
        self._rows = AskedRepository(session)

    async def create(self, wanted: Sequence[InvitationCreate]) -> list[InvitationRow | RelanceError]:
        """Invite partners: each with its row, its mail and its journal entry, or why not.

        Returns:
            In the order of `wanted`: the invitation, or `ValidationFailed` (unknown organisation or partner, identifier
            that does not hold), `PrequalificationValid`, `AlreadyOpen`. One refusal keeps nothing else from being made.
        """
        if not wanted:
            return []
        partners = await self._partners(wanted)
        known = [(one, partner) for one, partner in zip(wanted, partners, strict=True) if isinstance(partner, Company)]
        # Held until the commit: two callers who invite one partner, or its answer, take turns from here on.
        forms = await self._rows.hold_forms({partner.id for _, partner in known})
        open_rows = await self._rows.open_rows({_key(one, partner) for one, partner in known})
        organisations = {one.issuing_organisation_id for one, _ in known}
        around = await self._rows.around(organisations, self._caller.user_id) if known else {}
        made: list[InvitationRow | RelanceError] = []
        for one, partner in zip(wanted, partners, strict=True):
            if isinstance(partner, Company):
                names = around[one.issuing_organisation_id]
                made.append(self._make(one, partner, forms[partner.id], open_rows, names))
            else:
                made.append(partner)
        await self._ask([one for one in made if isinstance(one, InvitationRow)])
        return made

    def _make(
        self,
        wanted: InvitationCreate,
        company: Company,
        form_status: FormStatus,
        open_rows: dict[OpenKey, UUID],
        names: Around,
    ) -> InvitationRow | RelanceError:
        key = _key(wanted, company)
        if form_status is FormStatus.COMPLETED:
            return PrequalificationValid()
        if key in open_rows:
            return AlreadyOpen(open_rows[key])
        open_rows[key] = invitation_id = new_id()
        now = self._clock.now()
        # What is shown of the row; it is written below, with all the others.
        invitation = Invitation(
            workspace_id=self._session.workspace_id,
            id=invitation_id,
            company_id=company.id,
            issuing_organisation_id=wanted.issuing_organisation_id,
            requested_by=self._caller.user_id,
            email=wanted.email,
            email_key=wanted.email.casefold(),
            locale=wanted.locale,
            status=Status.QUEUED,
            form_status=form_status,
            reason=reason_of(form_status, registered=company.registered_at is not None),
            cycle=1,
            last_asked_at=now,
            reminders_count=0,
            reminders_asked=0,
            created_at=now,
            version=1,
        )
        return InvitationRow(
            invitation=invitation,
            company=company,
            organisation_name=names.organisation_name,
            requester_name=names.requester_name,
            requester_email=names.requester_email,
            requester_locale=names.requester_locale,
            requester_active=True,  # they are asking
            zone=names.zone,
        )

    async def _ask(self, rows: Sequence[InvitationRow]) -> None:
        if not rows:
            return
        await self._session.flush()  # partners that are new
        await self._rows.add([{name: getattr(row.invitation, name) for name in _WRITTEN} for row in rows])
        expires_at = (await FollowUps(self._session, self._clock).policy(DOMAIN)).expiry(self._clock.now())
        asks = [Ask(asked_of(row), expires_at) for row in rows]
        await Asking(self._session, self._runtime).invite(asks, new=True)
        after = {"status": Status.QUEUED.value}
        entries = [Entry("invitation.created", ask.row.subject, ask.row.company_id, after=after) for ask in asks]
        await Journal(self._session, self._clock).record_all(entries, ActorRef.of(self._caller))

    async def _partners(self, wanted: Sequence[InvitationCreate]) -> list[Company | ValidationFailed]:
        directory = Directory(self._session, self._clock, ActorRef.of(self._caller))
        known = await directory.find_all({one.partner.id for one in wanted if one.partner.id is not None})
        found: list[Company | ValidationFailed | None] = [self._readily(one, known) for one in wanted]
        described = [
            CompanyCreate(name=one.partner.name, local_id=one.partner.local_id)
            for one, partner in zip(wanted, found, strict=True)
            # The schema admits one of the two forms only.
            if partner is None and one.partner.name is not None
        ]
        rest = iter(await directory.find_or_create_all(described, "/partner"))
        return [next(rest) if partner is None else partner for partner in found]

    def _readily(self, wanted: InvitationCreate, known: dict[UUID, Company]) -> Company | ValidationFailed | None:
        """The partner or the refusal, where it is clear without looking into the directory by identifier."""
        if wanted.issuing_organisation_id not in self._caller.organisation_ids:
            return ValidationFailed.at("/issuing_organisation_id", "unknown_organisation", UNKNOWN_ORGANISATION)
        if wanted.partner.id is None:
            return None
        return known.get(wanted.partner.id) or ValidationFailed.at("/partner/id", "unknown_company", _UNKNOWN_COMPANY)


def known_otherwise(wanted: InvitationCreate, row: InvitationRow) -> bool:
    """Whether the partner was found by its identifier and has another name in the directory than the one given."""
    given = wanted.partner.name
    return given is not None and name_key(given) != name_key(row.company.name)


def _key(wanted: InvitationCreate, company: Company) -> OpenKey:
    return wanted.issuing_organisation_id, company.id, wanted.email.casefold()


def reason_of(form_status: FormStatus, *, registered: bool) -> Reason:
    """Why a partner is asked: never registered, form not validated, or form expired."""
    if form_status is FormStatus.EXPIRED:
        return Reason.UPDATE_REQUESTED
    return Reason.FORM_NOT_VALIDATED if registered else Reason.NOT_REGISTERED
