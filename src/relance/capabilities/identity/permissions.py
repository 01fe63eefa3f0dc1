"""What a role may be granted on identity itself."""

from relance.core.i18n import Text
from relance.core.security import Level, Permission

PERMISSIONS: tuple[Permission, ...] = (
    Permission("users:read", Text("Consulter les utilisateurs", "Read users")),
    Permission("users:write", Text("Modifier les utilisateurs", "Change users"), manager=Level.GROUP),
    Permission("organisations:read", Text("Consulter les organisations", "Read organisations")),
    Permission(
        "organisations:write",
        Text("Modifier les organisations", "Change organisations"),
        manager=Level.OWN,
        member=Level.NONE,
    ),
    Permission("roles:read", Text("Consulter les rôles", "Read roles"), member=Level.NONE, shared=True),
    Permission(
        "roles:write", Text("Modifier les rôles", "Change roles"), manager=Level.NONE, member=Level.NONE, shared=True
    ),
    Permission("api-keys:read", Text("Consulter les clés d’API", "Read API keys"), manager=Level.GROUP),
    Permission("api-keys:write", Text("Modifier les clés d’API", "Change API keys"), manager=Level.GROUP),
    Permission("workspace:read", Text("Consulter l’espace", "Read the workspace"), member=Level.ALL, shared=True),
    Permission(
        "workspace:write",
        Text("Modifier l’espace", "Change the workspace"),
        manager=Level.NONE,
        member=Level.NONE,
        shared=True,
    ),
    Permission(
        "security:read",
        Text("Consulter le journal de sécurité", "Read the security log"),
        manager=Level.NONE,
        member=Level.NONE,
        shared=True,
    ),
)
