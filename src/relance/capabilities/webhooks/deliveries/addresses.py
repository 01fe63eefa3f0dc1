"""Which network addresses a webhook may reach: resolved once, checked, and the checked address is the one connected to.

Whoever may register an endpoint must not be able to make the worker speak to the inside of its own network. A name is
resolved for each new connection, so that one that changes its mind after it was saved (DNS rebinding) gains nothing.
"""

import asyncio
import socket
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

import httpcore

#: IPv6 addresses whose last 32 bits are an IPv4 address that a gateway speaks to: RFC 6052, and the old “compatible”.
_CARRIES_IPV4 = (IPv6Network("64:ff9b::/96"), IPv6Network("::/96"))
#: Tunnels and networks of a site; newer Pythons know some of them, all of ours do so here.
_NEVER = tuple(map(IPv6Network, ("64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "5f00::/16", "fec0::/10")))
_NEVER_IPV4 = (IPv4Network("192.0.0.0/24"), IPv4Network("192.88.99.0/24"))
#: How many addresses of a name are tried.
_MOST_TRIED = 3


class AddressRefused(Exception):
    """The name leads, by one of its addresses at least, to where no webhook goes."""


class Unresolvable(Exception):
    """The name has no address, or none in time."""


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether `address` is of the public internet, whatever IPv6 form it is written in."""
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is not None:
            return is_public(inner)
        if any(address in network for network in _CARRIES_IPV4) and int(address) > 1:
            return is_public(IPv4Address(address.packed[-4:]))
        if address.is_site_local or any(address in network for network in _NEVER):
            return False
    elif any(address in network for network in _NEVER_IPV4):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


@cache
def _resolvers() -> ThreadPoolExecutor:
    # Not the loop's own threads: a name server that does not answer must hold up nobody else.
    return ThreadPoolExecutor(max_workers=16, thread_name_prefix="resolver")


class Addresses:
    """Resolves and judges."""

    def __init__(self, *, allow_private: bool) -> None:
        self._allow_private = allow_private

    async def resolve(self, host: str, port: int, seconds: float) -> list[str]:
        """The addresses of `host`, every one of which may be spoken to.

        Raises:
            AddressRefused: one of them may not.
            Unresolvable: there is none, or none within `seconds`.
        """
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(seconds):
                found = await loop.run_in_executor(_resolvers(), _look_up, host, port)
        except (OSError, TimeoutError, UnicodeError):
            raise Unresolvable(host) from None
        if not self._allow_private and not all(is_public(_plain(one)) for one in found):
            raise AddressRefused(host)
        return found


def _look_up(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


def _plain(address: str) -> IPv4Address | IPv6Address:
    return ip_address(address.partition("%")[0])


class CheckedBackend(httpcore.AsyncNetworkBackend):
    """Connects by TCP to checked addresses only. The name stays the one of the Host header and of the certificate."""

    def __init__(self, addresses: Addresses) -> None:
        self._addresses = addresses
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's interface
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """A connection to one of the addresses of `host`, tried in the resolver's order.

        Raises:
            AddressRefused: one of them is not to be spoken to.
            Unresolvable: there is none.
        """
        found = await self._addresses.resolve(host, port, timeout or 10.0)
        fault: Exception | None = None
        for address in found[:_MOST_TRIED]:
            try:
                return await self._network.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                fault = error
        raise fault or Unresolvable(host)

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's interface
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Refused: a webhook is on a network."""
        raise AddressRefused(path)

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)
