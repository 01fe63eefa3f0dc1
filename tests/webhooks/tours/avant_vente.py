"""Pre-sales requests through their whole life, from both sides."""

from tests.avant_vente.desk import REQUESTS, open_desk
from tests.plugins.product import Office, Product


async def tour(product: Product, office: Office) -> None:
    """Every transition of requests."""
    desk = await open_desk(product, office)
    opportunity = await desk.opportunity()
    draft = await desk.draft(opportunity=opportunity)
    path = f"{REQUESTS}/{draft['id']}"
    assert (await desk.paul.ask("PATCH", path, json={"place": "Lyon"})).status_code == 200
    assert (await desk.paul.ask("DELETE", path)).status_code == 204
    request = await desk.submitted(opportunity=opportunity)
    await desk.act(desk.nadia, request, "ask-info", {"question": "Combien ?"})
    await desk.act(desk.nadia, request, "remind", {"force": True})
    await desk.act(desk.paul, request, "answer-info", {"answer": "Trente"})
    await desk.act(desk.nadia, request, "accept")
    for round_ in (1, 2):
        slots = (await desk.act(desk.nadia, request, "propose", {"slots": desk.slots()}))["slots"]
        if round_ == 1:
            await desk.act(desk.paul, request, "ask-other-slots", {"expectations": "Plus tard"})
    await desk.act(desk.paul, request, "choose-slot", {"slot_id": slots[0]["id"]})
    await desk.act(desk.paul, request, "accept-proposal")
    await desk.act(desk.nadia, request, "change-intervention", {"place": "Nice"})
    for person, action in ((desk.nadia, "refuse"), (desk.paul, "cancel")):
        other = await desk.submitted(opportunity=opportunity)
        await desk.act(person, other, action, {"reason": "Sans objet"})
