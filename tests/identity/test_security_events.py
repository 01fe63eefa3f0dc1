"""The audit of accounts and rights."""

from typing import Any

from sqlalchemy import text
from tests.accounts import World

from relance.capabilities.journal.models import SECURITY

PATH = "/v1/security-events"


async def listed(world: World, **params: Any) -> list[dict[str, Any]]:
    answer = await world.call("admin", "GET", PATH, params=params)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def test_what_happens_to_accounts_is_listed(world: World) -> None:
    await world.sign_in("member")
    await world.sign_in("member", "not the password")
    await world.call("admin", "POST", f"/v1/users/{world.users['member']}/deactivate")
    newest = (await listed(world))[0]
    assert newest["action"] == "user.deactivated"
    assert newest["actor"] == {"kind": "user", "id": str(world.users["admin"]), "name": "Admin"}
    assert newest["subject"] == {"kind": "user", "id": str(world.users["member"]), "name": "Member"}
    assert (newest["before"], newest["after"]) == ({"status": "active"}, {"status": "deactivated"})
    of_member = await listed(world, subject_id=str(world.users["member"]), sort="at")
    assert [one["action"] for one in of_member] == ["user.signed_in", "user.sign_in_failed", "user.deactivated"]
    assert of_member[1]["actor"] == {"kind": "system", "id": None, "name": None}
    assert [one["action"] for one in await listed(world, action="user.sign_in_failed")] == ["user.sign_in_failed"]
    assert await listed(world, since=newest["at"], until=newest["at"]) == []
    assert len(await listed(world, actor_id=str(world.users["admin"]))) == 1


async def test_page_by_page(world: World, elsewhere: World) -> None:
    for number in range(5):
        await world.call("admin", "POST", "/v1/organisations", {"name": f"Organisation {number}"})
        await elsewhere.call("admin", "POST", "/v1/organisations", {"name": f"Organisation {number}"})
    seen: list[str] = []
    cursor: str | None = None
    for _ in range(3):
        params = {"limit": 2, "action": "organisation.created"} | ({"cursor": cursor} if cursor else {})
        page = (await world.call("admin", "GET", PATH, params=params)).json()
        seen += [one["subject"]["id"] for one in page["items"]]
        cursor = page["next_cursor"]
    assert (len(seen), len(set(seen)), cursor) == (5, 5, None)


async def test_what_does_not_concern_accounts_is_left_out(world: World) -> None:
    body = {"name": "Fonderie", "local_id": {"scheme": "siren", "country": "FR", "value": "732829320"}}
    assert (await world.call("admin", "POST", "/v1/companies", body)).status_code == 201
    assert await listed(world) == []


async def test_the_list_is_read_from_its_own_index(world: World) -> None:
    statement = (
        f"SELECT * FROM journal_entries WHERE workspace_id = :ws AND {SECURITY} ORDER BY at DESC, id DESC LIMIT 5"
    )
    async with world.runtime.db.engine.begin() as connection:
        # In an empty table sorting is cheaper than any index; here it is whether the index can give the order.
        await connection.execute(text("SET LOCAL enable_sort = off"))
        plan = await connection.execute(text(f"EXPLAIN {statement}"), {"ws": world.workspace_id})
        assert "ix_journal_entries_security" in "".join(plan.scalars())


async def test_only_who_may(world: World) -> None:
    for who in ("manager", "member"):
        refused = await world.call(who, "GET", PATH)
        assert (refused.status_code, refused.json()["permission"]) == (403, "security:read")
    assert (await world.call("admin", "GET", PATH, params={"action": "x"})).status_code == 422
