"""Which addresses an endpoint may have: checked when it is saved, and again for each connection."""

from typing import Final

import httpx

from relance.capabilities.webhooks.deliveries.addresses import Addresses, AddressRefused, Unresolvable
from relance.core.errors import ValidationFailed
from relance.core.i18n import Text

_POINTER: Final = "/url"
#: A request must not wait for a slow name server: the delivery asks it again.
_RESOLVE_SECONDS: Final = 2.0


async def checked_url(url: str, *, allow_private: bool) -> str:
    """`url` in its canonical form. A name that does not resolve now may do so later: the deliveries will tell.

    Raises:
        ValidationFailed: it is not an address that events may be sent to.
    """
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, UnicodeError, ValueError):
        raise _refused("webhook_url", Text("Cette adresse n’est pas une URL.", "This is not a URL.")) from None
    if parsed.scheme not in ({"https", "http"} if allow_private else {"https"}):
        raise _refused("webhook_url_scheme", Text("L’adresse doit commencer par https://.", "https:// is expected."))
    if not parsed.host or parsed.userinfo or parsed.fragment:
        raise _refused(
            "webhook_url",
            Text(
                "Un hôte est attendu, sans identifiants ni fragment.",
                "A host is expected, without credentials or fragment.",
            ),
        )
    port = parsed.port or (443 if parsed.scheme == "https" else 80)
    host = parsed.raw_host.decode("ascii").strip("[]")
    try:
        await Addresses(allow_private=allow_private).resolve(host, port, _RESOLVE_SECONDS)
    except AddressRefused:
        raise _refused(
            "webhook_url_private",
            Text(
                "Cette adresse mène à un réseau privé, à cette machine ou à une adresse réservée.",
                "This address leads to a private network, to this machine or to a reserved address.",
            ),
        ) from None
    except Unresolvable:
        pass
    return str(parsed)


def _refused(code: str, words: Text) -> ValidationFailed:
    return ValidationFailed.at(_POINTER, code, words)
