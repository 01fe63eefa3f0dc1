"""Every action of the toolbox, in the order in which it is shown. An action of one's own is one line here."""

from collections.abc import Mapping
from typing import Any

from relance.core.i18n import Text
from relance.domains.crm_toolbox.actions.built_in_schemas import (
    ACTIVATION,
    ADD_COMPANY,
    ADD_CONTACT,
    ASSIGNMENT,
    COMPANY_ASSIGNMENT,
    DELETION,
    IMPORT_ACTION,
    STATUS_CHANGE,
)
from relance.domains.crm_toolbox.actions.declaration import ToolboxAction
from relance.domains.crm_toolbox.gdpr.change_schemas import ACTION as GDPR
from relance.domains.crm_toolbox.notes.schemas import ACTION as NOTE
from relance.domains.crm_toolbox.sendings.schemas import ACTION as SEND_PROFILE

ACTIONS: tuple[ToolboxAction, ...] = (
    ADD_COMPANY,
    ADD_CONTACT,
    IMPORT_ACTION,
    ACTIVATION,
    DELETION,
    NOTE,
    STATUS_CHANGE,
    SEND_PROFILE,
    ASSIGNMENT,
    COMPANY_ASSIGNMENT,
    GDPR,
)
#: Begins the key of an action of the workspace's own, in the toolbox and as the type of its entries.
OWN = "custom."

_KNOWN = {one.key: one for one in ACTIONS}


def settled_by_hand(type_: str) -> bool:
    """Whether people say what became of an entry of that type that was to come."""
    return type_.startswith(OWN) or (type_ in _KNOWN and _KNOWN[type_].manual)


def entry_label(type_: str, content: Mapping[str, Any]) -> Text:
    """What an entry of that type is called: of an action of the workspace's own, what it was called then."""
    own = content.get("label")
    if type_ in _KNOWN:
        return _KNOWN[type_].title
    if isinstance(own, dict):
        return Text(str(own.get("fr", type_)), str(own.get("en", type_)))
    return Text(type_, type_)
