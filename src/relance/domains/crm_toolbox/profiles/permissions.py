"""What a role may be granted on profiles and on the templates that they are printed by."""

from relance.core.i18n import Text
from relance.core.security import Level, Permission

READ, WRITE, DELETE = "profiles:read", "profiles:write", "profiles:delete"
CONFIGURE = "export-templates:write"

PERMISSIONS = (
    Permission(READ, Text("Consulter les profils", "Read profiles"), member=Level.ALL, shared=True),
    Permission(WRITE, Text("Modifier les profils", "Change profiles"), member=Level.ALL, shared=True),
    Permission(DELETE, Text("Supprimer des profils", "Delete profiles"), member=Level.NONE, shared=True),
    Permission(
        CONFIGURE, Text("Modifier les modèles d’export", "Change export templates"), member=Level.NONE, shared=True
    ),
)
