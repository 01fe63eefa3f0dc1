"""Roles: editable, never beyond the editor, and somebody always remains who can edit them."""

import asyncio

from tests.accounts import PERMISSIONS, World

ROLES = "/v1/roles"


async def test_a_workspace_starts_with_its_roles(world: World) -> None:
    listed = (await world.call("admin", "GET", ROLES)).json()
    assert [role["name"] for role in listed["items"]] == [
        "Administrateur",
        "Avant-vente",
        "Client",
        "Membre",
        "Partenaire",
        "Responsable",
    ]
    by_key = {role["key"]: role["permissions"] for role in listed["items"]}
    assert by_key["admin"] == {one.code: "all" for one in PERMISSIONS}
    assert by_key["member"]["users:read"] == "own"
    assert by_key["member"]["roles:write"] == "none"
    assert {level for key in ("client", "partner", "pre_sales") for level in by_key[key].values()} == {"none"}


async def test_a_changed_role_holds_at_the_next_request(world: World) -> None:
    role = f"{ROLES}/{world.roles['member']}"
    assert (await world.call("member", "GET", "/v1/companies")).status_code == 200
    changed = await world.call("admin", "PATCH", role, {"permissions": {"companies:read": "none"}})
    assert changed.status_code == 200
    assert changed.json()["permissions"]["companies:write"] == "all"
    refused = await world.call("member", "GET", "/v1/companies")
    assert (refused.status_code, refused.json()["permission"]) == (403, "companies:read")
    [entry] = await world.rows(
        "SELECT before, after FROM journal_entries WHERE subject_id = :id", id=world.roles["member"]
    )
    assert entry == {"before": {"companies:read": "all"}, "after": {"companies:read": "none"}}


async def test_nobody_grants_more_than_they_have(world: World) -> None:
    manager = f"{ROLES}/{world.roles['manager']}"
    await world.call("admin", "PATCH", manager, {"permissions": {"roles:write": "all"}})
    for method, path, body in (
        ("POST", ROLES, {"name": "X", "permissions": {"workspace:write": "all"}}),
        ("PATCH", manager, {"permissions": {"workspace:write": "all"}}),
        ("PATCH", f"{ROLES}/{world.roles['admin']}", {"permissions": {"workspace:write": "none"}}),
    ):
        answer = await world.call("manager", method, path, body)
        assert (answer.status_code, answer.json()["permission"]) == (403, "workspace:write")
    fine = {"name": "Lecture", "permissions": {"users:read": "own"}}
    assert (await world.call("manager", "POST", ROLES, fine)).status_code == 201


async def test_what_a_role_may_not_hold(world: World) -> None:
    body = {"name": "X", "permissions": {"dragons:ride": "all", "companies:read": "own"}}
    answer = await world.call("admin", "POST", ROLES, body)
    assert answer.status_code == 422
    assert [(one["pointer"], one["code"]) for one in answer.json()["errors"]] == [
        ("/permissions/dragons:ride", "unknown_permission"),
        ("/permissions/companies:read", "level_not_applicable"),
    ]
    assert (
        await world.call("admin", "PATCH", f"{ROLES}/{world.roles['member']}", {"permissions": None})
    ).status_code == 422


async def test_names_are_unique_without_case_and_accents(world: World) -> None:
    made = await world.call("admin", "POST", ROLES, {"name": "Qualité", "permissions": {}})
    again = await world.call("admin", "POST", ROLES, {"name": "QUALITE", "permissions": {}})
    assert (again.status_code, again.json()["existing_id"]) == (409, made.json()["id"])


async def test_an_administrator_remains(world: World) -> None:
    for method, path, body in (
        ("PATCH", f"{ROLES}/{world.roles['admin']}", {"permissions": {"roles:write": "none"}}),
        ("POST", f"/v1/users/{world.users['admin']}/deactivate", None),
        ("PATCH", f"/v1/users/{world.users['admin']}", {"role_id": str(world.roles["member"])}),
    ):
        answer = await world.call("admin", method, path, body)
        assert (answer.status_code, answer.json()["code"]) == (409, "last_administrator")
    [row] = await world.rows("SELECT status, role_id FROM users WHERE id = :id", id=world.users["admin"])
    assert row == {"status": "active", "role_id": world.roles["admin"]}


async def test_two_administrators_who_leave_at_once(world: World) -> None:
    other = world.users["manager"]
    await world.call("admin", "PATCH", f"/v1/users/{other}", {"role_id": str(world.roles["admin"])})
    await world.token("manager")
    answers = await asyncio.gather(
        world.call("admin", "POST", f"/v1/users/{other}/deactivate"),
        world.call("manager", "POST", f"/v1/users/{world.users['admin']}/deactivate"),
    )
    assert sorted(answer.status_code for answer in answers)[0] == 200
    left = await world.rows(
        "SELECT 1 FROM users WHERE workspace_id = :ws AND status = 'active' AND role_id = :role",
        ws=world.workspace_id,
        role=world.roles["admin"],
    )
    assert len(left) == 1


async def test_a_stale_version_is_refused(world: World) -> None:
    path = f"{ROLES}/{world.roles['member']}"
    tag = (await world.call("admin", "GET", path)).headers["etag"]
    first = await world.call("admin", "PATCH", path, {"name": "Équipe"}, headers={"If-Match": tag})
    assert first.status_code == 200
    second = await world.call("admin", "PATCH", path, {"name": "Autre"}, headers={"If-Match": tag})
    assert (second.status_code, second.json()["code"]) == (412, "precondition_failed")
    assert f'"{second.json()["current_version"]}"' == first.headers["etag"]


async def test_a_new_release_brings_permissions_to_the_built_in_roles(world: World) -> None:
    from relance.capabilities.identity.service import synchronise_roles
    from relance.core.i18n import Text
    from relance.core.security import Level, Permission

    await world.call("admin", "PATCH", f"{ROLES}/{world.roles['member']}", {"permissions": {"users:read": "none"}})
    brought = Permission("parrots:read", Text("p", "p"), member=Level.OWN)
    async with world.runtime.db.transaction(None) as session:
        assert await synchronise_roles(session, [*PERMISSIONS, brought]) >= 4
        assert await synchronise_roles(session, [*PERMISSIONS, brought]) == 0
    [row] = await world.rows("SELECT permissions FROM roles WHERE id = :id", id=world.roles["member"])
    assert row["permissions"]["parrots:read"] == "own"
    assert row["permissions"]["users:read"] == "none"
