"""Workspaces with one of everything, and valid requests to any operation in them."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from uuid import UUID

from tests.contract import world_directory, world_gdpr, world_profiles, world_sessions, world_toolbox
from tests.contract.contract import Operation, leaves, with_value
from tests.contract.world_avant_vente import populate as avant_vente
from tests.plugins.product import Office, Person, Product
from tests.webhooks.receiver import Receiver, answering

from relance.core.db import Base

Rows = Mapping[str, list[tuple[tuple[str, str], ...]]]

#: The head of a PNG of 160 by 48 pixels: as much of a picture as is looked at.
LOGO = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\xa0\x00\x00\x000\x08\x02\x00\x00\x00"
#: Names of id fields that do not say what they are the id of.
FIELDS = {
    "issuing_organisation_id": "organisations",
    "organisation_ids": "organisations",
    "manager_id": "users",
    "partner_id": "companies",
    "team_member_id": "users",
    "mandate_delivery_id": "mandate_deliveries",
    "logo_id": "mail_logos",
    "picture_ids": "files",
    "partner_organisation_id": "organisations",
    "opportunity_id": "opportunities",
    "slot_id": "avant_vente_slots",
    "speaker_id": "users",
    "wanted_speaker_id": "users",
    "subject_id": "invitations",  # of the preview of an edited mail
    "assigned_to": "users",
    "contact_status_id": "contact_statuses",
    "reassign_to": "companies",
    "id": "companies",  # of the partner of an invitation
    "endpoint_id": "webhook_endpoints",
    "responsible_id": "users",
    "webhook_delivery_id": "webhook_deliveries",
    "infobox_entry_id": "infobox_entries",
    "author_id": "users",
}
#: The partner's own key of what has one.
KEY = "F/00412 é"
#: Values of path parameters that are no ids: what the populated workspace has.
NAMES = {
    "external_id": KEY,
    "shortcut_key": "note",
    "custom_action_key": "qualification",
    "form_version": "1",
    "domain": "invitations",
    "key": "invitations.invitation",
    "locale": "fr",
    "number": "1",
    "record": "contacts",
    "version": "1",
    "digest": hashlib.sha256(LOGO).hexdigest(),
}
#: Operations that move every workspace or end the session that calls them.
NEVER_CALLED = {"test_clock_advance", "auth_logout", "me_change_password"}


@dataclass
class World:
    """One workspace with one of everything."""

    product: Product
    office: Office
    ids: dict[str, str]
    link: str

    @property
    def admin(self) -> Person:
        """Somebody who may do everything in it."""
        return self.office.admin

    async def rows(self) -> Rows:
        """What every table holds of this workspace."""
        return await dump(self.product, self.office.workspace_id)


async def dump(product: Product, workspace_id: UUID | None = None) -> Rows:
    """What every table holds, of one workspace or at all, as comparable text."""
    found: dict[str, list[tuple[tuple[str, str], ...]]] = {}
    for table in Base.metadata.sorted_tables:
        owner = {"workspaces": "id"}.get(table.name, "workspace_id")
        if workspace_id is not None and owner not in table.columns:
            continue
        where = f"WHERE {owner} = :workspace_id" if workspace_id else ""
        rows = await product.rows(
            f'SELECT * FROM "{table.name}" {where}', **({"workspace_id": workspace_id} if workspace_id else {})
        )
        found[table.name] = sorted(tuple((name, repr(value)) for name, value in row.items()) for row in rows)
    return found


async def populate(product: Product, slug: str, siren: str) -> World:
    """A workspace with one of everything that has an address, made through the API. Add what you add."""
    office = await product.office(slug)
    admin = office.admin
    ids = {
        "workspaces": str(office.workspace_id),
        "organisations": str(office.organisation_id),
        "users": str(office.member.id),
        "roles": (await admin.get("/v1/roles")).json()["items"][0]["id"],
    }

    async def make(table: str, path: str, body: object) -> None:
        answer = await admin.post(path, body)
        assert answer.status_code in {201, 202}, answer.text
        ids[table] = answer.json()["id"]

    local_id = {"scheme": "siren", "value": siren}
    await make("companies", "/v1/companies", {"name": "Fonderie Martin", "local_id": local_id, "external_id": KEY})
    person = {"company_id": ids["companies"], "first_name": "Camille", "last_name": "Martin", "external_id": KEY}
    await make("contacts", "/v1/contacts", person)
    organisation = f"/v1/organisations/{ids['organisations']}"
    assert (await admin.ask("PATCH", organisation, json={"external_id": KEY})).status_code == 200
    await make("api_keys", "/v1/api-keys", {"name": "ERP"})
    receiver = Receiver(rule=answering(503, retry_after="86400"))
    await receiver.start()
    await make("webhook_endpoints", "/v1/webhook-endpoints", {"url": receiver.url, "types": ["invitation.created"]})
    email = f"achats@{slug}-partenaire.example"
    invitation = {"issuing_organisation_id": ids["organisations"], "email": email, "partner": {"id": ids["companies"]}}
    await make("invitations", "/v1/invitations", invitation)
    team = [{"user_id": ids["users"], "role": role} for role in ("owner", "agent")]
    contact = {"first_name": "Camille", "last_name": "Martin", "email": f"pme@{slug}-pme.example"}
    mandate = {
        "issuing_organisation_id": ids["organisations"],
        "company": {"id": ids["companies"]},
        "contact": contact,
        "team": team,
        "submit": True,
        "schedule": {"kind": "upload_reminder", "frequency": "monthly", "starts_on": "2027-01-31"},
    }
    await make("mandates", "/v1/mandates", mandate)
    guest = contact | {"email": f"compta@{slug}-pme.example"}
    await make("mandate_contacts", f"/v1/mandates/{ids['mandates']}/contacts", guest)
    await product.work()
    await _accept(product, office, contact["email"])
    await world_directory.populate(product, office, ids)
    await world_gdpr.populate(product, office, ids)
    await _import(product, office)
    await world_sessions.populate(product, office, ids)
    await _edit_mails(office)
    await _second(admin, person)
    await avant_vente(product, office, ids)
    await world_profiles.populate(product, office, ids)
    await world_toolbox.populate(product, office, ids)
    await _second_mandate(admin, mandate, f"{slug}-pme.example")
    await product.work()
    # Nobody listens any more, and what was sent waits for a day: the workspace stays as it is.
    await receiver.stop()
    (mail,) = await product.mails(admin, email)
    # The feed shows the types of the catalogue alone; the table holds the others too.
    ids["events"] = (await admin.get("/v1/events", params={"limit": 1})).json()["items"][0]["id"]
    for table in Base.metadata.sorted_tables:
        if table.name not in ids and {"id", "workspace_id"} <= set(table.columns.keys()):
            one = await product.rows(
                f'SELECT id FROM "{table.name}" WHERE workspace_id = :workspace_id ORDER BY id LIMIT 1',
                workspace_id=office.workspace_id,
            )
            if one:
                ids[table.name] = str(one[0]["id"])
    return World(product, office, ids, mail["links"][0].removeprefix("http://relance.example"))


async def _accept(product: Product, office: Office, email: str) -> None:
    """The mandate is active, so that something is due."""
    (mail,) = await product.mails(office.admin, email)
    answers = {"first_name": "Camille", "last_name": "Martin", "password": "quatre mots sans rapport"}
    path, headers = f"{mail['links'][0]}/accept", {"Accept": "application/json"}
    answer = await product.client.post(path, json={"version": 1, "answers": answers}, headers=headers)
    assert answer.status_code == 200, answer.text
    mandate = (await office.admin.get("/v1/mandates?status=active")).json()["items"][0]["id"]
    deliveries = f"/v1/mandates/{mandate}/deliveries"
    due = (await office.admin.get(deliveries)).json()["items"][0]["id"]
    noted = await office.admin.post(f"{deliveries}/{due}/receive", {"comment": "Remis en main propre"})
    assert noted.status_code == 200, noted.text


async def _second_mandate(admin: Person, mandate: Mapping[str, object], domain: str) -> None:
    draft = await admin.post("/v1/mandates", {**mandate, "external_id": KEY, "submit": False})
    assert draft.status_code == 201, draft.text
    first = (await admin.get("/v1/mandates?status=active")).json()["items"][0]["id"]
    other = {"first_name": "Inès", "last_name": "Roy", "email": f"autre@{domain}"}
    asked = await admin.post(f"/v1/mandates/{first}/contacts", other)
    assert asked.status_code == 201, asked.text


async def _second(admin: Person, person: Mapping[str, object]) -> None:
    """Another row where a list would have one only, so that its pages can be turned."""
    for path, body in (
        ("/v1/api-keys", {"name": "CRM"}),
        ("/v1/webhook-endpoints", {"url": "http://127.0.0.1:9/", "types": ["user.deactivated"]}),
        ("/v1/contacts", {**person, "last_name": "Durand", "external_id": None}),
        ("/v1/invitations/exports", {"format": "csv"}),
    ):
        made = await admin.post(path, body)
        assert made.status_code in {201, 202}, made.text
    form = (await admin.get("/v1/prequalification-forms/current")).json()
    again = {name: form[name] for name in ("title_fr", "title_en", "json_schema", "validity")}
    replaced = await admin.ask("PUT", "/v1/prequalification-forms/current", json=again)
    assert replaced.status_code == 200, replaced.text


async def _import(product: Product, office: Office) -> None:
    """A job that has ended, with its file and its results: one row that passes, one that is refused."""
    header = "Raison sociale;Identifiant local;E-mail sollicité"
    rows = (header, "Menuiserie Roux;443061841;roux@partenaire.example", "Menuiserie Roux;nonsense;")
    answer = await office.admin.ask(
        "POST",
        "/v1/invitations/imports",
        files={"file": ("partenaires.csv", "\r\n".join(rows).encode())},
        data={"issuing_organisation_id": str(office.organisation_id)},
    )
    assert answer.status_code == 202, answer.text
    await product.work()
    job = (await office.admin.get(answer.headers["Location"])).json()
    assert (job["total"], job["failed"]) == (2, 1), job


async def _edit_mails(office: Office) -> None:
    """An edited template, and a look with a logo."""
    wording = {"subject": "Objet", "html": '<p><a href="{{ link }}">Répondre</a></p>'}
    for subject in ("Objet", "Autre objet"):
        words = wording | {"subject": subject}
        saved = await office.admin.ask("PUT", "/v1/email-templates/invitations.invitation/fr", json=words)
        assert saved.status_code == 200, saved.text
    logo = await office.admin.ask("POST", "/v1/email-branding/logos", files={"file": ("logo.png", LOGO)})
    assert logo.status_code == 200, logo.text
    look = await office.admin.ask("PUT", "/v1/email-branding", json={"logo_id": logo.json()["id"]})
    assert look.status_code == 200, look.text


def table_of(field: str) -> str:
    """The table whose ids a field or a path parameter holds: `company_id` → companies."""
    known = FIELDS.get(field)
    if known is None:
        one = field.removesuffix("_ids").removesuffix("_id")
        known = one[:-1] + "ies" if one.endswith("ny") else one + "s"
    assert known in Base.metadata.tables, f"say in tests/contract/world.py what {field} is the id of"
    return known


def path_of(operation: Operation, world: World, **ids: str) -> str:
    """The address of `operation` with ids of `world`, but for those that are given."""
    path = operation.path
    for name in operation.parameters("path"):
        if name in ids:
            value = ids[name]
        elif path.startswith("/r/"):
            value = {"token": world.link.rpartition("/")[2], "answer": "submit"}[name]
        elif name in NAMES:
            value = quote(NAMES[name], safe="")
        else:
            table = table_of(name)
            assert table in world.ids, f"{operation.id} needs a row of {table}: make one in tests/contract/world.py"
            value = world.ids[table]
        path = path.replace("{" + name + "}", value)
    return path


def id_places(operation: Operation) -> list[tuple[str | int, ...]]:
    """Where the JSON body of `operation` holds ids."""
    if operation.json_body is None:
        return []
    found = leaves(operation.json_body["schema"], operation.json_body.get("example"))
    return [at for at, schema in found if schema.get("format") == "uuid"]


def field_at(at: tuple[str | int, ...]) -> str:
    """The name of the field at a place: of a list of ids, that of the list."""
    return next(str(step) for step in reversed(at) if isinstance(step, str))


def body_of(operation: Operation, world: World) -> Any:
    """The example of the JSON body of `operation`, its ids those of `world`; None where it reads no JSON."""
    if operation.json_body is None:
        return None
    body = operation.json_body["example"]
    for at in id_places(operation):
        if _sent(body, at):
            body = with_value(body, at, world.ids[table_of(field_at(at))])
    return body


def _sent(body: Any, at: tuple[str | int, ...]) -> bool:
    for step in at:
        try:
            body = body[step]
        except (KeyError, IndexError, TypeError):
            return False
    return body is not None
