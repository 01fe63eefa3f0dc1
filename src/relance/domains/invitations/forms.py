"""The form that ships with the product; every workspace starts with it as version 1 of its own."""

import json
from functools import lru_cache
from importlib.resources import files
from typing import Any

from relance.core.clock import Clock
from relance.core.db import DbSession
from relance.domains.invitations.models import PrequalificationForm
from relance.domains.invitations.repository import PrequalificationRepository

DEFAULT_VALIDITY = "P2Y"


@lru_cache(maxsize=1)
def default_schema() -> dict[str, Any]:
    """The JSON Schema of the shipped form: identity, contacts, insurance, certificates, declarations."""
    text = files("relance.domains.invitations").joinpath("default_form.json").read_text("utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


async def install_default_form(session: DbSession, clock: Clock) -> None:
    """Give the session's workspace the shipped form, unless it has one."""
    if await PrequalificationRepository(session).current_form() is not None:
        return
    session.add(
        PrequalificationForm(
            form_version=1,
            title_fr="Formulaire de préqualification",
            title_en="Prequalification form",
            json_schema=default_schema(),
            validity=DEFAULT_VALIDITY,
            created_at=clock.now(),
        )
    )
    await session.flush()
