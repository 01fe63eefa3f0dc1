"""Rights of this capability."""

from relance.core.i18n import Text
from relance.core.security import Level, Permission

READ = "jobs:read"
CANCEL = "jobs:cancel"

PERMISSIONS = (
    Permission(READ, Text("Suivre les traitements longs", "Follow long work"), manager=Level.GROUP),
    Permission(CANCEL, Text("Annuler des traitements longs", "Cancel long work"), manager=Level.GROUP),
)
