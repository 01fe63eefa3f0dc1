"""Mandates with their further contacts and their deliveries, each through its whole life."""

from datetime import timedelta

from tests.files.samples import PDF
from tests.journeys.test_deliveries import PARIS, deliveries, paris, schedule, until
from tests.journeys.test_mandates import EMAIL, JSON, accept, open_mandate
from tests.plugins.product import Office, Person, Product


async def tour(product: Product, office: Office) -> None:
    """Every transition of mandates, of contacts and of deliveries."""
    await _inside(office)
    mandate = await _asked(product, office)
    await _refused(product, office)
    await _further(product, office, mandate)
    await _deposits(product, office, mandate)


async def act(person: Person, path: str, body: object = None) -> None:
    """An action that is possible."""
    answer = await person.post(path, body)
    assert answer.status_code in {200, 201, 204}, f"{path}: {answer.text}"


async def _inside(office: Office) -> None:
    internal = await open_mandate(office, kind="internal", contact=None)
    path = f"/v1/mandates/{internal['id']}"
    for action in ("disable", "enable", "disable"):
        await act(office.member, f"{path}/{action}")
    assert (await office.manager.ask("DELETE", path)).status_code == 204


async def _asked(product: Product, office: Office) -> str:
    first = product.runtime.clock.now().astimezone(PARIS).date() + timedelta(days=120)
    mandate = await open_mandate(office, schedule=schedule(first, frequency="weekly", remind_after=[]))
    path = f"/v1/mandates/{mandate['id']}"
    await product.work()
    await product.advance(office.admin, "P7DT1H")
    await product.advance(office.admin, "P24D")
    await act(office.member, f"{path}/renew")
    await product.work()
    link = (await product.mails(office.admin, EMAIL))[0]["links"][0]
    assert (await accept(product, link)).status_code == 200
    return path


async def _refused(product: Product, office: Office) -> None:
    contact = {"first_name": "Hugo", "last_name": "Perret", "email": "hugo@garage.example"}
    mandate = await open_mandate(office, company={"name": "Garage du Lac"}, contact=contact)
    await product.work()
    link = (await product.mails(office.admin, contact["email"]))[0]["links"][0]
    declined = await product.client.post(f"{link}/decline", json={"reason": "Déjà un cabinet"}, headers=JSON)
    assert declined.status_code == 200, declined.text
    await act(office.member, f"/v1/mandates/{mandate['id']}/cancel", {"reason": "Abandon"})


async def _further(product: Product, office: Office, path: str) -> None:
    people = [{"first_name": name, "last_name": "Roy", "email": f"{name}@martin.example"} for name in ("ines", "paul")]
    places = []
    for person in people:
        made = await office.member.post(f"{path}/contacts", person)
        assert made.status_code == 201, made.text
        places.append(made.headers["Location"])
    await product.work()
    links = [(await product.mails(office.admin, person["email"]))[0]["links"][0] for person in people]
    declined = await product.client.post(f"{links[1]}/decline", json={}, headers=JSON)
    assert declined.status_code == 200, declined.text
    await product.advance(office.admin, "P7DT1H")
    await product.advance(office.admin, "P24D")
    await act(office.member, f"{places[0]}/renew")
    await product.work()
    assert (await accept(product, links[0], first_name="Inès", last_name="Roy")).status_code == 200
    await act(office.member, f"{places[0]}/remove")


async def _deposits(product: Product, office: Office, path: str) -> None:
    mandate = (await office.member.get(path)).json()
    (first,) = await deliveries(office.member, mandate)
    place = f"{path}/deliveries"
    await act(office.member, f"{place}/{first['id']}/remind")
    await product.work()
    sent = await office.member.post(f"{place}/{first['id']}/upload", files=[("files", ("a.pdf", PDF))])
    assert sent.status_code == 200, sent.text
    (second,) = [one for one in await deliveries(office.member, mandate) if one["status"] == "due"]
    year, month, day = (int(part) for part in second["due_on"].split("-"))
    due = product.runtime.clock.now().date().replace(year=year, month=month, day=day)
    await until(product, office, paris(due + timedelta(days=1), "00:00:01"))
    await act(office.member, f"{place}/{second['id']}/receive", {"comment": "Remis en main propre"})
