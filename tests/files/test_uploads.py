"""Files that users upload, for what will name them."""

from tests.files.samples import PDF
from tests.plugins.product import Office, Product

from relance.capabilities.files.attachments import Attachments
from relance.core.ids import new_id
from relance.core.subjects import SubjectRef


async def test_a_user_uploads_a_file_and_something_holds_it(product: Product, office: Office) -> None:
    member = office.member
    sent = await member.ask("POST", "/v1/files", files={"file": ("programme.pdf", PDF)})
    assert sent.status_code == 201, sent.text
    file = sent.json()
    assert (file["name"], file["media_type"], sent.headers["Location"]) == (
        "programme.pdf",
        "application/pdf",
        f"/v1/files/{file['id']}",
    )
    assert (await member.get(f"/v1/files/{file['id']}/content")).content == PDF
    holder = SubjectRef("thing", new_id())
    async with product.runtime.db.transaction(office.workspace_id) as session:
        attachments = Attachments(session)
        (row,) = await product.rows("SELECT id FROM files")
        assert await attachments.nameable_by([row["id"]], office.manager.id) == {}
        assert set(await attachments.nameable_by([row["id"]], member.id)) == {row["id"]}
        await attachments.hold(holder, [row["id"]])
        assert await attachments.nameable_by([row["id"]], member.id) == {}
        assert set(await attachments.nameable_by([row["id"]], office.manager.id, [holder])) == {row["id"]}
    (kept,) = await product.rows("SELECT subject_kind, expires_at FROM files")
    assert (kept["subject_kind"], kept["expires_at"]) == ("thing", None)


async def test_what_lies_about_itself_is_refused(product: Product, office: Office) -> None:
    for name, content, status, code in (
        ("page.pdf", b"<html>", 422, "file_type_mismatch"),
        ("virus.exe", b"MZ", 422, "file_type_not_accepted"),
        ("vide.pdf", b"", 422, "file_empty"),
    ):
        refused = await office.member.ask("POST", "/v1/files", files={"file": (name, content)})
        assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert await product.rows("SELECT id FROM files") == []
