"""The dashboard as PostgreSQL writes it: the rows, the order, the words and the bytes of the read schema."""

from datetime import UTC, datetime
from itertools import cycle
from typing import Any

from benchmarks.dashboard_data import fill_dashboard
from tests.dashboard.hot import assert_as_read
from tests.plugins.product import Office, Product

from relance.core.i18n import use_locale
from relance.domains.invitations.schemas import InvitationListed, InvitationSort

PATH = "/v1/invitations"
ROWS = 150
_FILTERS: list[dict[str, Any]] = [
    {},
    {"mine": "false"},
    {"mine": "false", "archived": "any"},
    {"mine": "false", "archived": "true"},
    {"mine": "false", "form_status": "to_complete"},
    {"mine": "false", "form_status": ["completed", "expired"], "status": ["closed", "cancelled"], "archived": "any"},
    {"status": ["sent", "expired"]},
    {"mine": "false", "q": "éts", "archived": "any"},
    {"mine": "false", "q": "partenaire7."},
    {"q": "9 0000 00"},
    {"mine": "false", "q": "100%_\\"},
]


async def _fill(product: Product, office: Office) -> None:
    await fill_dashboard(str(product.runtime.settings.database_url), office.workspace_id, ROWS, indexed=True)
    # What a text or an instant may hold.
    async with product.runtime.db.engine.begin() as connection:
        for change in (
            r"""UPDATE companies SET name = E'Léger "& Fils" \\\\ 100%_\\\\ \u2028 🚚 </script> \x7f' """
            "WHERE id_value LIKE '%2'",
            "UPDATE invitations SET created_at = date_trunc('second', created_at), last_sent_at = last_sent_at + "
            "interval '120 microseconds' WHERE reminders_count = 1",
            "UPDATE invitations SET reason = 'update_requested' WHERE reminders_count = 2",
        ):
            await connection.exec_driver_sql(change)


def _in_order(rows: list[dict[str, Any]], sort: InvitationSort) -> bool:
    key = sort.value.removeprefix("-")
    if key == "partner_name":  # PostgreSQL's own order of words; another test renames a partner
        return True
    keys = [(row[key] or datetime.min.replace(tzinfo=UTC), row["id"]) for row in rows]
    return keys == sorted(keys, reverse=sort.value.startswith("-"))


async def test_every_filter_and_every_order_as_the_schema_reads_them(product: Product, office: Office) -> None:
    await _fill(product, office)
    seen = 0
    sorts = cycle(InvitationSort)
    for filters, sort in [(filters, next(sorts)) for filters in _FILTERS for _ in range(3)]:
        page = await assert_as_read(office.manager, PATH, InvitationListed, {**filters, "sort": sort.value, "limit": 7})
        seen += len(page.items)
        assert _in_order([row.model_dump() for row in page.items], sort), (filters, sort)
    assert seen > 7 * 3 * (len(_FILTERS) - 3)
    narrow = {"organisation_id": str(office.other_organisation_id), "mine": "false"}
    page = await assert_as_read(office.admin, PATH, InvitationListed, narrow)
    assert {row.issuing_organisation.id for row in page.items} == {office.other_organisation_id}
    one = {"company_id": str(page.items[0].partner.id), "mine": "false", "archived": "any"}
    assert [row.id for row in (await assert_as_read(office.admin, PATH, InvitationListed, one)).items] == [
        page.items[0].id
    ]
    # The member's organisation is one of the two.
    assert (await assert_as_read(office.member, PATH, InvitationListed, narrow)).items == []


async def test_pages_hold_every_row_once_in_every_order(product: Product, office: Office) -> None:
    await _fill(product, office)
    (counted,) = await product.rows("SELECT count(*) AS rows FROM invitations")
    for sort in InvitationSort:
        params: dict[str, Any] = {"mine": "false", "archived": "any", "sort": sort.value, "limit": 40}
        ids: list[str] = []
        while True:
            answer = await office.admin.get(PATH, params=params)
            ids += [row["id"] for row in answer.json()["items"]]
            params["cursor"] = answer.json()["next_cursor"]
            assert ("link" in answer.headers) == (params["cursor"] is not None)
            if params["cursor"] is None:
                break
        assert len(ids) == len(set(ids)) == counted["rows"]


async def test_labels_speak_the_language_of_the_request(product: Product, office: Office) -> None:
    await _fill(product, office)
    for language, words in (("fr", "À compléter"), ("en", "To complete")):
        answer = await office.manager.get(
            PATH, params={"mine": "false", "form_status": "to_complete"}, headers={"Accept-Language": language}
        )
        assert {row["form_status_label"] for row in answer.json()["items"]} == {words}
    use_locale("fr")


async def test_another_name_sorts_where_it_belongs(product: Product, office: Office) -> None:
    await _fill(product, office)
    first = (await office.manager.get(PATH, params={"mine": "false", "sort": "partner_name"})).json()["items"][-1]
    renamed = await office.manager.ask("PATCH", f"/v1/companies/{first['partner']['id']}", json={"name": "Âbel"})
    assert renamed.status_code == 200, renamed.text
    again = (await office.manager.get(PATH, params={"mine": "false", "sort": "partner_name"})).json()["items"][0]
    assert (again["id"], again["partner"]["name"]) == (first["id"], "Âbel")
