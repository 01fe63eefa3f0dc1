"""Random acts of random people: whatever they do, the table is kept, and nobody sees or is mailed what they must not.

The model is the specification's table, written down once more by hand and not read from the code: whoever changes the
lifecycle has to change it here as well.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.avant_vente.desk import REQUESTS, Desk
from tests.plugins.product import Person

TEAM, PARTNER, STRANGER = "team", "partner", "stranger"
SECRET = "entre nous seulement"
OPEN = ("to_process", "in_progress", "scheduled", "awaiting_info")
#: action → who, from where, to where (None: as it is; "before": to the status before).
TABLE: dict[str, tuple[tuple[str, ...], tuple[str, ...], str | None]] = {
    "submit": ((PARTNER,), ("draft",), "to_process"),
    "accept": ((TEAM,), ("to_process",), "in_progress"),
    "propose": ((TEAM,), ("in_progress",), "scheduled"),
    "choose-slot": ((PARTNER,), ("scheduled",), None),
    "accept-proposal": ((PARTNER,), ("scheduled",), "completed"),
    "ask-other-slots": ((PARTNER,), ("scheduled",), "in_progress"),
    "ask-info": ((TEAM,), ("to_process", "in_progress", "scheduled"), "awaiting_info"),
    "answer-info": ((PARTNER,), ("awaiting_info",), "before"),
    "refuse": ((TEAM,), OPEN, "refused"),
    "cancel": ((TEAM, PARTNER), OPEN, "cancelled"),
    "remind": ((TEAM,), ("scheduled", "awaiting_info"), None),
    "change-intervention": ((TEAM,), ("completed",), None),
}
#: Which side hears of an act by mail: `other` is the side that has not acted.
MAILS = {
    "submit": TEAM,
    "accept": PARTNER,
    "propose": PARTNER,
    "accept-proposal": "both",
    "ask-other-slots": TEAM,
    "ask-info": PARTNER,
    "answer-info": TEAM,
    "refuse": PARTNER,
    "cancel": "other",
    "remind": PARTNER,
    "change-intervention": "both",
}
#: By the link a partner does what it does by the API, under the same rules.
BY_LINK = {"accept-proposal": "accept", "ask-other-slots": "other-slots", "answer-info": "answer"}
ACTS = st.tuples(
    st.sampled_from([*TABLE, "comment", "whisper"]),
    st.sampled_from(["nadia", "yann", "paul", "anne", "rita"]),
    st.booleans(),
)


@dataclass
class Model:
    """What the table says of one request."""

    status: str = "draft"
    before: str | None = None
    round: int = 1
    old_slots: list[str] = field(default_factory=list)
    slots: list[str] = field(default_factory=list)

    def allows(self, side: str, action: str) -> bool:
        """Whether the table has it."""
        sides, sources, _ = TABLE[action]
        if action == "cancel" and side == PARTNER:
            return self.status == "to_process"
        return side in sides and self.status in sources

    def take(self, action: str) -> None:
        """Go where the table leads."""
        target = TABLE[action][2]
        if action == "ask-info":
            self.before = self.status
        if target == "before":
            target, self.before = self.before, None
        if target in ("refused", "cancelled"):
            self.before = None
        if action == "ask-other-slots":
            self.round += 1
            self.old_slots, self.slots = self.old_slots + self.slots, []
        self.status = target or self.status


def side_of(name: str) -> str:
    """On which side somebody is."""
    return {"nadia": TEAM, "yann": TEAM, "rita": STRANGER}.get(name, PARTNER)


@dataclass
class Story:
    """One request and what is done to it."""

    desk: Desk
    request: dict[str, Any]
    luck: random.Random
    model: Model = field(default_factory=Model)
    link: str | None = None

    def body(self, action: str) -> dict[str, Any] | None:
        """What the action is asked with; slots of this round mostly, of an earlier one now and then."""
        slot = self.luck.choice([*self.model.slots * 3, *self.model.old_slots] or [self.request["id"]])
        bodies: dict[str, dict[str, Any]] = {
            "submit": {"confirm": True},
            "propose": {"slots": self.desk.slots((10, 11, 12))},
            "choose-slot": {"slot_id": slot},
            "accept-proposal": {"slot_id": slot},
            "ask-other-slots": {"expectations": "Plus tard"},
            "ask-info": {"question": "Combien ?"},
            "answer-info": {"answer": "Trente"},
            "refuse": {"reason": "Hors périmètre"},
            "cancel": {"reason": "Sans objet"},
            "remind": {"force": True},
            "change-intervention": {"place": f"Salle {self.luck.randrange(1000)}"},
        }
        return bodies.get(action)

    async def act(self, action: str, name: str, by_link: bool) -> None:
        """Do it, and hold what comes of it against the table."""
        person: Person = getattr(self.desk, name)
        side = side_of(name)
        if action in ("comment", "whisper"):
            await self.speak(person, side, internal=action == "whisper")
        elif by_link and action in BY_LINK and self.link is not None:
            await self.step(action, PARTNER, self.body(action), linked=True, person=self.desk.paul)
        else:
            await self.step(action, side, self.body(action), linked=False, person=person)

    async def speak(self, person: Person, side: str, *, internal: bool) -> None:
        """A comment: internal ones are the team's."""
        body = {"body": SECRET if internal else "Bonjour", "visibility": "internal" if internal else "public"}
        answer = await person.post(f"{REQUESTS}/{self.request['id']}/comments", body)
        hidden = side == STRANGER or (side == TEAM and self.model.status == "draft")
        expected = 404 if hidden else 403 if internal and side == PARTNER else 201
        assert answer.status_code == expected, (side, internal, answer.text)

    async def step(self, action: str, side: str, body: dict[str, Any] | None, *, linked: bool, person: Person) -> None:
        """One action of the table, and what it is answered."""
        before = await self.mails()
        if linked:
            answer = await self.answer_link(action, body or {})
        else:
            answer = await self.desk.try_to(person, self.request, action, body)
        slot = (body or {}).get("slot_id")
        good = self.model.allows(side, action) and (slot is None or slot in self.model.slots)
        told = (action, side, linked, self.model.status, answer.status_code, answer.text)
        repeated = linked and answer.status_code == 200 and not good
        assert answer.status_code < 500, told
        assert (answer.status_code == 200) == good or repeated, told
        if good:
            self.model.take(action)
            if action == "propose":
                self.model.slots = [one["id"] for one in answer.json()["slots"]]
        await self.check(action if good else None, side, before)

    async def answer_link(self, action: str, body: dict[str, Any]) -> httpx.Response:
        """The same by the link of the mail."""
        assert self.link is not None
        names = {"slot_id": "slot"}
        answers = {names.get(name, name): value for name, value in body.items()}
        return await self.desk.answer(self.link, BY_LINK[action], **answers)

    async def mails(self) -> list[tuple[str, str]]:
        """To whom which mail was queued."""
        rows = await self.desk.product.rows(
            "SELECT mail_key, recipient FROM messages WHERE subject_id = :id ORDER BY id", id=self.request["id"]
        )
        return [(row["mail_key"], row["recipient"]) for row in rows]

    async def check(self, done: str | None, side: str, before: list[tuple[str, str]]) -> None:
        """The row stands where the model does; the right people were mailed; nobody sees what is not theirs."""
        model, desk = self.model, self.desk
        (row,) = await desk.product.rows(
            "SELECT status, status_before_info, round, number FROM avant_vente_requests WHERE id = :id",
            id=self.request["id"],
        )
        assert (row["status"], row["status_before_info"], row["round"]) == (model.status, model.before, model.round)
        new = (await self.mails())[len(before) :]
        heard = {TEAM if "@team." in to else PARTNER if "@nord." in to else STRANGER for _, to in new}
        expected = MAILS.get(done or "")
        other = {TEAM} if side == PARTNER else {PARTNER}
        assert heard == {"both": {TEAM, PARTNER}, "other": other, None: set()}.get(expected, {expected}), (done, new)
        if self.link is None and done in ("propose", "ask-info"):
            self.link = await desk.link(desk.paul)
        for name in ("nadia", "paul", "rita"):
            seen = await getattr(desk, name).get(f"{REQUESTS}/{self.request['id']}")
            visible = name == "paul" or (name == "nadia" and model.status != "draft")
            assert seen.status_code == (200 if visible else 404), (name, model.status)
            if visible:
                self.check_actions(side_of(name), seen.json())
        comments = await desk.anne.get(f"{REQUESTS}/{self.request['id']}/comments")
        assert SECRET not in comments.text

    def check_actions(self, side: str, seen: dict[str, Any]) -> None:
        """What is said to be possible is what the table allows."""
        for one in seen["available_actions"]:
            if one["action"] in TABLE and one["action"] not in ("remind",):
                assert one["allowed"] == self.model.allows(side, one["action"]), (side, self.model, one)


def acts(length: int) -> st.SearchStrategy[list[tuple[str, str, bool]]]:
    """So many acts."""
    return st.lists(ACTS, min_size=length, max_size=length)


#: Ways through the table that chance alone would seldom find: each story begins with one of them.
OPENINGS = (
    "",
    "submit paul",
    "submit paul, accept nadia, propose nadia",
    "submit anne, ask-info yann",
    "submit paul, accept nadia, propose yann, ask-info yann",
    "submit paul, accept yann, propose yann, ask-other-slots anne, propose yann",
)


def opening(turn: int) -> list[tuple[str, str, bool]]:
    """The acts of one of the openings, none of them by link."""
    steps = [step.split() for step in OPENINGS[turn % len(OPENINGS)].split(", ") if step]
    return [(action, name, False) for action, name in steps]


def stories(count: int, length: int, seed: int) -> Iterator[tuple[int, list[tuple[str, str, bool]]]]:
    """Sequences that Hypothesis draws; each begins at one of the openings."""
    drawn: list[list[tuple[str, str, bool]]] = []

    @settings(
        max_examples=count,
        phases=[Phase.generate],
        database=None,
        derandomize=True,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(acts(length))
    def draw(sequence: list[tuple[str, str, bool]]) -> None:
        drawn.append(sequence)

    draw()
    for turn, sequence in enumerate(drawn[:count]):
        yield seed + turn, [*opening(turn), *sequence]


async def play(desk: Desk, count: int, length: int, seed: int) -> set[str]:
    """Each story on a request of its own; the statuses that were reached."""
    opportunity, reached = await desk.opportunity(), set()
    for turn, sequence in stories(count, length, seed):
        story = Story(desk, await desk.draft(opportunity=opportunity), random.Random(turn))
        for action, name, by_link in sequence:
            await story.act(action, name, by_link)
            reached.add(story.model.status)
    return reached


async def test_nobody_gets_beyond_the_table(desk: Desk) -> None:
    assert len(await play(desk, count=6, length=6, seed=1)) >= 5


@pytest.mark.slow
@pytest.mark.parametrize("seed", [100, 200, 300])
async def test_nobody_gets_beyond_the_table_in_many_more_stories(desk: Desk, seed: int) -> None:
    assert len(await play(desk, count=20, length=15, seed=seed)) >= 7
