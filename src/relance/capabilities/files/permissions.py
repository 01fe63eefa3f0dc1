"""Rights of this capability."""

from relance.core.i18n import Text
from relance.core.security import Level, Permission

READ = "files:read"

PERMISSIONS = (
    Permission(
        READ,
        Text("Télécharger les fichiers", "Download files"),
        manager=Level.GROUP,
        roles={"partner": Level.OWN, "pre_sales": Level.OWN},
    ),
)
