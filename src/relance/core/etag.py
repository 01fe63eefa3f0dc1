"""ETag, If-Match, If-None-Match: a row's version is its tag; a change may ask that it is, or is not, the one seen."""

from typing import Annotated

from fastapi import Depends, Header, Response

from relance.core.errors import AlreadyThere, NotYetThere, PreconditionFailed


def set_etag(response: Response, version: int) -> None:
    """Set the `ETag` header of a single resource."""
    response.headers["ETag"] = f'"{version}"'


class Precondition:
    """The `If-Match` of a request, the versions that the caller accepts to change; and its `If-None-Match`."""

    def __init__(self, match: str | None = None, none_match: str | None = None) -> None:
        self._match = _tags(match) if match is not None else None
        self._none_match = _tags(none_match) if none_match is not None else frozenset()

    def check(self, version: int) -> None:
        """Refuse the change unless the row is at a version that the caller accepts.

        Raises:
            PreconditionFailed: the row has changed since.
            AlreadyThere: the caller wanted to make it, not to change it.
        """
        tags = {"*", f'"{version}"'}
        if self._match is not None and not self._match & tags:
            raise PreconditionFailed(current_version=version)
        if self._none_match & tags:
            raise AlreadyThere(current_version=version)

    def check_absent(self) -> None:
        """Refuse to make a row where the caller has named a version of it.

        Raises:
            NotYetThere: the caller wanted to change it.
        """
        if self._match is not None:
            raise NotYetThere(current_version=None)


def _tags(header: str) -> frozenset[str]:
    # A proxy that compresses weakens the tags it passes on; the version in it is still ours.
    return frozenset(tag.strip().removeprefix("W/") for tag in header.split(","))


_Match = Annotated[
    str | None,
    Header(alias="If-Match", max_length=400, description="`ETag` of the version seen; another one is a 412."),
]


def _if_match(if_match: _Match = None) -> Precondition:
    return Precondition(if_match)


def _if_match_or_none(
    if_match: _Match = None,
    if_none_match: Annotated[
        str | None,
        Header(alias="If-None-Match", max_length=400, description="`*`: only create it; a 412 where it exists."),
    ] = None,
) -> Precondition:
    return Precondition(if_match, if_none_match)


IfMatch = Annotated[Precondition, Depends(_if_match)]
#: Of a `PUT` that may make the resource.
IfMatchOrNone = Annotated[Precondition, Depends(_if_match_or_none)]
