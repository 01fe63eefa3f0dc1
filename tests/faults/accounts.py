"""What became of every mail, counted on the relay's side and compared with what the rows say."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import asyncpg
from tests.messaging.relay import ACCEPT_AND_DROP, ACCEPT_AND_STALL, DROP, STALL, Accepted

_ROWS = """
SELECT m.id, m.recipient, m.mail_key, m.state, m.reason, m.last_code, i.status, i.last_sent_at,
       (SELECT count(*) FROM follow_ups f WHERE f.subject_id = m.subject_id AND f.kind = 'expiry') AS expiries,
       (SELECT count(*) FROM journal_entries j
        WHERE j.subject_id = m.subject_id AND j.action = 'invitation.sent') AS told
FROM messages m JOIN invitations i ON i.workspace_id = m.workspace_id AND i.id = m.subject_id
"""
#: After these answers nobody can know.
_SILENCES = frozenset({DROP, STALL, ACCEPT_AND_DROP, ACCEPT_AND_STALL})


@dataclass
class Incidents:
    """What the relay did to whom on purpose, by stage and answer."""

    happened: list[tuple[str, str, str]] = field(default_factory=list)

    def note(self, stage: str, answer: str, recipient: str) -> None:
        """Remember one."""
        self.happened.append((stage, answer, recipient))

    def silenced(self) -> set[str]:
        """Whose mail met silence once DATA had begun."""
        return {whom for stage, answer, whom in self.happened if stage in {"payload", "dot"} and answer in _SILENCES}

    def refused(self) -> set[str]:
        """Who was refused for good."""
        return {whom for _, answer, whom in self.happened if answer.startswith("55")}

    def counts(self) -> Counter[str]:
        """How often each thing happened."""
        return Counter(f"{stage}: {answer}" for stage, answer, _ in self.happened)


@dataclass(frozen=True)
class Verdict:
    """The accounts of a run."""

    mails: int
    states: Counter[str]
    #: The row says sent, or refused for good, and the relay knows otherwise.
    lost: Sequence[str]
    #: The relay took it more than once.
    twice: Sequence[str]
    uncertain: int
    #: Uncertain because a process died or stood still between intent and answer; and because the relay fell silent.
    by_lease: int
    by_silence: int
    #: Uncertain ones that the relay had taken.
    uncertain_arrived: int
    #: What no fault of the run accounts for.
    unexplained: Sequence[str]

    def table(self, title: str, facts: Sequence[tuple[str, object]] = ()) -> str:
        """For people."""
        lines: list[tuple[str, object]] = [
            ("mails", self.mails),
            ("lost", len(self.lost)),
            ("twice", len(self.twice)),
            ("uncertain", self.uncertain),
            ("  process died or stood still", self.by_lease),
            ("  relay fell silent after DATA", self.by_silence),
            ("  of them had arrived", self.uncertain_arrived),
            ("unexplained", len(self.unexplained)),
            *((f"state {state}", count) for state, count in sorted(self.states.items())),
            *facts,
        ]
        width = max(len(name) for name, _ in lines)
        rows = "\n".join(f"  {name.ljust(width)}  {value}" for name, value in lines)
        faults = "".join(f"\n  ! {line}" for line in [*self.lost, *self.twice, *self.unexplained][:20])
        return f"{title}\n{rows}{faults}"

    def holds(self, uncertain_by_lease: int) -> bool:
        """Whether nothing was lost or doubled, and no more is uncertain than deaths account for."""
        return not (self.lost or self.twice or self.unexplained) and self.by_lease <= uncertain_by_lease


def message_id(accepted: Accepted) -> str:
    """The id of the message that the relay has taken."""
    head, _, _ = accepted.content.partition(b"\r\n\r\n")
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"message-id:"):
            return line.partition(b"<")[2].partition(b"@")[0].decode()
    raise AssertionError("a mail without Message-ID")


async def settle_accounts(database_url: str, accepted: Collection[Accepted], incidents: Incidents) -> Verdict:
    """Compare rows and relay once the run is over."""
    connection = await asyncpg.connect(database_url)
    rows = await connection.fetch(_ROWS)
    await connection.close()
    counted = Counter(message_id(one) for one in accepted)
    silenced, refused = incidents.silenced(), incidents.refused()
    lost: list[str] = []
    unexplained: list[str] = []
    causes: Counter[str] = Counter()
    for row in rows:
        name, taken = f"{row['recipient']} ({row['mail_key']})", counted[row["id"].hex]
        state, reason = row["state"], row["reason"]
        if state == "sent" and not taken:
            lost.append(f"{name}: sent, and the relay never took it")
        elif state == "uncertain":
            causes["arrived"] += bool(taken)
            causes[reason] += 1
            if reason == "no_answer_after_data" and row["recipient"] not in silenced:
                unexplained.append(f"{name}: uncertain, and the relay did answer")
            elif reason not in {"no_answer_after_data", "lease_lost_after_handoff"}:
                unexplained.append(f"{name}: uncertain because of {reason}")
        elif state == "failed" and row["recipient"] not in refused:
            lost.append(f"{name}: failed, and nobody refused it ({reason}, {row['last_code']})")
        elif state not in {"sent", "failed", "cancelled"}:
            unexplained.append(f"{name}: still {state} ({reason})")
        elif state != "sent" and taken:
            unexplained.append(f"{name}: {state}, and the relay took it")
        unexplained.extend(_domain_faults(name, row))
    known = {row["id"].hex for row in rows}
    unexplained.extend(f"{one}: taken, and no row knows it" for one in counted.keys() - known)
    states = Counter(row["state"] for row in rows)
    return Verdict(
        mails=len(rows),
        states=states,
        lost=lost,
        twice=[f"{one}: taken {count} times" for one, count in counted.items() if count > 1],
        uncertain=states["uncertain"],
        by_lease=causes["lease_lost_after_handoff"],
        by_silence=causes["no_answer_after_data"],
        uncertain_arrived=causes["arrived"],
        unexplained=unexplained,
    )


def _domain_faults(name: str, row: asyncpg.Record) -> list[str]:
    """The invitation must say what its message says: sent once, its cycle begun once."""
    if row["mail_key"] != "invitations.invitation" or row["status"] not in {"queued", "sent"}:
        return []
    begun = row["status"] == "sent"
    if begun != (row["state"] == "sent"):
        return [f"{name}: message {row['state']}, invitation {row['status']}"]
    if (row["expiries"], row["told"]) != (int(begun), int(begun)):
        return [f"{name}: {row['expiries']} expiries planned, {row['told']} journal entries"]
    return []
