"""A resource under the partner's own key: `PUT` and `GET /v1/<resource>/by-reference/{external_id}`, made once for all.

A `PUT` says what the resource is to be, whatever it was: two equal ones, one after the other or at once, end with one
row and one entry in the journal. A resource gets this shape by a subclass of `ByReference`, which knows its rows, and
by two endpoints, whose parameters, answers and errors are here.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Path, Response
from pydantic import BaseModel

from relance.core.db import Versioned
from relance.core.errors import DuplicateResource, NotFound, PreconditionFailed, RelanceError
from relance.core.etag import Precondition, set_etag
from relance.core.problems import problem_responses
from relance.core.schemas import ExternalId

RowT = TypeVar("RowT", bound=Versioned)
WantedT = TypeVar("WantedT", bound=BaseModel)

#: The last part of the address of both endpoints. A key may hold slashes.
BY_REFERENCE = "/by-reference/{external_id:path}"

ExternalIdPath = Annotated[
    ExternalId,
    Path(description="Your own key for it, percent-encoded: its `external_id`.", examples=["F-00412"]),
]


@dataclass(frozen=True, slots=True)
class Put(Generic[RowT]):
    """What a `PUT` has come to."""

    row: RowT
    created: bool


class ByReference(ABC, Generic[RowT, WantedT]):
    """The rows of one resource, as the partner's own key finds and makes them."""

    @abstractmethod
    async def find(self, external_id: str, *, lock: bool = False) -> RowT | None:
        """The row with that key which the caller may read, locked where asked; None where there is none."""

    @abstractmethod
    async def create(self, external_id: str, wanted: WantedT) -> RowT:
        """A new row with that key.

        Raises:
            DuplicateResource: a row with this key, or with another one that `wanted` holds, exists. The transaction
                is still good: the row is inserted with ON CONFLICT DO NOTHING.
        """

    @abstractmethod
    async def replace(self, row: RowT, wanted: WantedT) -> None:
        """Make `row`, which is locked, what is wanted; where it is so already, write nothing at all.

        Raises:
            DuplicateResource: another row has a key that `wanted` holds.
        """

    async def get(self, external_id: str) -> RowT:
        """The row with that key.

        Raises:
            NotFound: there is none, or the caller may not read it.
        """
        found = await self.find(external_id)
        if found is None:
            raise NotFound()
        return found

    async def put(self, external_id: str, wanted: WantedT, precondition: Precondition) -> Put[RowT]:
        """Create or replace the row with that key.

        Raises:
            PreconditionFailed: it is not at the version that the caller named, or exists where it must not.
            DuplicateResource: another row has a key that `wanted` holds.
        """
        known = await self.find(external_id, lock=True)
        if known is None:
            precondition.check_absent()
            try:
                return Put(await self.create(external_id, wanted), created=True)
            except DuplicateResource:
                known = await self.find(external_id, lock=True)
                if known is None:
                    raise
        precondition.check(known.version)
        await self.replace(known, wanted)
        return Put(known, created=False)


def changed(row: object, columns: Mapping[str, object]) -> dict[str, object]:
    """Those of `columns` that are not yet so in `row`."""
    return {name: value for name, value in columns.items() if getattr(row, name) != value}


def answer_put(response: Response, done: Put[Any], location: str) -> None:
    """The status and the headers of a `PUT`: 201 and where it is, or 200; its version in both."""
    set_etag(response, done.row.version)
    if done.created:
        response.status_code = 201
        response.headers["Location"] = location


def put_responses(model: type[BaseModel], *errors: type[RelanceError]) -> dict[int | str, dict[str, Any]]:
    """The `responses` of the `PUT` of a resource that is answered as `model`."""
    return {
        200: {"description": "Replaced; or it was so already, and nothing has changed."},
        201: {"description": "Created.", "model": model},
        **problem_responses(PreconditionFailed, *errors),
    }
