"""What mails carry, and words that a person wrote for one of them."""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID
from zoneinfo import ZoneInfo

import icalendar
import pytest
from tests.messaging.conftest import Post
from tests.messaging.office import MAILS, Completed, Invitation, completed, invitation

from relance.capabilities.calendars.events import CalendarEvent, Method, calendar
from relance.capabilities.links.tokens import LinkTokens
from relance.capabilities.messaging.attachments import Attachment
from relance.capabilities.messaging.catalogue.checking import Draft
from relance.capabilities.messaging.catalogue.drafts import MailDrafts
from relance.capabilities.messaging.templates import load_templates
from relance.core.errors import ValidationFailed
from relance.core.ids import new_id

PDF = b"%PDF-1.7\n" + bytes(range(256)) * 300
PARIS = ZoneInfo("Europe/Paris")


@dataclass
class Shelf:
    """The file store of a test."""

    root: Path

    @property
    def url(self) -> str:
        """For the settings."""
        return f"file://{self.root}"

    def put(self, workspace_id: UUID, content: bytes = PDF) -> UUID:
        """A stored file."""
        file_id = new_id()
        (self.root / str(workspace_id)).mkdir(exist_ok=True)
        (self.root / str(workspace_id) / str(file_id)).write_bytes(content)
        return file_id


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """An empty store."""
    return Shelf(tmp_path)


def attached(mail: EmailMessage) -> dict[str | None, Any]:
    """What a reader finds attached, by name."""
    return {part.get_filename(): part.get_payload(decode=True) for part in mail.iter_attachments()}


async def test_files_and_dates_arrive_as_they_were(post: Post, shelf: Shelf) -> None:
    start = datetime(2027, 3, 27, 9, tzinfo=PARIS)
    event = CalendarEvent(new_id(), 2, start, start.replace(hour=17), PARIS, "Sécurité; niveau 1", datetime.now(UTC))
    ics = calendar([event], Method.PUBLISH)
    name = f'Programme d’été "2027" {"très " * 30}long.pdf'
    file = Attachment(name, "application/pdf", file_id=shelf.put(post.workspace_id))
    id_ = await post.queue(attachments=[file, Attachment.calendar(ics, "PUBLISH")])
    plain = await post.queue(recipient="autre@partenaire.example")

    assert await post.deliverer(files_url=shelf.url).sweep() == 2

    by_recipient = {one.recipient: one.mail for one in post.relay.accepted}
    mail = by_recipient["achats@partenaire.example"]
    assert mail.get_content_type() == "multipart/mixed"
    assert [part.get_content_type() for part in mail.iter_parts()] == [
        "multipart/alternative",
        "application/pdf",
        "text/calendar",
    ]
    assert attached(mail) == {name: PDF, "dates.ics": ics.encode()}
    body = mail.get_body(("plain",))
    assert body is not None
    assert "Fonderie Martin" in body.get_content()
    (dates,) = (part for part in mail.iter_attachments() if part.get_content_type() == "text/calendar")
    assert dates.get_param("method") == "PUBLISH"
    (read,) = icalendar.Calendar.from_ical(str(dates.get_content())).walk("VEVENT")
    assert (read["uid"], read["sequence"], read.decoded("dtstart")) == (event.uid, 2, start)
    assert by_recipient["autre@partenaire.example"].get_content_type() == "multipart/alternative"
    assert {(await post.message(one)).state for one in (id_, plain)} == {"sent"}


async def test_heavy_mails_of_a_backlog_all_arrive(post: Post, shelf: Shelf) -> None:
    ids = []
    for number in range(12):
        files = [Attachment("a.pdf", "application/pdf", shelf.put(post.workspace_id))] if number % 3 == 0 else []
        ids.append(await post.queue(recipient=f"p{number}@partenaire.example", attachments=files))
    assert await post.deliverer(files_url=shelf.url, handoff_batch=2, smtp_connections=2).sweep() == 12
    assert sorted(len(attached(one.mail)) for one in post.relay.accepted) == [0] * 8 + [1] * 4


async def test_a_file_that_is_gone_keeps_its_mail_and_no_other(post: Post, shelf: Shelf) -> None:
    gone = await post.queue(attachments=[Attachment("a.pdf", "application/pdf", new_id())])
    other = await post.queue(recipient="autre@partenaire.example")
    await post.deliverer(files_url=shelf.url).sweep()
    message = await post.message(gone)
    assert (message.state, message.reason) == ("dead", "attachment_gone")
    assert (await post.message(other)).state == "sent"


async def test_a_store_that_is_away_delays_the_mail(post: Post, shelf: Shelf) -> None:
    file_id = shelf.put(post.workspace_id)
    id_ = await post.queue(attachments=[Attachment("a.pdf", "application/pdf", file_id)])
    # A link that leads to itself: neither there nor gone.
    path = shelf.root / str(post.workspace_id) / str(file_id)
    path.unlink()
    path.symlink_to(path)
    await post.deliverer(files_url=shelf.url).sweep()
    message = await post.message(id_)
    assert (message.state, message.reason, message.attempts) == ("queued", "attachments_not_read", 0)
    path.unlink()
    path.write_bytes(PDF)
    post.clock.offset += message.not_before - post.clock.now()
    await post.deliverer(files_url=shelf.url).sweep()
    assert (await post.message(id_)).state == "sent"


class Choice(Invitation):
    """An inviting mail with a button for each answer."""

    choices: ClassVar[dict[str, str]] = {"yes_link": "accept", "no_link": "decline"}

    yes_link: str = ""
    no_link: str = ""


async def test_a_draft_is_the_mail_but_for_its_link(post: Post) -> None:
    templates = load_templates(post.runtime.settings, MAILS)
    async with post.runtime.db.transaction(post.workspace_id) as session:
        drafts = MailDrafts(session, post.runtime, templates)
        draft = await drafts.draft(invitation("Ferme {{ link }} & {% if %} <b>"), "fr")
        assert draft.subject == "Groupe Durand vous invite à compléter votre préqualification"
        assert 'href="{{ link }}"' in draft.html
        assert "Ferme { { link }} &amp; { % if %} &lt;b&gt;" in draft.html
        assert "relance-link" not in draft.html
        edited = Draft(draft.subject, draft.html.replace("<p", "<p>Ajouté à la main. {{ link }}</p><p", 1))
        words = drafts.checked(Invitation, "fr", edited)
        for html, code in (
            ("<p>Sans lien</p>", "link_missing"),
            ("<p>{{ link }}{{ secret }}</p>", "unknown_placeholder"),
        ):
            with pytest.raises(ValidationFailed) as refused:
                drafts.checked(Invitation, "fr", Draft("Objet", html))
            assert [error.code for error in refused.value.errors] == [code]
        copied = drafts.copy(Invitation, Completed, "fr", words)
    link = new_id()
    await post.queue(link_id=link, words=words)
    await post.queue(recipient="copie@partenaire.example", mail=completed(), words=copied)
    await post.deliverer().sweep()
    mails = {one.recipient: one.mail for one in post.relay.accepted}
    token = LinkTokens(post.runtime.keys).mint(link)
    asked, told = mails["achats@partenaire.example"], mails["copie@partenaire.example"]
    for kind in ("plain", "html"):
        body, copy = asked.get_body((kind,)), told.get_body((kind,))
        assert body is not None
        assert copy is not None
        assert "Ajouté à la main." in body.get_content()
        assert token in body.get_content()
        assert "Ajouté à la main." in copy.get_content()
        assert "/r/" not in copy.get_content()
        assert "{{" not in body.get_content() + copy.get_content()


def test_links_with_a_choice_lead_to_the_same_page() -> None:
    link = new_id()
    mail = Choice(**invitation().model_dump()).with_link(link)
    assert (mail.link, mail.yes_link, mail.no_link) == (
        f"relance-link:{link}",
        f"relance-link:{link}?choice=accept",
        f"relance-link:{link}?choice=decline",
    )
