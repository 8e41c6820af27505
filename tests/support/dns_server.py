"""A real name server on loopback that holds a few records.

with DnsServer({"praktijk.nl": ["v=spf1 -all", "MX 10 mail.praktijk.nl."]}) as server:
    DnsResolver(server.address).txt("praktijk.nl")
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Mapping, Sequence

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

_KINDS = {"A", "AAAA", "MX", "PTR", "CNAME"}


class DnsServer:
    """`asked` holds every name that was asked for. A name without records does not exist.

    A record is the text of a TXT, unless it begins with `A `, `AAAA `, `MX `, `PTR ` or `CNAME `. `refuse` answers
    SERVFAIL: to every question with True, else about the names that end so.
    """

    def __init__(self, records: Mapping[str, Sequence[str]], *, refuse: bool | str = False) -> None:
        self.records = dict(records)
        self.asked: list[str] = []
        self._refuse = refuse
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, name="dns", daemon=True)

    @property
    def address(self) -> str:
        """`HOST:PORT`."""
        return f"127.0.0.1:{self._socket.getsockname()[1]}"

    def __enter__(self) -> DnsServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as goodbye:
            goodbye.sendto(b"", self._socket.getsockname())
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            data, client = self._socket.recvfrom(65_535)
            if not data:
                return
            try:
                query = dns.message.from_wire(data)
            except dns.exception.DNSException:
                continue
            self._socket.sendto(self._answer(query).to_wire(), client)

    def _answer(self, query: dns.message.Message) -> dns.message.Message:
        response = dns.message.make_response(query)
        response.flags |= dns.flags.AA | dns.flags.RA
        name = query.question[0].name.to_text(omit_final_dot=True)
        self.asked.append(name)
        if self._refuse is True or (self._refuse and name.endswith(self._refuse)):
            response.set_rcode(dns.rcode.SERVFAIL)
        elif name in self.records:
            wanted = dns.rdatatype.to_text(query.question[0].rdtype)
            found = [data for kind, data in map(_record, self.records[name]) if kind == wanted]
            if found:
                response.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", wanted, *found))
        else:
            response.set_rcode(dns.rcode.NXDOMAIN)
        return response


def _record(written: str) -> tuple[str, str]:
    kind, blank, data = written.partition(" ")
    return (kind, data) if blank and kind in _KINDS else ("TXT", _quoted(written))


def _quoted(text: str) -> str:
    """A record of more than 255 bytes is several strings (RFC 1035 section 3.3.14)."""
    return " ".join(f'"{text[start : start + 255]}"' for start in range(0, len(text), 255))
