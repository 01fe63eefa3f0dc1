"""What is kept is what counting finds, whatever happened to the rows, and whoever folds meanwhile."""

import asyncio
from collections.abc import Mapping
from random import Random

import pytest
from benchmarks.dashboard_data import fill_dashboard
from tests.plugins.product import Office, Product

from relance.core.hot_lists import Among, Filter, Wanted
from relance.core.kept_counts import Folding
from relance.domains.invitations.models import COUNTS, FACETS, Invitation
from relance.wiring import KEPT_COUNTS

#: What moves rows between the numbers, takes them away, or leaves the numbers as they are.
ACTS = (
    "UPDATE invitations SET status = 'cancelled' WHERE {some}",
    "UPDATE invitations SET archived_at = now() WHERE {some} AND archived_at IS NULL",
    "UPDATE invitations SET requested_by = '{member}' WHERE {some}",
    "UPDATE invitations SET issuing_organisation_id = '{organisation}', form_status = 'expired' WHERE {some}",
    "UPDATE invitations SET last_asked_at = now() WHERE {some}",
    "DELETE FROM invitations WHERE {some}",
)


async def kept(product: Product, office: Office, wanted: Wanted) -> Mapping[int, int]:
    found = await COUNTS.of(product.runtime.db, office.workspace_id, wanted, "facet")
    return {facet: number for facet, number in found.items() if number}


async def counted(product: Product, where: str) -> Mapping[int, int]:
    rows = await product.rows(f"SELECT facet, count(*) AS n FROM invitations WHERE {where} GROUP BY facet")
    return {row["facet"]: row["n"] for row in rows}


async def agree(product: Product, office: Office) -> None:
    organisations = [office.organisation_id, office.other_organisation_id]
    all_of_them = Wanted([Among(Invitation.issuing_organisation_id, organisations)])
    own = f"workspace_id = '{office.workspace_id}'"
    assert await kept(product, office, all_of_them) == await counted(product, own)
    one = Wanted(
        [
            Among(Invitation.requested_by, [office.member.id]),
            Among(Invitation.issuing_organisation_id, organisations[:1]),
            Among(Invitation.facet, list(range(0, len(FACETS.places), 2))),
        ]
    )
    of_member = f"{own} AND requested_by = '{office.member.id}' AND issuing_organisation_id = '{organisations[0]}'"
    assert await kept(product, office, one) == await counted(product, f"{of_member} AND facet % 2 = 0")


async def act(product: Product, office: Office, random: Random) -> None:
    some = f"abs(hashtext(id::text)) % 23 = {random.randrange(23)} AND workspace_id = '{office.workspace_id}'"
    words = random.choice(ACTS).format(some=some, member=office.member.id, organisation=office.other_organisation_id)
    async with product.runtime.db.engine.begin() as connection:
        await connection.exec_driver_sql(words)


async def test_the_numbers_follow_the_rows(product: Product, office: Office) -> None:
    other = await product.office("leroux")
    url = str(product.runtime.settings.database_url)
    for one in (office, other):
        await fill_dashboard(url, one.workspace_id, 400, indexed=True)
    await agree(product, office)
    random = Random(7)
    for _ in range(25):
        await act(product, office, random)
        await agree(product, office)
        if random.random() < 0.3:
            await COUNTS.fold(product.runtime)
            await agree(product, office)
    await agree(product, other)
    assert await kept(product, office, Wanted([Among(Invitation.facet, [])])) == {}


async def test_folding_beside_writers_loses_nothing(product: Product, office: Office) -> None:
    await fill_dashboard(str(product.runtime.settings.database_url), office.workspace_id, 400, indexed=True)

    async def write(seed: int) -> None:
        random = Random(seed)
        for _ in range(10):
            await act(product, office, random)

    async def fold() -> None:
        for _ in range(20):
            await COUNTS.fold(product.runtime)

    # Two writers meet on the same rows, in whatever order: only one of them moves many at once.
    await asyncio.gather(write(1), fold(), fold())
    await agree(product, office)
    await Folding(product.runtime, KEPT_COUNTS).sweep()
    await agree(product, office)
    (left,) = await product.rows(
        "SELECT count(*) FILTER (WHERE NOT folded) AS fresh, count(*) AS n FROM invitation_counts"
    )
    assert left["fresh"] == 0
    assert left["n"] <= 2 * 3 * len(FACETS.places)


async def test_a_change_that_is_taken_back_was_never_counted(product: Product, office: Office) -> None:
    await fill_dashboard(str(product.runtime.settings.database_url), office.workspace_id, 50, indexed=True)
    async with product.runtime.db.engine.connect() as connection:
        await connection.exec_driver_sql("DELETE FROM invitations")
        await connection.rollback()
    await agree(product, office)


async def test_other_filters_are_refused(product: Product, office: Office) -> None:
    company = Filter.equal("company", Invitation.company_id)(company=office.organisation_id)
    with pytest.raises(ValueError, match="kept counts"):
        await COUNTS.of(product.runtime.db, office.workspace_id, Wanted(filters=[company]), "facet")
