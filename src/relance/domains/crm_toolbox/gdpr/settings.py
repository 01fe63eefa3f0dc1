"""Whether a workspace uses consents, and its periods."""

from sqlalchemy.orm.attributes import flag_modified

from relance.capabilities.journal.service import Journal
from relance.core.clock import Clock
from relance.core.db import DbSession
from relance.core.durations import after
from relance.core.errors import ValidationFailed
from relance.core.etag import Precondition
from relance.core.i18n import Text
from relance.core.subjects import ActorRef, SubjectRef
from relance.domains.crm_toolbox.gdpr.models import GdprSettings
from relance.domains.crm_toolbox.gdpr.repository import GdprRepository
from relance.domains.crm_toolbox.gdpr.schemas import GdprSettingsWrite

_LONGEST = "P10Y"
_TOO_LONG = Text("Dix ans au plus.", "Ten years at most.")


async def put_settings(
    session: DbSession, wanted: GdprSettingsWrite, precondition: Precondition, actor: ActorRef, clock: Clock
) -> GdprSettings:
    """Set what holds for statuses from now on; what is planned stays planned.

    Raises:
        PreconditionFailed: it has changed since the caller read it.
        ValidationFailed: a period is too long.
    """
    now = clock.now()
    values = wanted.model_dump()
    for name, value in values.items():
        if isinstance(value, str) and after(now, value) > after(now, _LONGEST):
            raise ValidationFailed.at(f"/{name}", "too_long", _TOO_LONG)
    row = await GdprRepository(session).lock_settings()
    precondition.check(row.version)
    before = {name: getattr(row, name) for name in values}
    for name, value in values.items():
        setattr(row, name, value)
    if before != values or row.version == 0:
        flag_modified(row, "enabled")
        subject = SubjectRef("gdpr_settings", row.id)
        Journal(session, clock).record("gdpr_settings.changed", subject, actor, before=before, after=values)
    await session.flush()
    return row
