"""Levels over a resource of a domain: what none, own, group and all reach, for reading and for each action."""

from dataclasses import dataclass
from typing import Any

import pytest
from tests.plugins.product import SIRENS, Office, Person, Product

PATH = "/v1/invitations"
OWNERS = ("manager", "member", "admin")
#: Whose invitations the manager reaches at each level: the member reports to them, the administrator does not.
REACH = {"none": set[str](), "own": {"manager"}, "group": {"manager", "member"}, "all": {"manager", "member", "admin"}}


@dataclass
class Asked:
    """One invitation of each person of the office."""

    product: Product
    office: Office
    ids: dict[str, str]

    async def level(self, **levels: str) -> None:
        """Give the role of the manager those levels on invitations."""
        permissions = {f"invitations:{verb}": level for verb, level in levels.items()}
        [role] = await self.product.rows("SELECT id FROM roles WHERE key = 'manager'")
        changed = await self.office.admin.ask("PATCH", f"/v1/roles/{role['id']}", json={"permissions": permissions})
        assert changed.status_code == 200, changed.text

    async def seen(self, person: Person, **params: str) -> set[str]:
        """Whose invitations a person's list shows."""
        answer = await person.get(PATH, params=params)
        assert answer.status_code == 200, answer.text
        by_id = {found: who for who, found in self.ids.items()}
        return {by_id[one["id"]] for one in answer.json()["items"]}


@pytest.fixture
async def asked(product: Product, office: Office) -> Asked:
    ids: dict[str, str] = {}
    for who, siren in zip(OWNERS, SIRENS, strict=False):
        person: Person = getattr(office, who)
        body: dict[str, Any] = {
            "issuing_organisation_id": str(office.organisation_id),
            "email": f"partner-of-{who}@partner.example",
            "partner": {"name": f"Partner of {who}", "local_id": {"scheme": "siren", "value": siren}},
        }
        made = await person.post(PATH, body)
        assert made.status_code == 201, made.text
        ids[who] = made.json()["id"]
    await product.work()
    return Asked(product, office, ids)


@pytest.mark.parametrize("level", list(REACH))
async def test_reading_reaches_as_far_as_the_level(asked: Asked, level: str) -> None:
    await asked.level(read=level)
    manager = asked.office.manager
    if level == "none":
        refused = await manager.get(PATH)
        assert (refused.status_code, refused.json()["permission"]) == (403, "invitations:read")
    else:
        assert await asked.seen(manager, mine="false") == REACH[level]
        assert await asked.seen(manager) == {"manager"}
    for who, invitation_id in asked.ids.items():
        status = (await manager.get(f"{PATH}/{invitation_id}")).status_code
        expected = 200 if who in REACH[level] else 403 if level == "none" else 404
        assert status == expected, who


@pytest.mark.parametrize("level", list(REACH))
@pytest.mark.parametrize(("action", "permission"), [("cancel", "cancel"), ("archive", "archive"), ("remind", "remind")])
async def test_acting_reaches_as_far_as_the_level(asked: Asked, level: str, action: str, permission: str) -> None:
    await asked.level(read="all", **{permission: level})
    if action == "remind":
        await asked.product.advance(asked.office.admin, "P2D")
    before = {row["id"]: row for row in await asked.product.rows("SELECT * FROM invitations")}
    for who, invitation_id in asked.ids.items():
        shown = (await asked.office.manager.get(f"{PATH}/{invitation_id}")).json()
        told = {one["action"]: one for one in shown["available_actions"]}[action]
        answer = await asked.office.manager.post(f"{PATH}/{invitation_id}/{action}")
        reached = who in REACH[level]
        assert answer.status_code == (200 if reached else 403), (who, answer.text)
        # What was told beforehand is what happens.
        assert told["allowed"] is reached
        if not reached:
            assert answer.json()["permission"] == told_permission(told) == f"invitations:{permission}"
    untouched = {asked.ids[who] for who in OWNERS if who not in REACH[level]}
    after = {row["id"]: row for row in await asked.product.rows("SELECT * FROM invitations")}
    assert all(after[row_id] == before[row_id] for row_id in before if str(row_id) in untouched)


def told_permission(told: dict[str, Any]) -> str:
    """The permission that a refused action names."""
    assert told["reason"]["code"] == "permission_denied"
    words: str = told["reason"]["message"]
    return words.partition("« ")[2].partition(" »")[0]


@pytest.mark.parametrize("level", ["none", "own"])
async def test_creating_needs_the_permission_at_any_level(asked: Asked, level: str) -> None:
    await asked.level(create=level)
    body = {
        "issuing_organisation_id": str(asked.office.organisation_id),
        "email": "another@partner.example",
        "partner": {"name": "Another", "local_id": {"scheme": "siren", "value": SIRENS[4]}},
    }
    assert (await asked.office.manager.post(PATH, body)).status_code == (403 if level == "none" else 201)


async def test_an_api_key_reaches_no_further_than_its_owner(asked: Asked) -> None:
    await asked.level(read="group")
    manager = asked.office.manager
    made = await manager.post("/v1/api-keys", {"name": "ERP", "permissions": {"invitations:read": "group"}})
    assert made.status_code == 201, made.text
    key = Person(manager.id, manager.email, made.json()["api_key"], asked.product.client)
    assert await asked.seen(key, mine="false") == {"manager", "member"}
    await asked.level(read="own")
    assert await asked.seen(key, mine="false") == {"manager"}
