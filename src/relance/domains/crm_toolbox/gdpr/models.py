"""Tables about consents; how a contact stands is in its own row."""

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from relance.core.db import Base, Versioned, WorkspaceOwned


class GdprSettings(WorkspaceOwned, Versioned, Base):
    """Whether a workspace uses consents, and after how long contacts are emptied: ISO 8601 durations."""

    __tablename__ = "gdpr_settings"
    __table_args__ = (UniqueConstraint("workspace_id"),)

    enabled: Mapped[bool] = mapped_column(default=False)
    #: From the asking, where nobody answers.
    pending_for: Mapped[str] = mapped_column(default="P30D")
    #: From the refusal or the withdrawal.
    refused_for: Mapped[str] = mapped_column(default="P7D")
    #: From the consent: how long it holds.
    accepted_for: Mapped[str] = mapped_column(default="P24M")
    #: How long before an emptying those who look after the contact are told.
    notice_before: Mapped[str] = mapped_column(default="P3D")
