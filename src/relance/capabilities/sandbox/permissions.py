"""The right to use the sandbox."""

from relance.core.i18n import Text
from relance.core.security import Level, Permission

USE = "sandbox:use"

PERMISSIONS: tuple[Permission, ...] = (
    Permission(
        USE,
        Text("Utiliser l’horloge et la messagerie de test", "Use the test clock and the test mailbox"),
        member=Level.ALL,
        shared=True,
    ),
)
