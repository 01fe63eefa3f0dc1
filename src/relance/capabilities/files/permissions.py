"""Rights of this capability."""

from relance.core.i18n import Text
from relance.core.security import Level, Permission

READ = "files:read"
WRITE = "files:write"

PERMISSIONS = (
    Permission(
        READ,
        Text("Télécharger les fichiers", "Download files"),
        manager=Level.GROUP,
        roles={"partner": Level.OWN, "pre_sales": Level.OWN},
    ),
    Permission(WRITE, Text("Déposer des fichiers", "Upload files"), manager=Level.GROUP),
)
