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
STATUS = "crm-toolbox:status"
ACTIVATE = "crm-toolbox:activate"
ASSIGN = "crm-toolbox:assign"
ASSIGN_COMPANY = "crm-toolbox:assign-company"
CUSTOM = "crm-toolbox:custom"
LISTS = "crm-toolbox:lists"
CONFIGURE = "crm-toolbox:configure"

PERMISSIONS = (
    Permission(IMPORT, Text("Importer des contacts", "Import contacts"), member=Level.NONE, shared=True),
    Permission(INFOBOX_READ, Text("Consulter l’infobox", "See the infobox"), member=Level.ALL),
    # By the author of the entry, or of the comment.
    Permission(
        INFOBOX_WRITE, Text("Commenter, modifier et supprimer dans l’infobox", "Comment, change, delete in the infobox")
    ),
    Permission(NOTE, Text("Ajouter des notes (Info)", "Add notes (Info)"), member=Level.ALL),
    Permission(STATUS, Text("Modifier le statut des contacts", "Change the status of contacts"), member=Level.ALL),
    Permission(ACTIVATE, Text("Activer et désactiver des contacts", "Activate and deactivate contacts")),
    Permission(ASSIGN, Text("Attribuer des sociétés et des contacts", "Assign companies and contacts")),
    Permission(
        ASSIGN_COMPANY,
        Text("Attribuer des contacts à une autre société", "Assign contacts to another company"),
        member=Level.ALL,
    ),
    Permission(CUSTOM, Text("Exécuter les actions spécifiques", "Run specific actions"), member=Level.ALL),
    # By whoever has made the list.
    Permission(LISTS, Text("Gérer les listes de distribution", "Manage distribution lists")),
    Permission(
        CONFIGURE,
        Text("Régler les actions spécifiques", "Set the specific actions"),
        manager=Level.NONE,
        member=Level.NONE,
        shared=True,
    ),
)
