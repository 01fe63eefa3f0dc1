"""What each answer of a relay means. Pure: one table, asked by the deliverer and printed nowhere else."""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Phase(StrEnum):
    """How far a conversation was when something happened."""

    RENDER = "render"
    INTENT = "intent"
    CONNECT = "connect"
    AUTH = "auth"
    MAIL = "mail"
    RCPT = "rcpt"
    #: The DATA command, before any byte of the mail.
    DATA = "data"
    #: From the first byte of the mail to the answer after the final dot.
    PAYLOAD = "payload"
    LEASE = "lease"
    #: After the relay had answered: a delivery report.
    REPORT = "report"


class Action(StrEnum):
    """What to do with the message."""

    SENT = "sent"
    #: Later, by the message's own schedule.
    RETRY = "retry"
    #: Much later: a full mailbox is not emptied in five minutes.
    RETRY_SLOWLY = "retry_slowly"
    #: As if it had not been tried; the lane is paused.
    GIVE_BACK = "give_back"
    #: Never again.
    FAIL = "fail"
    UNCERTAIN = "uncertain"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of the relay; code None where there was none."""

    code: int | None
    text: str

    @property
    def enhanced(self) -> str | None:
        """The enhanced status code (RFC 3463) that begins the text, "5.1.1"."""
        found = _ENHANCED.match(self.text)
        return found.group(0) if found else None

    @property
    def kept(self) -> str:
        """The words as long as the log keeps them, without what PostgreSQL cannot store."""
        return self.text.replace("\x00", " ").encode(errors="replace").decode()[:_KEPT_REPLY]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What to do with the message, the lane and the address."""

    action: Action
    pause_lane: bool = False
    slow_lane: bool = False
    suppress: bool = False
    alert: bool = False


#: Longest text of an answer that is kept.
_KEPT_REPLY = 500
_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}(?!\d)")
_GREYLISTED = re.compile(r"gr[ea]y[ -]?list", re.IGNORECASE)
#: 5.1.7 and 5.1.8 speak of the sender's address, and say nothing against the recipient's.
_SENDER_FAULTS = frozenset({"5.1.7", "5.1.8"})
_AUTH_CODES = frozenset({530, 534, 535, 538})


def outcome(phase: Phase, reply: Reply) -> Outcome:
    """What `reply`, received in `phase`, means. The first row that fits decides."""
    code, enhanced = reply.code, reply.enhanced or ""
    if code is None:
        # Silence is only ambiguous once a byte of the mail may have reached the relay.
        if phase is Phase.PAYLOAD:
            return Outcome(Action.UNCERTAIN, pause_lane=True)
        return Outcome(Action.GIVE_BACK, pause_lane=True)
    if phase is Phase.PAYLOAD and 200 <= code < 300:
        return Outcome(Action.SENT)
    if code in _AUTH_CODES or phase is Phase.AUTH:
        return Outcome(Action.GIVE_BACK, pause_lane=True, alert=True)
    if code == 421 or phase is Phase.CONNECT:
        return Outcome(Action.GIVE_BACK, pause_lane=True)
    if 400 <= code < 500:
        return _temporary(code, enhanced, reply.text)
    if 500 <= code < 600:
        return _permanent(phase, code, enhanced)
    # Neither yes nor no: the conversation is out of step.
    return Outcome(Action.UNCERTAIN if phase is Phase.PAYLOAD else Action.GIVE_BACK, pause_lane=True)


def _temporary(code: int, enhanced: str, text: str) -> Outcome:
    if code == 432 or (enhanced.startswith("4.7.") and not _GREYLISTED.search(text)):
        return Outcome(Action.RETRY, slow_lane=True)
    if enhanced == "4.2.2":
        return Outcome(Action.RETRY_SLOWLY)
    return Outcome(Action.RETRY)


def _permanent(phase: Phase, code: int, enhanced: str) -> Outcome:
    if phase is Phase.MAIL:
        # The relay refuses the sender, that is us: no recipient is at fault, and every mail would fail likewise.
        return Outcome(Action.GIVE_BACK, pause_lane=True, alert=True)
    if enhanced == "5.2.2" or (code == 552 and not enhanced):
        return Outcome(Action.RETRY_SLOWLY)
    if enhanced.startswith("5.7.") or enhanced in _SENDER_FAULTS:
        return Outcome(Action.FAIL, alert=True)
    if enhanced.startswith("5.1."):
        return Outcome(Action.FAIL, suppress=True)
    return Outcome(Action.FAIL)


_STEPS = tuple(timedelta(minutes=minutes) for minutes in (5, 15, 30, 60, 120, 240))
_SLOW_STEPS = tuple(timedelta(hours=hours) for hours in (4, 8, 12, 24))
_FLOOR = timedelta(seconds=30)

#: How long a message without an expiry of its own is retried after a relay's first refusal (RFC 5321, 4.5.4.1).
GIVE_UP_AFTER = timedelta(days=5)


def retry_delay(action: Action, attempts: int, jitter: Callable[[], float] = random.random) -> timedelta:
    """How long to wait after the refusal number `attempts`: exponential, with full jitter.

    Args:
        action: RETRY or RETRY_SLOWLY.
        attempts: how many attempts have reached the relay, this one included.
        jitter: a number in [0, 1).
    """
    steps = _SLOW_STEPS if action is Action.RETRY_SLOWLY else _STEPS
    longest = steps[min(max(attempts, 1), len(steps)) - 1]
    return max(_FLOOR, longest * jitter())
