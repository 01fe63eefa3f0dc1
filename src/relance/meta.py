"""`/v1/meta`: lifecycles, errors and permissions as data, and the page that error documents point to."""

from html import escape

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from pydantic import ConfigDict, Field

from relance.core.errors import RelanceError
from relance.core.http import StrictRoute
from relance.core.schemas import Output
from relance.wiring import EVENT_TYPES, LIFECYCLES, PERMISSIONS

router = APIRouter(tags=["meta"], route_class=StrictRoute)


class LifecycleState(Output):
    """One state."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"code": "sent", "label_fr": "Envoyée", "label_en": "Sent"}}
    )

    code: str
    label_fr: str
    label_en: str


class LifecycleTransition(Output):
    """One row of the table."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "action": "cancel",
                "sources": ["queued", "sent"],
                "target": "cancelled",
                "actors": ["user"],
                "permission": "invitations:cancel",
                "guards": [],
                "mail": None,
                "journal": "invitation.cancelled",
            }
        }
    )

    action: str
    sources: list[str]
    target: str | None
    actors: list[str]
    permission: str | None
    guards: list[str]
    mail: str | None
    journal: str


class LifecycleRead(Output):
    """The states and transitions of one kind of subject."""

    kind: str = Field(examples=["invitation"])
    initial: str = Field(examples=["queued"])
    states: list[LifecycleState]
    transitions: list[LifecycleTransition]


class ErrorRead(Output):
    """One code that a problem document may carry."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "code": "not_found",
                "status": 404,
                "title_fr": "Introuvable",
                "title_en": "Not found",
                "detail_fr": "Cette ressource n’existe pas ou n’est pas lisible par vous.",
                "detail_en": "This resource does not exist or you may not read it.",
            }
        }
    )

    code: str
    status: int
    title_fr: str
    title_en: str
    detail_fr: str
    detail_en: str


class PermissionRead(Output):
    """One right."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "code": "users:read",
                "label_fr": "Consulter les utilisateurs",
                "label_en": "Read users",
            }
        }
    )

    code: str
    label_fr: str
    label_en: str


@router.get("/v1/meta/lifecycles", operation_id="meta_lifecycles", summary="States and transitions of every domain")
async def lifecycles() -> list[LifecycleRead]:
    """The same tables that the services enforce."""
    return [
        LifecycleRead(
            kind=lifecycle.kind,
            initial=lifecycle.initial,
            states=[
                LifecycleState(code=code, label_fr=label.fr, label_en=label.en)
                for code, label in lifecycle.states.items()
            ],
            transitions=[
                LifecycleTransition(
                    action=row.action,
                    sources=sorted(row.sources),
                    target=row.target,
                    actors=sorted(row.actors),
                    permission=row.permission,
                    guards=[guard.code for guard in row.guards],
                    mail=row.mail,
                    journal=row.journal,
                )
                for row in lifecycle.transitions
            ],
        )
        for lifecycle in LIFECYCLES
    ]


def known_errors() -> list[type[RelanceError]]:
    """Every error class of the running program, by code."""
    return sorted({error.code: error for error in RelanceError.catalogue()}.values(), key=lambda error: error.code)


@router.get("/v1/meta/errors", operation_id="meta_errors", summary="Every error code")
async def errors() -> list[ErrorRead]:
    """What `code` may be in a problem document."""
    return [
        ErrorRead(
            code=error.code,
            status=error.status,
            title_fr=error.title.fr,
            title_en=error.title.en,
            detail_fr=error.detail.fr,
            detail_en=error.detail.en,
        )
        for error in known_errors()
    ]


@router.get("/v1/meta/permissions", operation_id="meta_permissions", summary="Every permission")
async def permissions() -> list[PermissionRead]:
    """What a role or an API key may hold."""
    return [PermissionRead(code=row.code, label_fr=row.label.fr, label_en=row.label.en) for row in PERMISSIONS]


class EventTypeRead(Output):
    """One type of event."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "type": "invitation.sent",
                "version": 1,
                "subject_kind": "invitation",
                "title_fr": "Invitation envoyée",
                "title_en": "Invitation sent",
            }
        }
    )

    type: str
    version: int = Field(description="Of its payload.")
    subject_kind: str
    title_fr: str
    title_en: str


@router.get("/v1/meta/event-types", operation_id="meta_event_types", summary="Every type of event")
async def event_types() -> list[EventTypeRead]:
    """What the feed and the webhooks tell; the payload of each is in the `webhooks` of this contract."""
    return [
        EventTypeRead(
            type=one.type,
            version=one.version,
            subject_kind=one.subject_kind,
            title_fr=one.title.fr,
            title_en=one.title.en,
        )
        for one in EVENT_TYPES
    ]


@router.get("/docs/errors", include_in_schema=False)
async def error_page() -> HTMLResponse:
    """The address that the `type` of every problem document points to."""
    rows = "".join(
        f'<section id="{error.code}"><h2><code>{error.code}</code> · {error.status}</h2>'
        f"<p>{escape(error.title.en)}. {escape(error.detail.en)}</p>"
        f'<p lang="fr">{escape(error.title.fr)}. {escape(error.detail.fr)}</p></section>'
        for error in known_errors()
    )
    return HTMLResponse(
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        "<title>Relance: error codes</title>"
        "<style>body{font:1rem/1.5 system-ui;max-width:46rem;margin:2rem auto;padding:0 1rem}"
        "h2{font-size:1.05rem;margin-top:2rem}section:target{background:#fff6d6}</style>"
        f"<h1>Error codes</h1>{rows}</html>"
    )
