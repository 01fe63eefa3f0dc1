"""Rights about the data of people."""

from relance.core.i18n import Text
from relance.core.security import Level, Permission

WRITE, EXPORT, EMPTY, CONFIGURE = "gdpr:write", "gdpr:export", "gdpr:empty", "gdpr:configure"

PERMISSIONS: tuple[Permission, ...] = (
    Permission(WRITE, Text("Modifier le statut RGPD", "Change the GDPR status"), member=Level.ALL, shared=True),
    Permission(
        EXPORT,
        Text("Exporter les données d’une personne", "Export a person’s data"),
        member=Level.NONE,
        shared=True,
    ),
    Permission(
        EMPTY,
        Text("Vider des contacts", "Empty contacts"),
        manager=Level.NONE,
        member=Level.NONE,
        shared=True,
    ),
    Permission(
        CONFIGURE,
        Text("Régler le RGPD", "Set up the GDPR"),
        manager=Level.NONE,
        member=Level.NONE,
        shared=True,
    ),
)
