"""A small domain of the tests' own: an errand that somebody is asked through a link."""

from collections.abc import Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from relance.capabilities.links.errors import LinkExpired
from relance.capabilities.links.forms import validate_answers
from relance.capabilities.links.models import ActionLink
from relance.capabilities.links.payload import require_version
from relance.capabilities.links.recipient import (
    AnswerOption,
    AskedBy,
    Deadline,
    LinkState,
    RecipientForm,
    RecipientView,
)
from relance.capabilities.links.service import Links
from relance.core.clock import SystemClock
from relance.core.db import DbSession
from relance.core.errors import NotFound
from relance.core.i18n import Locale, Text, long_datetime
from relance.core.ids import new_id
from relance.core.runtime import Runtime

PARIS = ZoneInfo("Europe/Paris")
AT = datetime(2026, 12, 23, 22, 59, 59, tzinfo=UTC)

SCHEMA: dict[str, object] = {
    "type": "object",
    "required": ["identity", "declarations"],
    "additionalProperties": False,
    "properties": {
        "identity": {
            "type": "object",
            "x-title": {"fr": "Votre organisation", "en": "Your organisation"},
            "required": ["legal_name", "email", "form", "employees"],
            "additionalProperties": False,
            "properties": {
                "legal_name": {
                    "type": "string",
                    "minLength": 2,
                    "maxLength": 80,
                    "x-title": {"fr": "Dénomination sociale", "en": "Legal name"},
                    "x-hint": {"fr": "Telle qu’au registre.", "en": "As registered."},
                    "x-autocomplete": "organization",
                },
                "email": {"type": "string", "format": "email", "x-title": {"fr": "E-mail", "en": "E-mail"}},
                "website": {"type": "string", "format": "uri", "title": "Site"},
                "form": {
                    "type": "string",
                    "enum": ["sas", "sarl", "other"],
                    "x-title": {"fr": "Forme juridique", "en": "Legal form"},
                    "x-enum-labels": {"sas": "SAS", "sarl": "SARL", "other": {"fr": "Autre", "en": "Other"}},
                },
                "employees": {"type": "integer", "minimum": 0, "title": "Effectif"},
                "turnover": {"type": "number", "title": "Chiffre d’affaires"},
                "founded": {"type": "string", "format": "date", "title": "Création"},
                "notes": {"type": "string", "x-widget": "textarea", "title": "Remarques"},
            },
        },
        "certificates": {
            "type": "object",
            "title": "Certifications",
            "required": ["issuer"],
            "properties": {
                "issuer": {"oneOf": [{"const": "afnor", "title": "AFNOR"}, {"const": "other", "title": "Autre"}]},
                "held": {"type": "array", "uniqueItems": True, "items": {"enum": ["iso_9001", "iso_14001"]}},
            },
        },
        "declarations": {
            "type": "object",
            "title": "Déclarations",
            "required": ["taxes", "accurate"],
            "properties": {
                "taxes": {"type": "boolean", "title": "À jour ?"},
                "accurate": {"const": True, "title": "Je certifie."},
            },
        },
    },
}

GOOD: dict[str, object] = {
    "identity": {"legal_name": "Fonderie Martin", "email": "a@b.example", "form": "sas", "employees": 12},
    "declarations": {"taxes": True, "accurate": True},
}

GOOD_FORM: dict[str, str | list[str]] = {
    "version": "3",
    "answers.identity.legal_name": " Fonderie Martin ",
    "answers.identity.email": "a@b.example",
    "answers.identity.website": "",
    "answers.identity.form": "sas",
    "answers.identity.employees": "12",
    "answers.declarations.taxes": "true",
    "answers.declarations.accurate": "true",
}

_SUBMIT = AnswerOption(name="submit", label="Envoyer", method="POST", uses_form=True, takes_reason=False)


class ErrandHandler:
    """Answers for the links of errands; what it was asked is kept for the tests to look at."""

    kind = "errand"

    def __init__(self) -> None:
        self.state: LinkState = "open"
        self.version = 3
        self.preferred: Locale | None = None
        self.title = "Préqualification <b>demandée</b>"
        self.answers: dict[str, object] = {}
        self.received: list[tuple[str, Mapping[str, object]]] = []
        self.write_on_view = False
        self.fault: Exception | None = None
        self.revoke_meanwhile: Runtime | None = None

    async def locale(self, session: DbSession, link: ActionLink) -> Locale | None:
        return self.preferred

    async def view(self, session: DbSession, link: ActionLink, locale: Locale) -> RecipientView:
        assert session.workspace_id == link.workspace_id
        if self.write_on_view:
            session.add(ActionLink(subject_kind="x", subject_id=new_id(), recipient="x", created_at=AT))
            await session.flush()
        is_open = self.state == "open"
        answered = self.state == "answered"
        return RecipientView(
            kind=self.kind,
            state=self.state,
            state_label=Text("En attente", "Waiting").in_locale(locale),
            title=self.title,
            message=Text("Merci de remplir ce formulaire.", "Please fill in this form.").in_locale(locale),
            asked_by=AskedBy(organisation="Société & Cie", requester_name="Zoé", requester_email="zoe@cie.example"),
            recipient=link.recipient,
            reason=None,
            deadline=Deadline.of(AT, PARIS, locale),
            version=self.version,
            answers=[_SUBMIT] if is_open else [],
            form=RecipientForm(version=self.version, title="", json_schema=SCHEMA, answers=self.answers)
            if is_open or answered
            else None,
            answered_at=AT if answered else None,
            answered_label=long_datetime(AT, PARIS, locale) if answered else None,
        )

    async def answer(
        self, session: DbSession, link: ActionLink, answer: str, payload: Mapping[str, object], locale: Locale
    ) -> RecipientView:
        if answer != "submit":
            raise NotFound()
        self.received.append((answer, payload))
        session.add(ActionLink(subject_kind="trace", subject_id=new_id(), recipient="trace", created_at=AT))
        await session.flush()
        if self.revoke_meanwhile is not None:
            async with self.revoke_meanwhile.db.transaction(link.workspace_id) as other:
                await Links(other, SystemClock()).revoke(link.subject)
        if self.fault is not None:
            raise self.fault
        if self.state == "expired":
            raise LinkExpired()
        if self.state == "open":
            require_version(payload, self.version)
            self.answers = validate_answers(SCHEMA, payload.get("answers"), locale)
            self.state = "answered"
        return await self.view(session, link, locale)
