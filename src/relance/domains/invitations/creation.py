"""Inviting partners: one, a thousand of a request, or the rows of a file, by the same few statements."""

from collections.abc import Sequence
from uuid import UUID

from relance.capabilities.directory.models import Company
from relance.capabilities.directory.schemas import CompanyCreate
from relance.capabilities.directory.service import Directory
from relance.capabilities.directory.watchers import name_key
from relance.capabilities.followups.service import FollowUps
from relance.capabilities.journal.service import Journal
from relance.core.db import DbSession
from relance.core.errors import RelanceError, ValidationFailed
from relance.core.i18n import Text
from relance.core.ids import new_id
from relance.core.runtime import Runtime
from relance.core.security import Caller
from relance.core.subjects import ActorRef
from relance.domains.invitations.asking import Ask, Asking, asked_of, subject_of
from relance.domains.invitations.errors import AlreadyOpen, PrequalificationValid
from relance.domains.invitations.lifecycle import FormStatus, Reason
from relance.domains.invitations.models import Invitation, Prequalification
from relance.domains.invitations.repository import (
    InvitationRepository,
    InvitationRow,
    OpenKey,
    PrequalificationRepository,
)
from relance.domains.invitations.schemas import InvitationCreate

DOMAIN = "invitations"

UNKNOWN_ORGANISATION = Text("Cette organisation n’est pas une des vôtres.", "This organisation is not one of yours.")
_UNKNOWN_COMPANY = Text("Société inconnue.", "Unknown company.")


class Creation:
    """Creates invitations for a caller in one session."""

    def __init__(self, session: DbSession, runtime: Runtime, caller: Caller) -> None:
        self._session = session
        self._runtime = runtime
        self._caller = caller
        self._clock = runtime.clock
        self._rows = InvitationRepository(session)

    async def create(self, wanted: Sequence[InvitationCreate]) -> list[InvitationRow | RelanceError]:
        """Invite partners: each with its row, its mail and its journal entry, or why not.

        Returns:
            In the order of `wanted`: the invitation, or `ValidationFailed` (unknown organisation or partner, identifier
            that does not hold), `PrequalificationValid`, `AlreadyOpen`. One refusal keeps nothing else from being made.
        """
        if not wanted:
            return []
        partners = await self._partners(wanted)
        companies = {partner.id for partner in partners if isinstance(partner, Company)}
        # Held until the commit: two callers who invite one partner, or its answer, take turns from here on.
        forms = await PrequalificationRepository(self._session).lock_all(companies)
        keys = {
            _key(one, partner) for one, partner in zip(wanted, partners, strict=True) if isinstance(partner, Company)
        }
        open_rows = await self._rows.open_rows(keys) if keys else {}
        made: list[UUID | RelanceError] = []
        for one, partner in zip(wanted, partners, strict=True):
            if isinstance(partner, Company):
                made.append(self._add(one, partner, forms[partner.id], open_rows))
            else:
                made.append(partner)
        return await self._ask(made)

    def _add(
        self,
        wanted: InvitationCreate,
        company: Company,
        form: Prequalification,
        open_rows: dict[OpenKey, UUID],
    ) -> UUID | RelanceError:
        key = _key(wanted, company)
        if form.form_status == FormStatus.COMPLETED:
            return PrequalificationValid()
        if key in open_rows:
            return AlreadyOpen(open_rows[key])
        open_rows[key] = invitation_id = new_id()
        self._session.add(
            Invitation(
                workspace_id=self._session.workspace_id,
                id=invitation_id,
                company_id=company.id,
                issuing_organisation_id=wanted.issuing_organisation_id,
                requested_by=self._caller.user_id,
                email=wanted.email,
                email_key=wanted.email.casefold(),
                locale=wanted.locale,
                form_status=form.form_status,
                reason=reason_for(company, form),
                created_at=self._clock.now(),
            )
        )
        return invitation_id

    async def _ask(self, made: Sequence[UUID | RelanceError]) -> list[InvitationRow | RelanceError]:
        ids = [one for one in made if isinstance(one, UUID)]
        if not ids:
            return [one for one in made if isinstance(one, RelanceError)]
        await self._session.flush()
        rows = await self._rows.rows(ids)
        policy = await FollowUps(self._session, self._clock).policy(DOMAIN)
        expires_at = policy.expiry(self._clock.now())
        await Asking(self._session, self._runtime).invite([Ask(asked_of(rows[id_]), expires_at) for id_ in ids])
        journal, actor = Journal(self._session, self._clock), ActorRef.of(self._caller)
        for id_ in ids:
            invitation = rows[id_].invitation
            journal.record(
                "invitation.created",
                subject_of(invitation),
                actor,
                company_id=invitation.company_id,
                after={"status": invitation.status},
            )
        await self._session.flush()
        return [rows[one] if isinstance(one, UUID) else one for one in made]

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


def reason_for(company: Company, prequalification: Prequalification | None) -> Reason:
    """Why a partner is asked: never registered, form not validated, or form expired."""
    form_status = FormStatus.TO_COMPLETE if prequalification is None else FormStatus(prequalification.form_status)
    return reason_of(form_status, registered=company.registered_at is not None)


def reason_of(form_status: FormStatus, *, registered: bool) -> Reason:
    """`reason_for`, from the facts that it depends on."""
    if form_status is FormStatus.EXPIRED:
        return Reason.UPDATE_REQUESTED
    return Reason.FORM_NOT_VALIDATED if registered else Reason.NOT_REGISTERED
