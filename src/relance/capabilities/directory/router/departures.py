"""Who acts before contacts are deleted, as the application knows it."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import Depends, Request

from relance.capabilities.directory.watchers import DepartureWatcher


def get_departure_watchers(request: Request) -> Sequence[DepartureWatcher]:
    """What the composition root has registered."""
    watchers: Sequence[DepartureWatcher] = request.app.state.departure_watchers
    return watchers


DepartureWatchersDep = Annotated[Sequence[DepartureWatcher], Depends(get_departure_watchers)]
