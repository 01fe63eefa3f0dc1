"""Two workspaces: the other's ids are unknown, whatever is asked; and no operation is without its permission."""

from typing import Any

import pytest
from tests.accounts import World

from relance.core.ids import new_id

STATUS = {"code": "prospect", "label_fr": "Prospect", "label_en": "Prospect", "position": 1}
VIEW = {"name": "Mes prospects", "record": "contacts", "filters": {"active": True}}


async def ids_of(world: World) -> dict[str, str]:
    async def made(path: str, body: object) -> str:
        answer = await world.call("admin", "POST", path, body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    company = await world.call("admin", "POST", "/v1/companies", {"name": "Fonderie"})
    person = {"company_id": company.json()["id"], "first_name": "A", "last_name": "B", "email": "a@b.example"}
    return {
        "company_id": company.json()["id"],
        "contact_id": (await world.call("admin", "POST", "/v1/contacts", person)).json()["id"],
        "user_id": str(world.users["member"]),
        "role_id": str(world.roles["member"]),
        "organisation_id": str(world.organisation_id),
        "api_key_id": (await world.call("admin", "POST", "/v1/api-keys", {"name": "K"})).json()["id"],
        "contact_status_id": await made("/v1/contact-statuses", STATUS),
        "saved_view_id": await made("/v1/saved-views", VIEW),
    }


def operations(world: World) -> list[tuple[str, str, dict[str, Any]]]:
    app: Any = world.client._transport.app  # type: ignore[attr-defined] # the application under test
    return [
        (method.upper(), path, operation)
        for path, item in app.openapi()["paths"].items()
        for method, operation in item.items()
    ]


async def test_the_others_ids_are_unknown(world: World, elsewhere: World) -> None:
    theirs = await ids_of(elsewhere)
    tables = ("companies", "contacts", "users", "roles", "organisations", "api_keys")

    async def snapshot() -> list[Any]:
        return [
            await world.rows(f"SELECT * FROM {t} WHERE workspace_id = :ws ORDER BY id", ws=elsewhere.workspace_id)
            for t in tables
        ]

    before = await snapshot()
    asked = 0
    for method, path, operation in operations(world):
        # A key is free in each workspace, and the kinds of records are everybody's.
        if "{" not in path or "{record}" in path or (method == "PUT" and "by-reference" in path):
            continue
        body = {"name": "Volé"} if method == "PATCH" and "contact" not in path else {}
        answer = await world.call(
            "admin", method, path.format(**theirs, external_id="F-1"), None if method == "GET" else body
        )
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), operation["operationId"]
        asked += 1
    assert asked == 27
    assert await snapshot() == before


async def test_the_other_s_rows_cannot_be_pointed_to(world: World, elsewhere: World) -> None:
    theirs = await ids_of(elsewhere)
    me = f"/v1/users/{world.users['member']}"
    for body in (
        {"role_id": theirs["role_id"]},
        {"manager_id": theirs["user_id"]},
        {"organisation_ids": [theirs["organisation_id"]]},
    ):
        assert (await world.call("admin", "PATCH", me, body)).status_code == 422
    person = {"company_id": theirs["company_id"], "first_name": "A", "last_name": "B"}
    assert (await world.call("admin", "POST", "/v1/contacts", person)).status_code == 422
    for path in ("companies", "contacts", "users", "roles", "organisations", "api-keys"):
        listed = await world.call("admin", "GET", f"/v1/{path}")
        assert not {one["id"] for one in listed.json()["items"]} & set(theirs.values())


async def test_the_same_keys_may_exist_in_both(world: World, elsewhere: World) -> None:
    body = {"name": "X", "local_id": {"scheme": "siren", "value": "732829320"}, "external_id": "E"}
    for one in (world, elsewhere):
        assert (await one.call("admin", "POST", "/v1/companies", body)).status_code == 201


async def test_every_operation_asks_who_calls_and_for_its_permission(world: World) -> None:
    await world.call(
        "admin",
        "PATCH",
        f"/v1/roles/{world.roles['member']}",
        {
            "permissions": {
                one["code"]: "none" for one in (await world.call("member", "GET", "/v1/me")).json()["permissions"]
            }
        },
    )
    some = {
        name: str(new_id())
        for name in (
            *("company_id", "contact_id", "user_id", "role_id", "organisation_id", "api_key_id", "external_id"),
            *("contact_status_id", "saved_view_id"),
        )
    } | {"record": "contacts"}
    open_ones = {"auth_token", "auth_request_password_reset"}
    for_oneself = {"me_get", "me_change_password", "auth_logout"}
    checked = 0
    for method, path, operation in operations(world):
        name = operation["operationId"]
        if name in open_ones:
            continue
        anonymous = await world.client.request(method, path.format(**some))
        assert anonymous.status_code == 401, name
        if name in for_oneself:
            continue
        answer = await world.call("member", method, path.format(**some), None if method == "GET" else {})
        if answer.status_code == 422:  # a body is read before the permission is asked; nothing was written
            answer = await world.call("member", method, path.format(**some), BODIES[name])
        assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied"), name
        checked += 1
    assert checked == 53


BODIES: dict[str, object] = {
    "companies_create": {"name": "X"},
    "companies_put_by_reference": {"name": "X"},
    "organisations_put_by_reference": {"name": "X"},
    "contacts_put_by_reference": {"company_id": str(new_id()), "first_name": "A", "last_name": "B"},
    "contacts_create": {"company_id": str(new_id()), "first_name": "A", "last_name": "B"},
    "users_create": {"name": "X", "email": "x@y.example"},
    "organisations_create": {"name": "X"},
    "roles_create": {"name": "X", "permissions": {}},
    "api_keys_create": {"name": "X"},
    "contact_statuses_create": STATUS,
    "saved_views_create": VIEW,
}


async def test_one_query_finds_the_caller(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    app: Any = world.client._transport.app  # type: ignore[attr-defined] # the application under test
    authenticator = app.state.authenticator
    calls: list[str] = []
    real = authenticator.authenticate

    async def counted(credential: str) -> object:
        calls.append(credential)
        return await real(credential)

    await world.token("admin")
    monkeypatch.setattr(authenticator, "authenticate", counted)
    assert (await world.call("admin", "GET", "/v1/users")).status_code == 200
    assert len(calls) == 1
