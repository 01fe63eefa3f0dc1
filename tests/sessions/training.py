"""A training organisation at work: sessions with clients, and what a client sees and does."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import icalendar
from tests.plugins.product import Office, Person, Product

PARIS = ZoneInfo("Europe/Paris")
JSON = {"Accept": "application/json"}
EMAIL = "camille@fonderie.example"


def next_monday(product: Product, weeks: int = 5) -> date:
    """A Monday some weeks on."""
    today = product.runtime.clock.now().astimezone(PARIS).date()
    return today + timedelta(days=7 * weeks - today.weekday())


def slot(day: date, starts_at: str = "09:00", ends_at: str = "12:30", **values: Any) -> dict[str, Any]:
    """One slot."""
    return {"date": day.isoformat(), "starts_at": starts_at, "ends_at": ends_at, "place": "Lyon, salle 2", **values}


async def company(person: Person, name: str = "Fonderie Martin", email: str | None = EMAIL) -> tuple[str, str]:
    """A client company with a contact: their ids."""
    made = await person.post("/v1/companies", {"name": name})
    assert made.status_code == 201, made.text
    known = {"company_id": made.json()["id"], "first_name": "Camille", "last_name": "Martin", "email": email}
    contact = await person.post("/v1/contacts", known)
    assert contact.status_code == 201, contact.text
    return made.json()["id"], contact.json()["id"]


async def session(office: Office, days: list[date], *clients: tuple[str, str], **values: Any) -> dict[str, Any]:
    """A session of the member, with these days and clients."""
    body = {
        "organisation_id": str(office.organisation_id),
        "title": "Sécurité incendie",
        "trainer": "Nadia Belkacem",
        "slots": [slot(day) for day in days],
        "clients": [{"company_id": one, "contact_id": contact} for one, contact in clients],
        **values,
    }
    made = await office.member.post("/v1/sessions", body)
    assert made.status_code == 201, made.text
    found: dict[str, Any] = made.json()
    return found


def path_of(found: dict[str, Any], position: int = 0) -> str:
    """The address of a client of a session."""
    return f"/v1/sessions/{found['id']}/clients/{found['client_states'][position]['id']}"


async def read(person: Person, path: str) -> dict[str, Any]:
    """What is there."""
    answer = await person.get(path)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def proposed(
    product: Product, office: Office, path: str, due_on: date, to: str = EMAIL, **values: Any
) -> tuple[dict[str, Any], str]:
    """The newest mail to the client, once the dates are proposed; and its link."""
    made = await office.member.post(f"{path}/proposals", {"due_on": due_on.isoformat(), **values})
    assert made.status_code == 201, made.text
    await product.work()
    mail = (await product.mails(office.admin, to))[0]
    return mail, plain(mail)


def plain(mail: dict[str, Any]) -> str:
    """The link of a mail, without a choice."""
    link: str = next(one for one in mail["links"] if "?" not in one)
    return link


async def answer(product: Product, link: str, name: str, version: int = 1, **values: Any) -> httpx.Response:
    """Answer as a program does."""
    return await product.client.post(f"{link}/{name}", json={"version": version, **values}, headers=JSON)


async def page(product: Product, link: str) -> dict[str, Any]:
    """What the link shows a program."""
    found = await product.client.get(link, headers=JSON)
    assert found.status_code == 200, found.text
    shown: dict[str, Any] = found.json()
    return shown


async def until(product: Product, office: Office, at: datetime) -> None:
    """Let the worker see `at`."""
    seconds = int((at - product.runtime.clock.now()).total_seconds()) + 1
    await product.advance(office.admin, f"PT{seconds}S")


def french(day: date) -> str:
    """As the labels write it."""
    return f"{day:%d/%m/%Y}"


async def calendars(product: Product, mail_key: str) -> list[icalendar.Calendar]:
    """The dates that went with mails of this kind, as a calendar program reads them; the first mail first."""
    rows = await product.rows(
        "SELECT b.attachments FROM messages m JOIN message_bodies b USING (workspace_id, id) "
        "WHERE m.mail_key = :key ORDER BY m.id",
        key=mail_key,
    )
    contents = [one["content"] for row in rows for one in row["attachments"] or () if one["content"]]
    return [icalendar.Calendar.from_ical(content) for content in contents]


def event_facts(calendar: icalendar.Calendar) -> list[tuple[str, int, str, datetime]]:
    """Of each event: UID, SEQUENCE, STATUS and when it begins."""
    return [
        (str(one["uid"]), int(str(one["sequence"])), str(one["status"]), one.decoded("dtstart"))
        for one in calendar.walk("VEVENT")
    ]
