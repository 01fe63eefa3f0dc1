"""A receiver of Relance's webhooks, whole.

`python webhook_receiver.py 9000 events.db whsec_…` listens on port 9000; a second secret may follow. It needs `pip
install standardwebhooks`, and nothing else. What matters in it, whatever you write yours in:

1. the signature is checked over the raw bytes, before anything is read of them;
2. the event is stored under its `webhook-id`, and one that is there already is answered 204 without a second effect,
   because Relance sends at least once;
3. the answer leaves once the event is safely stored, and the work on it is done afterwards.
"""

import json
import sqlite3
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks import Webhook, WebhookVerificationError

MOST_BYTES = 1024 * 1024


class Inbox:
    """Events in the order in which they came, each once."""

    def __init__(self, path: str) -> None:
        self._lock = threading.Lock()
        self._rows = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._rows.execute("PRAGMA journal_mode = WAL")
        self._rows.execute(
            "CREATE TABLE IF NOT EXISTS inbox (number INTEGER PRIMARY KEY, id TEXT UNIQUE, type TEXT, subject TEXT, "
            "position INTEGER, event TEXT, times INTEGER DEFAULT 1)"
        )

    def store(self, webhook_id: str, event: dict) -> None:  # type: ignore[type-arg]
        """Keep `event`; one that is known is only counted."""
        subject = f"{event['subject']['kind']}:{event['subject']['id']}"
        with self._lock:
            self._rows.execute(
                "INSERT INTO inbox (id, type, subject, position, event) VALUES (?, ?, ?, ?, ?) "
                "ON CONFLICT (id) DO UPDATE SET times = times + 1",
                (webhook_id, event["type"], subject, event["position"], json.dumps(event)),
            )


class Handler(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"  # keeps the connection, as Relance does
    inbox: Inbox
    #: During a rotation both secrets sign: hold the old one, the new one, or both.
    secrets: list[Webhook]

    def do_POST(self) -> None:
        """Verify, store, answer."""
        length = int(self.headers.get("content-length") or 0)
        if length > MOST_BYTES:
            self.close_connection = True
            self._answer(413)
            return
        body = self.rfile.read(length)
        for secret in self.secrets:
            try:
                event = secret.verify(body, dict(self.headers))
            except WebhookVerificationError:
                continue
            self.inbox.store(self.headers["webhook-id"], event)
            self._answer(204)
            return
        self._answer(400)

    def _answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """A thread a connection."""

    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        """A sender that goes away in the middle comes back with the same `webhook-id`."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


def main() -> None:
    """Listen until it is stopped."""
    port, path, *secrets = sys.argv[1:]
    Handler.inbox = Inbox(path)
    Handler.secrets = [Webhook(secret) for secret in secrets]
    Server(("127.0.0.1", int(port)), Handler).serve_forever()


if __name__ == "__main__":
    main()
