"""Who may call: every operation of the contract without credentials, without rights, without the one right it asks."""

import json

import httpx
from tests.contract.contract import MACHINES, PUBLIC, Operation, all_operations, some
from tests.contract.world import World, body_of, dump, path_of
from tests.plugins.product import Person, password_hash

from relance.capabilities.identity.service import create_user
from relance.wiring import PERMISSIONS

GUARDED = [one for one in all_operations() if one.id not in PUBLIC and one.id not in MACHINES]


async def ask(world: World, operation: Operation, headers: dict[str, str]) -> httpx.Response:
    body = body_of(operation, world)
    return await world.product.client.request(
        operation.method, path_of(operation, world), headers=headers, **({} if body is None else {"json": body})
    )


def is_problem(answer: httpx.Response, status: int, code: str) -> bool:
    told = answer.headers.get("content-type", "") == "application/problem+json"
    return told and answer.status_code == status and answer.json()["code"] == code


CREDENTIALS = (
    "Bearer",
    "Bearer nonsense",
    "Bearer eyJhbGciOiJub25lIn0.e30.",
    "Bearer rl_live_6nhCYckcLgbvrv1KxWBJ8yKiJCk6GC9b9XRsxj",
    "Basic YWRtaW46YWRtaW4=",
    "Bearer " + "a" * 9_000,
)


async def test_without_credentials_nobody_gets_anything(world: World) -> None:
    before = await dump(world.product)
    wrong: list[str] = []
    for turn, operation in enumerate(GUARDED):
        for credential in (None, *some(CREDENTIALS, turn, 2)):
            answer = await ask(world, operation, {} if credential is None else {"Authorization": credential})
            if not is_problem(answer, 401, "unauthenticated") or "www-authenticate" not in answer.headers:
                wrong.append(f"{operation.id} with {credential}: {answer.status_code} {answer.text[:200]}")
    assert wrong == []
    assert await dump(world.product) == before


async def somebody(world: World, name: str, permissions: dict[str, str]) -> Person:
    """A user whose role of the same name has these permissions."""
    product = world.product
    role = await world.admin.post("/v1/roles", {"name": name, "permissions": permissions})
    assert role.status_code == 201, role.text
    async with product.runtime.db.transaction(world.office.workspace_id) as session:
        user = await create_user(
            session,
            f"{name}@vasseur.example",
            name,
            role="member",
            organisation_ids=[world.office.organisation_id],
        )
        user.role_id = role.json()["id"]
        user.password_hash = password_hash()
        user_id = user.id
    return await product._sign_in(user_id, f"{name}@vasseur.example")


async def test_without_rights_nobody_does_anything(world: World) -> None:
    nobody = await somebody(world, "personne", {})
    before = await world.rows()
    wrong: list[str] = []
    for operation in (one for one in GUARDED if one.scopes):
        answer = await ask(world, operation, {"Authorization": f"Bearer {nobody.token}"})
        if not is_problem(answer, 403, "permission_denied"):
            wrong.append(f"{operation.id}: {answer.status_code} {answer.text[:200]}")
    assert wrong == []
    assert await world.rows() == before


async def test_each_operation_asks_for_the_rights_that_the_contract_names(world: World) -> None:
    """All rights but one: what names that one is refused, by its name."""
    everything = {permission.code: "all" for permission in PERMISSIONS}
    person = await somebody(world, "presque", everything)
    headers = {"Authorization": f"Bearer {person.token}"}
    wrong: list[str] = []
    for scope in sorted({scope for operation in GUARDED for scope in operation.scopes}):
        lacking = {code: level for code, level in everything.items() if code != scope}
        async with world.product.runtime.db.engine.begin() as connection:
            await connection.exec_driver_sql(
                "UPDATE roles SET permissions = $1::jsonb WHERE name = 'presque'", (json.dumps(lacking),)
            )
        for operation in GUARDED:
            if scope in operation.scopes:
                answer = await ask(world, operation, headers)
                if not is_problem(answer, 403, "permission_denied") or answer.json()["permission"] != scope:
                    wrong.append(f"{operation.id} without {scope}: {answer.status_code}")
    assert wrong == []
