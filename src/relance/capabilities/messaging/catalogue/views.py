"""From mails and rows to the answers of the catalogue."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from relance.capabilities.messaging.catalogue.checking import faults_of
from relance.capabilities.messaging.catalogue.filters import FILTERS
from relance.capabilities.messaging.catalogue.models import TemplateOverride, TemplateVersion
from relance.capabilities.messaging.catalogue.placeholders import Kind, Slot, flat, slots_of
from relance.capabilities.messaging.catalogue.schemas import (
    FilterRead,
    OverrideRead,
    PlaceholderRead,
    ShippedRead,
    TemplateFaultRead,
    TemplateListed,
    TemplateRead,
    VersionRead,
    WordingRead,
)
from relance.capabilities.messaging.catalogue.starting import starting_wording
from relance.capabilities.messaging.catalogue.styles import Wording
from relance.capabilities.messaging.mails import Mail
from relance.capabilities.messaging.templates import Templates
from relance.core.i18n import LOCALES, Locale, Text, as_locale


def wording_of(version: TemplateVersion) -> Wording | None:
    """The words of a version; None for a reset."""
    if version.subject is None or version.html is None or version.text is None:
        return None
    return Wording(version.id, version.number, version.subject, version.html, version.text)


def _shown(wording: Wording | None) -> WordingRead | None:
    return WordingRead(subject=wording.subject, html=wording.html, text=wording.text) if wording else None


def override_read(
    mail: type[Mail],
    locale: Locale,
    organisation_id: UUID | None,
    override: TemplateOverride | None,
    current: TemplateVersion | None,
) -> OverrideRead:
    """What an owner has made of a mail in one language."""
    wording = wording_of(current) if current is not None else None
    errors = faults_of(mail, wording) if wording is not None else []
    return OverrideRead(
        key=mail.key,
        locale=locale,
        organisation_id=organisation_id,
        overridden=wording is not None,
        version=override.number if override is not None else 0,
        wording=_shown(wording),
        errors=[TemplateFaultRead.model_validate(one) for one in errors],
        changed_at=override.changed_at if override is not None else None,
    )


def listed(mail: type[Mail], overrides: Sequence[OverrideRead]) -> TemplateListed:
    """One row of the catalogue."""
    label = mail.label or Text(mail.key, mail.key)
    about = mail.about or Text("", "")
    return TemplateListed(
        key=mail.key,
        domain=mail.key.partition(".")[0],
        title=label.in_locale(),
        title_fr=label.fr,
        title_en=label.en,
        description=about.in_locale(),
        link_required=mail.link_bearing,
        locales=list(LOCALES),
        overridden=[one.locale for one in overrides if one.overridden],
        invalid=[one.locale for one in overrides if one.errors],
        placeholders=[slot.path for slot in flat(slots_of(mail)) if slot.kind is not Kind.OBJECT],
    )


def detail(templates: Templates, mail: type[Mail], overrides: Sequence[OverrideRead]) -> TemplateRead:
    """One mail with all that its editor needs."""
    shipped = [
        ShippedRead(locale=locale, wording=WordingRead(subject=one.subject, html=one.html, text=one.text))
        for locale in LOCALES
        for one in [starting_wording(templates, mail, locale)]
    ]
    return TemplateRead(
        **dict(listed(mail, overrides)),
        shipped=shipped,
        overrides=list(overrides),
        documented=[placeholder(slot) for slot in flat(slots_of(mail))],
        filters=[
            FilterRead(name=name, description=known.description.in_locale(), example=known.example)
            for name, known in FILTERS.items()
        ],
    )


def placeholder(slot: Slot, parts: Sequence[str] = ("subject", "html", "text")) -> PlaceholderRead:
    """One placeholder, and in which parts of a template it may stand."""
    return PlaceholderRead(
        path=slot.path,
        kind=slot.kind,
        optional=slot.optional,
        description_fr=slot.hint.description.fr,
        description_en=slot.hint.description.en,
        sample=slot.hint.sample.in_locale(),
        allowed_in=[part for part in parts if slot.kind is not Kind.URL or part != "subject"],
    )


def version_read(version: TemplateVersion) -> VersionRead:
    """One version."""
    return VersionRead(
        version=version.number,
        action=version.action,
        wording=_shown(wording_of(version)),
        created_by=version.created_by,
        created_at=version.created_at,
    )


def by_locale(
    mail: type[Mail],
    organisation_id: UUID | None,
    overrides: Sequence[TemplateOverride],
    versions: Mapping[UUID, TemplateVersion],
) -> list[OverrideRead]:
    """What an owner has made of a mail, language by language; only where there is something to tell."""
    known = {as_locale(one.locale): one for one in overrides if one.mail_key == mail.key}
    return [
        override_read(mail, locale, organisation_id, one, versions.get(one.current_id) if one.current_id else None)
        for locale, one in sorted(known.items(), reverse=True)
    ]
