"""From rows to what `/v1/webhook-endpoints` answers."""

from collections.abc import Sequence

from relance.capabilities.webhooks.endpoints.repository import EndpointRepository
from relance.capabilities.webhooks.endpoints.schemas import EndpointRead, SecretRead
from relance.capabilities.webhooks.models import WebhookEndpoint
from relance.core.clock import system_now
from relance.core.db import DbSession
from relance.core.i18n import Text

REASON_LABELS = {
    "by_user": Text("Désactivé par un utilisateur", "Disabled by a user"),
    "gone": Text("Le destinataire a répondu 410", "The receiver answered 410"),
    "failing": Text("Rien n’aboutit depuis cinq jours", "Nothing has succeeded for five days"),
}


async def read_endpoints(session: DbSession, endpoints: Sequence[WebhookEndpoint]) -> list[EndpointRead]:
    """Endpoints with how they fare."""
    rows = EndpointRepository(session)
    ids = {one.id for one in endpoints}
    lanes = await rows.lanes(ids)
    secrets: dict[object, list[SecretRead]] = {}
    for secret in await rows.secrets(ids, system_now()):
        secrets.setdefault(secret.endpoint_id, []).append(
            SecretRead(created_at=secret.created_at, expires_at=secret.expires_at)
        )
    return [
        EndpointRead(
            id=one.id,
            version=one.version,
            url=one.url,
            description=one.description,
            types=one.types,
            enabled=one.enabled,
            disabled_reason=one.disabled_reason,
            disabled_reason_label=REASON_LABELS[one.disabled_reason].in_locale() if one.disabled_reason else None,
            secrets=secrets.get(one.id, []),
            failures_in_a_row=lanes[one.id].failures,
            failing_since=lanes[one.id].failing_since,
            paused_until=lanes[one.id].paused_until,
            created_at=one.created_at,
        )
        for one in endpoints
    ]
