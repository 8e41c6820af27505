"""Can mail reach our addresses (MX), and is our own mail server called what it says (PTR)?"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address

from service.flows.finding import ASK, VRAAG, Finding
from service.mail.name_service import Resolver


def takes_mail(resolver: Resolver, domain: str, *, only_sends: bool) -> Finding:
    """Is there a mail server for a domain that we have answers or bounces go to (RFC 5321 section 5.1)?

    `only_sends`: it is the sender's alone, and nothing of ours needs to arrive there.
    """
    hosts = resolver.mx(domain)
    if hosts == ("",):
        return Finding(
            id="mx-none",
            level="error",
            text=f"{domain} says in the DNS that it takes no mail at all, so many receivers take none from it.",
            dutch=f"{domain} zegt in de DNS dat het geen mail aanneemt. Veel ontvangers nemen er dan ook geen van aan.",
            fix=ASK.format(domain=domain) + " name its mail server in the MX record, in place of the single dot.",
            dutch_fix=VRAAG.format(domain=domain)
            + " om in het MX-record de mailserver te noemen in plaats van een punt.",
        )
    if not hosts or not any(resolver.addresses(host) for host in hosts):
        return Finding(
            id="mx-missing",
            level="warning" if only_sends else "error",
            text=f"{domain} has no mail server that can be found, so answers and bounces do not arrive.",
            dutch=f"{domain} heeft geen mailserver die te vinden is. Antwoorden en onbestelbare mail komen niet aan.",
            fix=ASK.format(domain=domain) + " add an MX record with the name of its mail server.",
            dutch_fix=VRAAG.format(domain=domain) + " om een MX-record met de naam van de mailserver.",
        )
    return Finding(
        id="mx",
        level="ok",
        text=f"Mail to {domain} goes to {hosts[0]}.",
        dutch=f"Mail aan {domain} gaat naar {hosts[0]}.",
    )


def says_its_name(resolver: Resolver, host: str) -> Iterator[Finding]:
    """For each public address of a mail server of our own: does its name lead back to it (RFC 1912 section 2.1)?

    Of somebody else's server we do not know from which address it sends; that is for them to have in order.
    """
    public = [address for address in resolver.addresses(host) if ip_address(address).is_global]
    for address in public:
        names = resolver.names(address)
        if any(address in resolver.addresses(name) for name in names):
            yield Finding(
                id="ptr",
                level="ok",
                text=f"{address} is called {names[0]}, and the name leads back to it.",
                dutch=f"{address} heet {names[0]}, en die naam leidt terug.",
            )
            continue
        yield Finding(
            id="ptr-missing",
            level="warning",
            text=f"The address {address} of {host} has no name that leads back to it; many receivers refuse such.",
            dutch=f"Het adres {address} van {host} heeft geen naam die terugleidt. Veel ontvangers weigeren dat.",
            fix=f"Ask the company that gave you {address} to set its reverse DNS (PTR) to {host}. A server that sends "
            "by another address needs it there.",
            dutch_fix=f"Vraag de hostingpartij van {address} om reverse DNS (PTR) op {host} te zetten. Verstuurt de "
            "server via een ander adres? Dan hoort het daar.",
        )
