"""The feed and its catalogue: every transition is told, in order, and nothing that is nobody's business."""

import jsonschema_rs
import pytest
from tests.contract.contract import document
from tests.plugins.product import Product
from tests.webhooks.conftest import Line
from tests.webhooks.tours.invitations import tour

from relance.capabilities.webhooks.catalogue import Catalogue
from relance.openapi_webhooks import example_of_event
from relance.wiring import EVENT_TYPES, LIFECYCLES


async def test_every_transition_of_every_lifecycle_has_an_event(product: Product) -> None:
    lifecycles = (await product.client.get("/v1/meta/lifecycles")).json()
    types = {one["type"]: one for one in (await product.client.get("/v1/meta/event-types")).json()}
    transitions = {row["journal"] for one in lifecycles for row in one["transitions"]}
    assert len(lifecycles) >= 5
    assert transitions - types.keys() == set()
    webhooks = product.app.openapi()["webhooks"]
    assert webhooks.keys() == types.keys()
    assert all(one["title_fr"] and one["title_en"] for one in types.values())
    with pytest.raises(ValueError, match=r"invitation\.sent"):
        Catalogue.complete([one for one in EVENT_TYPES if one.type != "invitation.sent"], LIFECYCLES)


def test_the_examples_of_the_contract_fit_their_schemas() -> None:
    wrong = []
    for name, item in document()["webhooks"].items():
        media = item["post"]["requestBody"]["content"]["application/json"]
        schema = {**media["schema"], "components": document()["components"]}
        validator = jsonschema_rs.validator_for(schema, validate_formats=True)
        wrong += [f"{name}: {fault.message}" for fault in validator.iter_errors(media["example"])]
        wrong += [f"{name} is shown as {media['example']['type']}"] if media["example"]["type"] != name else []
    assert wrong == []


def test_a_payload_holds_its_fields_and_nothing_else() -> None:
    made = EVENT_TYPES["invitation.sent"].payload({}, {"status": "sent", "email": "achats@partenaire.example"})
    assert made["before"] is None
    assert made["after"] == {"status": "sent", "forced": None, "requester": None}
    for one in EVENT_TYPES:
        assert example_of_event(one)["data"].keys() == {"before", "after", "company_id", "contact_id"}


async def test_the_life_of_invitations_is_told_whole_and_in_order(line: Line) -> None:
    """Each transition of the lifecycle of invitations, driven through the API, the mails and the clock."""
    product = line.product
    lives_of = await tour(product, line.office)
    answered, closed = lives_of.answered, lives_of.closed
    told = await line.events(subject_kind="invitation")
    lifecycle = next(
        one for one in (await product.client.get("/v1/meta/lifecycles")).json() if one["kind"] == "invitation"
    )
    assert {row["journal"] for row in lifecycle["transitions"]} <= {one["type"] for one in told}
    assert [one["position"] for one in told] == sorted(one["position"] for one in told)
    lives = {one: [event["type"] for event in told if event["subject"]["id"] == one] for one in (closed, answered)}
    assert lives[answered][:2] == ["invitation.created", "invitation.sent"]
    assert (lives[answered][-1], lives[closed][-1]) == ("prequalification.completed", "invitation.closed")
    everything = str(await line.events()) + str([one.event for one in line.receiver.taken])
    assert line.receiver.unverified == 0
    for secret in ("partenaire.example", "Martin", "rue de la Forge", lives_of.link.rpartition("/")[2]):
        assert secret not in everything
    for subject in (answered, closed, lives_of.expired, lives_of.cancelled):
        arrived = [one.event["position"] for one in line.receiver.taken if one.event["subject"]["id"] == subject]
        assert arrived == [one["position"] for one in told if one["subject"]["id"] == subject]


async def test_a_reader_goes_on_where_it_stopped(line: Line) -> None:
    admin = line.office.admin
    first, second = await line.invite(1), await line.invite(2)
    await line.product.sequencer.sweep()
    whole = await line.events()
    read: list[dict[str, object]] = []
    after: dict[str, object] = {}
    while page := await line.events(limit=2, **after):
        read += page
        after = {"after": page[-1]["id"]}
    assert read == whole
    paged = await admin.get(
        "/v1/events", params={"limit": 1, "subject_id": [first, second], "type": "invitation.created"}
    )
    following = await admin.get(paged.headers["Link"].partition(">")[0][1:])
    assert [one["subject"]["id"] for one in (*paged.json()["items"], *following.json()["items"])] == [first, second]
    one = await admin.get(f"/v1/events/{whole[0]['id']}")
    assert one.json() == whole[0]
    for params, code in (({"after": first}, "unknown_event"), ({"type": "invitation.eaten"}, "unknown_event_type")):
        refused = await admin.get("/v1/events", params=params)
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, code)
