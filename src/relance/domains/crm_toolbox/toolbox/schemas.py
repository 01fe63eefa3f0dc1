"""Requests and responses about the toolbox."""

from typing import Annotated, Any

from pydantic import ConfigDict, Field, StringConstraints
from pydantic.config import JsonDict

from relance.core.schemas import Input, Output

_NOTE: JsonDict = {
    "key": "note",
    "label": "Info",
    "icon": "note_add",
    "method": "POST",
    "path": "/v1/crm-toolbox/notes",
    "input_schema": {"type": "object", "required": ["targets", "description"]},
    "several_targets": True,
    "custom": False,
}

Key = Annotated[str, StringConstraints(min_length=1, max_length=70, pattern=r"^[a-z][a-z0-9_.]*$")]


class ToolboxItem(Output):
    """One action."""

    key: str
    label: str
    icon: str = Field(description="Name of a Material Symbol.")
    method: str
    path: str = Field(description="Where it is run.")
    input_schema: dict[str, Any] | None = Field(description="JSON Schema of its body; null where that is a file.")
    several_targets: bool
    custom: bool = Field(description="Whether it is one of the workspace's own.")


class ToolboxRead(Output):
    """The two levels of the toolbox: what the caller may run, now."""

    model_config = ConfigDict(json_schema_extra={"example": {"quick_access": [_NOTE], "all_actions": [_NOTE]}})

    quick_access: list[ToolboxItem] = Field(description="The caller's shortcuts, in their order.")
    all_actions: list[ToolboxItem]


class ShortcutsWrite(Input):
    """The quick access, whole and in its order."""

    model_config = ConfigDict(json_schema_extra={"example": {"keys": ["note", "status"]}})

    keys: list[Key] = Field(max_length=50, description="Of `all_actions`; each once.")


class ShortcutAdd(Input):
    """One more shortcut."""

    model_config = ConfigDict(json_schema_extra={"example": {"key": "assign"}})

    key: Key
    position: int | None = Field(None, ge=0, le=50, description="Its place among those shown; the last where absent.")


class ShortcutMove(Input):
    """Another place."""

    model_config = ConfigDict(json_schema_extra={"example": {"position": 0}})

    position: int = Field(ge=0, le=50, description="Its place among those shown, counted from 0.")
