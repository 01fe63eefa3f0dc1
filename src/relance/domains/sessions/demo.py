"""Sessions of the demo: one that waits for a client, one that is validated by hand."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from relance.capabilities.directory.schemas import CompanyCreate, ContactCreate
from relance.capabilities.directory.service import Directory
from relance.capabilities.messaging.templates import Templates
from relance.core.db import DbSession
from relance.core.runtime import Runtime
from relance.core.security import Caller
from relance.core.subjects import ActorRef
from relance.domains.sessions.clients.service import SessionClients
from relance.domains.sessions.proposals.schemas import DateProposalCreate
from relance.domains.sessions.proposals.service import Proposals
from relance.domains.sessions.schemas import SessionCreate
from relance.domains.sessions.service import SessionService

_SESSIONS = (
    ("Sécurité incendie, niveau 1", "Nadia Belkacem", "Fonderie Martin", "Hugo", "Martin", "hugo@fonderie.example"),
    ("Gestes et postures", "Paul Imbert", "Atelier Duval", "Inès", "Duval", "ines@atelier-duval.example"),
)


async def seed_sessions(
    session: DbSession, runtime: Runtime, caller: Caller, organisation_id: UUID, templates: Callable[[], Templates]
) -> None:
    """Two sessions in some weeks, each with a client."""
    directory = Directory(session, runtime.clock, ActorRef.of(caller))
    first = runtime.clock.now().date() + timedelta(days=35)
    for position, (title, trainer, name, first_name, last_name, email) in enumerate(_SESSIONS):
        company = await directory.create(CompanyCreate(name=name))
        person = ContactCreate(company_id=company.id, first_name=first_name, last_name=last_name, email=email)
        contact = await directory.create_contact(person)
        days = [first + timedelta(days=7 * position + offset) for offset in range(2)]
        place = {"starts_at": "09:00", "ends_at": "17:00", "place": "Lyon, salle 2"}
        row = await SessionService(session, runtime, caller).create(
            SessionCreate.model_validate(
                {
                    "organisation_id": organisation_id,
                    "title": title,
                    "trainer": trainer,
                    "capacity": 12,
                    "slots": [{"date": day, **place} for day in days],
                    "clients": [{"company_id": company.id, "contact_id": contact.id}],
                }
            )
        )
        if position == 0:
            wanted = DateProposalCreate(due_on=days[0] - timedelta(days=14))
            await Proposals(session, runtime, caller, templates).propose(row, row.clients[0], wanted)
        else:
            await SessionClients(session, runtime, caller).validate(row, row.clients[0])
