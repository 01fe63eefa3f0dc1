"""From rows of the claim to messages under a lease."""

from typing import Any, cast

import orjson
from sqlalchemy import Row

from relance.capabilities.messaging.attachments import read_all
from relance.capabilities.messaging.catalogue.styles import Wording
from relance.capabilities.messaging.delivery.parcel import Body, Claimed
from relance.core.i18n import as_locale
from relance.core.subjects import SubjectRef


def _loaded(value: Any) -> Any:
    """A JSON column of a textual statement: text where the driver leaves it undecoded."""
    return orjson.loads(value) if isinstance(value, str) else value


def claimed_from(row: Row[Any]) -> Claimed:
    """The message of a row of the claim."""
    body = None
    if row.rendered_at is not None:
        headers = [(str(name), str(value)) for name, value in _loaded(row.headers)]
        body = Body(headers, row.subject, row.text, row.html, row.template_version, row.rendered_at)
    return Claimed(
        workspace_id=row.workspace_id,
        id=row.id,
        epoch=row.lease_epoch,
        subject=SubjectRef(row.subject_kind, row.subject_id),
        mail_key=row.mail_key,
        link_bearing=row.link_bearing,
        link_id=row.link_id,
        cycle=row.cycle,
        ordinal=row.ordinal,
        locale=as_locale(row.locale),
        recipient=row.recipient,
        domain=row.domain,
        attempts=row.attempts,
        lost_leases=row.lost_leases,
        lost_renders=row.lost_renders,
        created_at=row.created_at,
        expires_at=row.expires_at,
        sender_name=row.sender_name,
        reply_to=row.reply_to,
        list_unsubscribe=row.list_unsubscribe,
        placeholders=cast("dict[str, Any] | None", _loaded(row.placeholders)),
        body=body,
        organisation_id=row.organisation_id,
        wording_id=row.wording_id,
        words=Wording.of_one_mail(_loaded(row.words)) if row.words is not None else None,
        attachments=read_all(_loaded(row.attachments)),
    )
