"""What goes over the wire, byte by byte: pipelined (RFC 2920) and not, in the clear and secured, on both loops."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import uvloop
from tests.messaging.certificates import Authority

from relance.capabilities.messaging.delivery.pool import Pool
from relance.capabilities.messaging.delivery.smtp import Address, Conversation, Relay, SmtpFault
from relance.capabilities.messaging.outcomes import Phase

Server = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Client = Callable[[Conversation], Awaitable[None]]

FIRST, SECOND = Address("us@relance.example", "a@p.example"), Address("us@relance.example", "b@p.example")
OPENING = b"MAIL FROM:<us@relance.example>\r\nRCPT TO:<a@p.example>\r\n"
NEXT = b"MAIL FROM:<us@relance.example>\r\nRCPT TO:<b@p.example>\r\nDATA\r\n"
MAIL = b"Subject: x\r\n\r\nhello\r\n"


class Script:
    """One side of a conversation written down: what must arrive, in one piece, and what is said to it."""

    def __init__(self, *lines: tuple[bytes, bytes | None], offers: bytes = b"250-relay\r\n250 PIPELINING\r\n") -> None:
        self.lines = lines
        self.offers = offers
        self.fault: str | None = None

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Play it; an answer of None hangs up."""
        writer.write(b"220 relay\r\n")
        assert (await reader.readline())[:4] in {b"EHLO", b"HELO"}
        writer.write(self.offers)
        for expected, answer in self.lines:
            # One write is one piece on the loopback: more than is expected, or less, is a fault of the client's.
            came = await reader.read(2**16)
            if came != expected:
                self.fault = f"expected {expected!r}, not {came!r}"
            if came != expected or answer is None:
                return
            writer.write(answer)


async def talk(server: Server, client: Client) -> None:
    """Have a client talk to a server, to the end of both."""
    over = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await server(reader, writer)
        finally:
            writer.close()
            over.set()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    pool = Pool(Relay.parse(f"smtp://127.0.0.1:{port}"), 5.0)
    conversation = await pool.acquire()
    try:
        await client(conversation)
    finally:
        pool.drop(conversation)
        listening.close()
    await asyncio.wait_for(over.wait(), 5)


async def play(script: Script, client: Client) -> None:
    """Play a script to its end."""
    await talk(script, client)
    assert script.fault is None


async def refused(doing: Awaitable[object]) -> tuple[Phase, int | None]:
    """The fault that it ends in."""
    with pytest.raises(SmtpFault) as caught:
        await doing
    return caught.value.phase, caught.value.reply.code


async def ended(conversation: Conversation) -> None:
    """Wait until it can carry nothing any more."""
    while conversation.alive:  # noqa: ASYNC110 - nothing tells when the last word has come
        await asyncio.sleep(0.01)


async def test_one_write_for_each_mail_where_the_relay_takes_it() -> None:
    script = Script(
        (OPENING, b"250 ok\r\n250 ok\r\n"),
        (b"DATA\r\n", b"354 go on\r\n"),
        (MAIL + b".\r\n" + NEXT, b"250 taken\r\n250 ok\r\n250 ok\r\n354 go on\r\n"),
        (MAIL + b".\r\n", b"250-taken\r\n250 as 42\r\n"),
    )

    async def client(conversation: Conversation) -> None:
        await conversation.open(FIRST, committed=False)
        assert (await conversation.hand_over(MAIL, SECOND)).code == 250
        await conversation.open(SECOND, committed=True)
        assert (await conversation.hand_over(MAIL)).text == "taken\nas 42"
        assert conversation.alive

    await play(script, client)


async def test_one_command_at_a_time_where_it_does_not() -> None:
    mail, rcpt, data = NEXT.split(b"\r\n")[:3]
    script = Script(
        (OPENING.split(b"\r\n")[0] + b"\r\n", b"250 ok\r\n"),
        (OPENING.split(b"\r\n")[1] + b"\r\n", b"251 forwarded\r\n"),
        (b"DATA\r\n", b"354 go on\r\n"),
        (MAIL + b".\r\n", b"250 taken\r\n"),
        (mail + b"\r\n", b"250 ok\r\n"),
        (rcpt + b"\r\n", b"550 5.1.1 no\r\n"),
        (b"RSET\r\n", b"250 ok\r\n"),
        (mail + b"\r\n", b"250 ok\r\n"),
        (rcpt + b"\r\n", b"250 ok\r\n"),
        (data + b"\r\n", b"451 later\r\n"),
        (b"RSET\r\n", b"250 ok\r\n"),
        offers=b"250-relay\r\n250 8BITMIME\r\n",
    )

    async def client(conversation: Conversation) -> None:
        await conversation.open(FIRST, committed=True)
        await conversation.hand_over(MAIL, SECOND)
        assert await refused(conversation.open(SECOND, committed=True)) == (Phase.RCPT, 550)
        await conversation.open(SECOND, committed=True)
        assert await refused(conversation.hand_over(MAIL)) == (Phase.DATA, 451)
        assert conversation.alive

    await play(script, client)


async def test_a_relay_of_the_old_school_is_greeted_again() -> None:
    async def server(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 relay\r\n")
        for answer in (b"502 5.5.1 what?\r\n", b"250 hello\r\n", b"250 ok\r\n", b"250 ok\r\n"):
            await reader.readline()
            writer.write(answer)

    async def client(conversation: Conversation) -> None:
        await conversation.open(FIRST, committed=True)

    await talk(server, client)


@pytest.mark.parametrize("answers", [b"503 5.5.1 nobody\r\n", b"554 5.5.1 nobody\r\n"])
async def test_a_refused_recipient_ends_the_group(answers: bytes) -> None:
    script = Script(
        (OPENING + b"DATA\r\n", b"250 ok\r\n550 5.1.1 no such user\r\n" + answers),
        (b"RSET\r\n", b"250 ok\r\n"),
        (NEXT, b"250 ok\r\n250 ok\r\n354 go on\r\n"),
        (MAIL + b".\r\n", b"250 ok\r\n"),
    )

    async def client(conversation: Conversation) -> None:
        assert await refused(conversation.open(FIRST, committed=True)) == (Phase.RCPT, 550)
        await conversation.open(SECOND, committed=True)
        await conversation.hand_over(MAIL)

    await play(script, client)


@pytest.mark.parametrize("verdict", [b"554 5.5.1 no valid recipients\r\n", b"250 fine\r\n"])
async def test_a_relay_that_wants_the_mail_nobody_gets_is_given_a_lone_dot(verdict: bytes) -> None:
    script = Script(
        (OPENING + b"DATA\r\n", b"250 ok\r\n450 4.2.0 not now\r\n354 go on\r\n"),
        (b".\r\n", verdict),
        (b"RSET\r\n", b"250 ok\r\n"),
        (NEXT, b"250 ok\r\n250 ok\r\n354 go on\r\n"),
    )

    async def client(conversation: Conversation) -> None:
        assert await refused(conversation.open(FIRST, committed=True)) == (Phase.RCPT, 450)
        await conversation.open(SECOND, committed=True)

    await play(script, client)


async def test_a_relay_out_of_its_mind_gets_no_empty_mail() -> None:
    """It refuses the sender, and yet takes the recipient and wants the mail."""
    script = Script((OPENING + b"DATA\r\n", b"451 4.3.0 busy\r\n250 ok\r\n354 go on\r\n"), (b"", None))

    async def client(conversation: Conversation) -> None:
        assert await refused(conversation.open(FIRST, committed=True)) == (Phase.MAIL, 451)
        assert not conversation.alive

    await play(script, client)


async def test_a_mail_that_is_refused_holds_up_no_other() -> None:
    script = Script(
        (OPENING + b"DATA\r\n", b"250 ok\r\n250 ok\r\n354 go on\r\n"),
        (MAIL + b".\r\n" + NEXT, b"451 4.3.0 busy\r\n250 ok\r\n250 ok\r\n354 go on\r\n"),
        (MAIL + b".\r\n", b"250 ok\r\n"),
    )

    async def client(conversation: Conversation) -> None:
        await conversation.open(FIRST, committed=True)
        assert await refused(conversation.hand_over(MAIL, SECOND)) == (Phase.PAYLOAD, 451)
        await conversation.open(SECOND, committed=True)
        await conversation.hand_over(MAIL)

    await play(script, client)


async def test_a_no_before_the_hang_up_is_a_no() -> None:
    for answers, fault in (
        (b"421 4.3.2 closing\r\n", (Phase.MAIL, 421)),
        (b"250 ok\r\n421 4.3.2 closing\r\n", (Phase.RCPT, 421)),
        (b"250 ok\r\n250 ok\r\n", (Phase.DATA, None)),
        (b"", (Phase.MAIL, None)),
    ):

        async def client(conversation: Conversation, fault: tuple[Phase, int | None] = fault) -> None:
            assert await refused(conversation.open(FIRST, committed=True)) == fault
            assert not conversation.alive

        await play(Script((OPENING + b"DATA\r\n", answers)), client)


async def test_silence_after_the_mail_is_known_as_such() -> None:
    script = Script((OPENING + b"DATA\r\n", b"250 ok\r\n250 ok\r\n354 go on\r\n"), (MAIL + b".\r\n" + NEXT, b"25"))

    async def client(conversation: Conversation) -> None:
        await conversation.open(FIRST, committed=True)
        assert await refused(conversation.hand_over(MAIL, SECOND)) == (Phase.PAYLOAD, None)
        assert await refused(conversation.open(SECOND, committed=True)) == (Phase.MAIL, None)

    await play(script, client)


async def test_a_mail_that_is_not_sent_after_all() -> None:
    """Before DATA it is forgotten; once the relay waits for it only a lost connection keeps it from being sent."""
    reset = Script((OPENING, b"250 ok\r\n250 ok\r\n"), (b"RSET\r\n", b"250 ok\r\n"))
    dropped = Script((OPENING + b"DATA\r\n", b"250 ok\r\n250 ok\r\n354 go on\r\n"), (b"", None))

    async def client(conversation: Conversation, *, committed: bool) -> None:
        await conversation.open(FIRST, committed=committed)
        await conversation.reset()
        assert conversation.alive is not committed

    await play(reset, lambda conversation: client(conversation, committed=False))
    await play(dropped, lambda conversation: client(conversation, committed=True))


@pytest.mark.parametrize(
    "answers", [b"hello\r\n", b"2500 ok\r\n", b"250-" + b"x" * 40_000, b"250-a\r\n" * 9_000, b"250 ok\r\n" * 4]
)
async def test_what_is_no_answer_ends_the_connection(answers: bytes) -> None:
    async def client(conversation: Conversation) -> None:
        assert await refused(conversation.open(FIRST, committed=True)) in {(Phase.MAIL, None), (Phase.DATA, 250)}
        assert not conversation.alive

    await play(Script((OPENING + b"DATA\r\n", answers)), client)


async def test_a_word_that_nobody_asked_for_ends_the_connection() -> None:
    said = asyncio.Event()

    async def server(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 relay\r\n")
        await reader.readline()
        writer.write(b"250-relay\r\n250 PIPELINING\r\n")
        await reader.read(2**16)
        writer.write(b"250 ok\r\n250 ok\r\n")
        await said.wait()
        writer.write(b"421 4.4.2 idle for too long\r\n")
        await reader.read()

    async def client(conversation: Conversation) -> None:
        await conversation.open(FIRST, committed=False)
        assert conversation.alive
        said.set()
        await asyncio.wait_for(ended(conversation), 5)
        assert await refused(conversation.open(SECOND, committed=False)) == (Phase.MAIL, None)

    await talk(server, client)


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop])
@pytest.mark.parametrize("scheme", ["smtp", "smtp+starttls", "smtps"])
def test_answers_in_crumbs_over_any_connection(
    scheme: str, loop: Callable[[], asyncio.AbstractEventLoop], tmp_path: Path
) -> None:
    """The worker runs on uvloop, whose transports and TLS are its own."""
    authority = Authority.in_folder(tmp_path)
    tls = authority.server()
    received: list[bytes] = []

    async def main() -> None:
        served = asyncio.Event()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await _crumbling(reader, writer, tls, received)
            writer.close()
            served.set()

        listening = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls if scheme == "smtps" else None)
        port = listening.sockets[0].getsockname()[1]
        pool = Pool(Relay.parse(f"{scheme}://127.0.0.1:{port}"), 20.0, authority.file)
        conversation = await pool.acquire()
        await conversation.open(FIRST, committed=True)
        await conversation.hand_over(MAIL * 40_000, SECOND)
        await conversation.open(SECOND, committed=True)
        await conversation.hand_over(b".dots\r\n..\r\n.\r\n")
        await pool.give_back(conversation)
        kept = await pool.acquire()
        assert kept is conversation
        await pool.give_back(kept)
        await pool.close()
        await asyncio.wait_for(served.wait(), 20)
        listening.close()

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(main())
    assert received == [MAIL * 40_000, b"..dots\r\n...\r\n..\r\n"]


async def _crumbling(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, tls: ssl.SSLContext, received: list[bytes]
) -> None:
    """A relay that answers byte by byte."""

    async def say(words: bytes) -> None:
        for byte in words:
            writer.write(bytes([byte]))
            await writer.drain()

    await say(b"220 relay\r\n")
    while line := await reader.readline():
        if line.startswith(b"STARTTLS"):
            await say(b"220 go ahead\r\n")
            await writer.start_tls(tls)
        elif line.startswith(b"EHLO"):
            await say(b"250-relay\r\n250-PIPELINING\r\n250 STARTTLS\r\n")
        elif line.startswith(b"DATA"):
            await say(b"354 go on\r\n")
            lines: list[bytes] = []
            while (mail := await reader.readline()) != b".\r\n":
                lines.append(mail)
            received.append(b"".join(lines))
            await say(b"250 taken\r\n")
        else:
            await say(b"250 ok\r\n")
