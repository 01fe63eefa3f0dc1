"""The columns of a subject that is asked, chased and expired."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column


class Chased:
    """Mixin of the tables whose rows run through cycles. A cycle begins when the relay takes the inviting mail."""

    id: Mapped[UUID]
    status: Mapped[str]
    cycle: Mapped[int] = mapped_column(default=1, sort_order=50)
    expires_at: Mapped[datetime | None] = mapped_column(sort_order=51)
    #: The last link-bearing mail that the relay took, and the last one that was asked for: the gap counts from it.
    last_sent_at: Mapped[datetime | None] = mapped_column(sort_order=52)
    last_asked_at: Mapped[datetime | None] = mapped_column(sort_order=53)
    #: Link-bearing mails that were sent, without the first.
    reminders_count: Mapped[int] = mapped_column(default=0, sort_order=54)
    #: How many reminders were ever asked for: numbers them, so that each has a dedupe key of its own.
    reminders_asked: Mapped[int] = mapped_column(default=0, sort_order=55)
    #: `undeliverable`, or null as far as anybody knows that the address works.
    delivery: Mapped[str | None] = mapped_column(sort_order=56)
