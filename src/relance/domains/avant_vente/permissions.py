"""Rights of this domain (source: « myB / Opportunités »)."""

from relance.core.i18n import Text
from relance.core.security import Level, Permission

READ = "avant-vente:read"
REQUEST = "avant-vente:request"
HANDLE = "avant-vente:handle"
OPPORTUNITIES = "avant-vente:opportunities"
CONFIGURE = "avant-vente:configure"

#: « Own » (and « group ») is what belongs to a partner that one works for; « all » is the whole workspace.
PERMISSIONS = (
    Permission(
        READ,
        Text("Consulter les opportunités et les demandes avant-vente", "See opportunities and pre-sales requests"),
        member=Level.NONE,
        roles={"partner": Level.OWN, "pre_sales": Level.ALL},
    ),
    Permission(
        REQUEST,
        Text("Demander une intervention avant-vente et y répondre", "Ask for a pre-sales intervention, and answer"),
        manager=Level.NONE,
        member=Level.NONE,
        roles={"partner": Level.OWN},
    ),
    Permission(
        HANDLE,
        Text("Traiter les demandes avant-vente", "Handle pre-sales requests"),
        manager=Level.NONE,
        member=Level.NONE,
        shared=True,
        roles={"pre_sales": Level.ALL},
    ),
    Permission(
        OPPORTUNITIES,
        Text("Créer, modifier et importer des opportunités", "Add, change and import opportunities"),
        member=Level.NONE,
        roles={"partner": Level.OWN},
    ),
    Permission(
        CONFIGURE,
        Text("Modifier les types d’intervention", "Change the types of intervention"),
        manager=Level.NONE,
        member=Level.NONE,
        shared=True,
    ),
)
