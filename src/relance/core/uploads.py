"""Operations that take files read more than the others."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response, params

from relance.core.http import StrictRoute
from relance.core.middleware import accept_body_of
from relance.core.settings import Settings


class RoomyRoute(StrictRoute, ABC):
    """Raises the limit of the body, before anything is read, where files are sent."""

    @staticmethod
    @abstractmethod
    def room(settings: Settings) -> int:
        """The largest body, in bytes."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, with more room."""
        handle = super().get_route_handler()
        if self.body_field is None or not isinstance(self.body_field.field_info, params.File):
            return handle

        async def roomy(request: Request) -> Response:
            accept_body_of(request, self.room(request.app.state.runtime.settings))
            return await handle(request)

        return roomy
