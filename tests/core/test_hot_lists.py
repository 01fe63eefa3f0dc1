"""A hot list cannot leave its workspace, whatever the statement says, and reads in turns what is too much to merge."""

from uuid import UUID

import pytest
from benchmarks.dashboard_data import fill_dashboard
from sqlalchemy import select
from tests.plugins.product import Product

from relance.capabilities.identity.models import Organisation, User, Workspace
from relance.core.hot_lists import Among, HotList, Wanted
from relance.core.ids import new_id
from relance.core.json_rows import Written, written
from relance.core.pagination import PageRequest
from relance.domains.invitations.models import FACETS, SORTS, Invitation


def _ids(row: type[Invitation], _locale: str) -> object:
    # Joins people on their name alone: without a scope these would be of every workspace.
    return (
        select(written({"id": row.id, "who": User.name}, "fr"))
        .select_from(row)
        .join(User, User.name == "Admin Vasseur")
    )


def test_only_what_a_workspace_owns_can_be_listed() -> None:
    with pytest.raises(TypeError, match="not owned by a workspace"):
        HotList(Workspace, {"id": Workspace.id}, lambda row, _locale: select(row.id))  # type: ignore[type-var]


def test_a_type_without_a_json_form_is_refused() -> None:
    with pytest.raises(TypeError, match="no JSON form"):
        written({"features": Workspace.features}, "fr")
    assert written({"features": Written(Organisation.name.expression)}, "fr") is not None


async def test_rows_and_joins_stay_in_the_workspace(product: Product) -> None:
    first, second = await product.office("vasseur"), await product.office("leroux")
    async with product.runtime.db.engine.begin() as connection:
        await connection.exec_driver_sql("UPDATE users SET name = 'Admin Vasseur' WHERE email LIKE 'admin@%'")
    url = str(product.runtime.settings.database_url)
    for office in (first, second):
        await fill_dashboard(url, office.workspace_id, 60, indexed=True)
    hot = HotList(Invitation, SORTS, _ids)  # type: ignore[arg-type]
    organisations = [first.organisation_id, first.other_organisation_id, second.organisation_id]
    wanted = Wanted([Among(Invitation.issuing_organisation_id, organisations), Among(Invitation.facet, range(30))])
    request = PageRequest(200, "created_at", None)
    page = await hot.page(product.runtime.db, first.workspace_id, wanted, request, "fr")
    assert len(page.items) == 60
    assert page.next is None


async def test_too_many_branches_are_read_in_turns(product: Product) -> None:
    office = await product.office("vasseur")
    await fill_dashboard(str(product.runtime.settings.database_url), office.workspace_id, 200, indexed=True)
    facets = Among(Invitation.facet, list(range(len(FACETS.places))))
    own = [office.organisation_id, office.other_organisation_id]
    many: list[UUID] = [*own, *(new_id() for _ in range(20))]
    hot = HotList(Invitation, SORTS, lambda row, locale: select(written({"id": row.id}, locale)).select_from(row))
    for sort in ("-created_at", "partner_name"):
        pages = []
        for organisations in (own, many):
            wanted = Wanted([Among(Invitation.issuing_organisation_id, organisations), facets])
            first = await hot.page(product.runtime.db, office.workspace_id, wanted, PageRequest(20, sort, None), "fr")
            second = PageRequest(20, sort, first.next)
            pages.append((first, await hot.page(product.runtime.db, office.workspace_id, wanted, second, "fr")))
        assert pages[0] == pages[1]
        assert len({*pages[0][0].items, *pages[0][1].items}) == 40
