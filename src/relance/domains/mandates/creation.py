"""Opening mandates: a draft, or everything in one call."""

from uuid import UUID

from relance.capabilities.directory.models import Company
from relance.capabilities.directory.schemas import CompanyInput
from relance.capabilities.directory.service import Directory
from relance.capabilities.journal.service import Journal
from relance.core.db import DbSession
from relance.core.errors import DuplicateResource, ValidationFailed
from relance.core.i18n import Text
from relance.core.runtime import Runtime
from relance.core.security import Caller
from relance.core.subjects import ActorRef
from relance.domains.mandates.asking import subject_of
from relance.domains.mandates.repository import MandateRepository, MandateRow
from relance.domains.mandates.schemas import MandateCreate
from relance.domains.mandates.service import MandateService, set_contact

_UNKNOWN_ORGANISATION = Text("Cette organisation n’est pas une des vôtres.", "This organisation is not one of yours.")


class MandateCreation:
    """Opens mandates for a caller in one session."""

    def __init__(self, session: DbSession, runtime: Runtime, caller: Caller) -> None:
        self._session = session
        self._caller = caller
        self._clock = runtime.clock
        self._service = MandateService(session, runtime, caller)
        self._rows = MandateRepository(session)

    async def create(self, wanted: MandateCreate) -> MandateRow:
        """A mandate with all that was given; submitted at once where asked.

        Raises:
            ValidationFailed: the organisation, the company or a member of the team is not known.
            DuplicateResource: another mandate has that external id.
            FeatureNotSubscribed: a field of an option that the workspace does not have.
            MandateIncomplete: it was to be submitted, and something is missing.
        """
        self.require_organisation(wanted.issuing_organisation_id)
        if wanted.external_id is not None:
            await self._service.refuse_known(wanted.external_id, None)
        company = await self.company(wanted.company)
        row = await self._add(wanted, company)
        if wanted.contact is not None:
            set_contact(row, (await self._service.picked(company.id, wanted.contact)).changes())
        if wanted.schedule is not None:
            row = await self._service.set_schedule(row, wanted.schedule)
        if wanted.passthrough is not None:
            row = await self._service.set_passthrough(row, wanted.passthrough)
        if wanted.team:
            row = await self._service.set_team(row, wanted.team)
        row = await self._service.fresh(row)
        return await self._service.submit(row) if wanted.submit else row

    def require_organisation(self, organisation_id: UUID) -> None:
        """Refuse an organisation that the caller does not work for.

        Raises:
            ValidationFailed: it is not one of theirs.
        """
        if organisation_id not in self._caller.organisation_ids:
            raise ValidationFailed.at("/issuing_organisation_id", "unknown_organisation", _UNKNOWN_ORGANISATION)

    async def _add(self, wanted: MandateCreate, company: Company) -> MandateRow:
        values = {
            "company_id": company.id,
            "issuing_organisation_id": wanted.issuing_organisation_id,
            "external_id": wanted.external_id,
            "kind": wanted.kind.value,
            "locale": wanted.locale,
            "created_by": self._caller.user_id,
            "created_at": self._clock.now(),
        }
        mandate_id = await self._rows.insert(values)
        if mandate_id is None:  # made by somebody else in between
            known = await self._rows.by_external_id(wanted.external_id or "")
            raise DuplicateResource(existing_id=str(known), pointer="/external_id")
        row = (await self._rows.rows([mandate_id]))[mandate_id]
        Journal(self._session, self._clock).record(
            "mandate.created",
            subject_of(row),
            ActorRef.of(self._caller),
            company_id=company.id,
            after={"status": row.mandate.status, "kind": wanted.kind.value},
        )
        return row

    async def company(self, wanted: CompanyInput) -> Company:
        """The company that is meant, added to the directory where it is not known.

        Raises:
            ValidationFailed: there is none with that id, or its identifier does not hold.
            AlreadyInDirectory: its external id is the one of another company.
        """
        directory = Directory(self._session, self._clock, ActorRef.of(self._caller))
        return await directory.choose(wanted, "/company")
