"""Demo data: a workspace somebody could work in. Made once; the credentials derive from the deployment's secret."""

from collections.abc import Sequence
from uuid import UUID

from pydantic import BaseModel

from relance.capabilities.identity.credentials import api_keys
from relance.capabilities.identity.models import OrganisationKind
from relance.capabilities.identity.repository import IdentityRepository
from relance.capabilities.identity.service import create_api_key, create_organisation, create_user
from relance.core.db import DbSession
from relance.core.ids import base62_encode
from relance.core.keys import KeyRing
from relance.core.runtime import Runtime
from relance.core.security import Caller, Level
from relance.core.settings import Settings
from relance.domains.avant_vente.demo import seed as seed_avant_vente
from relance.domains.invitations.schemas import InvitationCreate
from relance.domains.invitations.service import InvitationService
from relance.domains.mandates.creation import MandateCreation
from relance.domains.mandates.schemas import MandateCreate
from relance.domains.sessions.demo import seed_sessions
from relance.wiring import PERMISSIONS, build_runtime, close_runtime, provision_workspace, template_source

SLUG = "demo"
_USERS = (
    ("claire.vasseur@demo.example", "Claire Vasseur", "admin"),
    ("karim.benali@demo.example", "Karim Benali", "manager"),
    ("lucie.moreau@demo.example", "Lucie Moreau", "member"),
    ("nadia.roux@demo.example", "Nadia Roux", "pre_sales"),
    ("paul.girard@integrateur.example", "Paul Girard", "partner"),
)
_RESELLER = "Intégrateur du Nord"
_ORGANISATIONS = ("Groupe Vasseur Achats", "Vasseur Travaux")
_PARTNERS = (
    ("Ateliers Bertin", "552100554", "devis@ateliers-bertin.example", 0),
    ("Menuiserie Leroux", "443061841", "contact@menuiserie-leroux.example", 0),
    ("Transports Delmas", "542065479", "exploitation@transports-delmas.example", 1),
)
_MANDATES = (
    ("Boulangerie Martin", "Camille", "Martin", "camille@boulangerie-martin.example", True),
    ("Garage du Lac", "Hugo", "Perret", "hugo@garage-du-lac.example", False),
)


class DemoUser(BaseModel):
    """One account of the demo."""

    email: str
    password: str
    role: str


class DemoCredentials(BaseModel):
    """How to sign in to the demo."""

    users: list[DemoUser]
    api_key: str


def _derived(keys: KeyRing, what: str, size: int) -> bytes:
    return keys.newest(f"demo/{what}")[:size]


def demo_credentials(keys: KeyRing) -> DemoCredentials:
    """The same at every start, without being stored anywhere: they derive from the deployment's secret."""
    return DemoCredentials(
        users=[
            DemoUser(email=email, password=base62_encode(_derived(keys, email, 12)), role=role)
            for email, _, role in _USERS
        ],
        api_key=api_keys(keys).mint(_derived(keys, "api-key", 24)),
    )


async def seed_demo(settings: Settings) -> DemoCredentials:
    """Make the demo workspace unless it is there, and say how to sign in to it."""
    runtime = build_runtime(settings)
    try:
        await runtime.tick()
        credentials = demo_credentials(runtime.keys)
        async with runtime.db.transaction(None) as session:
            if await IdentityRepository(session).workspace_by_slug(SLUG) is None:
                await _seed(session, runtime, credentials)
        return credentials
    finally:
        await close_runtime(runtime)


async def _seed(session: DbSession, runtime: Runtime, credentials: DemoCredentials) -> None:
    workspace = await provision_workspace(session, runtime, SLUG, "Groupe Vasseur")
    organisations = [(await create_organisation(session, name)).id for name in _ORGANISATIONS]
    reseller = (await create_organisation(session, _RESELLER, kind=OrganisationKind.PARTNER)).id
    worked_for = {"member": organisations[:1], "partner": [reseller]}
    manager: UUID | None = None
    made: list[UUID] = []
    for (email, name, role), account in zip(_USERS, credentials.users, strict=True):
        user = await create_user(
            session,
            email,
            name,
            role=role,
            password=account.password,
            organisation_ids=worked_for.get(role, organisations),
            manager_id=manager if role == "member" else None,
        )
        manager = user.id if role == "manager" else manager
        made.append(user.id)
    everything = {permission.code: "all" for permission in PERMISSIONS}
    await create_api_key(session, runtime.keys, made[0], "Demo integration", everything, clear=credentials.api_key)

    def acting(at: int, organisation_ids: Sequence[UUID]) -> Caller:
        email, name, role = _USERS[at]
        levels = {one.code: Level.ALL if role == "admin" else one.roles.get(role, Level.NONE) for one in PERMISSIONS}
        return Caller(
            kind="user",
            workspace_id=workspace.id,
            user_id=made[at],
            api_key_id=None,
            name=name,
            email=email,
            permissions=levels,
            organisation_ids=frozenset(organisation_ids),
            group_ids=frozenset({made[at]}),
        )

    caller = acting(0, organisations)
    team = [{"user_id": made[0], "role": "owner"}, {"user_id": made[1], "role": "agent"}]
    for company, first_name, last_name, email, submit in _MANDATES:
        await MandateCreation(session, runtime, caller).create(
            MandateCreate.model_validate(
                {
                    "issuing_organisation_id": organisations[0],
                    "company": {"name": company},
                    "contact": {"first_name": first_name, "last_name": last_name, "email": email},
                    "team": team,
                    "submit": submit,
                }
            )
        )
    await seed_sessions(session, runtime, caller, organisations[0], template_source(runtime))
    service = InvitationService(session, runtime, caller)
    for name, siren, email, organisation in _PARTNERS:
        await service.create(
            InvitationCreate.model_validate(
                {
                    "issuing_organisation_id": organisations[organisation],
                    "email": email,
                    "partner": {"name": name, "local_id": {"scheme": "siren", "value": siren}},
                }
            )
        )
    await seed_avant_vente(session, runtime, acting(4, [reseller]), acting(3, organisations), reseller)
