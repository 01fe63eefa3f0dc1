"""The least time between two link-bearing mails to the same address for the same subject."""

from datetime import UTC, datetime, timedelta

from relance.core.errors import RelanceError
from relance.core.i18n import Text

GAP = timedelta(hours=24)


class TooRecent(RelanceError):
    """Less than 24 h since the last link-bearing mail to this address."""

    code = "too_recent"
    status = 409
    title = Text("Dernier envoi trop récent", "Last mail too recent")
    detail = Text(
        "Moins de 24 heures depuis le dernier envoi à cette adresse ; possible à partir du {retry_at}.",
        "Less than 24 hours since the last mail to this address; possible from {retry_at}.",
    )

    def __init__(self, retry_at: datetime) -> None:
        super().__init__(retry_at=retry_at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"))


def gap_ends_at(last_asked_at: datetime | None, now: datetime) -> datetime | None:
    """When the next link-bearing mail may be asked for; None where it may be now."""
    if last_asked_at is None or now >= last_asked_at + GAP:
        return None
    return last_asked_at + GAP
