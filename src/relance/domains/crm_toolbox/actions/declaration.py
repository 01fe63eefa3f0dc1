"""What the toolbox knows of an action: declared beside the action, listed in `declared`. No I/O."""

from collections.abc import Callable
from dataclasses import dataclass

from pydantic import BaseModel

from relance.core.i18n import Text
from relance.core.security import Caller, Level


@dataclass(frozen=True, slots=True)
class ToolboxAction:
    """One action of the toolbox.

    Attributes:
        key: by which shortcuts, the toolbox and the entries that it writes name it.
        label: of the link in the toolbox, and of its entries.
        icon: the name of a Material Symbol.
        permission: the right without which nobody sees it.
        path: where it is run.
        body: what it is given; None where that is no JSON.
        several: whether one run may have several targets.
        entry_label: of its entries, where the link says something else.
        offered: whether it is offered to this caller besides; always where unset.
        manual: whether people say what became of an entry that was to come; else the action itself does.
        method: of the request.
    """

    key: str
    label: Text
    icon: str
    permission: str
    path: str
    body: type[BaseModel] | None = None
    several: bool = True
    entry_label: Text | None = None
    offered: Callable[[Caller], bool] | None = None
    manual: bool = False
    method: str = "POST"

    def allows(self, caller: Caller) -> bool:
        """Whether the caller may run it at all; with whom, the level of the right says."""
        if caller.level(self.permission) is Level.NONE:
            return False
        return self.offered is None or self.offered(caller)

    @property
    def title(self) -> Text:
        """Of its entries."""
        return self.entry_label or self.label
