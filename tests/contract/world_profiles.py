"""What the world has of profiles: two of each list, with a file and a picture."""

import base64
from datetime import timedelta

from tests.files.samples import PDF
from tests.plugins.product import Office, Product

BASE = "/v1/crm-toolbox"
_PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


async def populate(product: Product, office: Office, ids: dict[str, str]) -> None:
    """Made through the API by the administrator."""
    admin = office.admin

    async def make(path: str, body: object) -> str:
        answer = await admin.post(f"{BASE}/{path}", body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def upload(name: str, content: bytes) -> str:
        sent = await admin.ask("POST", "/v1/files", files={"file": (name, content)})
        assert sent.status_code == 201, sent.text
        return str(sent.json()["id"])

    await make("profiles", {"kind": "offer", "title": "Audit énergétique"})
    person = {"kind": "person", "title": "Chargée de prévention", "file_ids": [await upload("cv.pdf", PDF)]}
    ids["profiles"] = await make("profiles", person)
    template = {"name": "Sobre", "html": "<h1>{{ profile.title }}</h1>", "picture_ids": [await upload("p.png", _PNG)]}
    ids["export_templates"] = await make("export-templates", template)
    # Of the contact that every operation is asked with, who needs an address for it.
    email = {"email": f"profils@{admin.email.partition('@')[2]}"}
    assert (await admin.ask("PATCH", f"/v1/contacts/{ids['contacts']}", json=email)).status_code == 200
    at = (product.runtime.clock.now() + timedelta(days=30)).isoformat()
    sending = {"targets": [{"contact_id": ids["contacts"]}], "profile_ids": [ids["profiles"]]}
    for when in ({}, {"at": at}):
        answer = await admin.post(f"{BASE}/profile-sendings", {**sending, **when})
        assert answer.status_code == 200, answer.text
        ids["profile_sendings"] = answer.json()["sending_id"]
