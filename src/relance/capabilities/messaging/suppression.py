"""Addresses that get no mail are kept as keyed hashes: the list tells nobody who is on it."""

from relance.core.keys import KeyRing

#: Reasons that a relay or a report gave; any other one is a person's wish, which nobody here may lift.
_REFUSED = "refused"


def address_hashes(keys: KeyRing, address: str) -> list[bytes]:
    """`address` under every key of the deployment, the newest first."""
    return keys.hashes("suppression", address.lower())


def of_delivery(reason: str) -> bool:
    """Whether an address is suppressed because mail did not arrive, and not because its owner asked for it."""
    return reason == _REFUSED or reason.startswith("5.")
