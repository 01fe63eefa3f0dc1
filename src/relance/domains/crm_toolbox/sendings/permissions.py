"""The right to send profiles; its level says to whom, as for every action of the toolbox."""

from relance.core.i18n import Text
from relance.core.security import Level, Permission

SEND = "crm-toolbox:send-profile"

PERMISSIONS = (Permission(SEND, Text("Envoyer des profils", "Send profiles"), member=Level.ALL),)
