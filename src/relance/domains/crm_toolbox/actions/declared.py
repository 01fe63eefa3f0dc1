"""Every action of the toolbox, in the order in which it is shown. An action of one's own is one line here."""

from collections.abc import Mapping
from typing import Any

from relance.core.i18n import Text
from relance.domains.crm_toolbox.actions.declaration import ToolboxAction
from relance.domains.crm_toolbox.gdpr.change_schemas import ACTION as GDPR
from relance.domains.crm_toolbox.notes.schemas import ACTION as NOTE

ACTIONS: tuple[ToolboxAction, ...] = (NOTE, GDPR)

_TITLES = {one.key: one.title for one in ACTIONS}


def entry_label(type_: str, content: Mapping[str, Any]) -> Text:
    """What an entry of that type is called: of an action of the workspace's own, what it was called then."""
    own = content.get("label")
    if type_ in _TITLES:
        return _TITLES[type_]
    if isinstance(own, dict):
        return Text(str(own.get("fr", type_)), str(own.get("en", type_)))
    return Text(type_, type_)
