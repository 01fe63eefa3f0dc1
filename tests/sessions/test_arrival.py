"""What really arrives at a relay: the dates as a calendar program reads them; and an address that is refused."""

from datetime import datetime, timedelta

import icalendar
from tests.messages.conftest import open_mailroom
from tests.plugins.product import Office, Product
from tests.sessions.training import EMAIL, company, next_monday, path_of, read, session

REFUSED = "550 5.1.1 no such user"


async def test_a_refused_address_is_told_and_another_one_is_asked(product: Product, office: Office) -> None:
    member, first = office.member, next_monday(product)
    found = await session(office, [first], await company(office.admin), automatic_reminders=True)
    path, asked = path_of(found), {"due_on": (first - timedelta(days=3)).isoformat()}
    async with open_mailroom(product, office) as mailroom:
        mailroom.relay.rule = lambda stage, to: REFUSED if (stage, to) == ("rcpt", EMAIL) else None
        assert (await member.post(f"{path}/proposals", asked)).status_code == 201
        await mailroom.deliver()
        await mailroom.deliver()
        shown = await read(member, path)
        assert (shown["delivery"], shown["delivery_label"]) == ("undeliverable", "Adresse injoignable")
        assert shown["no_message_reason"]["code"] == "undeliverable"
        refused = await member.post(f"{path}/remind", {"force": True})
        assert (refused.status_code, refused.json()["code"]) == (409, "undeliverable")
        (told,) = mailroom.relay.accepted
        assert (told.recipient, told.mail["subject"]) == (
            member.email,
            "Adresse injoignable : Fonderie Martin, Sécurité incendie",
        )
        other = "direction@fonderie.example"
        again = await member.post(f"{path}/proposals", {**asked, "to": other})
        assert again.status_code == 201, again.text
        await mailroom.deliver()
        mail = mailroom.relay.accepted[-1].mail
        assert mail["to"] == other
        (dates,) = (part for part in mail.iter_attachments() if part.get_content_type() == "text/calendar")
        assert dates.get_param("method") == "PUBLISH"
        (event,) = icalendar.Calendar.from_ical(str(dates.get_content())).walk("VEVENT")
        assert event["uid"] == f"{found['slots'][0]['id']}@relance"
        assert event.decoded("dtstart") == datetime.fromisoformat(found["slots"][0]["begins_at"])
        assert (str(event["summary"]), str(event["location"])) == ("Sécurité incendie", "Lyon, salle 2")
        shown = await read(member, path)
        assert (shown["delivery"], shown["proposal_version"], shown["sent_at"] is not None) == (None, 2, True)
        assert [one["to"] for one in shown["next_messages"]] == [other]
