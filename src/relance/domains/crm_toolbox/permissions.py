"""Rights of this domain.

The level of an action's right says with whom it may be done: `own` and `group` are the companies and contacts that are
assigned to the caller, or to somebody of the caller's group; `all` are all of them.
"""

from relance.core.i18n import Text
from relance.core.security import Level, Permission

IMPORT = "contacts:import"
INFOBOX_READ = "infobox:read"
INFOBOX_WRITE = "infobox:write"
NOTE = "crm-toolbox:note"

PERMISSIONS = (
    Permission(IMPORT, Text("Importer des contacts", "Import contacts"), member=Level.NONE, shared=True),
    Permission(INFOBOX_READ, Text("Consulter l’infobox", "See the infobox"), member=Level.ALL),
    # By the author of the entry, or of the comment.
    Permission(
        INFOBOX_WRITE, Text("Commenter, modifier et supprimer dans l’infobox", "Comment, change, delete in the infobox")
    ),
    Permission(NOTE, Text("Ajouter des notes (Info)", "Add notes (Info)"), member=Level.ALL),
)
