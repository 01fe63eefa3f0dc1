"""A mail is a typed model of its placeholders plus a folder of templates."""

import re
from dataclasses import dataclass
from typing import ClassVar, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, model_validator

from relance.core.i18n import Text

#: Of the categories Cc and Cs.
_UNTAMED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_KEY = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")


def link_marker(link_id: UUID) -> str:
    """What stands for the address of a link wherever a mail is stored; replaced while the bytes are made."""
    return f"relance-link:{link_id}"


def tame(value: str) -> str:
    """`value` without control characters (line ends and tabs stay) and without surrogates.

    A name that a partner typed must neither break a mail nor keep one from leaving, so that such characters
    become spaces here; where they would do harm, in headers, they are refused by `mime`.
    """
    # What is printable throughout, as nearly all is, holds none of them.
    return value if value.isprintable() else _UNTAMED.sub(" ", value)


@dataclass(frozen=True, slots=True)
class Hint:
    """What a placeholder is and how it may look, for whoever edits the template; in the field's `Annotated`."""

    description: Text
    sample: Text


def hint(fr: str, en: str, sample: str, sample_en: str | None = None) -> Hint:
    """A hint in both languages; a sample that reads the same in both is given once."""
    return Hint(Text(fr, en), Text(sample, sample_en if sample_en is not None else sample))


class Placeholders(BaseModel):
    """Base of the models nested in a mail."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _tame_text(cls, data: object) -> object:
        if not isinstance(data, dict):
            return data
        return {name: tame(value) if isinstance(value, str) else value for name, value in data.items()}


class Mail(Placeholders):
    """Base of every mail: the fields are its placeholders, `key` names its folder (`<domain>.<mail>`).

    A link-bearing mail has a field `link: str`; the outbox fills it from the envelope's link, so that no token
    is ever stored with a message.
    """

    key: ClassVar[str]
    link_bearing: ClassVar[bool]
    #: Its name in the catalogue of templates, and when it leaves.
    label: ClassVar[Text | None] = None
    about: ClassVar[Text | None] = None
    #: Send again when nobody can know whether the relay took it: only where two are better than none.
    resend_uncertain: ClassVar[bool] = False

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: object) -> None:
        """Refuse a mail class whose key names no folder."""
        super().__pydantic_init_subclass__(**kwargs)
        if not _KEY.fullmatch(getattr(cls, "key", "")):
            raise TypeError(f"{cls.__name__}.key must be '<domain>.<mail>'")
        if cls.link_bearing and "link" not in cls.model_fields:
            raise TypeError(f"{cls.__name__} is link-bearing and has no field 'link'")

    def with_link(self, link_id: UUID | None) -> Self:
        """This mail, its `link` pointing to `link_id` by a marker.

        Raises:
            ValueError: a link-bearing mail without a link.
        """
        if link_id is None:
            if self.link_bearing:
                raise ValueError(f"{self.key} bears a link and was given none")
            return self
        marker = link_marker(link_id)
        if getattr(self, "link", marker) == marker:
            return self
        return self.model_copy(update={"link": marker})
