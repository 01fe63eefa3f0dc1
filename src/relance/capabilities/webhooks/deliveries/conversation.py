"""One POST to an endpoint: bounded in time and size, no redirects, no proxies, connections kept."""

import asyncio
import ssl
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

import httpcore

from relance.capabilities.webhooks.deliveries.addresses import (
    Addresses,
    AddressRefused,
    CheckedBackend,
    Unresolvable,
)
from relance.core.clock import system_now

#: What is read of an answer; who says more is cut off, and the connection closed.
MOST_READ: Final = 16 * 1024
#: What is kept of it.
MOST_KEPT: Final = 2 * 1024
_MOST_HEADER: Final = 200
_KEPT_HEADERS = frozenset({"content-type", "date", "location", "retry-after", "server"})
_KEEP_ALIVE_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a conversation. `reason` is null where the endpoint took the event."""

    at: datetime
    milliseconds: int
    reason: str | None
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: str | None = None

    @property
    def retry_after(self) -> timedelta | None:
        """How long the endpoint asks to be left alone."""
        said = self.headers.get("retry-after", "")
        if said.isdecimal():
            return timedelta(seconds=min(int(said[:9]), 10**7))
        try:
            until = parsedate_to_datetime(said)
        except ValueError:
            return None
        return max(until.replace(tzinfo=until.tzinfo or UTC) - self.at, timedelta())


class Conversations:
    """The connections of this process to endpoints."""

    def __init__(
        self, *, connections: int, seconds: float, addresses: Addresses, trust: ssl.SSLContext | None = None
    ) -> None:
        """
        Args:
            connections: how many at most.
            seconds: how long one conversation may take in all.
            addresses: who judges where they may lead.
            trust: whose certificates are believed; None for the public ones.
        """
        self._seconds = seconds
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=trust,
            max_connections=connections,
            keepalive_expiry=_KEEP_ALIVE_SECONDS,
            network_backend=CheckedBackend(addresses),
        )

    async def close(self) -> None:
        """Close every connection."""
        await self._pool.aclose()

    async def post(self, url: str, body: bytes, headers: dict[str, str]) -> Answer:
        """Send `body`. It never raises: whatever goes wrong is in the answer."""
        at, started = system_now(), time.monotonic()

        def answer(reason: str | None, **told: object) -> Answer:
            return Answer(at, round((time.monotonic() - started) * 1000), reason, **told)  # type: ignore[arg-type]

        try:
            async with asyncio.timeout(self._seconds):
                status, told, text = await self._exchange(url, body, headers)
        except (TimeoutError, httpcore.TimeoutException):
            return answer("timeout")
        except AddressRefused:
            return answer("address_refused")
        except Unresolvable:
            return answer("unresolvable")
        except (httpcore.NetworkError, ssl.SSLError, OSError) as error:
            return answer("tls" if _is_tls(error) else "connection")
        except (httpcore.ProtocolError, httpcore.UnsupportedProtocol, UnicodeError, ValueError):
            return answer("protocol")
        return answer(_verdict(status), status=status, headers=told, body=text)

    async def _exchange(self, url: str, body: bytes, headers: dict[str, str]) -> tuple[int, dict[str, str], str]:
        limits = dict.fromkeys(("connect", "read", "write", "pool"), self._seconds)
        async with self._pool.stream(
            "POST", url, headers=list(headers.items()), content=body, extensions={"timeout": limits}
        ) as response:
            read = bytearray()
            async for chunk in response.aiter_stream():
                read += chunk
                if len(read) > MOST_READ:
                    break
        told: dict[str, str] = {}
        for name, value in response.headers:
            if (known := name.decode("latin-1").lower()) in _KEPT_HEADERS:
                told[known] = value.decode("latin-1")[:_MOST_HEADER]
        return response.status, told, _text(bytes(read[:MOST_KEPT]))


def _verdict(status: int) -> str | None:
    if 200 <= status < 300:
        return None
    if status == 410:
        return "gone"
    return "redirect" if 300 <= status < 400 else "status"


def _is_tls(error: BaseException | None) -> bool:
    while error is not None and not isinstance(error, ssl.SSLError):
        error = error.__cause__ or error.__context__
    return error is not None


def _text(raw: bytes) -> str:
    """As text that PostgreSQL takes."""
    return raw.decode("utf-8", "replace").replace("\x00", "\ufffd")
