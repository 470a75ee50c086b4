"""Which addresses clients may have us call: public ones, unless the operator says otherwise."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from urllib.parse import SplitResult, urlsplit

from services.runtime.errors import InvalidInputError

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# RFC 6052: the last 32 bits are an IPv4 address. RFC 8215: a network of one's own, however it writes IPv4 addresses.
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_OWN_NAT64 = ipaddress.IPv6Network("64:ff9b:1::/48")


class RefusedAddressError(Exception):
    """A webhook that resolves to an address which clients must not make us call."""


def is_public(address: _Address) -> bool:
    """Whether an address, and every IPv4 address that it stands for, belongs to the open internet."""
    special = (
        address.is_private
        or address.is_loopback
        or address.is_link_local
        or address.is_multicast
        or address.is_unspecified
        or address.is_reserved
    )
    if isinstance(address, ipaddress.IPv4Address):
        return address.is_global and not special
    embedded = address.ipv4_mapped or address.sixtofour
    if address in _NAT64:
        embedded = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    if embedded is not None:
        return is_public(embedded)
    return address.is_global and not special and not address.is_site_local and address not in _OWN_NAT64


def checked_url(url: str, *, allow_private: bool) -> SplitResult:
    """The parts of a webhook's address. Raises InvalidInputError (INVALID_REQUEST)."""
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname or ""
        host.encode("idna")
    except ValueError as exc:  # also what is no name at all: a UnicodeError is one
        raise InvalidInputError("INVALID_REQUEST", problem="callback_url") from exc
    if parts.scheme not in ("http", "https") or not host or port == 0 or parts.username is not None:
        raise InvalidInputError("INVALID_REQUEST", problem="callback_url")
    literal = _literal(host)
    if literal is not None and not allow_private and not is_public(literal):
        raise InvalidInputError("INVALID_REQUEST", problem="callback_url")
    return parts


def _literal(host: str) -> _Address | None:
    """The address that a host is, in any spelling that the resolver takes for one ("127.1", "0x7f000001")."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except OSError:
        return None


async def addresses_of(parts: SplitResult, *, allow_private: bool) -> list[str]:
    """Where a webhook's host can be reached, looked up once: what is checked here is what is called.

    Raises RefusedAddressError when any of the addresses is not public, OSError when there is none.
    """
    found = await asyncio.get_running_loop().getaddrinfo(
        parts.hostname, parts.port or parts.scheme, type=socket.SOCK_STREAM
    )
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not allow_private and not all(is_public(ipaddress.ip_address(address)) for address in addresses):
        raise RefusedAddressError(f"{parts.hostname} is not a public address")
    return addresses
