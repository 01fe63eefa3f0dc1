"""Rights of this domain."""

from relance.core.i18n import Text
from relance.core.security import Level, Permission

READ = "invitations:read"
CREATE = "invitations:create"

PERMISSIONS = (
    Permission(READ, Text("Consulter les invitations", "See invitations"), member=Level.ALL),
    Permission(CREATE, Text("Inviter des partenaires", "Invite partners")),
    Permission("invitations:remind", Text("Relancer et renvoyer", "Remind and renew")),
    Permission("invitations:cancel", Text("Annuler des invitations", "Cancel invitations")),
    Permission("invitations:archive", Text("Archiver des invitations", "Archive invitations")),
)
