"""The reduced language: hostile sources are refused with their place; what passes renders, escaped and bounded."""

from datetime import date
from pathlib import Path
from typing import Any, ClassVar

import pytest
from tests.plugins.product import SECRET

from relance.capabilities.messaging.catalogue.checking import Draft, checked
from relance.capabilities.messaging.catalogue.faults import WORDS, PlacedError
from relance.capabilities.messaging.catalogue.filters import MOST_ITEMS
from relance.capabilities.messaging.catalogue.placeholders import flat, sample_of, slots_of
from relance.capabilities.messaging.catalogue.starting import starting_wording
from relance.capabilities.messaging.catalogue.styles import Style, Wording
from relance.capabilities.messaging.catalogue.tailor import LONGEST_OUTPUT
from relance.capabilities.messaging.errors import TemplateFault
from relance.capabilities.messaging.mails import Mail, Placeholders
from relance.capabilities.messaging.templates import PARTS, Templates, load_templates
from relance.core.errors import ValidationFailed
from relance.core.i18n import LOCALES, Locale
from relance.core.ids import new_id
from relance.core.settings import Settings
from relance.domains.invitations.emails import InvitationMail
from relance.wiring import MAILS

LINK = '<p><a href="{{ link }}">Répondre</a></p>'


@pytest.fixture(scope="module")
def templates() -> Templates:
    """The product's catalogue."""
    return load_templates(Settings(environment="development", secret_keys=(SECRET,)), MAILS)


def refusal(templates: Templates, html: str, subject: str = "Objet", text: str | None = None) -> list[PlacedError]:
    with pytest.raises(ValidationFailed) as refused:
        checked(templates, InvitationMail, "fr", Draft(subject, html, text))
    found: Any = refused.value.errors
    return list(found)


@pytest.mark.parametrize(
    ("code", "html"),
    [
        ("code_not_allowed", "{{ 'a'*(10**8) }}"),
        ("code_not_allowed", "{{ ''.__class__.__mro__ }}"),
        ("unknown_placeholder", "{{ partner.__class__ }}"),
        ("unknown_placeholder", "{{ self._TemplateReference__context }}"),
        ("code_not_allowed", "{{ partner['name'] }}"),
        ("code_not_allowed", "{{ partner.name.upper() }}"),
        ("code_not_allowed", "{{ reason ~ reason }}"),
        ("code_not_allowed", "{{ 1 + 1 }}"),
        ("code_not_allowed", "{{ [1, 2] }}"),
        ("code_not_allowed", "{{ reason if reason else reason }}"),
        ("code_not_allowed", "{{ reason is defined }}"),
        ("code_not_allowed", "{{ cycler('a') }}"),
        ("filter_not_allowed", "{{ '%s'|format(reason) }}".replace("'%s'", "reason")),
        ("filter_not_allowed", "{{ reason|attr('__class__') }}"),
        ("filter_not_allowed", "{{ reason|safe }}"),
        ("filter_not_allowed", "{{ link|upper }}"),
        ("filter_argument", "{{ reason|default(reason) }}"),
        ("filter_argument", "{{ reason|upper('x') }}"),
        ("code_not_allowed", "{% set a = reason %}"),
        ("code_not_allowed", "{% macro a() %}{% endmacro %}"),
        ("code_not_allowed", "{% include '_base/layout.html' %}"),
        ("code_not_allowed", "{% extends '_base/layout.html' %}"),
        ("code_not_allowed", "{% block foot %}{% endblock %}"),
        ("code_not_allowed", "{% raw %}{% endraw %}"),
        ("code_not_allowed", "{% import 'os' as os %}"),
        ("code_not_allowed", "{# what follows is hidden #}"),
        ("code_not_allowed", "{%- if reason -%}{%- endif -%}"),
        ("not_a_list", "{% for a in partner %}{% endfor %}"),
        ("code_not_allowed", "{% for a in range(10**9) %}{% endfor %}"),
        ("too_deep", "{{ " + "(" * 150 + "reason" + ")" * 150 + " }}"),
        ("code_not_allowed", "{{ " + "not " * 90 + "reason }}"),
        ("code_not_allowed", "{{ " + "9" * 380 + " }}"),
        ("tag_too_long", "{{ " + "9" * 100_00 + " }}"),
        ("too_many_tags", "{{ reason }}" * 301),
        ("too_deep", "{% if reason %}" * 7 + "{% endif %}" * 7),
        ("template_syntax", "{{ reason"),
        ("template_syntax", "{{{ reason }}"),
        ("block_unclosed", "{% if reason %}"),
        ("block_unexpected", "{% endif %}"),
        ("block_unexpected", "{% if reason %}{% else %}{% else %}{% endif %}"),
        ("placeholder_not_printable", "{{ partner }}"),
        ("markup_not_allowed", "&#123;&#123; 7*7 }}"),
        ("markup_not_allowed", "{{ reason }}&#123;% raw %}"),
        ("code_not_allowed", "{<b></b>{ 7*7 }}"),
        ("block_across_elements", "{% if reason %}<b>{% endif %}x</b>"),
        ("code_misplaced", "<p title='{% if reason %}x{% endif %}'>a</p>"),
        ("code_misplaced", "<{{ reason }}>x"),
        ("code_misplaced", "<p {{ reason }}>x</p>"),
        ("code_misplaced", "<script>{{ reason }}</script>x"),
        ("code_misplaced", "<img src='{{ link }}'>x"),
        ("address_not_allowed", "<a href='{{ partner.name }}'>x</a>"),
        ("address_not_allowed", "<a href='https://{{ partner.name }}/'>x</a>"),
        ("address_not_allowed", "<a href='{{ link }}?x=1'>x</a>"),
        ("address_not_allowed", "<a href='/relative'>x</a>"),
    ],
)
def test_hostile_sources_are_refused(templates: Templates, code: str, html: str) -> None:
    found = refusal(templates, f"{LINK}\n  {html}")
    assert code in {one.code for one in found}
    assert all(one.pointer == "/html" and one.message for one in found)
    if code not in {"markup_not_allowed", "too_many_tags", "too_deep", "block_unexpected"} and "<" not in html:
        assert (2, 3) in {(one.line, one.column) for one in found}, "where the tag begins"


def test_every_fault_is_told_at_once_with_its_place(templates: Templates) -> None:
    found = refusal(
        templates, "<p>\n{{ partner.nome }}</p>\n<p>é{{ 1+1 }}</p>", "{{ link }} =?utf-8?b?eA==?=", "{{ x }}"
    )
    assert {(one.pointer, one.code, one.line, one.column) for one in found} == {
        ("/subject", "placeholder_not_here", 1, 1),
        ("/subject", "encoded_word", 1, 12),
        ("/html", "unknown_placeholder", 2, 1),
        ("/html", "code_not_allowed", 3, 5),
        ("/text", "unknown_placeholder", 1, 1),
    }
    assert all(words.fr != words.en for words in WORDS.values())


@pytest.mark.parametrize("html", ["<p>x</p>", "{% if reason %}" + LINK + "{% endif %}"])
def test_a_mail_that_asks_needs_its_link_outside_of_conditions(templates: Templates, html: str) -> None:
    assert [one.code for one in refusal(templates, html)] == ["link_missing"]
    assert [one.pointer for one in refusal(templates, LINK, text="Bonjour")] == ["/text"]


def test_rich_text_is_cleaned(templates: Templates) -> None:
    html = (
        "<p onclick='x()' style='text-align: center'>A<script>alert(1)</script><!--[if mso]><b>x<![endif]--></p>"
        "<![if mso]><iframe src='https://x.example'>y</iframe><a href='javascript:alert(1)'>z</a>"
        "<style>p{}</style><img src='https://tracker.example/p.gif'>" + LINK
    )
    wording = checked(templates, InvitationMail, "fr", Draft("Objet", html))
    assert wording.html == '<p style="text-align: center">A</p><a>z</a>' + LINK
    assert wording.text == "A\n\nz\n\nRépondre\n{{ link }}"
    again = checked(templates, InvitationMail, "fr", Draft(wording.subject, wording.html, wording.text))
    assert again == wording, "what is stored is stored again as it is"


def test_values_are_escaped_in_html_only(templates: Templates) -> None:
    html = (
        '<p title="{{ reason }}">{{ partner.name|upper }} {% if reason == "<" %}non{% else %}oui{% endif %}</p>' + LINK
    )
    wording = checked(templates, InvitationMail, "fr", Draft("{{ partner.name }}", html))
    values = sample_of(InvitationMail, "fr").model_dump(mode="json")
    values["partner"]["name"] = '<b>&"\r\nBcc: x'
    found = templates.render(InvitationMail.key, "fr", values, Style(wording), strict=True)
    assert "&lt;B&gt;&amp;&#34;" in found.html
    assert "<b>" not in found.html
    assert '<B>&"' in found.text
    assert found.subject == '<b>&" Bcc: x'


@pytest.mark.parametrize("mail", MAILS)
@pytest.mark.parametrize("locale", LOCALES)
def test_an_editor_starts_from_the_shipped_words(templates: Templates, mail: type[Mail], locale: Locale) -> None:
    wording = starting_wording(templates, mail, locale)
    values = sample_of(mail, locale).model_dump(mode="json")
    shipped = templates.render(mail.key, locale, values)
    edited = templates.render(mail.key, locale, values, Style(wording), strict=True)
    assert (edited.subject, edited.text) == (shipped.subject, shipped.text)
    assert shipped.version != edited.version


@pytest.mark.parametrize("mail", MAILS)
def test_every_mail_and_placeholder_is_described(mail: type[Mail]) -> None:
    assert mail.label is not None
    assert mail.about is not None
    assert [slot.path for slot in flat(slots_of(mail)) if not slot.described] == []


class _Item(Placeholders):
    name: str


class _Rich(Mail):
    key: ClassVar[str] = "probe.rich"
    link_bearing: ClassVar[bool] = False

    recipient_email: str
    lines: list[_Item]
    contact: _Item | None
    due_on: date


@pytest.fixture
def rich(tmp_path: Path) -> Templates:
    """A catalogue of one mail, with a list, a date and somebody who may be absent."""
    (tmp_path / "_base").mkdir()
    (tmp_path / "_base" / "style.css").write_text(".p { margin: 0 }")
    for locale in LOCALES:
        folder = tmp_path / "probe" / "rich" / locale
        folder.mkdir(parents=True)
        for part in PARTS:
            (folder / part).write_text("{% block main %}{{ recipient_email }}{% endblock %}")
    return Templates(tmp_path, [_Rich])


def test_lists_dates_and_what_may_be_absent(rich: Templates) -> None:
    def said(html: str, count: int = 2, *, strict: bool = True) -> str:
        wording = checked(rich, _Rich, "fr", Draft("Objet", html))
        items = [_Item(name=f"<{number}>") for number in range(count)]
        mail = _Rich(recipient_email="a@b.example", lines=items, contact=None, due_on=date(2026, 12, 23))
        return rich.render(_Rich.key, "fr", mail.model_dump(mode="json"), Style(wording), strict=strict).text

    every = "<ul>{% for line in lines %}<li>{{ line.name }}</li>{% endfor %}</ul>"
    assert said(every) == "- <0>\n- <1>\n"
    assert said(every, MOST_ITEMS + 1, strict=False) == "a@b.example\n", "a longer list gives way to the shipped words"
    assert said("<p>{{ due_on|date }} {{ due_on|date('iso') }}</p>") == "23 décembre 2026 2026-12-23\n"
    assert said("{% if contact and contact.name %}{{ contact.name }}{% else %}Madame{% endif %}") == "Madame\n"
    for code, html in (
        ("placeholder_may_be_absent", "{{ contact.name }}"),
        ("placeholder_may_be_absent", "{% if not contact %}{{ contact.name }}{% endif %}"),
        ("placeholder_may_be_absent", "{% if contact %}{% else %}{{ contact.name }}{% endif %}"),
        ("too_deep", "{% for a in lines %}{% for b in lines %}x{% endfor %}{% endfor %}"),
        ("code_not_allowed", "{% for contact in lines %}x{% endfor %}"),
        ("code_not_allowed", "{% for loop in lines %}x{% endfor %}"),
    ):
        with pytest.raises(ValidationFailed) as refused:
            checked(rich, _Rich, "fr", Draft("Objet", html))
        assert code in {one.code for one in refused.value.errors}, html


@pytest.mark.parametrize(
    "html",
    ["{{ gone.name }}", "{{ 'a'*(10**8) }}", "{% for a in partner %}x{% endfor %}", "{% include 'x' %}", "{{"],
)
def test_a_stored_template_that_no_longer_fits_gives_way(templates: Templates, html: str) -> None:
    """Whatever stands in the row: the mail leaves with the shipped words, and its version says so."""
    values = sample_of(InvitationMail, "fr").model_dump(mode="json")
    broken = Style(Wording(new_id(), 1, "Objet", html, "x"))
    shipped = templates.render(InvitationMail.key, "fr", values)
    assert templates.render(InvitationMail.key, "fr", values, broken) == shipped
    assert templates.render(InvitationMail.key, "fr", values, broken) == shipped
    with pytest.raises(TemplateFault):
        templates.render(InvitationMail.key, "fr", values, broken, strict=True)


def test_what_becomes_too_long_gives_way(templates: Templates) -> None:
    values = sample_of(InvitationMail, "fr").model_dump(mode="json")
    style = Style(checked(templates, InvitationMail, "fr", Draft("Objet", LINK + "{{ reason }}" * 200)))
    shipped = templates.render(InvitationMail.key, "fr", {**values, "reason": "x" * (LONGEST_OUTPUT // 100)})
    assert (
        templates.render(InvitationMail.key, "fr", {**values, "reason": "x" * (LONGEST_OUTPUT // 100)}, style)
        == shipped
    )
