"""TXT records by name (RFC 1035): what others read before they believe mail of ours."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Protocol

import dns.exception
import dns.name
import dns.resolver

from service.errors import InvalidInputError, UnavailableError

_SECONDS = 5.0  # for one question, all tries together


class Resolver(Protocol):
    """Answers questions about names."""

    def txt(self, name: str) -> tuple[str, ...]:
        """Each TXT record of a name, its strings joined; none for a name without any, or that is not there at all.

        Raises UnavailableError when nobody could say.
        """


class DnsResolver:
    """Asks this machine's own name server, or the one at `server` (`HOST:PORT`, the host as an address)."""

    def __init__(self, server: str | None = None) -> None:
        self._server = _host_and_port(server) if server is not None else None

    def txt(self, name: str) -> tuple[str, ...]:
        """As the protocol says; a CNAME on the way is followed."""
        try:
            absolute = dns.name.from_text(name, dns.name.root)
            answer = self._open().resolve(absolute, "TXT", lifetime=_SECONDS, search=False)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer, dns.name.LabelTooLong, dns.name.EmptyLabel):
            return ()
        except (dns.exception.DNSException, OSError) as error:
            raise UnavailableError(f"the name server gave no answer about {name} ({type(error).__name__})") from error
        return tuple(b"".join(record.strings).decode("utf-8", "replace") for record in answer)

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
