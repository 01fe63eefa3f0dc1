"""A mail is a typed model of its placeholders plus a folder of templates."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
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
    #: Links that lead to the same page with an answer chosen beforehand: which answer each of these fields is for.
    choices: ClassVar[Mapping[str, str]] = MappingProxyType({})
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
        if unknown := cls.choices.keys() - cls.model_fields.keys():
            raise TypeError(f"{cls.__name__} has no field {', '.join(sorted(unknown))}")

    @classmethod
    @cache
    def link_fields(cls) -> frozenset[str]:
        """The fields that hold an address of its link."""
        return frozenset({"link", *cls.choices}) & cls.model_fields.keys()

    def with_link(self, link_id: UUID | None) -> Self:
        """This mail, its `link` pointing to `link_id` by a marker.

        Raises:
            ValueError: a link-bearing mail without a link.
        """
        if link_id is None:
            if self.link_bearing:
                raise ValueError(f"{self.key} bears a link and was given none")
            return self
        links = self.links(link_marker(link_id))
        if all(getattr(self, name) == address for name, address in links.items()):
            return self
        return self.model_copy(update=links)

    @classmethod
    def links(cls, address: str) -> dict[str, str]:
        """What stands in each field that holds an address of the link, which is at `address`."""
        return {
            name: f"{address}?choice={cls.choices[name]}" if name in cls.choices else address
            for name in cls.link_fields()
        }
