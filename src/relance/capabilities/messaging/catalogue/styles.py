"""How one mail is dressed: whose words it says, and whose name, colour and logo it bears."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self
from uuid import UUID

#: The accent of the shipped style sheet; a branding's colour takes its place.
DEFAULT_COLOUR = "#1f4fb8"
#: Stands for the accent in compiled templates: macros do not see the values of a mail.
ACCENT = "\ue000accent\ue001"


@dataclass(frozen=True, slots=True)
class Brand:
    """The look of a workspace or an organisation. Sizes are CSS pixels."""

    colour: str = DEFAULT_COLOUR
    logo_url: str | None = None
    logo_width: int = 0
    logo_height: int = 0
    sender_name: str | None = None
    reply_to: str | None = None
    #: Tells two looks apart; empty for the product's own.
    stamp: str = ""


PLAIN = Brand()


@dataclass(frozen=True, slots=True)
class Wording:
    """One version of an edited template, as it is stored: cleaned HTML, checked sources."""

    #: Of the version's row; None for a draft that is not stored.
    id: UUID | None
    number: int
    subject: str
    html: str
    text: str

    @property
    def stored(self) -> dict[str, str]:
        """With a message whose words it is."""
        return {"subject": self.subject, "html": self.html, "text": self.text}

    @classmethod
    def of_one_mail(cls, stored: Mapping[str, str]) -> Self:
        """The words of one message, as they are kept with it."""
        return cls(None, 0, stored["subject"], stored["html"], stored["text"])


@dataclass(frozen=True, slots=True)
class Style:
    """The words of one mail (None: the shipped ones) and its look."""

    wording: Wording | None = None
    brand: Brand = PLAIN


SHIPPED = Style()
