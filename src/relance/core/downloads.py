"""Answers that a browser saves as a file."""

from urllib.parse import quote


def attachment(name: str) -> dict[str, str]:
    """Headers: save the answer as `name`, keep it in no cache, and do not guess its type."""
    plain = "".join(char if char.isascii() and (char.isalnum() or char in "._- ") else "_" for char in name)
    return {
        "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}",
        "Cache-Control": "private, no-store",
        "X-Content-Type-Options": "nosniff",
    }
