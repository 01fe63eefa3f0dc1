"""Forms are the workspace's data: versions, validity, and what partners answered."""

from tests.journeys.test_first_path import ANSWERS, JSON, invite, submit
from tests.plugins.product import Office, Product

FORM = {
    "title_fr": "Formulaire court",
    "title_en": "Short form",
    "json_schema": {
        "type": "object",
        "required": ["b", "a"],
        "properties": {"b": {"type": "string", "title": "Second letter"}, "a": {"type": "string", "title": "First"}},
    },
    "validity": "P6M",
}
PATH = "/v1/prequalification-forms"


async def test_a_new_version_is_what_partners_are_shown(product: Product, office: Office) -> None:
    invitation = await invite(product, office)
    current = await office.admin.get(f"{PATH}/current")
    assert current.json()["form_version"] == 1
    replaced = await office.admin.ask(
        "PUT", f"{PATH}/current", json=FORM, headers={"If-Match": current.headers["etag"]}
    )
    assert (replaced.status_code, replaced.json()["form_version"]) == (200, 2)
    stale = await submit(product.client, invitation["link"])
    assert (stale.status_code, stale.json()["current_version"]) == (409, 2)
    page = await product.client.get(invitation["link"])
    assert page.text.index("Second letter") < page.text.index("First")
    assert (await submit(product.client, invitation["link"], {"b": "x", "a": "y"}, 2)).status_code == 200
    (row,) = (await office.member.get("/v1/prequalifications")).json()["items"]
    assert (row["form_version"], row["answers"], row["form_status_label"]) == (2, {"b": "x", "a": "y"}, "Complétée")
    assert (await office.member.get(f"/v1/prequalifications/{row['id']}")).json() == row
    await product.advance(office.admin, "P184D")
    assert (await office.member.get(f"/v1/prequalifications/{row['id']}")).json()["form_status"] == "expired"


async def test_somebody_else_replaced_it_meanwhile(product: Product, office: Office) -> None:
    put = {"json": FORM, "headers": {"If-Match": '"1"'}}
    assert (await office.admin.ask("PUT", f"{PATH}/current", **put)).status_code == 200
    refused = await office.admin.ask("PUT", f"{PATH}/current", **put)
    assert (refused.status_code, refused.json()["current_version"]) == (412, 2)
    assert len((await office.admin.get(PATH)).json()["items"]) == 2


async def test_a_schema_that_is_none_changes_nothing(product: Product, office: Office) -> None:
    one = {"type": "string"}
    for schema in (
        {},
        {"type": "nonsense"},
        {"type": "object", "properties": {"a": {"$ref": "https://x.example"}}},
        {"type": "object", "properties": {"a": {"type": "string", "pattern": "("}}},
        {"type": "object", "properties": {"a": {"type": "array", "items": one}}},
        {"type": "object", "properties": {"a b": one}},
        {"type": "object", "properties": {"a": one | {"x-autocomplete": "company"}}},
        {"type": "object", "properties": {"a": one | {"x-inputmode": "big"}}},
        {"type": "object", "properties": {"a": one | {"format": "file", "x-accept": ["exe"]}}},
    ):
        refused = await office.admin.ask("PUT", f"{PATH}/current", json=FORM | {"json_schema": schema})
        assert (refused.status_code, refused.json()["code"]) == (422, "form_schema_not_supported"), refused.text
    for wrong in ({"validity": "two years"}, {"validity": "PT0S"}, {"title_fr": " "}):
        refused = await office.admin.ask("PUT", f"{PATH}/current", json=FORM | wrong)
        assert (refused.status_code, refused.json()["code"]) == (422, "validation_failed"), refused.text
    checked = await office.admin.ask("PUT", f"{PATH}/current?dry_run=true", json=FORM)
    assert (checked.status_code, checked.json()["form_version"]) == (200, 2)
    assert len(await product.rows("SELECT 1 FROM prequalification_forms")) == 1


async def test_who_may(product: Product, office: Office) -> None:
    assert (await office.member.ask("PUT", f"{PATH}/current", json=FORM)).status_code == 403
    assert (await office.member.get(f"{PATH}/1")).status_code == 200
    assert (await office.member.get(f"{PATH}/99999999999999999999")).status_code in (404, 422)
    other = await product.office("autre")
    invitation = await invite(product, office)
    assert (await submit(product.client, invitation["link"], ANSWERS)).status_code == 200
    (row,) = (await office.admin.get("/v1/prequalifications")).json()["items"]
    assert (await other.admin.get("/v1/prequalifications")).json()["items"] == []
    assert (await other.admin.get(f"/v1/prequalifications/{row['id']}")).status_code == 404
    assert (await product.client.get("/v1/prequalifications", headers=JSON)).status_code == 401
