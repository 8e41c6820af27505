"""SPF, DKIM and DMARC, asked of a name server of our own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from service.errors import InvalidInputError
from service.flows.finding import Finding
from service.flows.sender_records import USUAL_SELECTORS, examine
from service.mail.name_service import DnsResolver
from tests.support.dns_server import DnsServer

GOOD = {
    "praktijk.nl": ["google-site-verification=abc", "v=spf1 include:spf.mailer.nl -all"],
    "spf.mailer.nl": ["v=spf1 ip4:192.0.2.0/24 ~all"],
    "s1._domainkey.praktijk.nl": ["v=DKIM1; k=rsa; p=" + "MIIB" * 90],
    "_dmarc.praktijk.nl": ["v=DMARC1; p=quarantine; rua=mailto:dmarc@praktijk.nl"],
}


def look(records: Mapping[str, Sequence[str]], *selectors: str, domain: str = "praktijk.nl") -> dict[str, Finding]:
    with DnsServer(records) as server:
        return {each.id: each for each in examine(DnsResolver(server.address), domain, selectors)}


def test_all_three_in_order_are_three_times_ok() -> None:
    found = look(GOOD)
    assert {each.level for each in found.values()} == {"ok"}
    assert set(found) == {"spf", "dkim", "dmarc"}
    assert "1 of 10 look-ups" in found["spf"].text


def test_what_is_missing_is_a_warning_with_a_fix_in_both_languages() -> None:
    found = look({})
    assert set(found) == {"spf-missing", "dkim-missing", "dmarc-missing"}
    for each in found.values():
        assert each.level == "warning"
        assert each.fix
        assert "beheerder van praktijk.nl" in each.dutch_fix


def test_two_spf_records_are_an_error() -> None:
    found = look(GOOD | {"praktijk.nl": ["v=spf1 -all", "V=SPF1 a -all"]})
    assert found["spf-broken"].level == "error"
    assert "2 records" in found["spf-broken"].text


def test_a_record_of_another_version_is_no_spf_record() -> None:
    assert "spf-missing" in look(GOOD | {"praktijk.nl": ["v=spf10 -all", "spf1 -all"]})


def test_lookups_are_counted_through_includes() -> None:
    """Two includes, and in each of them a, mx, exists and ptr: ten."""
    four = "v=spf1 a mx/24 exists:%{i}.x.nl ptr ~all"
    records = GOOD | {"praktijk.nl": ["v=spf1 include:a.nl include:b.nl -all"], "a.nl": [four], "b.nl": [four]}
    assert "10 of 10" in look(records)["spf"].text
    one_more = records | {"b.nl": ["v=spf1 a mx mx:b.nl exists:%{i}.x.nl ptr ~all"]}
    found = look(one_more)["spf-broken"]
    assert found.level == "error"
    assert "more than 10" in found.text


def test_addresses_and_what_stands_behind_all_cost_nothing() -> None:
    record = "v=spf1 ip4:192.0.2.1 ip6:2001:db8::/32 -all include:nowhere.nl exp=why.praktijk.nl"
    assert "0 of 10" in look(GOOD | {"praktijk.nl": [record]})["spf"].text


def test_an_include_that_is_not_there_breaks_the_record() -> None:
    found = look(GOOD | {"praktijk.nl": ["v=spf1 include:gone.nl -all"]})["spf-broken"]
    assert found.level == "error"
    assert "gone.nl" in found.text


def test_includes_in_a_circle_end() -> None:
    assert look(GOOD | {"praktijk.nl": ["v=spf1 include:praktijk.nl -all"]})["spf-broken"].level == "error"


def test_a_redirect_ends_as_its_target_does() -> None:
    redirected = GOOD | {"praktijk.nl": ["v=spf1 redirect=spf.mailer.nl"]}
    assert "1 of 10 look-ups, ~all" in look(redirected)["spf"].text


@pytest.mark.parametrize("record", ["v=spf1 a", "v=spf1 +all", "v=spf1 ?all", "v=spf1 all"])
def test_a_record_that_lets_anybody_in_is_a_warning(record: str) -> None:
    assert look(GOOD | {"praktijk.nl": [record]})["spf-open"].level == "warning"


def test_a_term_that_means_nothing_is_an_error() -> None:
    assert look(GOOD | {"praktijk.nl": ["v=spf1 =x -all"]})["spf-broken"].level == "error"


def test_the_usual_selectors_are_tried_and_a_named_one_alone() -> None:
    with DnsServer(GOOD) as server:
        examine(DnsResolver(server.address), "praktijk.nl")
        assert {f"{each}._domainkey.praktijk.nl" for each in USUAL_SELECTORS} <= set(server.asked)
    found = look(GOOD, "ours")["dkim-missing"]
    assert found.level == "warning"
    assert "selector ours" in found.text


def test_a_withdrawn_dkim_key_does_not_count() -> None:
    assert "dkim-missing" in look(GOOD | {"s1._domainkey.praktijk.nl": ["v=DKIM1; p="]}, "s1")


def test_dmarc_of_the_domain_above_counts() -> None:
    found = look(GOOD | {"mail.praktijk.nl": ["v=spf1 -all"]}, "s1", domain="mail.praktijk.nl")
    assert found["dmarc"].text == "DMARC of praktijk.nl: p=quarantine."


@pytest.mark.parametrize(
    "records", [["v=DMARC1; rua=mailto:x@praktijk.nl"], ["v=DMARC1; p=none", "v=DMARC1; p=reject"]]
)
def test_a_dmarc_record_that_does_not_work_is_an_error(records: list[str]) -> None:
    assert look(GOOD | {"_dmarc.praktijk.nl": records})["dmarc-broken"].level == "error"


def test_a_name_server_that_fails_is_one_warning() -> None:
    with DnsServer(GOOD, refuse=True) as server:
        found = examine(DnsResolver(server.address), "praktijk.nl")
    assert [each.id for each in found] == ["dns-unreachable"]
    assert found[0].level == "warning"


@pytest.mark.parametrize("server", ["", "dns.example.nl:53", "127.0.0.1:0", "127.0.0.1:99999", "127.0.0.1:x", "[::1"])
def test_a_name_server_that_cannot_be_one_is_refused(server: str) -> None:
    with pytest.raises(InvalidInputError, match="such as 127"):
        DnsResolver(server)
