"""Every mail of the product in both languages: complete, filled, escaped, readable."""

import re
from pathlib import Path
from typing import Any, ClassVar, get_args, get_origin

import pytest
from pydantic import BaseModel

from relance.capabilities.messaging.errors import TemplateFault
from relance.capabilities.messaging.mails import Mail, Placeholders, link_marker
from relance.capabilities.messaging.templates import PARTS, Rendering, Templates, load_templates
from relance.core.i18n import LOCALES, Locale
from relance.core.ids import new_id
from relance.core.paths import templates_dir
from relance.core.settings import Settings
from relance.wiring import MAILS

_EACH = [(mail, locale) for mail in MAILS for locale in LOCALES]


def sample(model: type[BaseModel], path: str = "") -> dict[str, Any]:
    """Placeholders that name themselves, so that a test can see where each went."""
    values: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        annotation = next((part for part in get_args(field.annotation) if part is not type(None)), field.annotation)
        if get_origin(field.annotation) is list:
            assert isinstance(annotation, type)
            values[name] = [sample(annotation, f"{path}{name}.")]
        elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
            values[name] = sample(annotation, f"{path}{name}.")
        elif annotation is bool:
            values[name] = True
        else:
            values[name] = f"«{path}{name}»"
    return values


def leaves(values: dict[str, Any]) -> set[str]:
    """Every text in `values`."""
    found: set[str] = set()
    for value in values.values():
        for one in value if isinstance(value, list) else [value]:
            found |= leaves(one) if isinstance(one, dict) else {one} - {True}
    return found


def hostile(value: Any) -> Any:
    """`value`, every text in it what somebody would try."""
    if isinstance(value, dict):
        return {name: hostile(below) for name, below in value.items()}
    if isinstance(value, list):
        return [hostile(below) for below in value]
    return HOSTILE if isinstance(value, str) else value


@pytest.fixture(scope="module")
def templates() -> Templates:
    """The product's catalogue."""
    templates = load_templates(Settings(environment="development"), MAILS)
    templates.check()
    return templates


def rendered(templates: Templates, mail: type[Mail], locale: Locale) -> Rendering:
    """`mail` with its sample values."""
    return templates.render(mail.key, locale, mail.model_validate(sample(mail)).model_dump(mode="json"))


@pytest.mark.parametrize(("mail", "locale"), _EACH)
def test_every_mail_renders(templates: Templates, mail: type[Mail], locale: Locale) -> None:
    found = rendered(templates, mail, locale)
    assert found.subject
    assert "\n" not in found.subject
    for part in (found.subject, found.text, found.html):
        assert not re.search(r"\{[{%#]|[#%}]\}|jinja", part), "template code left over"
    if "link" in mail.model_fields and mail.link_bearing:
        assert found.html.count('href="«link»"') == 2, "a button, and the address spelled below it"
        assert re.search(r"(?m)^«link»$", found.text), "alone on its line"


@pytest.mark.parametrize(("mail", "locale"), _EACH)
def test_text_and_html_say_the_same(templates: Templates, mail: type[Mail], locale: Locale) -> None:
    found = rendered(templates, mail, locale)
    facts = leaves(sample(mail))
    assert {fact for fact in facts if fact in found.text} == {fact for fact in facts if fact in found.html}


@pytest.mark.parametrize(("mail", "locale"), _EACH)
def test_html_is_made_for_mail_clients(templates: Templates, mail: type[Mail], locale: Locale) -> None:
    html = rendered(templates, mail, locale).html
    assert f'<html lang="{locale}"' in html
    assert "max-width: 640px" in html
    assert "prefers-color-scheme: dark" in html
    assert 'class="main" style="' in html, "styles are inlined"
    assert not re.search(r"<script|<img|https?://(?!www\.w3\.org/1999/xhtml)", html), "nothing is loaded"
    assert html.count("<table") == html.count("</table>")


def test_languages_differ(templates: Templates) -> None:
    for mail in MAILS:
        french, english = (rendered(templates, mail, locale) for locale in LOCALES)
        assert french.subject != english.subject
        assert french.version != english.version


HOSTILE = "{{ 7*7 }} <b onclick=x>&{% raw %}"


def test_user_text_is_neither_code_nor_markup(templates: Templates) -> None:
    for mail in MAILS:
        html = templates.render(mail.key, "fr", hostile(sample(mail))).html
        assert "{{ 7*7 }} &lt;b onclick=x&gt;&amp;{% raw %}" in html


def test_a_missing_placeholder_is_an_error(templates: Templates) -> None:
    for mail in MAILS:
        with pytest.raises(TemplateFault):
            templates.render(mail.key, "fr", {})
    with pytest.raises(TemplateFault):
        templates.render("invitations.unknown", "fr", {})


def test_no_folder_without_a_mail() -> None:
    folders = {f"{path.parent.name}.{path.name}" for path in templates_dir().glob("[!_]*/*")}
    assert folders == {mail.key for mail in MAILS}


class _Nested(Placeholders):
    name: str


class _Probe(Mail):
    key: ClassVar[str] = "probe.probe"
    link_bearing: ClassVar[bool] = False

    partner: _Nested


@pytest.mark.parametrize(
    ("part", "content", "complaint"),
    [
        ("body.txt", None, "body.txt"),
        ("subject.txt", "{{ nobody }}", "nobody"),
        ("body.html", "<p>{{ partner.nome }}</p>", "partner.nome"),
        ("body.txt", "{% if %}", "body.txt"),
        ("body.html", '{% extends "_base/gone.html" %}', "gone.html"),
    ],
)
def test_a_catalogue_that_does_not_hold_together_is_refused(
    tmp_path: Path, part: str, content: str | None, complaint: str
) -> None:
    (tmp_path / "_base").mkdir()
    (tmp_path / "_base" / "style.css").write_text(".p { margin: 0 }")
    for locale in LOCALES:
        folder = tmp_path / "probe" / "probe" / locale
        folder.mkdir(parents=True)
        for name in PARTS:
            (folder / name).write_text("<p>{{ partner.name }}</p>")
    Templates(tmp_path, [_Probe]).check()
    broken = tmp_path / "probe" / "probe" / "en" / part
    if content is None:
        broken.unlink()
    else:
        broken.write_text(content)
    with pytest.raises(TemplateFault, match=complaint):
        Templates(tmp_path, [_Probe]).check()


def test_a_link_is_a_marker_until_it_leaves() -> None:
    mail = next(mail for mail in MAILS if mail.link_bearing)
    made, link = mail.model_validate(sample(mail)), new_id()
    assert made.with_link(link).model_dump()["link"] == link_marker(link)
    with pytest.raises(ValueError, match="none"):
        made.with_link(None)
