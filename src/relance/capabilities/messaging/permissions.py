"""Rights on mails. A mail shows what a whole workspace asks of whom: administrators first, others by their role."""

from relance.core.i18n import Text
from relance.core.security import Level, Permission

READ = "messages:read"
HANDLE = "messages:handle"

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
)
