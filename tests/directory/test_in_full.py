"""The directory in full: several addresses, statuses, own fields, owners, warnings, views, and deletion."""

from typing import Any

import httpx
from tests.accounts import World
from tests.directory.test_companies import add as add_company
from tests.directory.test_contacts import add as add_contact

from relance.core.ids import new_id

SECTORS = {"type": "object", "properties": {"sector": {"type": "string", "enum": ["metal", "bois"]}}}


async def names(world: World, path: str, **params: object) -> list[str]:
    answer = await world.call("member", "GET", path, params=params)
    assert answer.status_code == 200, answer.text
    return [one.get("last_name") or one["name"] for one in answer.json()["items"]]


def faults(answer: httpx.Response) -> list[tuple[str, str]]:
    assert answer.status_code == 422, answer.text
    return [(one["pointer"], one["code"]) for one in answer.json()["errors"]]


async def configure(world: World) -> dict[str, Any]:
    body = {"code": "prospect", "label_fr": "Prospect chaud", "label_en": "Hot prospect", "position": 2}
    made = await world.call("admin", "POST", "/v1/contact-statuses", body)
    assert made.status_code == 201, made.text
    again = await world.call("admin", "POST", "/v1/contact-statuses", body)
    assert (again.status_code, again.json()["existing_id"]) == (409, made.json()["id"])
    for record in ("contacts", "companies"):
        put = await world.call("admin", "PUT", f"/v1/custom-fields/{record}", {"json_schema": SECTORS})
        assert put.status_code == 200, put.text
    status: dict[str, Any] = made.json()
    return status


async def test_what_a_contact_may_have(world: World) -> None:
    status = await configure(world)
    company = await add_company(world)
    made = await add_contact(
        world,
        company["id"],
        email="Zoe@F.example",
        other_emails=["z@F.example", "Z@f.example"],
        phone="01 42 68 53 00",
        other_phones=["+33 6 12 34 56 78"],
        status="prospect",
        assigned_to=str(world.users["manager"]),
        tags=["  VIP  ", "VIP"],
        custom_fields={"sector": "metal"},
    )
    assert (made["company_name"], made["assigned_to_name"]) == ("Fonderie Martin", "Manager")
    assert (made["status_label"], made["active_label"]) == ("Prospect chaud", "Actif")
    assert (made["other_emails"], made["other_phones"]) == (["z@f.example"], ["+33612345678"])
    assert (made["tags"], made["custom_fields"]) == (["VIP"], {"sector": "metal"})
    path = f"/v1/contacts/{made['id']}"
    for body, fault in (
        ({"status": "inconnu"}, ("/status", "unknown_status")),
        ({"assigned_to": str(new_id())}, ("/assigned_to", "unknown_user")),
        ({"custom_fields": {"sector": "x"}}, ("/custom_fields/sector", "enum")),
        ({"custom_fields": {"autre": "x"}}, ("/custom_fields/autre", "unknown_field")),
        ({"custom_fields": {"sector": "a\u0000"}}, ("/custom_fields", "unclean_text")),
        ({"other_phones": ["12"]}, ("/other_phones/0", "phone")),
    ):
        assert faults(await world.call("member", "PATCH", path, body)) == [fault]
    cleared = await world.call("member", "PATCH", path, {"custom_fields": {"sector": None}, "status": None})
    assert (cleared.json()["custom_fields"], cleared.json()["status_label"]) == ({}, None)
    await world.call("member", "PATCH", path, {"custom_fields": {"sector": "bois"}, "status": "prospect"})
    used = await world.call("admin", "DELETE", f"/v1/contact-statuses/{status['id']}")
    assert (used.status_code, used.json()["code"]) == (409, "status_in_use")
    await world.call("member", "PATCH", path, {"status": None})
    assert (await world.call("admin", "DELETE", f"/v1/contact-statuses/{status['id']}")).status_code == 204


async def test_search_and_filters(world: World) -> None:
    await configure(world)
    company = await add_company(world, email="contact@fonderie.example", custom_fields={"sector": "bois"})
    for last, more in (
        ("Écuyer", {"phone": "01 42 68 53 00", "tags": ["vip", "paris"], "status": "prospect"}),
        ("Durand", {"other_emails": ["secret@ailleurs.example"], "assigned_to": str(world.users["member"])}),
        ("Martin", {"other_phones": ["+4930123456"], "custom_fields": {"sector": "metal"}, "active": False}),
    ):
        await add_contact(world, company["id"], last_name=last, **more)
    for params, found in (
        ({"q": "martin ZOE"}, ["Martin"]),
        ({"q": "zoé écu"}, ["Écuyer"]),
        ({"q": "ailleurs"}, ["Durand"]),
        ({"q": "01 42 68"}, ["Écuyer"]),
        ({"q": "0142685300"}, ["Écuyer"]),
        ({"q": "+33 1 42.68"}, ["Écuyer"]),
        ({"q": "030 / 123456"}, ["Martin"]),
        ({"q": '"'}, []),
        ({"email": "SECRET@ailleurs.example"}, ["Durand"]),
        ({"tag": ["vip", "paris"]}, ["Écuyer"]),
        ({"tag": ["vip", "lyon"]}, []),
        ({"status": "prospect"}, ["Écuyer"]),
        ({"assigned_to": str(world.users["member"])}, ["Durand"]),
        ({"unassigned": True, "active": True}, ["Écuyer"]),
        ({"custom_field": "sector:metal"}, ["Martin"]),
        ({"custom_field": "sector"}, []),
    ):
        assert await names(world, "/v1/contacts", **params) == found, params
    assert await names(world, "/v1/companies", custom_field="sector:bois", q="contact@") == ["Fonderie Martin"]


async def test_warnings_of_what_a_new_entry_repeats(world: World) -> None:
    one, other = await add_company(world), await add_company(world, name="Autre", email="a@b.example")
    first = await add_contact(world, one["id"], email="zoe@f.example")

    async def warned(kind: str, body: dict[str, object]) -> list[tuple[str, str]]:
        answer = await world.call("member", "POST", f"/v1/{kind}", body)
        assert answer.status_code == 201, answer.text
        return [(found["id"], found["reason"]) for found in answer.json()["possible_duplicates"]]

    elsewhere = {"company_id": other["id"], "first_name": "Z", "last_name": "M", "email": "ZOE@f.example"}
    assert await warned("contacts", elsewhere) == [(first["id"], "email")]
    namesake = {"company_id": one["id"], "first_name": "zoe", "last_name": "MARTIN"}
    params = {**namesake, "email": "nobody@f.example"}
    asked = await world.call("member", "GET", "/v1/contacts/duplicates", params=params)
    assert [found["id"] for found in asked.json()["possible_duplicates"]] == [first["id"]]
    assert await warned("contacts", namesake) == [(first["id"], "name")]
    assert await warned("companies", {"name": "fonderie MARTIN"}) == [(one["id"], "name")]
    asked = await world.call("member", "GET", "/v1/companies/duplicates", params={"email": "a@B.example"})
    assert [(found["id"], found["reason"]) for found in asked.json()["possible_duplicates"]] == [(other["id"], "email")]
    nothing = await world.call("member", "GET", "/v1/contacts/duplicates")
    assert nothing.json() == {"possible_duplicates": []}


async def test_deletion(world: World) -> None:
    one, other = await add_company(world), await add_company(world, name="Autre")
    kept = await add_contact(world, one["id"], email="a@b.example")
    path = f"/v1/companies/{one['id']}"
    denied = await world.call("member", "DELETE", path)
    assert (denied.status_code, denied.json()["permission"]) == (403, "companies:delete")
    for params, status, code in (
        ({}, 409, "company_has_contacts"),
        ({"cascade": True, "reassign_to": other["id"]}, 422, "validation_failed"),
        ({"reassign_to": one["id"]}, 422, "validation_failed"),
        ({"reassign_to": str(new_id())}, 422, "validation_failed"),
    ):
        answer = await world.call("manager", "DELETE", path, params=params)
        assert (answer.status_code, answer.json()["code"]) == (status, code), params
    stale = await world.call("manager", "DELETE", path, headers={"If-Match": '"9"'})
    assert stale.status_code == 412
    moved = await world.call("manager", "DELETE", path, params={"reassign_to": other["id"]})
    assert moved.status_code == 204
    contact = await world.call("member", "GET", f"/v1/contacts/{kept['id']}")
    assert (contact.json()["company_id"], contact.headers["etag"]) == (other["id"], '"2"')
    cascaded = await world.call("manager", "DELETE", f"/v1/companies/{other['id']}", params={"cascade": True})
    assert cascaded.status_code == 204
    assert (await world.call("member", "GET", f"/v1/contacts/{kept['id']}")).status_code == 404
    assert await world.actions(kept["id"]) == ["contact.created", "contact.changed", "contact.deleted"]
    assert await names(world, "/v1/companies") == []


async def test_what_refers_to_an_entry_stands_in_its_way(world: World) -> None:
    company = await add_company(world)
    async with world.runtime.db.engine.begin() as connection:
        await connection.exec_driver_sql(
            "INSERT INTO prequalifications (workspace_id, id, company_id, form_status, version) "
            "VALUES ($1, $2, $3, 'to_complete', 1)",
            (world.workspace_id, new_id(), company["id"]),
        )
    answer = await world.call("manager", "DELETE", f"/v1/companies/{company['id']}")
    assert (answer.status_code, answer.json()["used_by"]) == (409, "prequalifications")
    assert await names(world, "/v1/companies") == ["Fonderie Martin"]


async def test_own_fields_are_a_flat_schema(world: World) -> None:
    path = "/v1/custom-fields/contacts"
    empty = await world.call("member", "GET", path)
    assert (empty.json()["changed_at"], empty.headers["etag"]) == (None, '"0"')
    for schema, pointer in (
        ({}, "/json_schema"),
        ({"type": "object", "properties": {"a": {"type": "object"}}}, "/json_schema/properties/a"),
        ({"type": "object", "properties": {"A b": {"type": "string"}}}, "/json_schema/properties/A b"),
        ({"type": "object", "properties": {"a": {"type": "string", "minLength": "x"}}}, "/json_schema"),
        ({"type": "object", "properties": {"a": {"type": "string", "pattern": "("}}}, "/json_schema"),
        ({"type": "object", "properties": {"a": {"type": "string", "title": "x\u0000"}}}, "/json_schema"),
    ):
        refused = await world.call("admin", "PUT", path, {"json_schema": schema})
        assert [at for at, _ in faults(refused)] == [pointer], schema
    denied = await world.call("member", "PUT", path, {"json_schema": SECTORS})
    assert denied.status_code == 403
    put = await world.call("admin", "PUT", path, {"json_schema": SECTORS}, headers={"If-Match": '"0"'})
    assert (put.status_code, put.headers["etag"]) == (200, '"1"')
    stale = await world.call("admin", "PUT", path, {"json_schema": SECTORS}, headers={"If-Match": '"0"'})
    assert stale.status_code == 412


async def test_saved_views_are_ones_own(world: World) -> None:
    filters = {"status": ["prospect"], "active": True, "sort": "-created_at"}
    body = {"record": "contacts", "name": "Mes prospects", "filters": filters}
    made = await world.call("member", "POST", "/v1/saved-views", body)
    assert (made.status_code, made.json()["filters"]) == (201, filters)
    path = f"/v1/saved-views/{made.json()['id']}"
    again = await world.call("member", "POST", "/v1/saved-views", body)
    assert (again.status_code, again.json()["existing_id"]) == (409, made.json()["id"])
    bad = await world.call("member", "POST", "/v1/saved-views", {**body, "filters": {"inconnu": 1, "active": "x"}})
    assert sorted(faults(bad)) == [("/filters/active", "bool_parsing"), ("/filters/inconnu", "extra_forbidden")]
    assert (await world.call("manager", "GET", path)).status_code == 404
    assert await names(world, "/v1/saved-views", record="companies") == []
    changed = await world.call("member", "PATCH", path, {"name": "Prospects"}, headers={"If-Match": '"1"'})
    assert changed.json()["name"] == "Prospects"
    assert (await world.call("manager", "DELETE", path)).status_code == 404
    assert (await world.call("member", "DELETE", path)).status_code == 204
    assert await names(world, "/v1/saved-views") == []
