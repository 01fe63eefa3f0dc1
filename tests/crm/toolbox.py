"""A workspace with customers, and what its people do with them in the toolbox, through HTTP."""

from dataclasses import dataclass
from typing import Any

from tests.plugins.product import Office, Person, Product

BASE = "/v1/crm-toolbox"
INFOBOX = f"{BASE}/infobox"


def ok(answer: Any, status: int = 200) -> dict[str, Any]:
    """The body of an answer that must be a success."""
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


def problem(answer: Any, status: int, code: str) -> dict[str, Any]:
    """The body of a problem."""
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    found: dict[str, Any] = answer.json()
    return found


@dataclass
class Customers:
    """« Fonderie Martin » with Camille and Inès, « Menuiserie Roux » with Paul."""

    product: Product
    office: Office
    martin: str
    roux: str
    camille: str
    ines: str
    paul: str

    @property
    def admin(self) -> Person:
        """Who may do everything."""
        return self.office.admin

    def contacts(self, *ids: str) -> list[dict[str, str]]:
        """As targets."""
        return [{"contact_id": one} for one in ids]

    async def run(self, person: Person, action: str, body: object, status: int = 200) -> dict[str, Any]:
        """Run an action."""
        return ok(await person.post(f"{BASE}/{action}", body), status)

    async def timeline(self, person: Person, **filters: object) -> list[dict[str, Any]]:
        """What the infobox shows, newest first."""
        answer = await person.get(INFOBOX, params={key: str(value) for key, value in filters.items()})
        items: list[dict[str, Any]] = ok(answer)["items"]
        return items

    async def entry(self, person: Person, entry_id: str) -> dict[str, Any]:
        """One entry in full."""
        return ok(await person.get(f"{INFOBOX}/{entry_id}"))

    async def contact(self, contact_id: str) -> dict[str, Any]:
        """A contact as it is now."""
        return ok(await self.admin.get(f"/v1/contacts/{contact_id}"))


async def open_customers(product: Product, office: Office) -> Customers:
    """Made through the API."""
    admin = office.admin
    martin = ok(await admin.post("/v1/companies", {"name": "Fonderie Martin"}), 201)["id"]
    roux = ok(await admin.post("/v1/companies", {"name": "Menuiserie Roux"}), 201)["id"]

    async def person(company: str, first: str, last: str) -> str:
        email = f"{first}.{last}@client.example".lower()
        body = {"company_id": company, "first_name": first, "last_name": last, "email": email}
        made: str = ok(await admin.post("/v1/contacts", body), 201)["id"]
        return made

    return Customers(
        product,
        office,
        martin,
        roux,
        await person(martin, "Camille", "Martin"),
        await person(martin, "Ines", "Petit"),
        await person(roux, "Paul", "Roux"),
    )
