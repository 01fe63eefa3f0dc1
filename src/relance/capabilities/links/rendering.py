"""The recipient pages as HTML: plain, without script, from the same facts as the JSON."""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from relance.capabilities.files.kinds import size_in_words
from relance.capabilities.links.forms import Field, Section, build_form, display_answers, form_values
from relance.capabilities.links.payload import REASON_LENGTH, Fields
from relance.capabilities.links.recipient import RecipientPage
from relance.capabilities.links.uploads import field_rule
from relance.capabilities.links.urls import recipient_path
from relance.capabilities.links.words import advice, page_words, title_and_text
from relance.core.errors import FieldError, RelanceError
from relance.core.i18n import Locale
from relance.core.settings import Settings

_FOLDER = Path(__file__).parent / "pages"
STYLESHEET = (_FOLDER / "relance.css").read_bytes()
#: The name holds a digest of the content, so that it may be cached for ever. No token is as short.
STYLESHEET_NAME = f"relance-{hashlib.sha256(STYLESHEET).hexdigest()[:12]}.css"
_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}\Z", re.ASCII)

_environment = Environment(
    loader=FileSystemLoader(_FOLDER),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.tests["iso_date"] = lambda value: bool(_ISO_DATE.match(value))


@dataclass(frozen=True, slots=True)
class Frame:
    """What every page needs to know of its request."""

    settings: Settings
    locale: Locale
    #: The token of the link, or None where the page is about no link.
    token: str | None
    #: Whether the language was asked for in the address, and so is to stay in it.
    language_asked: bool
    #: The answer that the address chooses beforehand: it is offered first. Nothing is answered by that.
    choice: str | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an answer was not taken, and what had been typed."""

    error: RelanceError
    fields: Fields = field(default_factory=dict)
    errors: Sequence[FieldError] = ()


@dataclass(frozen=True, slots=True)
class NoticeItem:
    """One line of the error summary, with the control it is about."""

    text: str
    target: str | None


@dataclass(frozen=True, slots=True)
class Notice:
    """The box at the top of a page that an answer came back to."""

    title: str
    text: str
    items: Sequence[NoticeItem]


def request_page(frame: Frame, view: RecipientPage, refusal: Refusal | None = None) -> str:
    """The page of a link; with a refusal, as it comes back with what was typed and what is to be mended."""
    form = build_form(view.form.json_schema, frame.locale) if view.form else None
    answers = view.form.answers if view.form else {}
    chosen = next((option for option in view.answers if option.name == frame.choice), None)
    # Of what a stable sort leaves as it is, the chosen one comes first.
    offered = sorted(view.answers, key=lambda option: option is not chosen)
    with_form = [option for option in offered if option.uses_form] if form else []
    values: Fields = form_values(form, answers) if form else {}
    if refusal is not None and refusal.fields:
        # A refused reason says nothing of the form beside it, which keeps what was saved.
        values = refusal.fields if any("." in name for name in refusal.fields) else {**values, **refusal.fields}
    return _environment.get_template("request.html").render(
        _frame_values(frame),
        view=view,
        form=form if with_form else None,
        main_answer=with_form[0] if with_form else None,
        form_answers=with_form,
        plain_answers=[option for option in offered if option not in with_form],
        chosen=chosen,
        actions={option.name: answer_path(frame, option.name) for option in view.answers},
        blocks=list(display_answers(form, answers, frame.locale, _file_words(view, frame.locale))) if form else [],
        files={str(file.id): file for file in view.files},
        file_words=_file_words(view, frame.locale),
        file_rules=_file_rules(form, frame) if form else {},
        values=values,
        errors=_errors_by_field(form, refusal.errors) if form and refusal else {},
        notice=_notice(frame, form, refusal) if refusal else None,
        reason_length=REASON_LENGTH,
    )


def _file_words(view: RecipientPage, locale: Locale) -> Mapping[str, str]:
    """By id: “attestation.pdf (120 ko)”."""
    return {str(file.id): f"{file.name} ({size_in_words(file.size, locale)})" for file in view.files}


def _file_rules(form: Section, frame: Frame) -> Mapping[str, str]:
    most = frame.settings.max_upload_bytes
    return {field.name: field_rule(field, most, frame.locale) for field in form.fields() if field.is_file}


def error_page(frame: Frame, error: RelanceError, request_id: str) -> str:
    """The page of an error that no link's page can tell."""
    words = title_and_text(error.status, frame.locale)
    title, text = words or (error.title.in_locale(frame.locale), error.detail.format(error.data, frame.locale))
    return _environment.get_template("error.html").render(
        _frame_values(frame),
        title=title,
        text=text,
        advice=advice(error.status, frame.locale),
        reference=request_id if error.status >= 500 else None,
    )


def answer_path(frame: Frame, answer: str) -> str:
    """Where the page posts an answer."""
    return recipient_path(frame.settings, frame.token or "", answer) + _language_query(frame)


def page_path(frame: Frame) -> str:
    """Where the page of the link is."""
    return recipient_path(frame.settings, frame.token or "") + _language_query(frame)


def _language_query(frame: Frame) -> str:
    return f"?lang={frame.locale}" if frame.language_asked else ""


def _frame_values(frame: Frame) -> Mapping[str, object]:
    return {
        "locale": frame.locale,
        "other_locale": "fr" if frame.locale == "en" else "en",
        # Without a link the switch stays at the address it is on, whatever that is.
        "language_path": recipient_path(frame.settings, frame.token) if frame.token else "",
        "stylesheet": recipient_path(frame.settings, "static", STYLESHEET_NAME),
        "w": page_words(frame.locale),
    }


def _errors_by_field(form: Section, errors: Sequence[FieldError]) -> Mapping[str, str]:
    """The first error of each field or section; one inside a list of choices belongs to the list."""
    known = {item.pointer for item in form.fields()} | {section.pointer for section in form.sections()}
    found: dict[str, str] = {}
    for error in errors:
        pointer = error.pointer
        while pointer and pointer not in known:
            pointer = pointer.rpartition("/")[0]
        if pointer:
            found.setdefault(pointer, error.message)
    return found


def _notice(frame: Frame, form: Section | None, refusal: Refusal) -> Notice:
    words = page_words(frame.locale)
    if not refusal.errors:
        detail = refusal.error.detail.format(refusal.error.data, frame.locale)
        return Notice(words["not_done"], detail, ())
    items = [NoticeItem(error.message, _beside(error)) for error in refusal.errors]
    if form is not None:
        items = list(_form_items(form, refusal.errors))
    return Notice(words["errors_title"], words["errors_intro"], items)


def _form_items(form: Section, errors: Sequence[FieldError]) -> Iterator[NoticeItem]:
    """The errors in the order of the page, each with the control it is about; then those that are about none."""
    placed = _errors_by_field(form, errors)
    labelled: tuple[Field | Section, ...] = (*form.fields(), *form.sections())
    for item in labelled:
        if item.pointer in placed:
            target = item.name if isinstance(item, Section) else item.first_id
            yield NoticeItem(f"{item.label} – {placed[item.pointer]}", target)
    for error in errors:
        if _is_elsewhere(error, placed):
            yield NoticeItem(error.message, _beside(error))


def _beside(error: FieldError) -> str | None:
    """The control that is no part of the form and that the error is about: the text that goes with an answer."""
    return "reason" if error.pointer == "/reason" else None


def _is_elsewhere(error: FieldError, placed: Mapping[str, str]) -> bool:
    return not any(error.pointer == pointer or error.pointer.startswith(f"{pointer}/") for pointer in placed)
