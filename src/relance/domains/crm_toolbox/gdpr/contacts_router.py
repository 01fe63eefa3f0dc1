"""HTTP of one contact's data: what is kept of it, and leaving nothing of it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from relance.capabilities.directory.errors import ContactEmptied
from relance.capabilities.directory.models import Contact
from relance.capabilities.directory.permissions import CONTACTS_READ
from relance.capabilities.directory.repository import DirectoryRepository
from relance.capabilities.directory.schemas import ContactRead
from relance.capabilities.directory.views import read_contacts
from relance.capabilities.privacy.people import People
from relance.core.db import DbSession
from relance.core.errors import NotFound, PermissionDenied, PreconditionFailed, Unauthenticated, ValidationFailed
from relance.core.etag import IfMatch, set_etag
from relance.core.http import ReadDep, RuntimeDep, StrictRoute, WriteDep
from relance.core.lifecycle import TransitionNotAllowed
from relance.core.problems import problem_responses
from relance.core.security import Caller, requires
from relance.core.subjects import ActorRef
from relance.domains.crm_toolbox.gdpr.consents import Consents
from relance.domains.crm_toolbox.gdpr.errors import NothingPlanned
from relance.domains.crm_toolbox.gdpr.permissions import EMPTY, EXPORT
from relance.domains.crm_toolbox.gdpr.schemas import ConsentRead, KeepRequest, PersonalData, PersonalSection
from relance.domains.crm_toolbox.gdpr.views import read_consent

_ALWAYS = problem_responses(Unauthenticated, PermissionDenied, ValidationFailed, NotFound)

router = APIRouter(route_class=StrictRoute, prefix="/v1/contacts", tags=["contacts"], responses=_ALWAYS)

Reader = Annotated[Caller, Depends(requires(CONTACTS_READ))]
Exporter = Annotated[Caller, Depends(requires(EXPORT))]
Emptier = Annotated[Caller, Depends(requires(EMPTY))]


def get_people(request: Request) -> People:
    """Who tells and erases what is kept of a person."""
    people: People = request.app.state.people
    return people


PeopleDep = Annotated[People, Depends(get_people)]


async def _one(session: DbSession, contact_id: UUID, *, lock: bool = False) -> Contact:
    contact = await DirectoryRepository(session).contact(contact_id, lock=lock)
    if contact is None:
        raise NotFound()
    return contact


@router.get("/{contact_id}/consent", operation_id="contacts_get_consent", summary="Read a contact's consent")
async def get_consent(contact_id: UUID, response: Response, session: ReadDep, caller: Reader) -> ConsentRead:
    """The status, its history with the proofs, and what may be done. The `ETag` is the contact's."""
    contact = await _one(session, contact_id)
    set_etag(response, contact.version)
    return await read_consent(session, contact, caller)


@router.post(
    "/{contact_id}/consent/keep",
    operation_id="contacts_keep",
    summary="Cancel the planned emptying of a contact",
    responses=problem_responses(NothingPlanned, TransitionNotAllowed, PreconditionFailed),
)
async def keep_contact(
    contact_id: UUID,
    body: KeepRequest,
    response: Response,
    session: WriteDep,
    runtime: RuntimeDep,
    caller: Emptier,
    if_match: IfMatch,
) -> ConsentRead:
    """The contact stays until its status changes again; why is kept with the proofs."""
    contact = await _one(session, contact_id, lock=True)
    if_match.check(contact.version)
    await Consents(session, runtime.clock, ActorRef.of(caller)).keep(contact, body.justification)
    set_etag(response, contact.version)
    return await read_consent(session, contact, caller)


@router.get("/{contact_id}/export", operation_id="contacts_export_personal_data", summary="Give a person their data")
async def export_personal_data(
    contact_id: UUID, session: ReadDep, runtime: RuntimeDep, _caller: Exporter, people: PeopleDep
) -> PersonalData:
    """All that is kept of the person, everywhere: the right of access. Read from the list that emptying works off."""
    contact = await _one(session, contact_id)
    told = await people.tell(session, contact)
    sections = [
        PersonalSection(section=one.section, label=one.label.in_locale(), records=[dict(row) for row in one.records])
        for one in told
    ]
    return PersonalData(contact_id=contact.id, exported_at=runtime.clock.now(), sections=sections)


@router.post(
    "/{contact_id}/empty",
    operation_id="contacts_empty",
    summary="Empty a contact",
    responses=problem_responses(ContactEmptied, PreconditionFailed),
)
async def empty_contact(
    contact_id: UUID,
    response: Response,
    session: WriteDep,
    runtime: RuntimeDep,
    caller: Emptier,
    people: PeopleDep,
    if_match: IfMatch,
) -> ContactRead:
    """Leaves nothing of the person anywhere, for good. What stays is the row with its company, for counts and dates."""
    contact = await _one(session, contact_id, lock=True)
    if_match.check(contact.version)
    if contact.emptied_at is not None:
        raise ContactEmptied(contact.emptied_at)
    await people.empty(session, contact, ActorRef.of(caller))
    set_etag(response, contact.version)
    return (await read_contacts(session, [contact]))[0]
