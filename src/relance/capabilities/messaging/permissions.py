"""Rights on mails. A mail shows what a whole workspace asks of whom: administrators first, others by their role."""

from relance.core.i18n import Text
from relance.core.security import Level, Permission

READ = "messages:read"
HANDLE = "messages:handle"

TEMPLATES_READ = "email-templates:read"
TEMPLATES_WRITE = "email-templates:write"

PERMISSIONS = (
    Permission(
        READ,
        Text("Consulter les messages envoyés", "See the mails sent"),
        manager=Level.NONE,
        member=Level.NONE,
        shared=True,
    ),
    Permission(
        HANDLE,
        Text("Renvoyer, régler et annuler des messages", "Resend, settle and cancel mails"),
        manager=Level.NONE,
        member=Level.NONE,
        shared=True,
    ),
    Permission(
        TEMPLATES_READ, Text("Consulter les modèles d’e-mail", "Read e-mail templates"), member=Level.NONE, shared=True
    ),
    # At level own or group: those of one's own organisations, not the workspace's.
    Permission(
        TEMPLATES_WRITE,
        Text("Modifier les modèles d’e-mail", "Change e-mail templates"),
        manager=Level.OWN,
        member=Level.NONE,
    ),
)
