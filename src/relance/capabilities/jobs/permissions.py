"""Rights of this capability."""

from relance.core.i18n import Text
from relance.core.security import Level, Permission

READ = "jobs:read"
CANCEL = "jobs:cancel"

#: Whoever may export or import follows what they started.
_OWN = {"partner": Level.OWN, "pre_sales": Level.OWN}

PERMISSIONS = (
    Permission(READ, Text("Suivre les traitements longs", "Follow long work"), manager=Level.GROUP, roles=_OWN),
    Permission(CANCEL, Text("Annuler des traitements longs", "Cancel long work"), manager=Level.GROUP, roles=_OWN),
)
