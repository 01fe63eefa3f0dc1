"""ETag and If-Match: the version of a row is its tag, and a change may ask that it still is the one seen."""

from typing import Annotated

from fastapi import Depends, Header, Response

from relance.core.errors import PreconditionFailed


def set_etag(response: Response, version: int) -> None:
    """Set the `ETag` header of a single resource."""
    response.headers["ETag"] = f'"{version}"'


class Precondition:
    """The `If-Match` of a request: the versions that the caller accepts to change."""

    def __init__(self, header: str | None = None) -> None:
        # A proxy that compresses weakens the tags it passes on; the version in it is still ours.
        tags = [tag.strip().removeprefix("W/") for tag in (header or "*").split(",")]
        self._tags = frozenset(tags)

    def check(self, version: int) -> None:
        """Refuse the change unless the row is at a version that the caller named.

        Raises:
            PreconditionFailed: the row has changed since.
        """
        if "*" not in self._tags and f'"{version}"' not in self._tags:
            raise PreconditionFailed(current_version=version)


def _if_match(
    if_match: Annotated[
        str | None,
        Header(alias="If-Match", max_length=400, description="`ETag` of the version seen; another one is a 412."),
    ] = None,
) -> Precondition:
    return Precondition(if_match)


IfMatch = Annotated[Precondition, Depends(_if_match)]
