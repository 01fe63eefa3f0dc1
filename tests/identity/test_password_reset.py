"""A new password by mail: asked by anybody, answered by whoever reads the mail, once."""

import asyncio
from datetime import timedelta

import httpx
import pytest
from tests.plugins.product import PASSWORD, Office, Person, Product

from relance.core.clock import system_now

ASK = "/v1/auth/password-reset"
JSON = {"Accept": "application/json"}
NEW = "  trois cailloux sous le pont  "


async def ask(product: Product, email: str) -> None:
    answer = await product.client.post(ASK, json={"email": email})
    assert (answer.status_code, answer.content) == (202, b"")
    await product.work()


async def link_of(product: Product, person: Person) -> str:
    """Ask, and the path of the link that arrives."""
    await ask(product, person.email)
    mails = await product.mails(person, person.email)
    link: str = mails[0]["links"][0]
    return link.removeprefix("http://relance.example")


async def change(product: Product, link: str, password: str = NEW) -> httpx.Response:
    body = {"version": 1, "answers": {"password": password}}
    return await product.client.post(f"{link}/change", json=body, headers=JSON)


async def sign_in(product: Product, email: str, password: str) -> int:
    answer = await product.client.post("/v1/auth/token", data={"username": email, "password": password})
    return answer.status_code


async def test_from_forgotten_to_signed_in(product: Product, office: Office) -> None:
    link = await link_of(product, office.member)
    (mail,) = await product.mails(office.member, office.member.email)
    assert mail["subject"] == "Votre nouveau mot de passe pour Groupe Vasseur"
    seen = await product.client.get(link, headers=JSON)
    assert (seen.json()["state"], [one["name"] for one in seen.json()["answers"]]) == ("open", ["change"])

    changed = await change(product, link)
    assert (changed.status_code, changed.json()["state"]) == (200, "answered"), changed.text
    assert changed.json()["form"] is None
    # Every session ends, the one that is open here included; the password is kept as it was typed.
    assert (await office.member.get("/v1/me")).status_code == 401
    assert await sign_in(product, office.member.email, PASSWORD) == 401
    assert await sign_in(product, office.member.email, NEW.strip()) == 401
    assert await sign_in(product, office.member.email, NEW) == 200
    actions = await product.rows(
        "SELECT action FROM journal_entries WHERE subject_id = :id ORDER BY id", id=office.member.id
    )
    assert [row["action"] for row in actions][1:3] == ["user.password_reset_requested", "user.password_reset"]
    await product.work()
    told = (await product.mails(office.admin, office.member.email))[0]
    assert told["subject"] == "Le mot de passe de votre compte Groupe Vasseur a été modifié"
    assert "par le lien d’un message envoyé à cette adresse" in told["text"]
    assert told["links"] == []

    again = await change(product, link, "une autre phrase encore plus longue")
    assert (again.status_code, again.json()["code"]) == (409, "link_used")
    assert await sign_in(product, office.member.email, NEW) == 200


async def test_every_new_password_is_told_to_its_user(product: Product, office: Office) -> None:
    member = office.member
    changed = await office.admin.ask("PATCH", f"/v1/users/{member.id}", json={"locale": "en"})
    assert changed.status_code == 200, changed.text
    await product.work()
    assert await product.mails(office.admin, member.email) == []
    for new in ("four words of no relation", "some other four plain words"):
        body = {"current_password": PASSWORD, "new_password": new}
        if new.startswith("some"):
            body["current_password"] = "four words of no relation"
        assert (await member.post("/v1/me/password", body)).status_code == 204
    refused = await member.post("/v1/me/password", {"current_password": "wrong", "new_password": NEW})
    assert refused.status_code == 403
    await product.work()
    told = await product.mails(office.admin, member.email)
    assert [one["subject"] for one in told] == ["The password of your Groupe Vasseur account was changed"] * 2
    assert "was changed from your account" in told[0]["text"]
    # By somebody else, with another address at once: the one that knows of the account so far is told.
    body = {"password": "encore une longue phrase", "email": "ailleurs@vasseur.example"}
    changed = await office.admin.ask("PATCH", f"/v1/users/{member.id}", json=body)
    assert changed.status_code == 200, changed.text
    await product.work()
    assert await product.mails(office.admin, "ailleurs@vasseur.example") == []
    told = await product.mails(office.admin, member.email)
    assert len(told) == 3
    assert "by somebody who manages users" in told[0]["text"]
    (message,) = (await office.admin.get(f"/v1/messages?subject_kind=user&subject_id={member.id}&limit=1")).json()[
        "items"
    ]
    assert (message["template"], message["state"]) == ("identity.password_changed", "sent")


async def test_the_page_works_without_a_script_and_shows_no_password(product: Product, office: Office) -> None:
    link = await link_of(product, office.member)
    page = (await product.client.get(link, headers={"Accept": "text/html"})).text
    assert '<input type="password" id="answers.password" name="answers.password" autocomplete="new-password"' in page
    assert "<script" not in page
    html = {"Accept": "text/html"}
    weak = {"version": "1", "answers.password": "azertyuiop12"}
    refused = await product.client.post(f"{link}/change", data=weak, headers=html)
    assert refused.status_code == 422
    assert "trop facile" in refused.text
    assert "azertyuiop12" not in refused.text
    sent = await product.client.post(f"{link}/change", data=weak | {"answers.password": NEW}, headers=html)
    assert sent.status_code == 303
    assert "Votre mot de passe est changé" in (await product.client.get(link, headers=html)).text
    assert await sign_in(product, office.member.email, NEW) == 200


async def test_nobody_learns_who_has_an_account(product: Product, office: Office) -> None:
    await office.admin.post(f"/v1/users/{office.member.id}/deactivate")
    for email in ("nobody@vasseur.example", office.member.email):
        await ask(product, email)
        assert await product.mails(office.admin, email) == []
    assert await product.rows("SELECT id FROM password_resets") == []
    assert (await product.client.post(ASK, json={"email": "not an address"})).status_code == 422


async def test_one_mail_for_impatience_and_one_link_that_counts(product: Product, office: Office) -> None:
    first = await link_of(product, office.member)
    await asyncio.gather(*(product.client.post(ASK, json={"email": office.member.email}) for _ in range(3)))
    await product.work()
    assert len(await product.mails(office.admin, office.member.email)) == 1
    async with product.runtime.db.engine.begin() as connection:
        await connection.exec_driver_sql("UPDATE password_resets SET requested_at = now() - interval '6 minutes'")
    second = await link_of(product, office.member)
    assert second != first
    assert (await change(product, first)).status_code == 404
    assert (await change(product, second)).status_code == 200


async def test_an_hour_later(product: Product, office: Office) -> None:
    link = await link_of(product, office.member)
    async with product.runtime.db.engine.begin() as connection:
        await connection.exec_driver_sql("UPDATE password_resets SET expires_at = now()")
    assert (await product.client.get(link, headers=JSON)).json()["state"] == "expired"
    refused = await change(product, link)
    assert (refused.status_code, refused.json()["code"]) == (410, "link_expired")
    assert await sign_in(product, office.member.email, PASSWORD) == 200


async def test_the_sandbox_clock_does_not_age_the_link(product: Product, office: Office) -> None:
    link = await link_of(product, office.member)
    await product.advance(office.admin, "P2D")
    assert (await change(product, link)).status_code == 200
    [row] = await product.rows("SELECT requested_at, used_at FROM password_resets")
    assert row["used_at"] - row["requested_at"] < timedelta(minutes=1)
    assert row["used_at"] <= system_now()


async def test_answers_at_once_change_it_once(product: Product, office: Office) -> None:
    link = await link_of(product, office.member)
    passwords = [f"{number} cailloux sous le grand pont" for number in range(4)]
    answers = await asyncio.gather(*(change(product, link, password) for password in passwords))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    held = [await sign_in(product, office.member.email, password) for password in passwords]
    assert sorted(held) == [200, 401, 401, 401]


@pytest.mark.parametrize("change_of", [{"email": "ailleurs@vasseur.example"}, {"password": "quatre cailloux au fond"}])
async def test_what_changes_the_account_ends_the_link(
    product: Product, office: Office, change_of: dict[str, str]
) -> None:
    link = await link_of(product, office.member)
    changed = await office.admin.ask("PATCH", f"/v1/users/{office.member.id}", json=change_of)
    assert changed.status_code == 200, changed.text
    assert (await change(product, link)).status_code == 404


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("court", "min_length"),
        ("aaaaaaaaaaaa", "password_too_common"),
        ("motdepasse1234", "password_too_common"),
        ("Member.Vasseur", "password_personal"),
        ("", "min_length"),
    ],
)
async def test_passwords_that_are_guessed_first(product: Product, office: Office, password: str, code: str) -> None:
    link = await link_of(product, office.member)
    refused = await change(product, link, password)
    assert refused.status_code == 422
    assert [(one["pointer"], one["code"]) for one in refused.json()["errors"]] == [("/answers/password", code)]
    assert (await office.member.get("/v1/me")).status_code == 200
