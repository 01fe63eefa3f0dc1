"""Invitations of partners, each through its whole life."""

from dataclasses import dataclass

from tests.plugins.product import Office, Product

ANSWERS = {
    "identity": {
        "legal_name": "Fonderie Martin",
        "legal_form": "sas",
        "address": "12 rue de la Forge",
        "postal_code": "42000",
        "city": "Saint-Étienne",
        "country": "France",
    },
    "contacts": {"name": "Camille Martin", "email": "camille@fonderie.example"},
    "insurance": {"liability_insured": True},
    "declarations": {"taxes_paid": True, "accurate": True},
}
_AS_PROGRAM = {"Accept": "application/json"}


@dataclass(frozen=True)
class Lives:
    """What became of four invitations."""

    answered: str
    closed: str
    expired: str
    cancelled: str
    link: str


async def tour(product: Product, office: Office) -> Lives:
    """Every transition of invitations, driven through the API, the mails and the clock."""
    admin = office.admin
    answered, closed, expired = [await _invite(office, f"achats{n}@partenaire.example") for n in (1, 2, 3)]
    cancelled = await _invite(office, "autre@autre.example", "443061841")
    await product.work()
    link = await _link(product, office, "achats1@partenaire.example")
    await product.advance(admin, "P1DT1H")

    async def act(invitation: str, action: str, body: object = None) -> None:
        done = await admin.post(f"/v1/invitations/{invitation}/{action}", body)
        assert done.status_code == 200, f"{action}: {done.text}"
        await product.work()

    await act(expired, "remind")
    await act(cancelled, "reassign", {"user_id": str(office.manager.id)})
    await act(cancelled, "archive")
    await act(cancelled, "unarchive")
    page = await _link(product, office, "autre@autre.example")
    version = (await product.client.get(page, headers=_AS_PROGRAM)).json()["version"]
    declined = await product.client.post(f"{page}/decline", json={"version": version}, headers=_AS_PROGRAM)
    assert declined.status_code == 200, declined.text
    corrected = await admin.ask("PATCH", f"/v1/invitations/{expired}", json={"email": "corrige@partenaire.example"})
    assert corrected.status_code == 200, corrected.text
    await product.work()
    await act(cancelled, "cancel")
    await product.advance(admin, "P60D")
    await act(expired, "renew")
    await act(answered, "renew")
    version = (await product.client.get(link, headers=_AS_PROGRAM)).json()["version"]
    submission = {"version": version, "answers": ANSWERS}
    submitted = await product.client.post(f"{link}/submit", json=submission, headers=_AS_PROGRAM)
    assert submitted.status_code == 200, submitted.text
    await product.work()
    return Lives(answered, closed, expired, cancelled, link)


async def _invite(office: Office, email: str, siren: str = "732829320") -> str:
    asked = {
        "issuing_organisation_id": str(office.organisation_id),
        "email": email,
        "partner": {"name": "Fonderie Martin", "local_id": {"scheme": "siren", "value": siren}},
    }
    answer = await office.admin.post("/v1/invitations", asked)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def _link(product: Product, office: Office, email: str) -> str:
    (mail,) = await product.mails(office.admin, email)
    return str(mail["links"][0]).removeprefix("http://relance.example")
