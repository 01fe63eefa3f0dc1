"""The order of the feed, where transactions end in another order than they began."""

from uuid import UUID

from tests.plugins.product import Office, Product

from relance.capabilities.journal.service import Journal
from relance.core.db import DbSession
from relance.core.ids import new_id
from relance.core.subjects import SYSTEM, SubjectRef

TYPES = ("invitation.created", "invitation.sent", "invitation.reminded", "invitation.expired")


async def record(session: DbSession, product: Product, action: str, subject: UUID) -> None:
    Journal(session, product.runtime.clock).record(action, SubjectRef("invitation", subject), SYSTEM)
    await session.flush()


async def read(office: Office, subjects: set[UUID], **params: object) -> list[tuple[str, str]]:
    """Type and subject of the events of `subjects`, as the API tells them."""
    answer = await office.admin.get("/v1/events", params={"type": TYPES, **params})
    assert answer.status_code == 200, answer.text
    return [
        (one["type"], one["subject"]["id"]) for one in answer.json()["items"] if UUID(one["subject"]["id"]) in subjects
    ]


async def last_id(office: Office) -> str:
    answer = await office.admin.get("/v1/events", params={"sort": "-position", "limit": 1})
    return str(answer.json()["items"][0]["id"])


async def test_what_commits_late_is_read_after_what_was_read_already(product: Product, office: Office) -> None:
    """The first entry is written first and committed last: a reader that has gone on must still meet it."""
    early, late = new_id(), new_id()
    db, workspace = product.runtime.db, office.workspace_id
    async with db.transaction(workspace) as first:
        await record(first, product, TYPES[0], early)
        async with db.transaction(workspace) as second:
            await record(second, product, TYPES[0], late)
        await product.sequencer.sweep()
        assert await read(office, {early, late}) == [(TYPES[0], str(late))]
        seen = await last_id(office)
        await product.sequencer.sweep()
    await product.sequencer.sweep()
    assert await read(office, {early, late}, after=seen) == [(TYPES[0], str(early))]
    assert await read(office, {early, late}) == [(TYPES[0], str(late)), (TYPES[0], str(early))]


async def test_within_a_subject_the_order_is_that_of_the_changes(product: Product, office: Office) -> None:
    """Neither the age of a transaction nor that of another one still open turns the order of a subject's events."""
    subject, other = new_id(), new_id()
    db, workspace = product.runtime.db, office.workspace_id
    async with db.transaction(workspace) as oldest:
        await record(oldest, product, TYPES[0], other)
        async with db.transaction(workspace) as waiting:
            # It has its number before the next one begins, and comes to the subject after it.
            await record(waiting, product, TYPES[1], other)
            async with db.transaction(workspace) as open_meanwhile:
                await record(open_meanwhile, product, TYPES[2], other)
                async with db.transaction(workspace) as quick:
                    await record(quick, product, TYPES[1], subject)
                await record(waiting, product, TYPES[2], subject)
                await waiting.commit()
                await product.sequencer.sweep()
                assert await read(office, {subject}) == [(TYPES[1], str(subject)), (TYPES[2], str(subject))]
            await product.sequencer.sweep()
    await product.sequencer.sweep()
    found = await read(office, {subject, other})
    assert [one for one in found if one[1] == str(subject)] == [(TYPES[1], str(subject)), (TYPES[2], str(subject))]
    assert sorted(found) == sorted(set(found)), "nothing twice"
    assert len(found) == 5


async def test_a_restored_database_neither_loses_nor_repeats(product: Product, office: Office) -> None:
    """In another cluster the numbers of transactions mean nothing: what has no place yet is looked for."""
    first, second = new_id(), new_id()
    async with product.runtime.db.transaction(office.workspace_id) as session:
        await record(session, product, TYPES[0], first)
    await product.sequencer.sweep()
    async with product.runtime.db.transaction(office.workspace_id) as session:
        await record(session, product, TYPES[0], second)
    async with product.runtime.db.engine.begin() as connection:
        await connection.exec_driver_sql("UPDATE feed_state SET cluster = 'another', snapshot = '9000000:9000000:'")
    await product.sequencer.sweep()
    await product.sequencer.sweep()
    assert await read(office, {first, second}) == [(TYPES[0], str(first)), (TYPES[0], str(second))]
