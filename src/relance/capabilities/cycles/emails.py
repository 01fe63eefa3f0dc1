"""Placeholders that the mails of every domain with cycles share."""

from typing import Annotated

from relance.capabilities.messaging.mails import hint

NeverLeft = Annotated[
    bool,
    hint(
        "Si le message n’a pas pu partir à temps, sans que l’adresse soit en cause",
        "Whether the mail could not leave in time, with nothing known against the address",
        "oui",
        "yes",
    ),
]
