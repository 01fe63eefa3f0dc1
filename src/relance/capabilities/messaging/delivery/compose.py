"""From a claimed row to bytes: render once, keep what was rendered, fill in the links, serialise."""

from collections.abc import Callable, Mapping
from datetime import datetime
from html import escape
from types import MappingProxyType
from uuid import UUID

from relance.capabilities.messaging.attachments import Attachment
from relance.capabilities.messaging.catalogue.styles import Brand
from relance.capabilities.messaging.delivery.parcel import Body, Claimed, Parcel
from relance.capabilities.messaging.errors import AttachmentGone, TemplateFault
from relance.capabilities.messaging.mails import link_marker
from relance.capabilities.messaging.mime import (
    Enclosure,
    Header,
    Mailbox,
    ascii_address,
    date_header,
    header_text,
    mailbox,
    serialise,
    unstructured,
)
from relance.capabilities.messaging.templates import Templates
from relance.core.settings import Settings

#: Subject kind of the mails by which somebody tries a template.
TEST_KIND = "email_template"
LinkAddress = Callable[[UUID], str]
_NO_FILES: Mapping[UUID, bytes] = MappingProxyType({})


def sender_of(brand: Brand, sender_name: str | None, reply_to: str | None) -> tuple[str, str | None]:
    """The name before "via" and the address for answers: the branding's where it has them, else the mail's own."""
    return header_text(brand.sender_name or sender_name or ""), brand.reply_to or reply_to


class Composer:
    """Makes parcels for one relay account. Pure: it touches neither the database nor the network."""

    def __init__(self, settings: Settings, templates: Templates, link_address: LinkAddress) -> None:
        self._from = Mailbox.parse(settings.mail_from)
        self._templates = templates
        self._link_address = link_address

    def compose(self, message: Claimed, now: datetime, files: Mapping[UUID, bytes] = _NO_FILES) -> Parcel:
        """`message` ready to go: the rendering of an earlier attempt where there is one.

        Args:
            message: what is claimed.
            now: business time.
            files: the bytes of the stored files that it carries.

        Raises:
            MessagingFault: it can never be sent as it is.
        """
        recipient = ascii_address(message.recipient)
        body = message.body or self._render(message, recipient, now)
        return Parcel(message, body, self._from.address, recipient, self._bytes(message, body, files))

    def _render(self, message: Claimed, recipient: str, now: datetime) -> Body:
        if message.placeholders is None:
            raise TemplateFault("its placeholders are gone")
        rendered = self._templates.render(message.mail_key, message.locale, message.placeholders, message.style)
        subject = f"[Test] {rendered.subject}" if message.subject.kind == TEST_KIND else rendered.subject
        return Body(
            headers=self._headers(message, recipient, subject, now),
            subject=subject,
            text=rendered.text,
            html=rendered.html,
            version=rendered.version,
            rendered_at=now,
        )

    def _headers(self, message: Claimed, recipient: str, subject: str, now: datetime) -> list[Header]:
        product = self._from.name or "Relance"
        shown, answers = sender_of(message.style.brand, message.sender_name, message.reply_to)
        name = f"{shown} via {product}" if shown else product
        reply_to = ascii_address(answers) if answers else self._from.address
        headers = [
            ("Date", date_header(now)),
            ("From", mailbox(Mailbox(name, self._from.address))),
            ("Reply-To", reply_to),
            ("To", recipient),
            ("Subject", unstructured(subject)),
            # The row's id is fixed at insert, so is this: a second attempt can be recognised as the same mail,
            # and a delivery report leads back to the row.
            ("Message-ID", f"<{message.id.hex}@{self._from.domain}>"),
            ("Content-Language", message.locale),
            ("Auto-Submitted", "auto-generated"),
            ("X-Auto-Response-Suppress", "All"),
        ]
        if message.list_unsubscribe and message.link_id is not None:
            headers.append(("List-Unsubscribe", f"<{link_marker(message.link_id)}/unsubscribe>"))
            headers.append(("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
        return headers

    def _bytes(self, message: Claimed, body: Body, files: Mapping[UUID, bytes]) -> bytes:
        enclosures = [_enclosure(one, files) for one in message.attachments]
        if message.link_id is None:
            return serialise(body.headers, body.text, body.html, enclosures)
        marker, address = link_marker(message.link_id), self._link_address(message.link_id)
        headers = [(name, value.replace(marker, address)) for name, value in body.headers]
        text, html = body.text.replace(marker, address), body.html.replace(marker, escape(address))
        return serialise(headers, text, html, enclosures)


def _enclosure(one: Attachment, files: Mapping[UUID, bytes]) -> Enclosure:
    if one.file_id is None:
        return Enclosure(one.name, one.media_type, (one.content or "").encode())
    content = files.get(one.file_id)
    if content is None:
        raise AttachmentGone(f"the file {one.file_id} is gone")
    return Enclosure(one.name, one.media_type, content)
