"""What stands in the DNS (RFC 1035): others read it before they believe mail of ours, or send us any."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any, Protocol

import dns.exception
import dns.name
import dns.resolver
import dns.reversename

from service.errors import InvalidInputError, UnavailableError

_SECONDS = 5.0  # for one question, all tries together


class Resolver(Protocol):
    """Answers questions about names: nothing for a name without such records, or that is not there at all.

    Each raises UnavailableError when nobody could say.
    """

    def txt(self, name: str) -> tuple[str, ...]:
        """Each TXT record, its strings joined."""

    def mx(self, name: str) -> tuple[str, ...]:
        """The hosts that take mail for a domain, the preferred first; "" stands for "none at all" (RFC 7505)."""

    def addresses(self, name: str) -> tuple[str, ...]:
        """The IPv4 and IPv6 addresses of a host."""

    def names(self, address: str) -> tuple[str, ...]:
        """What an address says it is called (PTR)."""


class DnsResolver:
    """Asks this machine's own name server, or the one at `server` (`HOST:PORT`, the host as an address).

    A CNAME on the way is followed.
    """

    def __init__(self, server: str | None = None) -> None:
        self._server = _host_and_port(server) if server is not None else None

    def txt(self, name: str) -> tuple[str, ...]:
        """As the protocol says."""
        return tuple(b"".join(record.strings).decode("utf-8", "replace") for record in self._ask(name, "TXT"))

    def mx(self, name: str) -> tuple[str, ...]:
        """As the protocol says."""
        found = sorted((record.preference, record.exchange.to_text(True)) for record in self._ask(name, "MX"))
        return tuple(host.removesuffix("@").removesuffix(".") for _, host in found)

    def addresses(self, name: str) -> tuple[str, ...]:
        """As the protocol says."""
        return tuple(record.address for kind in ("A", "AAAA") for record in self._ask(name, kind))

    def names(self, address: str) -> tuple[str, ...]:
        """As the protocol says."""
        reverse = dns.reversename.from_address(address).to_text()
        return tuple(record.target.to_text(True) for record in self._ask(reverse, "PTR"))

    def _ask(self, name: str, kind: str) -> list[Any]:
        try:
            absolute = dns.name.from_text(name, dns.name.root)
            return list(self._open().resolve(absolute, kind, lifetime=_SECONDS, search=False))
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer, dns.name.LabelTooLong, dns.name.EmptyLabel):
            return []
        except (dns.exception.DNSException, OSError) as error:
            raise UnavailableError(
                f"the name server gave no answer about {name} ({type(error).__name__})",
                f"de naamserver gaf geen antwoord over {name} ({type(error).__name__})",
            ) from error

    def _open(self) -> dns.resolver.Resolver:
        if self._server is None:
            return dns.resolver.Resolver()
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers = [self._server[0]]
        resolver.port = self._server[1]
        return resolver


def _host_and_port(server: str) -> tuple[str, int]:
    host, colon, port = server.rpartition(":")
    if not colon or (":" in host and not host.startswith("[")):  # 192.0.2.1, or a bare IPv6 address
        host, port = server, "53"
    try:
        address = str(ip_address(host.strip("[]")))
    except ValueError:
        address = ""
    if not address or not port.isascii() or not port.isdecimal() or not 0 < int(port) < 65_536:
        raise InvalidInputError(f"{server} is no name server; write an address and a port, such as 127.0.0.1:53")
    return address, int(port)
