"""What a link shows and how it is answered: the contract between the recipient pages and the domains behind them."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Literal, Protocol
from zoneinfo import ZoneInfo

from fastapi import Request
from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from relance.capabilities.files.schemas import FileFacts
from relance.capabilities.links.models import ActionLink
from relance.core.db import DbSession
from relance.core.i18n import Locale, long_datetime
from relance.core.schemas import Instant, Output

LinkState = Literal["open", "answered", "expired", "closed"]


_EXAMPLE: JsonDict = {
    "kind": "invitation",
    "state": "open",
    "state_label": "En attente de votre réponse",
    "title": "Votre préqualification",
    "message": "Groupe Vasseur Achats vous invite à remplir votre formulaire de préqualification.",
    "asked_by": {
        "organisation": "Groupe Vasseur Achats",
        "requester_name": "Claire Vasseur",
        "requester_email": "claire@vasseur.example",
    },
    "recipient": "achats@partenaire.example",
    "reason": None,
    "deadline": {
        "at": "2026-12-23T09:00:02Z",
        "zone": "Europe/Paris",
        "label": "mercredi 23 décembre 2026 à 10:00 (heure de Paris)",
    },
    "version": 1,
    "answers": [
        {
            "name": "submit",
            "label": "Envoyer le formulaire",
            "method": "POST",
            "uses_form": True,
            "takes_reason": False,
        }
    ],
    "form": {
        "version": 1,
        "title": "Préqualification",
        "json_schema": {"type": "object", "properties": {"identity": {"type": "object"}}},
        "answers": {},
    },
    "answered_at": None,
    "answered_label": None,
    "warning": None,
    "facts": [],
}


class AskedBy(Output):
    """Who asks."""

    organisation: str
    requester_name: str | None
    requester_email: str | None


class Deadline(Output):
    """Until when an answer is taken."""

    at: Instant
    zone: str = Field(description="IANA name of the time zone that the label speaks in.")
    label: str = Field(description="The deadline in words, its zone named.")

    @classmethod
    def of(cls, at: datetime, zone: ZoneInfo, locale: Locale) -> "Deadline":
        """The deadline `at`, in the words of `locale`."""
        return cls(at=at, zone=zone.key, label=long_datetime(at, zone, locale))


class AnswerOption(Output):
    """One answer that can be given now, by `POST` to the link's own address followed by `/` and the name."""

    name: str = Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")
    label: str
    method: Literal["POST"]
    uses_form: bool = Field(description="Whether it takes the answers of the form.")
    takes_reason: bool = Field(description="Whether a `reason`, a text, may go with it.")


class RecipientForm(Output):
    """What is to be filled in."""

    version: int
    title: str
    json_schema: dict[str, object] = Field(description="JSON Schema 2020-12 of `answers`.")
    answers: dict[str, object] = Field(description="What was answered or drafted so far.")


class RecipientFact(Output):
    """Something to know before answering: a date, a place."""

    label: str
    value: str


def _described(example: JsonDict) -> Callable[[JsonDict], None]:
    """The example; and every field is answered, those too that a domain may leave out."""

    def describe(schema: JsonDict) -> None:
        properties = schema["properties"]
        assert isinstance(properties, dict)
        for described in properties.values():
            if isinstance(described, dict):
                described.pop("default", None)
        schema |= {"required": list(properties), "example": example}

    return describe


class RecipientView(Output):
    """A link as its recipient sees it; the HTML page shows the same facts."""

    model_config = ConfigDict(json_schema_extra=_described(_EXAMPLE))

    kind: str = Field(description="What is asked, `invitation` for one.")
    state: LinkState
    state_label: str
    title: str
    message: str = Field(description="What is asked, or what became of it, in plain text.")
    asked_by: AskedBy
    recipient: str = Field(description="The address that was asked.")
    reason: str | None
    deadline: Deadline | None
    version: int = Field(description="Give it back with the answer; an older one is a 409 `stale_version`.")
    answers: list[AnswerOption] = Field(description="What can be answered now; empty when nothing can.")
    form: RecipientForm | None
    answered_at: Instant | None
    answered_label: str | None = Field(description="When it was answered, in words, the zone named.")
    warning: str | None = Field(None, description="What has changed since the mail, and is to be read first.")
    facts: list[RecipientFact] = Field(default_factory=list, description="What the question is about, in its order.")


class RecipientPage(RecipientView):
    """What the link answers: the domain's view, and the files that its answers name."""

    model_config = ConfigDict(json_schema_extra=_described({**_EXAMPLE, "files": []}))

    files: list[FileFacts] = Field(description="What the ids in the file fields of `form.answers` stand for.")


class RecipientHandler(Protocol):
    """What a domain provides for the links to its subjects. The session is narrowed to the link's workspace."""

    @property
    def kind(self) -> str:
        """The `subject_kind` of the links it answers for."""
        ...

    async def locale(self, session: DbSession, link: ActionLink) -> Locale | None:
        """The language in which the subject writes to this recipient; None where it has no preference."""
        ...

    async def view(self, session: DbSession, link: ActionLink, locale: Locale) -> RecipientView:
        """What the link shows now. It changes nothing: the session may be a read session.

        Raises:
            NotFound: the subject is gone.
        """
        ...

    async def answer(
        self, session: DbSession, link: ActionLink, answer: str, payload: Mapping[str, object], locale: Locale
    ) -> RecipientView:
        """Act on an answer, the subject's row locked first, and say what the link shows then.

        `payload` is clean JSON (no control characters, finite numbers), nothing more: `version` and `answers` are
        checked here, with `require_version`, `forms.validate_answers` and, where the form asks for files,
        `uploads.FormFiles`. The same answer given twice is no error.

        Raises:
            NotFound: there is no such answer.
            LinkExpired: the subject expired.
            StaleVersion: the page showed an older version.
            ValidationFailed: the answers do not fit.
        """
        ...


def handler_for(request: Request, kind: str) -> RecipientHandler | None:
    """The handler that the composition root registered for `kind`."""
    recipients: Mapping[str, RecipientHandler] = request.app.state.recipients
    return recipients.get(kind)
