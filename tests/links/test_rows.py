"""The rows behind the links: one live row an address, revocation for good, workspaces apart."""

import asyncio
from uuid import UUID

import pytest
from sqlalchemy import select

from relance.capabilities.links.models import ActionLink
from relance.capabilities.links.repository import LiveLink
from relance.capabilities.links.service import Links, confirm_link, find_link
from relance.capabilities.links.tokens import LinkTokens
from relance.capabilities.links.urls import link_url, recipient_path
from relance.core.clock import SystemClock
from relance.core.errors import NotFound
from relance.core.ids import new_id
from relance.core.runtime import Runtime
from relance.core.subjects import SubjectRef


async def ensure(runtime: Runtime, workspace_id: UUID, subject: SubjectRef, recipient: str) -> LiveLink:
    async with runtime.db.transaction(workspace_id) as session:
        return await Links(session, SystemClock()).ensure(subject, recipient)


async def test_the_same_address_has_the_same_link(runtime: Runtime, workspace_id: UUID) -> None:
    subject = SubjectRef("errand", new_id())
    first = await ensure(runtime, workspace_id, subject, "Achats@Partenaire.example ")
    assert first.recipient == "achats@partenaire.example"
    assert (await ensure(runtime, workspace_id, subject, "achats@partenaire.EXAMPLE")).id == first.id
    assert (await ensure(runtime, workspace_id, subject, "autre@partenaire.example")).id != first.id
    assert (await ensure(runtime, workspace_id, SubjectRef("errand", new_id()), first.recipient)).id != first.id


async def test_a_revoked_link_stays_revoked(runtime: Runtime, workspace_id: UUID) -> None:
    subject, tokens = SubjectRef("errand", new_id()), LinkTokens(runtime.keys)
    old = await ensure(runtime, workspace_id, subject, "a@b.example")
    kept = await ensure(runtime, workspace_id, subject, "c@d.example")
    async with runtime.db.transaction(workspace_id) as session:
        links = Links(session, SystemClock())
        assert await links.revoke(subject, "A@b.example") == 1
        assert await links.revoke(subject, "a@b.example") == 0
    new = await ensure(runtime, workspace_id, subject, "a@b.example")
    assert new.id != old.id
    async with runtime.db.reading(None) as session:
        with pytest.raises(NotFound):
            await find_link(session, tokens, tokens.mint(old.id))
        assert (await find_link(session, tokens, tokens.mint(new.id))).id == new.id
    async with runtime.db.transaction(workspace_id) as session:
        assert await Links(session, SystemClock()).revoke(subject) == 2
        assert (await session.get_one(ActionLink, (workspace_id, kept.id), populate_existing=True)).revoked_at


async def test_two_at_once_make_one_link(runtime: Runtime, workspace_id: UUID) -> None:
    subject = SubjectRef("errand", new_id())
    made = await asyncio.gather(*(ensure(runtime, workspace_id, subject, "a@b.example") for _ in range(8)))
    assert len({link.id for link in made}) == 1


async def test_workspaces_are_apart(runtime: Runtime, workspace_id: UUID, other_workspace_id: UUID) -> None:
    subject, tokens = SubjectRef("errand", new_id()), LinkTokens(runtime.keys)
    mine = await ensure(runtime, workspace_id, subject, "a@b.example")
    theirs = await ensure(runtime, other_workspace_id, subject, "a@b.example")
    assert mine.id != theirs.id
    async with runtime.db.transaction(other_workspace_id) as session:
        assert await Links(session, SystemClock()).revoke(subject) == 1
    async with runtime.db.reading(None) as session:
        assert (await find_link(session, tokens, tokens.mint(mine.id))).workspace_id == workspace_id
        # Narrowed from here on: the other workspace's rows are out of sight.
        assert (await session.scalars(select(ActionLink))).one().id == mine.id


async def test_a_link_revoked_since_it_was_found_is_noticed(runtime: Runtime, workspace_id: UUID) -> None:
    subject, tokens = SubjectRef("errand", new_id()), LinkTokens(runtime.keys)
    made = await ensure(runtime, workspace_id, subject, "a@b.example")
    async with runtime.db.transaction(None) as session:
        link = await find_link(session, tokens, tokens.mint(made.id))
        await confirm_link(session, link)
        async with runtime.db.transaction(workspace_id) as other:
            await Links(other, SystemClock()).revoke(subject)
        with pytest.raises(NotFound):
            await confirm_link(session, link)


def test_addresses_start_at_the_public_url(runtime: Runtime) -> None:
    tokens, link_id = LinkTokens(runtime.keys), new_id()
    assert link_url(runtime.settings, tokens, link_id) == f"http://relance.example/suivi/r/{tokens.mint(link_id)}"
    assert recipient_path(runtime.settings, "a", "b") == "/suivi/r/a/b"
