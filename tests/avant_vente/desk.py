"""A workspace with a pre-sales team and two partners, and what they do to requests, through HTTP."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
from tests.plugins.product import Office, Person, Product, password_hash

from relance.capabilities.identity.models import OrganisationKind
from relance.capabilities.identity.service import create_organisation, create_user

BASE = "/v1/avant-vente"
REQUESTS = f"{BASE}/requests"
OPPORTUNITIES = f"{BASE}/opportunities"
JSON = {"Accept": "application/json"}
HTML = {"Accept": "text/html"}


@dataclass
class Desk:
    """Nadia and Yann handle requests; Paul and Anne ask for « Intégrateur du Nord », Rita for another partner."""

    product: Product
    office: Office
    partner_id: UUID
    other_partner_id: UUID
    nadia: Person
    yann: Person
    paul: Person
    anne: Person
    rita: Person

    # --- asking ----------------------------------------------------------------------------------------------------

    async def opportunity(self, **values: Any) -> dict[str, Any]:
        """An opportunity of the first partner."""
        body = {
            "partner_organisation_id": str(self.partner_id),
            "company": {"name": "Fonderie Martin"},
            "title": "ERP de l’usine de Lille",
            **values,
        }
        return ok(await self.paul.post(OPPORTUNITIES, body), 201)

    async def draft(self, **values: Any) -> dict[str, Any]:
        """A complete draft of Paul's."""
        opportunity = values.pop("opportunity", None) or await self.opportunity()
        kinds = (await self.paul.get(f"{BASE}/intervention-types")).json()["items"]
        body = {
            "description": "Démonstration de la gestion d’atelier",
            "intervention_type_id": kinds[0]["id"],
            "on_site": True,
            "place": "Lille, siège",
            "wanted_date": (self.product.runtime.clock.now() + timedelta(days=20)).date().isoformat(),
            "confirmed": True,
            **values,
        }
        return ok(await self.paul.post(f"{OPPORTUNITIES}/{opportunity['id']}/requests", body), 201)

    async def submitted(self, **values: Any) -> dict[str, Any]:
        """A request to process."""
        draft = await self.draft(**values)
        return await self.act(self.paul, draft, "submit", {"confirm": True})

    async def accepted(self, **values: Any) -> dict[str, Any]:
        """A request in progress, which Nadia handles."""
        return await self.act(self.nadia, await self.submitted(**values), "accept")

    async def scheduled(self, **values: Any) -> dict[str, Any]:
        """A request with three slots, whose mail has arrived."""
        request = await self.accepted(**values)
        found = await self.act(self.nadia, request, "propose", {"slots": self.slots()})
        await self.product.work()
        return found

    def slots(self, days: tuple[int, ...] = (10, 11, 12), **values: Any) -> list[dict[str, Any]]:
        """Two hours each, that many days from now."""
        now = self.product.runtime.clock.now().replace(hour=9, minute=0, second=0, microsecond=0)
        found = []
        for day in days:
            start = now + timedelta(days=day)
            end = start + timedelta(hours=2)
            found.append({"starts_at": start.isoformat(), "ends_at": end.isoformat(), **values})
        return found

    # --- acting ----------------------------------------------------------------------------------------------------

    async def try_to(
        self, person: Person, request: dict[str, Any], action: str, body: object = None, **options: Any
    ) -> httpx.Response:
        """One action, whatever it answers."""
        return await person.post(f"{REQUESTS}/{request['id']}/{action}", body, **options)

    async def act(self, person: Person, request: dict[str, Any], action: str, body: object = None) -> dict[str, Any]:
        """One action that is possible."""
        return ok(await self.try_to(person, request, action, body))

    async def read(self, person: Person, request: dict[str, Any]) -> dict[str, Any]:
        """The request now."""
        return ok(await person.get(f"{REQUESTS}/{request['id']}"))

    async def inbox(self, person: Person) -> list[dict[str, Any]]:
        """What has arrived, newest first."""
        await self.product.work()
        return await self.product.mails(self.office.admin, person.email)

    async def link(self, person: Person) -> str:
        """The link of the newest mail that has one."""
        return str(next(mail["links"][0] for mail in await self.inbox(person) if mail["links"]))

    async def answer(self, link: str, name: str, version: int | None = None, **answers: Any) -> httpx.Response:
        """Answer a link as a program does, on the version that it shows now."""
        if version is None:
            version = (await self.product.client.get(link, headers=JSON)).json()["version"]
        return await self.product.client.post(
            f"{link}/{name}", json={"version": version, "answers": answers}, headers=JSON
        )

    async def events(self, request: dict[str, Any]) -> list[str]:
        """What the journal says of a request, in order."""
        rows = await self.product.rows(
            "SELECT action FROM journal_entries WHERE subject_id = :id ORDER BY sequence", id=UUID(request["id"])
        )
        return [row["action"].partition(".")[2] for row in rows]


def ok(answer: httpx.Response, status: int = 200) -> dict[str, Any]:
    """The JSON of an answer that has to be good."""
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


def refused(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The problem document of an answer that has to be a refusal."""
    found: dict[str, Any] = answer.json()
    assert (answer.status_code, found["code"]) == (status, code), answer.text
    return found


def instant(text: str) -> datetime:
    """An instant of an answer."""
    return datetime.fromisoformat(text)


async def open_desk(product: Product, office: Office) -> Desk:
    """The people of a desk, in a workspace that is there."""
    people: dict[str, tuple[UUID, str]] = {}
    domain = office.admin.email.partition("@")[2]
    async with product.runtime.db.transaction(office.workspace_id) as session:
        partner = await create_organisation(session, "Intégrateur du Nord", kind=OrganisationKind.PARTNER)
        other = await create_organisation(session, "Réseau Sud", kind=OrganisationKind.PARTNER)
        for name, role, organisations in (
            ("nadia", "pre_sales", [office.organisation_id]),
            ("yann", "pre_sales", [office.organisation_id]),
            ("paul", "partner", [partner.id]),
            ("anne", "partner", [partner.id]),
            ("rita", "partner", [other.id]),
        ):
            email = f"{name}@{'team' if role == 'pre_sales' else 'nord' if name != 'rita' else 'sud'}.{domain}"
            user = await create_user(session, email, name.title(), role=role, organisation_ids=organisations)
            user.password_hash = password_hash()
            people[name] = (user.id, email)
        partner_id, other_id = partner.id, other.id
    signed_in = {name: await product._sign_in(*facts) for name, facts in people.items()}
    return Desk(product, office, partner_id, other_id, **signed_in)
