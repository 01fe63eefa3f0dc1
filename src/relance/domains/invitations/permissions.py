"""Rights of this domain."""

from relance.core.i18n import Text
from relance.core.security import Level, Permission

READ = "invitations:read"
CREATE = "invitations:create"
FORMS_READ = "prequalification-forms:read"
FORMS_WRITE = "prequalification-forms:write"
PREQUALIFICATIONS_READ = "prequalifications:read"
REMIND = "invitations:remind"

PERMISSIONS = (
    Permission(READ, Text("Consulter les invitations", "See invitations"), member=Level.ALL),
    Permission(CREATE, Text("Inviter des partenaires", "Invite partners")),
    Permission(REMIND, Text("Relancer et renvoyer", "Remind and renew")),
    # Its requester's and the administrators': a manager reminds for the team, and takes over what is to be cancelled.
    Permission("invitations:cancel", Text("Annuler des invitations", "Cancel invitations"), manager=Level.OWN),
    Permission("invitations:archive", Text("Archiver des invitations", "Archive invitations")),
    Permission(
        FORMS_READ,
        Text("Consulter les formulaires de préqualification", "See prequalification forms"),
        member=Level.ALL,
        shared=True,
    ),
    Permission(
        FORMS_WRITE,
        Text("Modifier le formulaire de préqualification", "Change the prequalification form"),
        manager=Level.NONE,
        member=Level.NONE,
        shared=True,
    ),
    Permission(
        PREQUALIFICATIONS_READ,
        Text("Consulter les réponses des partenaires", "See what partners answered"),
        member=Level.ALL,
        shared=True,
    ),
    Permission("invitations:reassign", Text("Réattribuer des invitations", "Reassign invitations")),
)
