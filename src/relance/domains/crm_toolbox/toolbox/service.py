"""What the caller may run, and their shortcuts to it.

A shortcut to what the caller may no longer run stays, unseen, and keeps its place: it is there again with the right.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from pydantic import BaseModel

from relance.core.db import DbSession
from relance.core.errors import NotFound, ValidationFailed
from relance.core.i18n import Text
from relance.core.runtime import Runtime
from relance.core.security import Caller
from relance.domains.crm_toolbox.actions.declaration import ToolboxAction
from relance.domains.crm_toolbox.actions.declared import ACTIONS, OWN
from relance.domains.crm_toolbox.custom.schemas import CustomActionCreate
from relance.domains.crm_toolbox.custom.service import CustomActions
from relance.domains.crm_toolbox.models import CustomActionType
from relance.domains.crm_toolbox.toolbox.repository import ShortcutRepository
from relance.domains.crm_toolbox.toolbox.schemas import ToolboxItem, ToolboxRead

_UNKNOWN = Text(
    "Cette action n’existe pas, ou vous ne pouvez pas l’exécuter.", "There is no such action, or you may not run it."
)


class Toolbox:
    """The toolbox of a caller, in one session."""

    def __init__(self, session: DbSession, runtime: Runtime, caller: Caller) -> None:
        self._caller = caller
        self._custom = CustomActions(session, runtime, caller)
        self._rows = ShortcutRepository(session)

    async def show(self) -> ToolboxRead:
        """Both levels."""
        items = await self._items()
        keys = await self._rows.keys(self._caller.user_id)
        return _read(items, keys)

    async def arrange(self, keys: Sequence[str]) -> ToolboxRead:
        """The quick access, whole and in its order.

        Raises:
            ValidationFailed: one of them is no action that the caller may run.
        """
        items = await self._items()
        wanted = list(dict.fromkeys(keys))
        for index, key in enumerate(wanted):
            if key not in items:
                raise ValidationFailed.at(f"/keys/{index}", "unknown_action", _UNKNOWN)
        return await self._keep(items, wanted)

    async def add(self, key: str, position: int | None) -> ToolboxRead:
        """One more; where it is there already, it is moved.

        Raises:
            ValidationFailed: it is no action that the caller may run.
        """
        items = await self._items()
        if key not in items:
            raise ValidationFailed.at("/key", "unknown_action", _UNKNOWN)
        shown = [one for one in await self._shown(items) if one != key]
        shown.insert(len(shown) if position is None else position, key)
        return await self._keep(items, shown)

    async def move(self, key: str, position: int) -> ToolboxRead:
        """Give one another place.

        Raises:
            NotFound: it is not in the caller's quick access.
        """
        items = await self._items()
        shown = await self._shown(items)
        if key not in shown:
            raise NotFound()
        shown.remove(key)
        shown.insert(position, key)
        return await self._keep(items, shown)

    async def remove(self, key: str) -> None:
        """Take one out.

        Raises:
            NotFound: it is not in the caller's quick access.
        """
        keys = await self._rows.keys(self._caller.user_id, lock=True)
        if key not in keys:
            raise NotFound()
        await self._rows.replace(self._caller.user_id, [one for one in keys if one != key])

    async def _shown(self, items: Mapping[str, ToolboxItem]) -> list[str]:
        return [one for one in await self._rows.keys(self._caller.user_id, lock=True) if one in items]

    async def _keep(self, items: Mapping[str, ToolboxItem], shown: Sequence[str]) -> ToolboxRead:
        """`shown`, and between them what is not shown, where it stood."""
        kept = list(shown)
        for index, key in enumerate(await self._rows.keys(self._caller.user_id, lock=True)):
            if key not in items:
                kept.insert(index, key)
        await self._rows.replace(self._caller.user_id, kept)
        return _read(items, kept)

    async def _items(self) -> dict[str, ToolboxItem]:
        found = {one.key: _item(one) for one in ACTIONS if one.allows(self._caller)}
        own = [_own(one) for one in await self._custom.offered()]
        return found | {one.key: one for one in own}


def _read(items: Mapping[str, ToolboxItem], keys: Sequence[str]) -> ToolboxRead:
    return ToolboxRead(quick_access=[items[key] for key in keys if key in items], all_actions=list(items.values()))


@lru_cache(maxsize=64)
def _schema(body: type[BaseModel]) -> dict[str, Any]:
    return body.model_json_schema()


def _item(action: ToolboxAction) -> ToolboxItem:
    return ToolboxItem(
        key=action.key,
        label=action.label.in_locale(),
        icon=action.icon,
        method=action.method,
        path=action.path,
        input_schema=_schema(action.body) if action.body is not None else None,
        several_targets=action.several,
        custom=False,
    )


def _own(kind: CustomActionType) -> ToolboxItem:
    schema = _schema(CustomActionCreate)
    return ToolboxItem(
        key=f"{OWN}{kind.key}",
        label=Text(kind.label_fr, kind.label_en).in_locale(),
        icon=kind.icon,
        method="POST",
        path=f"/v1/crm-toolbox/custom-actions/{kind.key}",
        input_schema={**schema, "properties": {**schema["properties"], "values": kind.json_schema}},
        several_targets=kind.several,
        custom=True,
    )
