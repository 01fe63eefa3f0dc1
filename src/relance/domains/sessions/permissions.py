"""Rights of this domain."""

from relance.core.i18n import Text
from relance.core.security import Level, Permission
from relance.domains.sessions.lifecycle import CANCEL, DELETE, PROPOSE, WRITE

READ = "sessions:read"
CREATE = "sessions:create"

#: « Own » is what one is responsible for.
PERMISSIONS = (
    Permission(READ, Text("Consulter les sessions", "See sessions"), member=Level.ALL),
    Permission(CREATE, Text("Créer des sessions", "Create sessions"), shared=True, member=Level.ALL),
    Permission(WRITE, Text("Modifier, planifier et valider des sessions", "Change, plan and validate sessions")),
    Permission(PROPOSE, Text("Proposer des dates et relancer", "Propose dates and remind")),
    Permission(CANCEL, Text("Annuler des sessions", "Cancel sessions")),
    Permission(DELETE, Text("Supprimer des sessions", "Delete sessions"), member=Level.NONE),
)
