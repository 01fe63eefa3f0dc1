"""What the check of breaking changes finds, and what it lets pass."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from scripts.check_breaking import Comparison, bare, noted
from tests.contract.contract import document

Change = Callable[[dict[str, Any]], object]


def schema(contract: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = contract["components"]["schemas"][name]
    return found


def found(change: Change) -> set[str]:
    """What the check says of a change to the contract."""
    new = copy.deepcopy(document())
    change(new)
    return {f"{name}: {what}" for name, what in Comparison(bare(document()), new).breaks()}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda new: new["paths"].pop("/v1/companies"), "companies_list: is gone"),
        (
            lambda new: new["paths"].update({"/v1/firms": new["paths"].pop("/v1/companies")}),
            "companies_list: was GET /v1/companies",
        ),
        (
            lambda new: new["paths"]["/v1/companies"]["get"]["parameters"].pop(),
            "companies_list: no longer takes the parameter sort",
        ),
        (
            lambda new: schema(new, "CompanyCreate")["required"].append("external_id"),
            "companies_create: body: external_id is required",
        ),
        (
            lambda new: schema(new, "CompanyCreate")["properties"].pop("external_id"),
            "companies_create: body: external_id is gone",
        ),
        (
            lambda new: schema(new, "CompanyCreate")["properties"]["name"].update(maxLength=10),
            "companies_create: body.name: maxLength is 10, was 200",
        ),
        (lambda new: schema(new, "CompanyRead")["properties"].pop("name"), "companies_get: 200: name is gone"),
        (
            lambda new: schema(new, "CompanyRead")["properties"]["name"].update(type=["string", "null"]),
            "companies_list: 200.items[].name: may now be null",
        ),
        (lambda new: schema(new, "CompanyRead")["required"].remove("name"), "companies_get: 200: name may be absent"),
        (
            lambda new: schema(new, "Status")["enum"].append("lost"),
            "invitations_get: 200.status: may now be 'lost'",
        ),
        (
            lambda new: new["paths"]["/v1/companies"]["get"]["security"][0]["user"].append("users:read"),
            "companies_list: asks for the scope users:read",
        ),
    ],
)
def test_what_breaks_clients_is_found(change: Change, said: str) -> None:
    assert said in found(change)


@pytest.mark.parametrize(
    "change",
    [
        lambda new: schema(new, "CompanyCreate")["properties"].update(note={"type": "string"}),
        lambda new: schema(new, "CompanyCreate")["required"].remove("name"),
        lambda new: schema(new, "CompanyCreate")["properties"]["name"].update(maxLength=10_000),
        lambda new: schema(new, "CompanyRead")["properties"].update(note={"type": "string"}),
        lambda new: new["paths"].update({"/v1/notes": {}}),
        lambda new: schema(new, "CompanyRead").update(description="Other words."),
    ],
)
def test_what_only_adds_passes(change: Change) -> None:
    assert found(change) == set()


def test_the_changelog_admits_breaks_by_name(tmp_path: Path) -> None:
    changelog = tmp_path / "CHANGELOG.md"
    changelog.write_text(
        "# Changelog\n\n## Unreleased\n\n- Breaking: `users_list`\n- `roles_list`\n\n## 1.0\n\n- breaking `me_get`\n"
    )
    assert noted(changelog) == {"users_list"}
