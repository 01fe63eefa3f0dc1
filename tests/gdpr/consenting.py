"""A workspace that asks for consents, and what its contacts answer."""

from typing import Any

import httpx
from tests.gdpr.person import made
from tests.plugins.product import Office, Person, Product

JSON = {"Accept": "application/json"}
CHANGES = "/v1/crm-toolbox/gdpr-changes"
SETTINGS = "/v1/crm-toolbox/gdpr-settings"
REQUEST, RECORDED = "crm_toolbox.consent_request", "crm_toolbox.consent_recorded"


async def switched_on(office: Office, **values: Any) -> dict[str, Any]:
    """The settings, consents switched on."""
    return made(await office.admin.ask("PUT", SETTINGS, json={"enabled": True, **values}), 200)


async def contact(office: Office, email: str | None, **values: Any) -> dict[str, Any]:
    """A contact at a company of their own."""
    name = (email or "sans").split("@")[0].title()
    company = made(await office.admin.post("/v1/companies", {"name": f"Société {name}"}))
    body = {"company_id": company["id"], "first_name": name, "last_name": "Essai", "email": email, **values}
    return made(await office.admin.post("/v1/contacts", body))


async def change(person: Person, status: str, *contacts: dict[str, Any], **values: Any) -> httpx.Response:
    """Set a status."""
    targets = [{"contact_id": one["id"]} for one in contacts]
    params = {"dry_run": values.pop("dry_run", False)}
    return await person.post(CHANGES, {"targets": targets, "status": status, **values}, params=params)


async def asked(product: Product, office: Office, one: dict[str, Any]) -> str:
    """The link in the mail that asks."""
    made(await change(office.member, "pending", one, template=REQUEST), 200)
    await product.work()
    link: str = (await product.mails(office.admin, one["email"]))[0]["links"][0]
    return link


async def answer(product: Product, link: str, name: str, version: int) -> httpx.Response:
    """Answer as a program does."""
    return await product.client.post(f"{link}/{name}", json={"version": version}, headers=JSON)


async def gdpr(person: Person, one: dict[str, Any]) -> dict[str, Any]:
    """How the contact stands now."""
    found: dict[str, Any] = made(await person.get(f"/v1/contacts/{one['id']}"), 200)["gdpr"]
    return found
