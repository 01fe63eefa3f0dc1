"""The table of answers, row by row as the design writes it."""

from datetime import timedelta

import pytest

from relance.capabilities.messaging.outcomes import Action, Outcome, Phase, Reply, outcome, retry_delay

_TABLE = [
    # Nobody there, or no answer: the relay's fault until a byte of the mail has left.
    (Phase.CONNECT, None, "refused", Outcome(Action.GIVE_BACK, pause_lane=True)),
    (Phase.CONNECT, 554, "no service", Outcome(Action.GIVE_BACK, pause_lane=True)),
    (Phase.RCPT, None, "", Outcome(Action.GIVE_BACK, pause_lane=True)),
    (Phase.DATA, None, "", Outcome(Action.GIVE_BACK, pause_lane=True)),
    (Phase.PAYLOAD, None, "", Outcome(Action.UNCERTAIN, pause_lane=True)),
    (Phase.PAYLOAD, -1, "Malformed", Outcome(Action.UNCERTAIN, pause_lane=True)),
    (Phase.RCPT, 421, "4.3.2 closing", Outcome(Action.GIVE_BACK, pause_lane=True)),
    (Phase.PAYLOAD, 421, "4.3.2 closing", Outcome(Action.GIVE_BACK, pause_lane=True)),
    # Credentials.
    (Phase.AUTH, 535, "5.7.8 no", Outcome(Action.GIVE_BACK, pause_lane=True, alert=True)),
    (Phase.MAIL, 530, "5.7.0 authentication required", Outcome(Action.GIVE_BACK, pause_lane=True, alert=True)),
    # Not now.
    (Phase.MAIL, 451, "4.3.0", Outcome(Action.RETRY)),
    (Phase.RCPT, 450, "4.2.0 greylisted", Outcome(Action.RETRY)),
    (Phase.RCPT, 451, "4.7.1 Greylisting in action", Outcome(Action.RETRY)),
    (Phase.PAYLOAD, 452, "4.3.1 full disk", Outcome(Action.RETRY)),
    (Phase.RCPT, 432, "4.3.2 concurrency", Outcome(Action.RETRY, slow_lane=True)),
    (Phase.RCPT, 450, "4.7.28 rate", Outcome(Action.RETRY, slow_lane=True)),
    (Phase.RCPT, 452, "4.2.2 mailbox full", Outcome(Action.RETRY_SLOWLY)),
    (Phase.RCPT, 552, "5.2.2 mailbox full", Outcome(Action.RETRY_SLOWLY)),
    (Phase.PAYLOAD, 552, "too much", Outcome(Action.RETRY_SLOWLY)),
    # Never.
    (Phase.RCPT, 550, "5.1.1 unknown", Outcome(Action.FAIL, suppress=True)),
    (Phase.PAYLOAD, 550, "5.1.10 null mx", Outcome(Action.FAIL, suppress=True)),
    (Phase.RCPT, 550, "no such user", Outcome(Action.FAIL)),
    (Phase.RCPT, 550, "5.7.1 policy", Outcome(Action.FAIL, alert=True)),
    (Phase.RCPT, 553, "5.1.8 bad sender", Outcome(Action.FAIL, alert=True)),
    (Phase.RCPT, 550, "5.2.1 disabled", Outcome(Action.FAIL)),
    (Phase.MAIL, 550, "5.7.1 not you", Outcome(Action.GIVE_BACK, pause_lane=True, alert=True)),
    (Phase.PAYLOAD, 250, "2.0.0 ok", Outcome(Action.SENT)),
]


@pytest.mark.parametrize(("phase", "code", "text", "expected"), _TABLE)
def test_the_table(phase: Phase, code: int | None, text: str, expected: Outcome) -> None:
    assert outcome(phase, Reply(code, text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"), [("5.1.1 no", "5.1.1"), ("5.1.10", "5.1.10"), ("hello 5.1.1", None), ("3.0.0", None)]
)
def test_the_enhanced_code_begins_the_text(text: str, expected: str | None) -> None:
    assert Reply(550, text).enhanced == expected


def test_delays_grow_with_full_jitter() -> None:
    longest = [retry_delay(Action.RETRY, attempt, lambda: 1.0) for attempt in range(1, 9)]
    assert longest == [timedelta(minutes=minutes) for minutes in (5, 15, 30, 60, 120, 240, 240, 240)]
    assert retry_delay(Action.RETRY, 3, lambda: 0.5) == timedelta(minutes=15)
    assert retry_delay(Action.RETRY, 1, lambda: 0.0) == timedelta(seconds=30)
    assert retry_delay(Action.RETRY_SLOWLY, 1, lambda: 1.0) == timedelta(hours=4)
