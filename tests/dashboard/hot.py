"""What a hot list answers is, byte for byte, what the response schema would print of the same rows."""

from collections.abc import Mapping
from typing import Any, TypeVar

from tests.plugins.product import Person

from relance.core.schemas import Output, Page

T = TypeVar("T", bound=Output)


async def assert_as_read(person: Person, path: str, item: type[T], params: Mapping[str, Any]) -> Page[T]:
    """Ask for a page as PostgreSQL writes it and as the schema does (with the actions, then without them): the same.

    Returns:
        The page, validated field by field.
    """
    hot = await person.get(path, params=params)
    assert hot.status_code == 200, hot.text
    read = await person.get(path, params={**params, "include": "available_actions"})
    assert read.status_code == 200, read.text
    whole = read.json()
    for row in whole["items"]:
        assert row["available_actions"]
        row["available_actions"] = None
    assert hot.content == Page[item].model_validate(whole).model_dump_json().encode(), (path, params)  # type: ignore[valid-type]
    assert hot.headers["content-type"] == read.headers["content-type"]
    assert hot.headers.get("link") == (
        read.headers["link"].replace("&include=available_actions", "") if "link" in read.headers else None
    )
    return Page[item].model_validate_json(hot.content)  # type: ignore[valid-type]
