"""A session with everything that has an address: slots, clients, a proposal with a file, an answer, a calendar feed."""

from datetime import date, timedelta

from tests.files.samples import PDF
from tests.plugins.product import Office, Product
from tests.sessions.training import answer, company, path_of, plain, session

#: As in world.py.
KEY = "F/00412 é"


async def populate(product: Product, office: Office, ids: dict[str, str]) -> None:
    """Two of everything that a list shows, so that its pages can be turned."""
    admin, first = office.admin, date(2030, 6, 3)
    email = f"session@{ids['workspaces'][-12:]}.example"
    clients = [(ids["companies"], ids["contacts"]), await company(admin, "Atelier Duval", email)]
    found = await session(office, [first, first + timedelta(days=1)], *clients)
    ids["sessions"], ids["session_slots"] = found["id"], found["slots"][0]["id"]
    path = next(path_of(found, at) for at in (0, 1) if found["client_states"][at]["company"]["id"] == clients[0][0])
    ids["session_clients"] = path.rpartition("/")[2]
    await session(office, [first], external_id=KEY)
    kept = await admin.ask("POST", "/v1/files", files={"file": ("programme.pdf", PDF)})
    assert kept.status_code == 201, kept.text
    asked = {"due_on": (first - timedelta(days=20)).isoformat(), "to": email}
    made = await admin.post(f"{path}/proposals", {**asked, "file_ids": [kept.json()["id"]]})
    assert made.status_code == 201, made.text
    again = await admin.post(f"{path}/proposals", asked)
    assert again.status_code == 201, again.text
    await product.work()
    link = plain((await product.mails(admin, email))[0])
    for name in ("accept", "decline"):
        assert (await answer(product, link, name, version=2)).status_code == 200
    assert (await admin.post(f"{path}/proposals", asked)).status_code == 201
    assert (await admin.post("/v1/sessions/calendar-feed")).status_code == 201
