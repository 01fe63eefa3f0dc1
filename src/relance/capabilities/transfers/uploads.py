"""Taking a file that somebody sends."""

from relance.core.settings import Settings
from relance.core.uploads import RoomyRoute

#: What surrounds a file in a multipart body.
_ENVELOPE = 64 * 1024


class UploadRoute(RoomyRoute):
    """Operations that take a table: one file, which may be larger than those that people attach."""

    @staticmethod
    def room(settings: Settings) -> int:
        """One file, and what surrounds it."""
        return settings.max_upload_bytes + _ENVELOPE
