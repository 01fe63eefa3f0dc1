"""Rights on events and webhooks. Both show what a whole workspace does: administrators first, others by their role."""

from relance.core.i18n import Text
from relance.core.security import Level, Permission

EVENTS_READ = "events:read"
READ = "webhooks:read"
WRITE = "webhooks:write"

PERMISSIONS = (
    Permission(
        EVENTS_READ,
        Text("Lire le flux des événements", "Read the feed of events"),
        manager=Level.NONE,
        member=Level.NONE,
        shared=True,
    ),
    Permission(
        READ,
        Text("Consulter les webhooks et leurs envois", "Read webhooks and their deliveries"),
        manager=Level.NONE,
        member=Level.NONE,
        shared=True,
    ),
    Permission(
        WRITE,
        Text("Modifier, tester et rejouer les webhooks", "Change, test and replay webhooks"),
        manager=Level.NONE,
        member=Level.NONE,
        shared=True,
    ),
)
