"""Whose request it is: the peer, unless a proxy of ours says otherwise."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

import pytest
from starlette.requests import Request

from service.web.client import address_of, client_of, network_of
from tests.support.house import House

PROXIES = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


def request(peer: str | None, *forwarded: str) -> Request:
    headers = [(b"x-forwarded-for", each.encode("latin-1")) for each in forwarded]
    return Request({"type": "http", "client": (peer, 1234) if peer else None, "headers": headers})


def told(peer: str | None, *forwarded: str, trusted: Iterable[IPv4Network | IPv6Network] = PROXIES) -> str:
    return str(address_of(request(peer, *forwarded), tuple(trusted)))


def test_without_a_trusted_proxy_the_peer_it_is_whatever_is_said() -> None:
    assert told("203.0.113.9", "198.51.100.1", trusted=()) == "203.0.113.9"
    assert told("203.0.113.9", "198.51.100.1") == "203.0.113.9"
    assert told("127.0.0.1", "198.51.100.1") == "127.0.0.1"


@pytest.mark.parametrize(
    ("forwarded", "expected"),
    [
        (("198.51.100.1",), "198.51.100.1"),
        (("6.6.6.6, 198.51.100.1",), "198.51.100.1"),  # the client wrote the first itself
        (("6.6.6.6", "198.51.100.1"), "198.51.100.1"),
        (("6.6.6.6, 198.51.100.1, 10.2.0.1",), "198.51.100.1"),
        (("6.6.6.6, 198.51.100.1", "10.2.0.1,fd00::2"), "198.51.100.1"),
        (("198.51.100.1:4711",), "198.51.100.1"),
        (("2001:db8::7",), "2001:db8::7"),
        (("[2001:db8::7]",), "2001:db8::7"),
        (("[2001:db8::7]:4711",), "2001:db8::7"),
        (("::ffff:198.51.100.1",), "198.51.100.1"),
        (("rubbish, 198.51.100.1",), "198.51.100.1"),
        (("198.51.100.1, rubbish",), "10.0.0.1"),
        (("198.51.100.1,",), "10.0.0.1"),
        (("",), "10.0.0.1"),
        ((), "10.0.0.1"),
        (("unknown",), "10.0.0.1"),
        (("10.0.0.2, 10.0.0.3",), "10.0.0.1"),
        (("é\xff",), "10.0.0.1"),
        (("6.6.6.6," * 5_000 + "198.51.100.1",), "198.51.100.1"),
        (("10.0.0.2," * 5_000,), "10.0.0.1"),
    ],
)
def test_behind_a_trusted_proxy_it_is_the_right_most_that_is_none(forwarded: tuple[str, ...], expected: str) -> None:
    assert told("10.0.0.1", *forwarded) == expected


def test_a_peer_without_an_address_is_unknown() -> None:
    assert told(None, "198.51.100.1") == "None"
    assert told("testclient", "198.51.100.1") == "None"


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("198.51.100.77", "198.51.100.0/24"),
        ("2001:db8:1:22ff:3::4", "2001:db8:1:2200::/56"),
    ],
)
def test_a_network_is_a_24_or_a_56(address: str, network: str) -> None:
    assert str(network_of(ip_address(address))) == network


def test_what_is_kept_of_a_client_is_hashes(house: House) -> None:
    services = house.services
    seen = [client_of(request(each), services) for each in ("198.51.100.7", "198.51.100.200", "198.51.101.7")]
    assert len({each.network for each in seen}) == 2
    assert all(len(each.network) == 64 and each.private is None for each in seen)
    inside = [client_of(request(each), services).private for each in ("127.0.0.1", "192.168.1.4", "::1", None)]
    assert len(set(inside)) == 4
    assert None not in inside
