"""Rights of this domain."""

from relance.core.i18n import Text
from relance.core.security import Level, Permission

IMPORT = "contacts:import"

PERMISSIONS = (Permission(IMPORT, Text("Importer des contacts", "Import contacts"), member=Level.NONE, shared=True),)
