"""What a role may be granted on the directory. It belongs to the whole workspace: whole or not at all."""

from relance.core.i18n import Text
from relance.core.security import Level, Permission

COMPANIES_READ, COMPANIES_WRITE, COMPANIES_DELETE = "companies:read", "companies:write", "companies:delete"
CONTACTS_READ, CONTACTS_WRITE, CONTACTS_DELETE = "contacts:read", "contacts:write", "contacts:delete"
CONFIGURE = "directory:configure"
READMIT = "gdpr:readmit"

PERMISSIONS: tuple[Permission, ...] = (
    Permission(COMPANIES_READ, Text("Consulter les sociétés", "Read companies"), member=Level.ALL, shared=True),
    Permission(COMPANIES_WRITE, Text("Modifier les sociétés", "Change companies"), member=Level.ALL, shared=True),
    Permission(
        COMPANIES_DELETE,
        Text("Supprimer définitivement des sociétés", "Delete companies for good"),
        member=Level.NONE,
        shared=True,
    ),
    Permission(CONTACTS_READ, Text("Consulter les contacts", "Read contacts"), member=Level.ALL, shared=True),
    Permission(CONTACTS_WRITE, Text("Modifier les contacts", "Change contacts"), member=Level.ALL, shared=True),
    Permission(
        CONTACTS_DELETE,
        Text("Supprimer définitivement des contacts", "Delete contacts for good"),
        member=Level.NONE,
        shared=True,
    ),
    Permission(
        READMIT,
        Text("Ajouter à nouveau une personne effacée", "Add an erased person again"),
        manager=Level.NONE,
        member=Level.NONE,
        shared=True,
    ),
    Permission(
        CONFIGURE,
        Text("Régler les statuts et les champs du répertoire", "Set the statuses and fields of the directory"),
        manager=Level.NONE,
        member=Level.NONE,
        shared=True,
    ),
)
