"""The words of one mail: filled from its template, edited by a person, checked, and copied to others without its links.

A draft is a subject and HTML in which everything is filled in but the addresses of the link, which stay placeholders
(`{{ link }}`): nobody sees a token, and the mail that leaves has the link of its recipient. What comes back is held
against the same rules as an edited template, so that one renderer makes all mails.
"""

import re
import secrets
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from relance.capabilities.messaging.catalogue.checking import Draft, checked
from relance.capabilities.messaging.catalogue.starting import starting_wording
from relance.capabilities.messaging.catalogue.styles import Wording
from relance.capabilities.messaging.catalogue.wardrobe import Wardrobe
from relance.capabilities.messaging.mails import Mail
from relance.capabilities.messaging.templates import Templates
from relance.core.db import DbSession
from relance.core.i18n import Locale
from relance.core.runtime import Runtime

_CODE = re.compile(r"\{(?=[{%#])")
_PARAGRAPH = re.compile(r"<p\b[^>]*>(?:(?!</p>).)*</p>\s*", re.DOTALL)
_ANCHOR = re.compile(r"<a\b([^>]*)>((?:(?!</a>).)*)</a>", re.DOTALL)
_CALL = re.compile(r'class="(?:button|small)"')


class MailDrafts:
    """Drafts of mails of the session's workspace."""

    def __init__(self, session: DbSession, runtime: Runtime, templates: Templates) -> None:
        self._session = session
        self._wardrobe = Wardrobe(runtime.settings.public_url)
        self._templates = templates

    async def draft(
        self, mail: Mail, locale: Locale, organisation_id: UUID | None = None, *, personal: Sequence[str] = ()
    ) -> Draft:
        """`mail` as it would leave, for somebody to edit: its edited template where there is one, else the shipped.

        Args:
            mail: what it says.
            locale: its language.
            organisation_id: in whose name it leaves.
            personal: objects of the mail that are another one for each recipient: their fields stay placeholders.

        Raises:
            TemplateFault: it cannot be filled.
        """
        place = (self._session.workspace_id, organisation_id, mail.key, locale)
        style = await self._wardrobe.style(self._session, place)
        wording = style.wording or starting_wording(self._templates, type(mail), locale)
        nonce = f"m{secrets.token_hex(8)}x"
        values = _disarmed(mail.model_dump(mode="json"))
        values.update({name: f"{nonce}{name}z" for name in mail.link_fields()})
        for name in personal:
            values[name] = {field: f"{nonce}{name}.{field}z" for field in values[name]}
        subject, html = self._templates.filled(locale, wording, values, style.brand)
        mark = re.compile(rf"{nonce}([\w.]+?)z")
        return Draft(mark.sub(r"{{ \1 }}", subject), mark.sub(r"{{ \1 }}", html))

    def checked(self, mail: type[Mail], locale: Locale, draft: Draft) -> Wording:
        """The words to queue the mail with.

        Raises:
            ValidationFailed: what is wrong with them, with lines and columns; a mail that bears a link must name it.
        """
        return checked(self._templates, mail, locale, draft)

    def copy(self, mail: type[Mail], copied_as: type[Mail], locale: Locale, wording: Wording) -> Wording:
        """`wording` of `mail` for those who only read along: nothing in it leads to the page that answers.

        Raises:
            ValidationFailed: it names a placeholder that the copy does not have.
        """
        names = "|".join(sorted(mail.link_fields()))
        html = _without_links(wording.html, re.compile(rf"\{{\{{\s*(?:{names})\b[^{{}}]*\}}\}}"))
        return checked(self._templates, copied_as, locale, Draft(wording.subject, html))


def _disarmed(value: Any) -> Any:
    """Values that cannot be read as code once they stand in a source."""
    if isinstance(value, str):
        return _CODE.sub("{ ", value)
    if isinstance(value, dict):
        return {name: _disarmed(one) for name, one in value.items()}
    return [_disarmed(one) for one in value] if isinstance(value, list) else value


def _without_links(html: str, link: re.Pattern[str]) -> str:
    """Without buttons and the small print under them; other words that were a link stay as words."""

    def paragraph(found: re.Match[str]) -> str:
        whole = found.group(0)
        return "" if link.search(whole) and _CALL.search(whole) else whole

    def anchor(found: re.Match[str]) -> str:
        attributes, words = found.groups()
        if not link.search(attributes):
            return found.group(0)
        return "" if _CALL.search(attributes) else words

    return link.sub("", _ANCHOR.sub(anchor, _PARAGRAPH.sub(paragraph, html)))
