"""Tenancy: every operation of the contract, asked with every id of another workspace, answers and changes nothing.

The ids are those of the table that is meant and of some others, at every place where an operation takes one: the path,
the query, the body. That the same request with an id of one's own does pass shows that it is the id that is refused.
"""

from typing import Any

import httpx
from tests.contract.contract import MACHINES, Operation, all_operations, some, with_value
from tests.contract.world import NAMES, NEVER_CALLED, World, body_of, field_at, id_places, path_of, table_of
from tests.files.samples import PDF

REFUSED = {403, 404, 422}
CALLED = [
    one
    for one in all_operations()
    if one.path.startswith("/v1/") and one.id not in NEVER_CALLED and one.id not in MACHINES
]


async def ask(world: World, operation: Operation, path: str, **options: Any) -> httpx.Response:
    return await world.admin.ask(operation.method, path, **options)


def with_body(body: object) -> dict[str, object]:
    return {} if body is None else {"json": body}


async def ids_in_paths(ours: World, theirs: World) -> list[str]:
    wrong: list[str] = []
    for turn, operation in enumerate(CALLED):
        if operation.by_reference:  # the key of another workspace is free in this one
            answer = await ask(ours, operation, path_of(operation, theirs), **with_body(body_of(operation, ours)))
            if answer.status_code not in {200, 201, 409} or foreign_facts(answer, theirs):
                wrong.append(f"{operation.id} with the key of another workspace: {answer.status_code}")
            continue
        for name in operation.parameters("path"):
            for table, foreign in addressable(theirs, "" if name in NAMES else table_of(name), turn).items():
                path = path_of(operation, ours, **{name: foreign})
                answer = await ask(ours, operation, path, **with_body(body_of(operation, ours)))
                if answer.status_code not in REFUSED or foreign_facts(answer, theirs):
                    wrong.append(f"{operation.id} with an id of {table}: {answer.status_code}")
    return wrong


def foreign_facts(answer: httpx.Response, theirs: World) -> bool:
    """Whether an answer says something of the other workspace: its name is in all that it holds."""
    return "delmas" in answer.text.lower() or str(theirs.office.workspace_id) in answer.text


async def ids_in_queries(ours: World, theirs: World) -> list[str]:
    """A filter by somebody else's id finds nothing."""
    wrong: list[str] = []
    tried = 0
    for operation in CALLED:
        for name, schema in operation.parameters("query").items():
            if "uuid" not in (schema.get("format"), schema.get("items", {}).get("format")):
                continue
            for foreign in addressable(theirs, "organisations", tried).values():
                answer = await ask(ours, operation, path_of(operation, ours), params={name: foreign})
                tried += 1
                if answer.status_code not in REFUSED and not is_empty(answer):
                    wrong.append(f"{operation.id}?{name}={foreign}: {answer.status_code} {answer.text[:200]}")
    assert tried
    return wrong


def is_empty(answer: httpx.Response) -> bool:
    """Whether a list, a file or a summary has nothing in it: no items, a heading alone, zeros."""
    if answer.headers["content-type"].startswith("text/csv"):
        return answer.status_code == 200 and len(answer.text.splitlines()) == 1
    told = answer.json()
    return answer.status_code == 200 and (told["items"] == [] if "items" in told else counts(told) <= {0})


async def is_refused(ours: World, answer: httpx.Response) -> bool:
    """Whether nothing was done: the request is refused, or each row of it is, or its job finds nothing to do."""
    if answer.status_code == 202:
        await ours.product.work()
        job = (await ours.admin.get(answer.headers["Location"])).json()
        return job["finished_at"] is not None and job["done"] == 0
    told = answer.json()
    return answer.status_code in REFUSED or (answer.status_code == 200 and told.get("failed", 0) == told.get("total"))


def counts(value: object) -> set[int]:
    """Every number in `value`."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return {number for below in value for number in counts(below)}
    return {value} if isinstance(value, int) else set()


def addressable(theirs: World, table: str, turn: int) -> dict[str, str]:
    """The ids that somebody would try in a field for those of `table`: the right kind, and another at each turn."""
    tried = (*some(("users", "companies", "invitations", "messages"), turn, 1), table)
    return {name: theirs.ids[name] for name in tried if name}


async def ids_in_bodies(ours: World, theirs: World) -> list[str]:
    wrong: list[str] = []
    tried = 0
    for operation in CALLED:
        for at in id_places(operation):
            table = table_of(field_at(at))
            for foreign_table, foreign in addressable(theirs, table, tried).items():
                body = with_value(body_of(operation, ours), at, foreign)
                if foreign_table == table and at[0] == "partner":
                    body = {**body, "partner": {"id": foreign}}
                answer = await ask(ours, operation, path_of(operation, ours), json=body)
                tried += 1
                if not await is_refused(ours, answer) or foreign_facts(answer, theirs):
                    wrong.append(f"{operation.id} {at} of {foreign_table}: {answer.status_code} {answer.text[:200]}")
    assert tried
    return wrong


async def lists_show_ones_own(ours: World, theirs: World) -> None:
    for operation in CALLED:
        if operation.is_list:
            answer = await ask(ours, operation, path_of(operation, ours), params={"limit": 200})
            assert answer.status_code == 200, operation.id
            assert answer.json()["items"], f"{operation.id}: nothing to see, nothing proved"
            seen = {foreign for foreign in theirs.ids.values() if foreign in answer.text}
            assert not seen, operation.id
            assert not foreign_facts(answer, theirs), operation.id


async def test_nothing_of_another_workspace_is_reached(world: World, neighbour: World) -> None:
    ours, theirs = world, neighbour
    before = await theirs.rows()
    await lists_show_ones_own(ours, theirs)
    assert await ids_in_paths(ours, theirs) == []
    assert await ids_in_queries(ours, theirs) == []
    assert await ids_in_bodies(ours, theirs) == []
    assert await theirs.rows() == before


async def another_file(world: World) -> str:
    """A file of the caller that nothing holds."""
    made = await world.admin.ask("POST", "/v1/files", files={"file": ("note.pdf", PDF)})
    found: str = made.json()["id"]
    return found


async def test_the_same_requests_pass_with_ids_of_ones_own(world: World) -> None:
    """Otherwise the tests above would prove nothing: each body with an id is accepted, or refused for its content."""
    wrong: list[str] = []
    for operation in CALLED:
        for at in id_places(operation):
            table = table_of(field_at(at))
            # A file belongs to the first that names it.
            own = await another_file(world) if table == "files" else world.ids[table]
            body = with_value(body_of(operation, world), at, own)
            if at[0] == "partner":
                body = {**body, "partner": {"id": world.ids[table]}}
            answer = await ask(world, operation, path_of(operation, world), json=body)
            if answer.status_code in {403, 404} or f"unknown_{table[:4]}" in answer.text:
                wrong.append(f"{operation.id} {at}: {answer.status_code} {answer.text[:300]}")
    assert wrong == []
