"""Sessions and their clients, each through its whole life."""

from datetime import timedelta

from tests.plugins.product import Office, Product
from tests.sessions.training import answer, company, next_monday, path_of, proposed, session, slot


async def tour(product: Product, office: Office) -> None:
    """Every transition of sessions and of their clients."""
    member, first = office.member, next_monday(product, 10)
    found = await session(office, [first], await company(office.admin))
    path, session_path = path_of(found), f"/v1/sessions/{found['id']}"
    _, link = await proposed(product, office, path, first - timedelta(days=10))

    async def act(place: str, body: object = None) -> None:
        done = await member.post(place, body)
        assert done.status_code in {200, 201}, f"{place}: {done.text}"

    await act(f"{path}/remind", {"force": True})
    await act(f"{path}/extend", {"due_on": first.isoformat()})
    for name in ("accept", "decline"):
        assert (await answer(product, link, name)).status_code == 200
    await act(f"{path}/proposals", {"due_on": first.isoformat()})
    assert (await answer(product, link, "decline", 2)).status_code == 200
    await act(f"{path}/validate")
    await act(f"{path}/unvalidate")
    cleared = await member.ask("PUT", f"{session_path}/slots", json={"slots": []})
    assert cleared.status_code == 200, cleared.text
    await act(f"{session_path}/slots", slot(first))
    assert (await member.ask("DELETE", path)).status_code == 204
    await act(f"{session_path}/cancel", {"reason": "Formatrice indisponible"})
    assert (await office.manager.ask("DELETE", session_path)).status_code == 204
