"""Whence a request comes: the peer, or whom a proxy of ours names. Addresses are neither kept nor logged."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from starlette.requests import Request

from service.flows.clients import Client
from service.flows.services import Services

Address = IPv4Address | IPv6Address

_MOST_HOPS = 50
_WITH_PORT = re.compile(r"\[(?P<six>[^\[\]]+)\](?::\d{1,5})?|(?P<four>[0-9.]+):\d{1,5}")
# Not `is_private`: that counts networks meant for documentation too, and leaves out what carriers share.
_PRIVATE = [
    ip_network(each)
    for each in (
        *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "169.254.0.0/16", "100.64.0.0/10"),
        *("fc00::/7", "fe80::/10", "::1/128"),
    )
]


def client_of(request: Request, services: Services) -> Client:
    """The client of a request, by keyed hashes. All whose address cannot be known (a Unix socket) count as one."""
    found = address_of(request, services.trusted_proxies)
    if found is None:
        return Client(network=services.client_key("unknown"), private=services.client_key("unknown"))
    private = any(found in network for network in _PRIVATE)
    return Client(
        network=services.client_key(str(network_of(found))),
        private=services.client_key(str(found)) if private else None,
    )


def address_of(request: Request, trusted: tuple[IPv4Network | IPv6Network, ...]) -> Address | None:
    """The peer; or, where that is a trusted proxy, the right-most in X-Forwarded-For that is none.

    Proxies append, so whatever stands left of that was written by the client. The peer, too, where an entry on the way
    there cannot be read, and where all of them are proxies.
    """
    peer = _read(request.client.host) if request.client else None
    if peer is None or not _is_in(peer, trusted):
        return peer
    hops = ",".join(request.headers.getlist("x-forwarded-for")).rsplit(",", _MOST_HOPS)
    for hop in reversed(hops[-_MOST_HOPS:]):
        address = _read(hop.strip())
        if address is None:
            return peer
        if not _is_in(address, trusted):
            return address
    return peer


def network_of(address: Address) -> IPv4Network | IPv6Network:
    """What is counted as one client: a /24, or a /56 (what a household is given)."""
    if isinstance(address, IPv4Address):
        return IPv4Network((int(address), 24), strict=False)
    return IPv6Network((int(address), 56), strict=False)


def _read(text: str) -> Address | None:
    """An address with or without a port; an IPv4 address in IPv6's clothes is that IPv4 address."""
    if match := _WITH_PORT.fullmatch(text):
        text = match["six"] or match["four"]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _is_in(address: Address, networks: tuple[IPv4Network | IPv6Network, ...]) -> bool:
    return any(address in network for network in networks)
