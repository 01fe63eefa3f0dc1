"""HTTP of one contact's data: what is kept of it, and leaving nothing of it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from relance.capabilities.directory.errors import ContactEmptied
from relance.capabilities.directory.repository import DirectoryRepository
from relance.capabilities.directory.schemas import ContactRead
from relance.capabilities.directory.views import read_contacts
from relance.capabilities.privacy.people import People
from relance.core.errors import NotFound, PermissionDenied, PreconditionFailed, Unauthenticated, ValidationFailed
from relance.core.etag import IfMatch, set_etag
from relance.core.http import ReadDep, RuntimeDep, StrictRoute, WriteDep
from relance.core.problems import problem_responses
from relance.core.security import Caller, requires
from relance.core.subjects import ActorRef
from relance.domains.crm_toolbox.gdpr.permissions import EMPTY, EXPORT
from relance.domains.crm_toolbox.gdpr.schemas import PersonalData, PersonalSection

_ALWAYS = problem_responses(Unauthenticated, PermissionDenied, ValidationFailed, NotFound)

router = APIRouter(route_class=StrictRoute, prefix="/v1/contacts", tags=["contacts"], responses=_ALWAYS)

Exporter = Annotated[Caller, Depends(requires(EXPORT))]
Emptier = Annotated[Caller, Depends(requires(EMPTY))]


def get_people(request: Request) -> People:
    """Who tells and erases what is kept of a person."""
    people: People = request.app.state.people
    return people


PeopleDep = Annotated[People, Depends(get_people)]


@router.get("/{contact_id}/export", operation_id="contacts_export_personal_data", summary="Give a person their data")
async def export_personal_data(
    contact_id: UUID, session: ReadDep, runtime: RuntimeDep, _caller: Exporter, people: PeopleDep
) -> PersonalData:
    """All that is kept of the person, everywhere: the right of access. Read from the list that emptying works off."""
    contact = await DirectoryRepository(session).contact(contact_id)
    if contact is None:
        raise NotFound()
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
    contact = await DirectoryRepository(session).contact(contact_id, lock=True)
    if contact is None:
        raise NotFound()
    if_match.check(contact.version)
    if contact.emptied_at is not None:
        raise ContactEmptied(contact.emptied_at)
    await people.empty(session, contact, ActorRef.of(caller))
    set_etag(response, contact.version)
    return (await read_contacts(session, [contact]))[0]
