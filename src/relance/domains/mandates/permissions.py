"""Rights of this domain."""

from relance.core.i18n import Text
from relance.core.security import Level, Permission
from relance.domains.mandates.deliveries.lifecycle import DELIVER
from relance.domains.mandates.lifecycle import REMIND, WRITE

READ = "mandates:read"
CREATE = "mandates:create"

#: « Own » is what one has created, what one is in the team of, and for a company's contact its own mandates.
PERMISSIONS = (
    Permission(READ, Text("Consulter les mandats", "See mandates"), client=Level.OWN),
    Permission(CREATE, Text("Ouvrir des mandats", "Open mandates"), shared=True, member=Level.ALL),
    Permission(WRITE, Text("Modifier et soumettre des mandats", "Change and submit mandates")),
    Permission(REMIND, Text("Relancer et renvoyer des mandats", "Remind and renew mandates")),
    Permission(DELIVER, Text("Déposer des documents", "Hand in documents"), client=Level.OWN),
    Permission("mandates:cancel", Text("Annuler des mandats", "Cancel mandates")),
    Permission("mandates:delete", Text("Supprimer des mandats", "Delete mandates"), member=Level.NONE),
)
