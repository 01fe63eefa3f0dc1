"""HTTP of the toolbox."""

from typing import Annotated

from fastapi import APIRouter, Path, status

from relance.core.errors import NotFound, Unauthenticated, ValidationFailed
from relance.core.http import CallerDep, ReadDep, RuntimeDep, StrictRoute, WriteDep
from relance.core.problems import problem_responses
from relance.domains.crm_toolbox.toolbox.schemas import ShortcutAdd, ShortcutMove, ShortcutsWrite, ToolboxRead
from relance.domains.crm_toolbox.toolbox.service import Toolbox

router = APIRouter(
    prefix="/v1/crm-toolbox",
    tags=["crm-toolbox"],
    route_class=StrictRoute,
    responses=problem_responses(Unauthenticated, ValidationFailed),
)

ShortcutKey = Annotated[str, Path(max_length=70, description="The `key` of the action.")]


@router.get("", operation_id="crm_toolbox_get", summary="What the caller may do with customers")
async def get(session: ReadDep, runtime: RuntimeDep, caller: CallerDep) -> ToolboxRead:
    """Two levels: the caller's shortcuts, and every action that they may run, with the schema of what it takes."""
    return await Toolbox(session, runtime, caller).show()


@router.put("/shortcuts", operation_id="crm_toolbox_set_shortcuts", summary="Arrange the quick access")
async def arrange(payload: ShortcutsWrite, session: WriteDep, runtime: RuntimeDep, caller: CallerDep) -> ToolboxRead:
    """Modifier raccourcis: the keys in their order. Shortcuts to what the caller may not run now stay, unseen."""
    return await Toolbox(session, runtime, caller).arrange(payload.keys)


@router.post("/shortcuts", operation_id="crm_toolbox_add_shortcut", summary="Add a shortcut")
async def add(payload: ShortcutAdd, session: WriteDep, runtime: RuntimeDep, caller: CallerDep) -> ToolboxRead:
    """At its place among those shown; one that is there already is moved."""
    return await Toolbox(session, runtime, caller).add(payload.key, payload.position)


@router.post(
    "/shortcuts/{shortcut_key}/move",
    operation_id="crm_toolbox_move_shortcut",
    summary="Move a shortcut",
    responses=problem_responses(NotFound),
)
async def move(
    shortcut_key: ShortcutKey, payload: ShortcutMove, session: WriteDep, runtime: RuntimeDep, caller: CallerDep
) -> ToolboxRead:
    """To another place among those shown."""
    return await Toolbox(session, runtime, caller).move(shortcut_key, payload.position)


@router.delete(
    "/shortcuts/{shortcut_key}",
    operation_id="crm_toolbox_remove_shortcut",
    summary="Remove a shortcut",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problem_responses(NotFound),
)
async def remove(shortcut_key: ShortcutKey, session: WriteDep, runtime: RuntimeDep, caller: CallerDep) -> None:
    """The action itself stays in the second level."""
    await Toolbox(session, runtime, caller).remove(shortcut_key)
