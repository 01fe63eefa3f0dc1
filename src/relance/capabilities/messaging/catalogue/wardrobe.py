"""Which words and which look each mail gets: the organisation's own, else the workspace's, else the shipped ones."""

from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from relance.capabilities.messaging.catalogue.models import MailBranding, MailLogo
from relance.capabilities.messaging.catalogue.repository import CatalogueRepository, Place
from relance.capabilities.messaging.catalogue.styles import PLAIN, Brand, Style, Wording
from relance.capabilities.messaging.delivery.parcel import Claimed
from relance.core.db import DbSession

_KEPT = 5_000


class Wardrobe:
    """One a process. A version never changes, so each is read once; which ones are in use is asked for each batch."""

    def __init__(self, public_url: str) -> None:
        self._public_url = public_url
        self._wordings: OrderedDict[UUID, Wording] = OrderedDict()

    async def dress(self, session: DbSession, messages: Sequence[Claimed]) -> list[Claimed]:
        """`messages` with their styles: two small queries whatever their number. Rendered ones are left as they are."""
        new = [one for one in messages if one.body is None]
        if not new:
            return list(messages)
        styles = await self.styles(session, {_place(one) for one in new}, {one.wording_id for one in new} - {None})
        for one in new:
            draft = self._wordings.get(one.wording_id) if one.wording_id is not None else None
            one.style = self._style_of(styles[_place(one)], one.words or draft)
        return list(messages)

    async def styles(
        self, session: DbSession, places: Collection[Place], drafts: Collection[UUID | None] = ()
    ) -> Mapping[Place, Style]:
        """The style of each place; `drafts` are versions to read along with those in use."""
        rows = CatalogueRepository(session)
        current = await rows.current(places)
        await self._learn(rows, {*current.values(), *(one for one in drafts if one is not None)})
        organisations = {organisation for _, organisation, _, _ in places if organisation is not None}
        brands = {
            (brand.workspace_id, brand.organisation_id): (brand, logo)
            for brand, logo in await rows.brandings({place[0] for place in places}, organisations)
        }
        found: dict[Place, Style] = {}
        for place in places:
            workspace, organisation, key, locale = place
            used = current.get(place) or current.get((workspace, None, key, locale))
            own, shared = brands.get((workspace, organisation)), brands.get((workspace, None))
            found[place] = Style(self._wordings.get(used) if used else None, self._brand(own, shared))
        return found

    async def style(self, session: DbSession, place: Place, draft: UUID | None = None) -> Style:
        """The style of one mail; of a test where it names a version."""
        style = (await self.styles(session, {place}, {draft}))[place]
        return self._style_of(style, self._wordings.get(draft) if draft is not None else None)

    async def _learn(self, rows: CatalogueRepository, ids: Collection[UUID]) -> None:
        unknown = [id_ for id_ in ids if id_ not in self._wordings]
        for row in await rows.versions(unknown):
            if row.subject is not None and row.html is not None and row.text is not None:
                self._wordings[row.id] = Wording(row.id, row.number, row.subject, row.html, row.text)
        while len(self._wordings) > max(_KEPT, len(ids)):
            self._wordings.popitem(last=False)
        for id_ in ids:
            if id_ in self._wordings:
                self._wordings.move_to_end(id_)

    def _style_of(self, style: Style, draft: Wording | None) -> Style:
        return style if draft is None else Style(draft, style.brand)

    def _brand(self, *layers: tuple[MailBranding, MailLogo | None] | None) -> Brand:
        """One look of several, the first that says something deciding each part of it."""
        known = list(dict.fromkeys(layer for layer in layers if layer is not None))
        if not known:
            return PLAIN
        logo = next((logo for _, logo in known if logo is not None), None)
        return Brand(
            colour=next((brand.colour for brand, _ in known if brand.colour), PLAIN.colour),
            logo_url=logo_url(self._public_url, logo) if logo else None,
            logo_width=logo.width if logo else 0,
            logo_height=logo.height if logo else 0,
            sender_name=next((brand.sender_name for brand, _ in known if brand.sender_name), None),
            reply_to=next((brand.reply_to for brand, _ in known if brand.reply_to), None),
            stamp=".".join(f"{brand.id}/{brand.number}" for brand, _ in known),
        )


def logo_url(public_url: str, logo: MailLogo) -> str:
    """The public address of a logo."""
    return f"{public_url}/logos/{logo.digest}"


def _place(message: Claimed) -> Place:
    return message.workspace_id, message.organisation_id, message.mail_key, message.locale
