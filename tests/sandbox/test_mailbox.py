"""Mails go in by a real SMTP conversation and come out by the API: to the workspace that sent them, newest first."""

import asyncio
from datetime import timedelta
from email.message import EmailMessage
from uuid import UUID

import aiosmtplib
import httpx
import pytest
from sqlalchemy import func, select
from tests.sandbox.conftest import NOW

from relance.capabilities.messaging.models import Message
from relance.capabilities.sandbox.catcher import MAX_MAIL_BYTES
from relance.capabilities.sandbox.models import CapturedMail
from relance.capabilities.sandbox.parsing import find_links, parse_mail
from relance.capabilities.sandbox.repository import MailRepository
from relance.core.clock import system_now
from relance.core.ids import new_id
from relance.core.runtime import Runtime

LINK = "http://relance.example/r/0123456789abcdefABCDEF.0123456789abcdefABCDEF"


def mail(message_id: UUID, recipient: str = "achats@partenaire.example", subject: str = "Préqualification é") -> bytes:
    found = EmailMessage()
    found["From"] = "Société via Relance <no-reply@relance.example>"
    found["To"] = recipient
    found["Subject"] = subject
    found["Message-ID"] = f"<{message_id}@relance.example>"
    found.set_content(f"Voir https://www.exemple.fr/aide (ou).\nVotre lien : {LINK}.\n", charset="utf-8")
    found.add_alternative(
        f'<p>Bonjour é</p><a href="https://logo.example/">x</a><a href="{LINK}">Répondre</a>'
        '<a href="mailto:a@b.example">m</a><script>alert(1)</script>',
        subtype="html",
        charset="utf-8",
    )
    return found.as_bytes()


async def send(port: int, raw: bytes, *recipients: str) -> tuple[int, str]:
    async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port) as client:
        await client.mail("bounce@relance.example")
        for recipient in recipients or ("Achats@Partenaire.example",):
            await client.rcpt(recipient)
        code, answer = await client.data(raw)
        return code, answer


async def row_of(runtime: Runtime, workspace_id: UUID) -> UUID:
    """The row of the outbox that a mail's Message-ID names."""
    async with runtime.db.transaction(workspace_id) as session:
        message = Message(
            subject_kind="errand",
            subject_id=new_id(),
            mail_key="errands.errand",
            link_bearing=True,
            cycle=1,
            ordinal=0,
            locale="fr",
            recipient="achats@partenaire.example",
            domain="partenaire.example",
            priority=100,
            dedupe_key=str(new_id()),
            created_at=NOW,
            not_before=NOW,
        )
        session.add(message)
        await session.flush()
        return message.id


async def test_a_mail_sent_is_a_mail_found(
    client: httpx.AsyncClient, runtime: Runtime, catcher_port: int, workspace_id: UUID
) -> None:
    raw = mail(await row_of(runtime, workspace_id))
    assert (await send(catcher_port, raw))[0] == 250
    response = await client.get("/v1/test-mailbox", params={"to": "ACHATS@partenaire.example"})
    assert response.status_code == 200
    item = response.json()["items"][0]
    assert item["to"] == "achats@partenaire.example"
    assert item["from"] == "Société via Relance <no-reply@relance.example>"
    assert item["subject"] == "Préqualification é"
    assert item["text"].startswith("Voir https://www.exemple.fr/aide")
    assert "<p>Bonjour é</p>" in item["html"]
    assert item["links"] == [LINK, "https://www.exemple.fr/aide", "https://logo.example/"]
    assert {"name": "To", "value": "achats@partenaire.example"} in item["headers"]
    async with runtime.db.reading(None) as session:
        stored = await session.scalar(select(CapturedMail.raw))
    assert stored == raw.replace(b"\n", b"\r\n")


async def test_a_workspace_sees_its_own_mails_only(
    client: httpx.AsyncClient, runtime: Runtime, catcher_port: int, workspace_id: UUID, other_workspace_id: UUID
) -> None:
    await send(catcher_port, mail(await row_of(runtime, workspace_id), subject="mine"))
    await send(catcher_port, mail(await row_of(runtime, other_workspace_id), subject="theirs"))
    await send(catcher_port, mail(new_id(), subject="nobody's"))
    mine = (await client.get("/v1/test-mailbox")).json()["items"]
    assert [item["subject"] for item in mine] == ["mine"]
    client.headers["Authorization"] = "Bearer theirs"
    theirs = (await client.get("/v1/test-mailbox")).json()["items"]
    assert [item["subject"] for item in theirs] == ["theirs"]


async def test_newest_first_page_by_page(
    client: httpx.AsyncClient, runtime: Runtime, catcher_port: int, workspace_id: UUID
) -> None:
    for index in range(5):
        await send(catcher_port, mail(await row_of(runtime, workspace_id), subject=f"mail {index}"))
    await send(catcher_port, mail(await row_of(runtime, workspace_id)), "autre@partenaire.example")
    seen: list[str] = []
    cursor: str | None = None
    while True:
        params = {"to": "achats@partenaire.example", "limit": "2", **({"cursor": cursor} if cursor else {})}
        response = await client.get("/v1/test-mailbox", params=params)
        seen += [item["subject"] for item in response.json()["items"]]
        cursor = response.json()["next_cursor"]
        if cursor is None:
            assert "link" not in response.headers
            break
        assert response.headers["link"].endswith('rel="next"')
    assert seen == [f"mail {index}" for index in (4, 3, 2, 1, 0)]
    assert (await client.get("/v1/test-mailbox", params={"nope": "1"})).status_code == 422


async def test_it_arrives_on_the_test_clock(
    client: httpx.AsyncClient, runtime: Runtime, catcher_port: int, workspace_id: UUID
) -> None:
    await client.post("/v1/test-clock/advance", json={"by": "P7D"})
    await send(catcher_port, mail(await row_of(runtime, workspace_id)))
    async with runtime.db.reading(None) as session:
        received = await session.scalar(select(CapturedMail.received_at))
    assert received is not None
    assert abs(received - system_now() - timedelta(days=7)) < timedelta(seconds=5)


HOSTILE = [
    b"",
    b"\x00\xff\xfe",
    b"Subject: =?utf-8?q?a=00b?=\r\nMessage-ID: <x>\r\n\r\n\x00",
    b"Content-Type: text/html; charset=nonsense\r\n\r\n<a href='http://x",
    b"Content-Type: multipart/mixed; boundary=\r\n\r\n--\r\n",
    b"From: \xed\xa0\x80\r\nContent-Transfer-Encoding: base64\r\n\r\n%%%%",
    b"To: =?x?x?x?=, <<<>>>,,;;@\r\nMessage-ID: <[\r\n\r\nx",
    b"Content-Type: message/rfc822\r\n\r\n" * 3000,
]


@pytest.mark.parametrize("raw", HOSTILE)
async def test_whatever_arrives_is_kept(runtime: Runtime, catcher_port: int, raw: bytes) -> None:
    assert (await send(catcher_port, raw))[0] == 250
    async with runtime.db.reading(None) as session:
        assert await session.scalar(select(func.count()).select_from(CapturedMail)) == 1


async def test_one_row_a_recipient(runtime: Runtime, catcher_port: int) -> None:
    await send(catcher_port, mail(new_id()), "a@x.example", "B@x.example", "A@X.example")
    async with runtime.db.reading(None) as session:
        found = await session.scalars(select(CapturedMail.recipient).order_by(CapturedMail.recipient))
        assert found.all() == ["a@x.example", "b@x.example"]


async def test_utf8_addresses(runtime: Runtime, catcher_port: int) -> None:
    async with aiosmtplib.SMTP(hostname="127.0.0.1", port=catcher_port) as client:
        await client.mail("a@x.example", options=["SMTPUTF8"], encoding="utf-8")
        await client.rcpt("zoé@x.example", encoding="utf-8")
        assert (await client.data(mail(new_id())))[0] == 250
    async with runtime.db.reading(None) as session:
        assert await session.scalar(select(CapturedMail.recipient)) == "zoé@x.example"


async def test_too_large_is_refused(runtime: Runtime, catcher_port: int) -> None:
    async with aiosmtplib.SMTP(hostname="127.0.0.1", port=catcher_port) as client:
        with pytest.raises(aiosmtplib.SMTPSenderRefused) as refused:
            await client.mail("a@x.example", options=[f"SIZE={MAX_MAIL_BYTES + 1}"])
        assert refused.value.code == 552


async def test_no_250_without_a_row(
    client: httpx.AsyncClient, runtime: Runtime, catcher_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with runtime.db.transaction(None) as session:
        connection = await session.connection()
        await connection.exec_driver_sql("ALTER TABLE captured_mails RENAME TO captured_mails_away")
    try:
        with pytest.raises(aiosmtplib.SMTPDataError) as refused:
            await send(catcher_port, mail(new_id()))
        assert refused.value.code == 451
    finally:
        async with runtime.db.transaction(None) as session:
            connection = await session.connection()
            await connection.exec_driver_sql("ALTER TABLE captured_mails_away RENAME TO captured_mails")


async def test_the_oldest_make_room(runtime: Runtime, catcher_port: int) -> None:
    for index in range(5):
        await send(catcher_port, mail(new_id(), subject=f"mail {index}"))
    async with runtime.db.transaction(None) as session:
        await MailRepository(session).forget_oldest(keep=10)
        await MailRepository(session).forget_oldest(keep=2)
    async with runtime.db.reading(None) as session:
        left = await session.scalars(select(CapturedMail.subject).order_by(CapturedMail.id))
        assert left.all() == ["mail 3", "mail 4"]


async def test_many_at_once(runtime: Runtime, catcher_port: int) -> None:
    answers = await asyncio.gather(*(send(catcher_port, mail(new_id())) for _ in range(20)))
    assert {code for code, _ in answers} == {250}
    async with runtime.db.reading(None) as session:
        assert await session.scalar(select(func.count()).select_from(CapturedMail)) == 20


async def test_the_pages_for_people(client: httpx.AsyncClient, runtime: Runtime, catcher_port: int) -> None:
    del client.headers["Authorization"]
    assert "No mail yet" in (await client.get("/test-mailbox")).text
    await send(catcher_port, mail(new_id(), subject="<b>Relance</b>"))
    listed = await client.get("/test-mailbox", params={"to": "achats@partenaire.example"})
    assert listed.status_code == 200
    assert "&lt;b&gt;Relance&lt;/b&gt;" in listed.text
    assert "script-src" not in listed.headers["content-security-policy"]
    async with runtime.db.reading(None) as session:
        mail_id = await session.scalar(select(CapturedMail.id))
    page = await client.get(f"/test-mailbox/{mail_id}")
    assert page.status_code == 200
    assert f'<a href="{LINK}"' in page.text
    assert "<script>" not in page.text, "the mail's HTML is nothing but an attribute here"
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page.text
    assert (await client.get(f"/test-mailbox/{new_id()}")).status_code == 404
    assert (await client.get("/test-mailbox/nonsense")).status_code == 422


def test_links() -> None:
    text = f"(voir https://a.example/x_(y)), puis <{LINK}>. https://a.example/x_(y) http://"
    html = '<a href="https://b.example/?a=1&amp;b=2">b</a><a href="javascript:x">j</a><a>n</a>'
    assert find_links(text, html, "http://relance.example/r/") == [
        LINK,
        "https://a.example/x_(y",
        "https://b.example/?a=1&b=2",
    ]


def test_the_message_id_names_the_row() -> None:
    message_id = new_id()
    assert parse_mail(mail(message_id), "http://relance.example").sent_as == message_id
    assert parse_mail(b"Message-ID: <abc@x>\r\n\r\n", "http://relance.example").sent_as is None
