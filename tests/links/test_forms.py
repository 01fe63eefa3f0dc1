"""Forms made from a JSON Schema: what is read back is what was meant, and hostile schemas are refused."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.links.errand import GOOD, SCHEMA

from relance.capabilities.links.errors import FormNotSupported
from relance.capabilities.links.forms import (
    build_form,
    check_schema,
    display_answers,
    form_values,
    read_answers,
    validate_answers,
)
from relance.core.errors import ValidationFailed

LINE = st.text(st.characters(exclude_categories=("C", "Z")), min_size=2, max_size=40)
ANSWERS = st.fixed_dictionaries(
    {
        "identity": st.fixed_dictionaries(
            {
                "legal_name": LINE,
                "email": st.just("a@b.example"),
                "form": st.sampled_from(["sas", "sarl", "other"]),
                "employees": st.integers(0, 10**9),
            },
            optional={
                "website": st.just("https://exemple.fr/a?b=c"),
                "turnover": st.integers(-(10**6), 10**6).map(lambda cents: cents / 4),
                "founded": st.dates(date(1900, 1, 1), date(2100, 1, 1)).map(lambda day: day.isoformat()),
                "notes": LINE,
            },
        ),
        "declarations": st.fixed_dictionaries({"taxes": st.booleans(), "accurate": st.just(True)}),
    },
    optional={
        "certificates": st.fixed_dictionaries(
            {"issuer": st.sampled_from(["afnor", "other"])},
            optional={"held": st.lists(st.sampled_from(["iso_9001", "iso_14001"]), min_size=1, unique=True)},
        )
    },
)


@given(ANSWERS)
def test_what_the_form_shows_is_read_back_the_same(answers: dict[str, object]) -> None:
    form = build_form(SCHEMA, "fr")
    shown = form_values(form, answers)
    assert read_answers(form, shown) == answers
    assert validate_answers(SCHEMA, answers) == answers


NAMES = [field.name for field in build_form(SCHEMA, "fr").fields()]


@given(st.dictionaries(st.sampled_from(NAMES), st.lists(st.text())))
def test_random_text_is_refused_by_name(posted: dict[str, list[str]]) -> None:
    # An address and a ticked box are asked that no random text gives.
    answers = read_answers(build_form(SCHEMA, "fr"), posted)
    with pytest.raises(ValidationFailed) as refused:
        validate_answers(SCHEMA, answers)
    assert refused.value.data["errors"]


@pytest.mark.parametrize(
    ("name", "typed", "read"),
    [
        ("identity.employees", "1 200", 1200),
        ("identity.employees", "1\u202f200", 1200),
        ("identity.employees", "12,5", "12,5"),
        ("identity.employees", "٣", "٣"),
        ("identity.employees", "9" * 30, "9" * 30),
        ("identity.turnover", "1 234,5", 1234.5),
        ("identity.turnover", "1e9", "1e9"),
        ("identity.turnover", "nan", "nan"),
        ("identity.founded", "3/4/2020", "2020-04-03"),
        ("identity.founded", "2020-04-03", "2020-04-03"),
        ("identity.founded", "31/02/2020", "31/02/2020"),
        ("identity.website", "www.exemple.fr/x", "https://www.exemple.fr/x"),
        ("identity.website", "javascript:alert(1)", "javascript:alert(1)"),
        ("identity.website", "nonsense", "nonsense"),
        ("identity.legal_name", "  A  ", "A"),
    ],
)
def test_what_people_type(name: str, typed: str, read: object) -> None:
    section, field = name.split(".")
    found = read_answers(build_form(SCHEMA, "fr"), {f"answers.{name}": [typed]})[section]
    assert isinstance(found, dict)
    assert found[field] == read


def test_empty_is_absent() -> None:
    form = build_form(SCHEMA, "fr")
    blank = {field.name: [" "] for field in form.fields()}
    # Required sections are there, so that each of their fields is named; the optional one is not.
    assert read_answers(form, blank) == {"identity": {}, "declarations": {}}
    with pytest.raises(ValidationFailed) as refused:
        validate_answers(SCHEMA, {"identity": {}, "declarations": {}})
    errors = refused.value.data["errors"]
    assert isinstance(errors, list)
    assert {error["pointer"] for error in errors} == {
        "/answers/identity/legal_name",
        "/answers/identity/email",
        "/answers/identity/form",
        "/answers/identity/employees",
        "/answers/declarations/taxes",
        "/answers/declarations/accurate",
    }


def test_two_languages() -> None:
    french, english = build_form(SCHEMA, "fr"), build_form(SCHEMA, "en")
    assert [item.label for item in french.items] == ["Votre organisation", "Certifications", "Déclarations"]
    assert [item.label for item in english.items] == ["Your organisation", "Certifications", "Déclarations"]
    choices = {field.path[-1]: [choice.label for choice in field.choices] for field in english.fields()}
    assert choices["form"] == ["SAS", "SARL", "Other"]
    assert choices["taxes"] == ["Yes", "No"]


def test_order_survives_a_store_without_one() -> None:
    schema: dict[str, object] = {
        "type": "object",
        "x-order": ["b", "gone", "a"],
        "properties": {"a": {"type": "string"}, "b": {"type": "string"}, "c": {"type": "string"}},
    }
    assert [field.path[-1] for field in build_form(schema, "fr").fields()] == ["b", "a", "c"]


def test_answers_in_words() -> None:
    answers = {**GOOD, "certificates": {"issuer": "afnor", "held": ["iso_9001"]}}
    shown = {
        line.label: line.values
        for block in display_answers(build_form(SCHEMA, "fr"), answers, "fr")
        for line in block.lines
    }
    assert shown["Forme juridique"] == ("SAS",)
    assert shown["À jour ?"] == ("Oui",)
    assert shown["Issuer"] == ("AFNOR",)
    assert "Remarques" not in shown


def test_lines_are_one_line() -> None:
    identity = GOOD["identity"]
    assert isinstance(identity, dict)
    with pytest.raises(ValidationFailed) as refused:
        validate_answers(SCHEMA, {**GOOD, "identity": {**identity, "legal_name": "a\nb", "notes": "a\nb"}})
    errors = refused.value.data["errors"]
    assert isinstance(errors, list)
    assert [(error["pointer"], error["code"]) for error in errors] == [("/answers/identity/legal_name", "single_line")]


@pytest.mark.parametrize("answers", [None, [], "x", 1])
def test_answers_that_are_no_object(answers: object) -> None:
    with pytest.raises(ValidationFailed) as refused:
        validate_answers(SCHEMA, answers)
    assert refused.value.data["errors"]


def nested(levels: int) -> dict[str, object]:
    schema: dict[str, object] = {"type": "string"}
    for _ in range(levels):
        schema = {"type": "object", "properties": {"a": schema}}
    return schema


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string"},
        {"type": "nonsense"},
        {"type": "object", "properties": {"a": {"$ref": "http://127.0.0.1:9/x"}}},
        {"$ref": "file:///etc/passwd", "type": "object"},
        {"type": "object", "properties": {"a.b": {"type": "string"}}},
        {"type": "object", "properties": {"a": {"type": "array", "items": {"type": "string"}}}},
        {"type": "object", "properties": {"a": {"type": "string", "pattern": "(?=a)"}}},
        {"type": "object", "properties": {"a": {"type": "string", "pattern": "("}}},
        {"type": "object", "properties": {"a": {}}},
        {"type": "object", "properties": {"a": True}},
        {"type": "object", "properties": {"a": {"enum": [{"b": 1}]}}},
        nested(7),
    ],
)
def test_schemas_that_cannot_be_shown(schema: dict[str, object]) -> None:
    with pytest.raises(FormNotSupported):
        check_schema(schema)


def test_the_schema_of_the_tests_can_be_shown() -> None:
    check_schema(SCHEMA)
