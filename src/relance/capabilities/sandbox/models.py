"""The sandbox's tables. They belong to the deployment and not to a workspace: there is one clock, and one relay."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Interval, LargeBinary, SmallInteger
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from relance.core.db import Base
from relance.core.ids import new_id


class TestClock(Base):
    """How far the business time of this deployment is ahead of the machine's: at most one row."""

    __tablename__ = "test_clock"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)
    #: Not a class of tests, whatever a test runner makes of its name.
    __test__ = False

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False, default=1)
    offset: Mapped[timedelta] = mapped_column(Interval)


class CapturedMail(Base):
    """One mail that the catcher accepted, for one of its recipients."""

    __tablename__ = "captured_mails"
    __table_args__ = (
        Index("ix_captured_mails_recipient", "recipient", "received_at", "id"),
        Index("ix_captured_mails_received_at", "received_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    #: The address of the envelope, in lower case.
    recipient: Mapped[str]
    envelope_sender: Mapped[str]
    header_from: Mapped[str]
    header_to: Mapped[str]
    subject: Mapped[str]
    #: Name and value pairs, in order.
    headers: Mapped[list[Any]] = mapped_column(JSONB)
    text: Mapped[str]
    html: Mapped[str]
    links: Mapped[list[str]]
    #: The Message-ID header as it came.
    message_id: Mapped[str]
    #: The row of `messages` that it names, where its left part is an id: whose workspace may see this mail.
    sent_as: Mapped[UUID | None]
    #: The bytes of the DATA command, as received.
    raw: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    #: On the test clock, so that it compares with what the API says.
    received_at: Mapped[datetime]
