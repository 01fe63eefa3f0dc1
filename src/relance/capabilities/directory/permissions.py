"""What a role may be granted on the directory. It belongs to the whole workspace: whole or not at all."""

from relance.core.i18n import Text
from relance.core.security import Level, Permission

PERMISSIONS: tuple[Permission, ...] = (
    Permission("companies:read", Text("Consulter les sociétés", "Read companies"), member=Level.ALL, shared=True),
    Permission("companies:write", Text("Modifier les sociétés", "Change companies"), member=Level.ALL, shared=True),
    Permission("contacts:read", Text("Consulter les contacts", "Read contacts"), member=Level.ALL, shared=True),
    Permission("contacts:write", Text("Modifier les contacts", "Change contacts"), member=Level.ALL, shared=True),
)
