"""Mails per second of one process: the product's deliverer, ready bytes over kept connections, the usual way.

`python -m benchmarks.mail` runs all of them in turns; with a word it is one contender (see `harness`).
"""

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from email.message import EmailMessage
from email.utils import formatdate, make_msgid

import aiosmtplib
import asyncpg
import psutil
import uvloop
from benchmarks import harness, report
from benchmarks.data import keep_only_invitations, queue_invitations

from relance.capabilities.messaging.deliverer import Deliverer
from relance.capabilities.messaging.mime import serialise, unstructured
from relance.capabilities.messaging.templates import Rendering, load_templates
from relance.core.logging import configure_logging
from relance.core.settings import Settings
from relance.demo import seed_demo
from relance.domains.invitations.emails import (
    InvitationMail,
    OrganisationFacts,
    PartnerFacts,
    RequesterFacts,
    reason_sentence,
)
from relance.domains.invitations.lifecycle import Reason
from relance.wiring import MAILS, build_runtime, close_runtime, mail_subjects

CONNECTIONS = 10
#: So many that each contender works for eight seconds or more on a small machine.
OURS, LIMIT, USUAL = (harness.sized("ROWS", 12_000) * part // 12 for part in (12, 36, 3))
#: For the run that watches memory; 0 for none.
MANY = int(os.environ.get("MAILS") or 0)
#: Bytes, in order of time: of the contender that this process is.
_MEMORY: list[int] = []
_SENDER = "no-reply@relance.example"
#: Stands in the parts where the number of the mail goes, in the link and in the greeting.
_NUMBER = "0000000"
_OF_MIME = frozenset({"MIME-Version", "Content-Type"})


def _words() -> Rendering:
    """The product's own inviting mail in French, as it is sent: every contender carries the same text and HTML."""
    mail = InvitationMail(
        recipient_email=f"achats{_NUMBER}@partenaire.example",
        partner=PartnerFacts(name=f"Partenaire {_NUMBER}", local_id="732829320"),
        organisation=OrganisationFacts(name="Groupe Vasseur Achats"),
        requester=RequesterFacts(name="Claire Vasseur", email="claire.vasseur@demo.example"),
        reason=reason_sentence(Reason.NOT_REGISTERED, "fr"),
        link=f"http://127.0.0.1:8000/r/0352awBd9FUdMjoCDdjWGI.79cRPWeDYYNgul{_NUMBER}",
        expires_on="24 décembre 2026 à 14:05 (Europe/Paris)",
    )
    templates = load_templates(Settings(environment="development"), [InvitationMail])
    return templates.render(mail.key, "fr", mail.model_dump(mode="json"))


def _usual_message(words: Rendering, number: int) -> EmailMessage:
    """As everybody writes it; the package's own choice of encoding makes it a fifth shorter than ours."""
    message, own = EmailMessage(), f"{number:07d}"
    message["From"] = f"Groupe Vasseur Achats via Relance <{_SENDER}>"
    message["Reply-To"] = "claire.vasseur@demo.example"
    message["To"] = f"achats{number}@partenaire.example"
    message["Subject"] = words.subject
    message["Date"] = formatdate()
    message["Message-ID"] = make_msgid(domain="relance.example")
    message["Content-Language"] = "fr"
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message.set_content(words.text.replace(_NUMBER, own))
    message.add_alternative(words.html.replace(_NUMBER, own), subtype="html")
    return message


async def _over_connections(port: int, count: int, send: Callable[[aiosmtplib.SMTP, int], Awaitable[object]]) -> float:
    """Seconds that `count` calls of `send` take over kept connections."""
    numbers = iter(range(count))

    async def carry() -> None:
        client = aiosmtplib.SMTP(hostname="127.0.0.1", port=port, use_tls=False, start_tls=False)
        await client.connect()
        for number in numbers:
            await send(client, number)
        await client.quit()

    started = time.perf_counter()
    await asyncio.gather(*(carry() for _ in range(CONNECTIONS)))
    return time.perf_counter() - started


async def limit(port: int, count: int) -> float:
    """Bytes made beforehand: what `aiosmtplib` and the machine allow."""
    words = _words()
    headers = [(name, str(value)) for name, value in _usual_message(words, 0).items() if name not in _OF_MIME]
    headers = [(name, unstructured(value) if name == "Subject" else value) for name, value in headers]
    ready = serialise(headers, words.text, words.html)

    async def send(client: aiosmtplib.SMTP, number: int) -> None:
        await client.mail(_SENDER)
        await client.rcpt(f"achats{number}@partenaire.example")
        await client.data(ready)

    return await _over_connections(port, count, send)


async def usual(port: int, count: int) -> float:
    """An `EmailMessage` built for each mail and given to `aiosmtplib`; no template, no database."""
    words = _words()

    async def send(client: aiosmtplib.SMTP, number: int) -> None:
        await client.send_message(_usual_message(words, number))

    return await _over_connections(port, count, send)


async def ours(_port: int, _count: int) -> float:
    """The product's deliverer on whatever is queued: claim, render, intent, hand-off, settlement, domain told."""
    settings = Settings()
    configure_logging(settings)
    runtime = build_runtime(settings)
    deliverer = Deliverer(runtime, mail_subjects(runtime), MAILS)
    watch = asyncio.create_task(_memory())
    started = time.perf_counter()
    await deliverer.sweep()
    taken = time.perf_counter() - started
    watch.cancel()
    await deliverer.close(5)
    await close_runtime(runtime)
    return taken


async def _memory() -> None:
    """Sample this process's resident memory four times a second."""
    process = psutil.Process()
    while True:
        _MEMORY.append(process.memory_info().rss)
        await asyncio.sleep(0.25)


_CONTENDERS = {"limit": limit, "usual": usual, "ours": ours}


def tenths(samples: Sequence[int]) -> list[int]:
    """The highest sample of each tenth of the run: flat memory is ten numbers alike."""
    return [max(part) for n in range(10) if (part := samples[n * len(samples) // 10 : (n + 1) * len(samples) // 10])]


def contend(name: str, port: int, count: int) -> None:
    """Be one contender, and say what it did."""
    seconds = uvloop.run(_CONTENDERS[name](port, count))
    harness.say_facts(count, seconds, memory=tenths(_MEMORY))


async def _queue(settings: Settings, count: int) -> None:
    """Nothing in the queue but `count` fresh mails; what earlier rounds left is removed, or indexes would grow."""
    connection = await asyncpg.connect(settings.database_url)
    await connection.execute("TRUNCATE workspaces CASCADE")
    await connection.close()
    await seed_demo(settings)
    await keep_only_invitations(settings.database_url)
    await queue_invitations(settings.database_url, count - 3)


async def _sent(database_url: str) -> int:
    connection = await asyncpg.connect(database_url)
    found: int = await connection.fetchval("SELECT count(*) FROM messages WHERE state = 'sent'")
    await connection.close()
    return found


def _ours(settings: Settings, port: int, count: int) -> harness.Sample:
    asyncio.run(_queue(settings, count))
    relay = {"SMTP_URL": f"smtp://127.0.0.1:{port}", "RELANCE_SMTP_CONNECTIONS": str(CONNECTIONS)}
    env = harness.environment(settings, **relay)
    sample = harness.command("benchmarks.mail", "ours", str(port), str(count), env=env)
    sent = asyncio.run(_sent(settings.database_url))
    if sent != count:
        raise RuntimeError(f"{sent} of {count} mails were sent: the measure is void")
    return sample


def benches(settings: Settings, port: int) -> list[harness.Bench]:
    """The rows of the table about mail."""

    def other(name: str, count: int) -> harness.Sample:
        return harness.command("benchmarks.mail", name, str(port), str(count))

    return [
        harness.Bench(
            "mails to a local sink",
            (
                harness.Contender(harness.LIMIT, lambda: other("limit", LIMIT)),
                harness.Contender(harness.OURS, lambda: _ours(settings, port, OURS)),
                harness.Contender(harness.USUAL, lambda: other("usual", USUAL)),
            ),
            bars=(harness.of_usual(4), harness.of_limit(0.3)),
        )
    ]


def measured(settings: Settings) -> list[harness.Result]:
    """All contenders in turns, and the memory of a long run where one is asked for."""
    with harness.sink() as port:
        results = [harness.measure(bench, harness.told) for bench in benches(settings, port)]
        if MANY:
            many = _ours(settings, port, MANY)
            memory = " ".join(f"{rss / 2**20:,.0f}" for rss in many.memory)
            results[0].note = (
                f"one run of {MANY:,} mails, {many.rate:,.0f} mails/s; resident memory, highest of each tenth of the "
                f"run, in MB, {memory}; peak {many.peak_rss / 2**20:,.0f} MB."
            )
    return results


def main() -> None:
    """Measure and print the table."""
    with harness.servers() as settings:
        results = measured(settings)
    harness.told(report.write(results))


if __name__ == "__main__":
    if len(sys.argv) == 4:
        contend(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
    else:
        main()
