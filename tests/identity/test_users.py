"""Users, organisations and the workspace: levels, reports, memberships."""

from typing import Any
from uuid import UUID

import pytest
from tests.accounts import World

from relance.core.ids import new_id

USERS = "/v1/users"


def new_user(world: World, name: str = "Léa Petit", **more: object) -> dict[str, Any]:
    return {"email": f"{new_id().hex}@{world.slug}.example", "name": name, **more}


def ids(answer: Any) -> set[UUID]:
    return {UUID(one["id"]) for one in answer.json()["items"]}


async def test_whom_one_sees_depends_on_the_level(world: World) -> None:
    everybody = set(world.users.values())
    assert ids(await world.call("admin", "GET", USERS)) == everybody
    assert ids(await world.call("member", "GET", USERS)) == {world.users["member"]}
    role = f"/v1/roles/{world.roles['manager']}"
    await world.call("admin", "PATCH", role, {"permissions": {"users:read": "group"}})
    below = await world.call("admin", "POST", USERS, new_user(world, manager_id=str(world.users["member"])))
    # Reports of reports belong to the group; the administrator does not.
    group = everybody - {world.users["admin"]} | {UUID(below.json()["id"])}
    assert ids(await world.call("manager", "GET", USERS)) == group
    assert (await world.call("manager", "GET", f"{USERS}/{world.users['admin']}")).status_code == 404


async def test_a_page_at_a_time_in_both_orders(world: World) -> None:
    for name in ("élodie", "Eric", "Zoé", "zacharie"):
        await world.call("admin", "POST", USERS, new_user(world, name))
    names: list[str] = []
    path: str | None = f"{USERS}?limit=2"
    while path:
        answer = await world.call("admin", "GET", path)
        names += [one["name"] for one in answer.json()["items"]]
        link = answer.headers.get("link")
        path = link.partition("<http://relance.example")[2].partition(">")[0] if link else None
    assert names == ["Admin", "élodie", "Eric", "Manager", "Member", "zacharie", "Zoé"]
    back = await world.call("admin", "GET", USERS, params={"sort": "-name"})
    assert [one["name"] for one in back.json()["items"]] == names[::-1]


async def test_filters(world: World) -> None:
    await world.call(
        "admin", "POST", USERS, new_user(world, "Éloïse", organisation_ids=[str(world.other_organisation_id)])
    )

    async def found(**params: object) -> list[str]:
        answer = await world.call("admin", "GET", USERS, params=params)
        assert answer.status_code == 200, answer.text
        return [one["name"] for one in answer.json()["items"]]

    assert await found(q="ELOI") == ["Éloïse"]
    assert await found(q="manager@") == ["Manager"]
    assert await found(q="%") == []
    assert await found(organisation_id=str(world.other_organisation_id)) == ["Éloïse"]
    assert await found(role_id=str(world.roles["admin"])) == ["Admin"]
    assert await found(status="deactivated") == []
    assert await found(status=["invited", "deactivated"]) == ["Éloïse"]
    assert (await world.call("admin", "GET", USERS, params={"colour": "red"})).status_code == 422


async def test_a_new_user_is_whole(world: World) -> None:
    body: dict[str, Any] = new_user(world, email="Léa@x.example", manager_id=str(world.users["manager"]))
    assert (await world.call("admin", "POST", USERS, body)).json()["errors"][0]["code"] == "email"
    body |= {"email": f"LEA@{world.slug}.example", "organisation_ids": [str(world.organisation_id)]}
    answer = await world.call("admin", "POST", USERS, body)
    assert answer.status_code == 201
    shown = answer.json()
    assert answer.headers["location"] == f"{USERS}/{shown['id']}"
    assert answer.headers["etag"] == '"1"'
    assert shown["email"] == f"lea@{world.slug}.example"
    assert shown["role"]["name"] == "Membre"
    assert shown["manager"]["name"] == "Manager"
    assert shown["organisations"] == [{"id": str(world.organisation_id), "name": "Achats France"}]
    assert (shown["status"], shown["invitation"]["status"]) == ("invited", "queued")
    assert await world.actions(shown["id"]) == ["user.created"]
    again = await world.call("admin", "POST", USERS, body)
    assert (again.status_code, again.json()["existing_id"]) == (409, shown["id"])


async def test_who_may_add_whom(world: World) -> None:
    assert (await world.call("member", "POST", USERS, new_user(world))).status_code == 403
    mine = await world.call("manager", "POST", USERS, new_user(world))
    assert mine.json()["manager"]["id"] == str(world.users["manager"])
    other = await world.call("manager", "POST", USERS, new_user(world, manager_id=str(world.users["admin"])))
    assert other.json()["errors"][0]["code"] == "unknown_user"
    more = await world.call("manager", "POST", USERS, new_user(world, role_id=str(world.roles["admin"])))
    assert more.status_code == 403


async def test_what_one_may_change_of_oneself(world: World) -> None:
    path = f"{USERS}/{world.users['member']}"
    assert (await world.call("member", "PATCH", path, {"name": "Moi", "locale": "en"})).status_code == 200
    refused: list[dict[str, object]] = [
        {"role_id": str(world.roles["admin"])},
        {"email": "x@y.example"},
        {"manager_id": None},
        {"organisation_ids": []},
    ]
    for body in refused:
        assert (await world.call("member", "PATCH", path, body)).status_code == 403, body
    own = await world.call("admin", "PATCH", f"{USERS}/{world.users['admin']}", {"password": "a long enough one"})
    assert (own.status_code, own.json()["errors"][0]["code"]) == (422, "own_password")


async def test_nobody_takes_over_somebody_with_more_rights(world: World) -> None:
    manager = {"permissions": {"users:write": "all"}}
    await world.call("admin", "PATCH", f"/v1/roles/{world.roles['manager']}", manager)
    path = f"{USERS}/{world.users['admin']}"
    for body in ({"password": "a long enough one"}, {"email": "x@y.example"}):
        assert (await world.call("manager", "PATCH", path, body)).status_code == 403
    assert (await world.call("manager", "POST", f"{path}/deactivate")).status_code == 403
    assert (await world.sign_in("admin")).status_code == 200


async def test_reports_form_no_circle(world: World) -> None:
    path = f"{USERS}/{world.users['manager']}"
    for boss in ("member", "manager"):
        answer = await world.call("admin", "PATCH", path, {"manager_id": str(world.users[boss])})
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "manager_cycle")


async def test_memberships_move_the_version(world: World) -> None:
    path = f"{USERS}/{world.users['member']}"
    before = (await world.call("admin", "GET", path)).headers["etag"]
    body = {"organisation_ids": [str(world.other_organisation_id)]}
    changed = await world.call("admin", "PATCH", path, body, headers={"If-Match": before})
    assert [one["name"] for one in changed.json()["organisations"]] == ["Échantillons"]
    assert changed.headers["etag"] != before
    seen = await world.call("member", "GET", "/v1/organisations")
    assert [one["name"] for one in seen.json()["items"]] == ["Échantillons"]


@pytest.mark.parametrize(
    "body",
    [
        {"name": None},
        {"name": ""},
        {"name": "a\nb"},
        {"name": "a\u0000"},
        {"role_id": None},
        {"role_id": "x"},
        {"organisation_ids": ["01a20872-b63b-776e-864f-315e4749a92e"]},
        {"colour": "red"},
        {"password": "short"},
        {"manager_id": "01a20872-b63b-776e-864f-315e4749a92e"},
        [],
    ],
)
async def test_a_patch_that_does_not_fit_changes_nothing(world: World, body: object) -> None:
    path = f"{USERS}/{world.users['member']}"
    before = (await world.call("admin", "GET", path)).json()
    answer = await world.call("admin", "PATCH", path, body)
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")
    assert (await world.call("admin", "GET", path)).json() == before


async def test_organisations_by_level(world: World) -> None:
    path = "/v1/organisations"
    assert [one["name"] for one in (await world.call("member", "GET", path)).json()["items"]] == ["Achats France"]
    everything = (await world.call("admin", "GET", path, params={"q": "echan"})).json()["items"]
    assert [one["name"] for one in everything] == ["Échantillons"]
    assert (await world.call("member", "GET", f"{path}/{world.other_organisation_id}")).status_code == 404
    assert (await world.call("member", "POST", path, {"name": "X"})).status_code == 403
    assert (await world.call("manager", "POST", path, {"name": "X"})).status_code == 403
    assert (await world.call("manager", "PATCH", f"{path}/{world.organisation_id}", {"name": "Y"})).status_code == 200
    assert (
        await world.call("manager", "PATCH", f"{path}/{world.other_organisation_id}", {"name": "Z"})
    ).status_code == 403
    made = await world.call("admin", "POST", path, {"name": "Neuve", "external_id": "N1"})
    assert made.status_code == 201
    for body, pointer in (({"name": "NEUVE"}, "/name"), ({"name": "Q", "external_id": "N1"}, "/external_id")):
        again = await world.call("admin", "POST", path, body)
        assert (again.status_code, again.json()["pointer"]) == (409, pointer)
        assert again.json()["existing_id"] == made.json()["id"]


async def test_the_workspace(world: World) -> None:
    path = "/v1/workspace"
    shown = await world.call("member", "GET", path)
    assert shown.json()["slug"] == world.slug
    assert (await world.call("manager", "PATCH", path, {"name": "X"})).status_code == 403
    bad = await world.call("admin", "PATCH", path, {"zone": "Europe/Nowhere"})
    assert (bad.status_code, bad.json()["errors"][0]["code"]) == (422, "zone")
    stale = await world.call("admin", "PATCH", path, {"zone": "Indian/Reunion"}, headers={"If-Match": '"9"'})
    assert stale.status_code == 412
    good = await world.call(
        "admin", "PATCH", path, {"zone": "Indian/Reunion"}, headers={"If-Match": shown.headers["etag"]}
    )
    assert good.json()["zone"] == "Indian/Reunion"


async def test_me_in_two_languages(world: World) -> None:
    french = (await world.call("member", "GET", "/v1/me")).json()
    english = (await world.call("member", "GET", "/v1/me", headers={"Accept-Language": "en"})).json()
    labels = [{one["code"]: one["label"] for one in me["permissions"]}["users:read"] for me in (french, english)]
    assert labels == ["Consulter les utilisateurs", "Read users"]
    assert {one["code"]: one["level"] for one in french["permissions"]}["users:read"] == "own"
    assert french["workspace"]["id"] == str(world.workspace_id)
    assert "roles:write" not in [one["code"] for one in french["permissions"]]
