"""Taking a file that somebody sends."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response

from relance.core.http import StrictRoute
from relance.core.middleware import accept_body_of

#: What surrounds a file in a multipart body.
_ENVELOPE = 64 * 1024


class UploadRoute(StrictRoute):
    """A route that takes files: its bodies may be larger than those of the others."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, the limit raised before anything is read."""
        handle = super().get_route_handler()

        async def roomy(request: Request) -> Response:
            accept_body_of(request, request.app.state.runtime.settings.max_upload_bytes + _ENVELOPE)
            return await handle(request)

        return roomy
