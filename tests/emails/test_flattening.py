"""Flattened templates say what Jinja says of the whole; what cannot be flattened is left to Jinja."""

from typing import Any

import pytest
from jinja2 import StrictUndefined, UndefinedError
from jinja2.environment import Environment
from jinja2.loaders import ChoiceLoader, DictLoader, FileSystemLoader
from tests.emails.test_templates import sample

from relance.capabilities.messaging.catalogue.styles import PLAIN, Brand
from relance.capabilities.messaging.flattening import flattened
from relance.capabilities.messaging.mails import Mail
from relance.capabilities.messaging.templates import PARTS
from relance.core.i18n import LOCALES, Locale
from relance.core.paths import templates_dir
from relance.wiring import MAILS

_BASE = {
    "layout.html": "<p>{% block head %}none{% endblock %}</p>{% block main %}{% endblock %}"
    "|{{ brand.colour }}|{{ locale }}",
    "parts.html": "{% macro row(name, value) %}<b>{{ name }}={{ value }}</b>{% endmacro %}"
    "{% macro usual(a, b=1) %}{{ b }}{% endmacro %}",
}
_VALUES: dict[str, Any] = {
    "who": {"name": "<A> & b", "items": ["x", "y<"], "title": None},
    "late": True,
    "locale": "fr",
    "brand": Brand(colour="#123456"),
}


def environment(**files: str) -> Environment:
    """Jinja as the catalogue has it, without the styles."""
    return Environment(
        loader=ChoiceLoader([DictLoader(_BASE | files), FileSystemLoader(templates_dir())]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: "" if value is None else value,
    )


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("mail", MAILS)
def test_every_mail_is_flat_and_says_the_same(mail: type[Mail], locale: Locale) -> None:
    found = environment()
    full = mail.model_validate(sample(mail)).model_dump(mode="json")
    bare = {name: None if isinstance(value, str | bool) else value for name, value in full.items()}
    for part in PARTS:
        name = f"{mail.key.replace('.', '/')}/{locale}/{part}"
        flat = flattened(found, found, name, {"locale": locale})
        assert flat is not None, f"{name} is rendered the slow way"
        for values in (full, bare):
            for brand in (PLAIN, Brand(logo_url="https://x.example/l.png", logo_width=3, sender_name="<S>")):
                given = {**values, "locale": locale, "brand": brand}
                assert flat.render(given) == found.get_template(name).render(given)


@pytest.mark.parametrize(
    "source",
    [
        "{{ who.name }}{{ who['name'] }}{{ late }}",
        "{% extends 'layout.html' %}{% block head %}{{ who.name }}{% endblock %}",
        "{% extends 'layout.html' %}ignored{% block main %}"
        "{% if late %}late{% else %}{{ who.title }}{% endif %}{% endblock %}",
        "{% extends 'layout.html' %}{% from 'parts.html' import row %}{% block main %}"
        "{{ row('a', who.name) }}-{{ row(who.name ~ '!', 2) }}"
        "{% if late %}{{ row('b', late) }}{% endif %}{% endblock %}",
        "{% from 'parts.html' import row as line %}"
        "{% for one in who.items %}{{ loop.index }}{{ line(one, one) }}{% endfor %}",
        "{% extends 'layout.html' %}{% block head %}a{% block inner %}{{ who.name }}{% endblock %}{% endblock %}",
        "{{ who.name|upper }}{{ 'x' if late else 'y' }}{{ who.title }}",
    ],
)
def test_what_is_flattened(source: str) -> None:
    found = environment(probe=source)
    flat = flattened(found, found, "probe", {"locale": "fr"})
    assert flat is not None
    # Of a placeholder named as a method of `dict` Jinja shows the method, and the flattened one what was meant.
    values = _VALUES if "items" not in source else {**_VALUES, "who": _Row(_VALUES["who"])}
    assert flat.render(_VALUES) == found.get_template("probe").render(values)


class _Row(dict[str, Any]):
    """A dict whose `items` is the placeholder."""

    def __getattribute__(self, name: str) -> Any:
        return self[name] if name in {"items", "name"} else super().__getattribute__(name)


@pytest.mark.parametrize(
    "source",
    [
        "{{ who.name.upper() }}",
        "{{ who.__class__ }}",
        "{% set x = 1 %}{{ x }}",
        "{% include 'layout.html' %}",
        "{% extends who.name %}",
        "{% extends 'layout.html' %}{% block head %}{{ super() }}{% endblock %}",
        "{% extends 'layout.html' %}{% block head %}{{ self.main() }}{% endblock %}",
        "{% from 'parts.html' import usual %}{{ usual(1) }}",
        "{% from 'parts.html' import row %}{{ row('a', value=1) }}",
        "{% from 'parts.html' import row %}{{ row('a', 1)|upper }}",
        "{% from 'parts.html' import gone %}{{ gone() }}",
        "{% import 'parts.html' as parts %}{{ parts.row(1, 2) }}",
        "{% macro own() %}x{% endmacro %}{{ own() }}",
        "{% call who() %}x{% endcall %}",
        "{{ range(3) }}",
    ],
)
def test_what_is_left_to_jinja(source: str) -> None:
    found = environment(probe=source)
    assert flattened(found, found, "probe", {"locale": "fr"}) is None


def test_what_is_missing_is_an_error() -> None:
    for source in ("{{ nobody }}", "{{ who.nobody }}", "{{ nobody.name }}"):
        found = environment(probe=source)
        flat = flattened(found, found, "probe", {"locale": "fr"})
        assert flat is not None
        with pytest.raises(UndefinedError, match="nobody"):
            flat.render(_VALUES)
