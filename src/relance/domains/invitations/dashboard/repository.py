"""Which invitations the dashboard shows, as conditions; and its list, which PostgreSQL writes."""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Text, and_, func, select, union_all
from sqlalchemy.orm import aliased

from relance.capabilities.directory.models import COMPANY_NAME, Company
from relance.capabilities.identity.models import Organisation, User
from relance.core.db import Database
from relance.core.hot_lists import Among, Asked, Filter, Given, HotList, HotPage, Wanted
from relance.core.i18n import Locale, current_locale
from relance.core.json_rows import Labelled, Unless, written
from relance.core.pagination import AnySelect, PageRequest
from relance.core.quick import Quick
from relance.core.search import holds, pattern
from relance.core.security import Caller, Level
from relance.domains.invitations.lifecycle import DELIVERY_LABELS, FORM_STATUS_LABELS, REASON_LABELS, STATUS_LABELS
from relance.domains.invitations.models import COUNTS, FACETS, SORTS, Invitation
from relance.domains.invitations.permissions import READ
from relance.domains.invitations.schemas import Archived, InvitationFilter

_ORGANISATIONS = Filter.among("organisations", Invitation.issuing_organisation_id)
_REQUESTERS = Filter.among("requesters", Invitation.requested_by)
_FACETS = Filter.among("facets", Invitation.facet)
_COMPANY = Filter.equal("company", Invitation.company_id)


def _found(asked: Asked) -> ColumnElement[bool]:
    # Each search by an index of its own table: an OR across both would read every row.
    of_company, at_address = aliased(Invitation), aliased(Invitation)
    company = and_(Company.workspace_id == of_company.workspace_id, Company.id == of_company.company_id)
    return Invitation.id.in_(
        union_all(
            select(of_company.id).join(Company, company).where(holds(COMPANY_NAME, asked("words", Text))),
            select(of_company.id).join(Company, company).where(Company.id_value.like(asked("identifier", Text))),
            select(at_address.id).where(at_address.email_key.like(asked("address", Text))),
        )
    )


_SEARCHED = Filter("q", _found)


def _search(words: str) -> Given:
    part = words.strip()
    identifier = pattern(part.replace(" ", "").upper())
    return _SEARCHED(words=part, identifier=identifier, address=pattern(part.casefold()))


def _requesters(caller: Caller, *, mine: bool = False) -> Collection[UUID] | None:
    """Whose requests; None for anybody's."""
    level = caller.level(READ)
    if mine or level is Level.OWN:
        return [caller.user_id]
    return sorted(caller.group_ids) if level is Level.GROUP else None


def _rows(
    organisations: Collection[UUID], requesters: Collection[UUID] | None, facets: list[int] | None, *few: Given
) -> Wanted:
    """`few`: filters that leave few rows, found by an index of their own; without them, the index is the list's."""
    if few:
        filters = [_ORGANISATIONS(organisations=list(organisations)), *few]
        filters += [_REQUESTERS(requesters=list(requesters))] if requesters is not None else []
        filters += [_FACETS(facets=facets)] if facets is not None else []
        return Wanted(filters=filters)
    branches = [Among(Invitation.requested_by, list(requesters))] if requesters is not None else []
    branches.append(Among(Invitation.issuing_organisation_id, sorted(organisations)))
    branches += [Among(Invitation.facet, facets)] if facets is not None else []
    return Wanted(branches)


def visible(caller: Caller) -> Wanted:
    """Which invitations `caller` may read: those of its organisations, narrowed by the level of its right."""
    if caller.level(READ) is Level.NONE:
        return Wanted([Among(Invitation.issuing_organisation_id, [])])
    return _rows(caller.organisation_ids, _requesters(caller), None)


def matching(wanted: InvitationFilter, caller: Caller) -> Wanted:
    """Those of them that the filters leave."""
    organisations = set(caller.organisation_ids)
    if caller.level(READ) is Level.NONE:
        organisations.clear()
    if wanted.organisation_id is not None:
        organisations &= {wanted.organisation_id}
    facets = FACETS.among(
        {
            "archived": [] if wanted.archived is Archived.ANY else [wanted.archived.value],
            "form_status": [one.value for one in wanted.form_status],
            "status": [one.value for one in wanted.status],
        }
    )
    few = [_COMPANY(company=wanted.company_id)] if wanted.company_id is not None else []
    few += [_search(wanted.q)] if wanted.q and wanted.q.strip() else []
    return _rows(organisations, _requesters(caller, mine=wanted.mine), facets, *few)


def _shown(row: Any, locale: Locale) -> AnySelect:
    workspace, organisation = row.workspace_id, row.issuing_organisation_id
    fields = {
        "id": row.id,
        "partner": {
            "id": Company.id,
            "name": Company.name,
            "local_id": Unless(
                Company.id_scheme.is_(None),
                {"scheme": Company.id_scheme, "country": Company.country, "value": Company.id_value},
            ),
            "registered": Company.registered_at.is_not(None),
        },
        "email": row.email,
        "issuing_organisation": {"id": Organisation.id, "name": Organisation.name},
        "requested_by": {"id": User.id, "name": User.name},
        "last_sent_at": row.last_sent_at,
        "reminders_count": row.reminders_count,
        "form_status": Labelled(row.form_status, FORM_STATUS_LABELS),
        "status": Labelled(row.status, STATUS_LABELS),
        "reason": Labelled(row.reason, REASON_LABELS),
        "delivery": Labelled(row.delivery, DELIVERY_LABELS),
        "expires_at": row.expires_at,
        "archived_at": row.archived_at,
        "created_at": row.created_at,
        "available_actions": None,
    }
    return (
        select(written(fields, locale))
        .select_from(row)
        .join(Company, and_(Company.workspace_id == workspace, Company.id == row.company_id))
        .join(Organisation, and_(Organisation.workspace_id == workspace, Organisation.id == organisation))
        .join(User, and_(User.workspace_id == workspace, User.id == row.requested_by))
    )


_DASHBOARD = HotList(Invitation, SORTS, _shown)


async def dashboard_page(db: Database, wanted: InvitationFilter, caller: Caller, request: PageRequest) -> HotPage:
    """One page of the dashboard, in the language of the request."""
    return await _DASHBOARD.page(db, caller.workspace_id, matching(wanted, caller), request, current_locale())


def dashboard_statement(
    wanted: InvitationFilter, caller: Caller, request: PageRequest
) -> tuple[Quick, Mapping[str, Any]]:
    """What `dashboard_page` runs, for whoever wants to see how it is answered."""
    return _DASHBOARD.prepared(caller.workspace_id, matching(wanted, caller), request, current_locale())


async def counts_by_facet(db: Database, wanted: InvitationFilter, caller: Caller) -> Mapping[int, int]:
    """How many invitations of the dashboard there are of each facet.

    The numbers that are kept, where the filters are among what is counted by; otherwise the few rows that they leave.
    """
    found = matching(wanted, caller)
    if not found.filters:
        return await COUNTS.of(db, caller.workspace_id, found, Invitation.facet.key)
    async with db.reading(caller.workspace_id) as session:
        rows = await session.execute(
            select(Invitation.facet, func.count()).where(*found.conditions()).group_by(Invitation.facet)
        )
        return {row[0]: row[1] for row in rows}
