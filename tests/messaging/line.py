"""The line to the database, which a test can cut and mend, as a restart of the server does."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass
class Line:
    """A port of this machine that leads to another one."""

    target: tuple[str, int]
    prefix: str
    path: str
    port: int = 0
    _server: asyncio.Server | None = None
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)
    _tasks: set["asyncio.Task[None]"] = field(default_factory=set)

    @classmethod
    async def to(cls, url: str) -> "Line":
        """A line to the database behind `url`."""
        parts = urlsplit(url)
        assert parts.hostname is not None
        credentials = parts.netloc.rpartition("@")[0]
        made = cls((parts.hostname, parts.port or 5432), f"{parts.scheme}://{credentials}@127.0.0.1", parts.path)
        await made.mend()
        return made

    @property
    def url(self) -> str:
        """The database's address through this line."""
        return f"{self.prefix}:{self.port}{self.path}"

    async def mend(self) -> None:
        """Let connections through."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """Break every connection, and refuse new ones."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in list(self._writers):
            writer.transport.abort()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(*self.target)
        self._writers |= {writer, back}
        for source, sink in ((reader, back), (there, writer)):
            task = asyncio.create_task(self._carry(source, sink))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _carry(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await source.read(65536):
                sink.write(data)
                await sink.drain()
        sink.transport.abort()
        self._writers.discard(sink)
