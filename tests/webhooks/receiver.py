"""A receiver as a partner writes it, on this machine: verifies with the public library, and answers as it is told."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError


@dataclass(frozen=True)
class Received:
    """One request that verified."""

    id: str
    event: dict[str, Any]
    headers: Mapping[str, str]


Answer = tuple[int, Mapping[str, str], bytes]
Rule = Callable[[Received], Answer]


def fine(_received: Received) -> Answer:
    """Takes everything."""
    return 204, {}, b""


def answering(status: int, body: bytes = b"", **headers: str) -> Rule:
    """Answers always the same."""
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _received: (status, told, body)


@dataclass
class Receiver:
    """An HTTP server. `secrets` are those that it holds; a request that none of them verifies is noted and refused."""

    secrets: list[str] = field(default_factory=list)
    rule: Rule = fine
    delay: float = 0.0
    taken: list[Received] = field(default_factory=list)
    unverified: int = 0
    connections: int = 0
    now: int = 0
    most_at_once: int = 0
    port: int = 0
    _server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}/hook"

    async def start(self, **options: Any) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, **options)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while line := await reader.readline():
                assert line.startswith(b"POST ")
                headers: dict[str, str] = {}
                while (raw := await reader.readline()) not in {b"\r\n", b""}:
                    name, _, value = raw.decode().partition(":")
                    headers[name.lower()] = value.strip()
                body = await reader.readexactly(int(headers["content-length"]))
                status, told, said = await self._answer(headers, body)
                head = "".join(f"{name}: {value}\r\n" for name, value in told.items())
                writer.write(f"HTTP/1.1 {status} X\r\ncontent-length: {len(said)}\r\n{head}\r\n".encode() + said)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    def _verified(self, headers: dict[str, str], body: bytes) -> Received | None:
        for secret in self.secrets:
            with suppress(WebhookVerificationError):
                return Received(headers["webhook-id"], Webhook(secret).verify(body, headers), headers)
        # Who holds no secret looks at nothing.
        return None if self.secrets else Received(headers["webhook-id"], {}, headers)

    async def _answer(self, headers: dict[str, str], body: bytes) -> Answer:
        self.now += 1
        self.most_at_once = max(self.most_at_once, self.now)
        await asyncio.sleep(self.delay)
        self.now -= 1
        received = self._verified(headers, body)
        if received is None:
            self.unverified += 1
            return 400, {}, b"unverified"
        answer = self.rule(received)
        if 200 <= answer[0] < 300:
            self.taken.append(received)
        return answer
