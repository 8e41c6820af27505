"""SPF, DKIM, DMARC, MX and PTR, asked of a name server of our own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from service.errors import InvalidInputError
from service.flows.dkim_records import USUAL_SELECTORS
from service.flows.finding import Finding
from service.flows.sender_records import Sending, examine
from service.mail.dkim import read_signer
from service.mail.name_service import DnsResolver
from tests.support.dkim_keys import SELECTOR, other_pem, signer
from tests.support.dns_server import DnsServer

MX = "MX 10 mail.praktijk.nl."
GOOD = {
    "praktijk.nl": ["google-site-verification=abc", "v=spf1 include:spf.mailer.nl -all", MX],
    "spf.mailer.nl": ["v=spf1 ip4:192.0.2.0/24 ~all"],
    "s1._domainkey.praktijk.nl": ["v=DKIM1; k=rsa; p=" + "MIIB" * 90],
    "_dmarc.praktijk.nl": ["v=DMARC1; p=quarantine; rua=mailto:dmarc@praktijk.nl"],
    "mail.praktijk.nl": ["A 192.0.2.9"],
}


def look(
    records: Mapping[str, Sequence[str]],
    *selectors: str,
    domain: str = "praktijk.nl",
    refuse: bool | str = False,
    **sending: Any,
) -> dict[str, Finding]:
    """What is found, by its id; of several with one id the last."""
    given = Sending(domain=domain, selectors=selectors, **sending)
    with DnsServer(records, refuse=refuse) as server:
        return {each.id: each for each in examine(DnsResolver(server.address), given)}


def test_all_in_order_is_ok_each_time() -> None:
    found = look(GOOD)
    assert {each.level for each in found.values()} == {"ok"}
    assert set(found) == {"spf", "dkim", "dmarc", "mx"}
    assert "1 of 10 look-ups" in found["spf"].text


def test_what_is_missing_is_a_warning_with_a_fix_in_both_languages() -> None:
    found = look({})
    assert set(found) == {"spf-missing", "dkim-missing", "dmarc-missing", "mx-missing"}
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


@pytest.mark.parametrize("term", ["ipv4:192.0.2.1", "ip4:mail.praktijk.nl", "ip4=", "ip6:192.0.2.1", "includes:x.nl"])
def test_a_record_with_a_word_that_spf_does_not_know_is_broken_for_receivers(term: str) -> None:
    found = look(GOOD | {"praktijk.nl": [f"v=spf1 {term} -all"]})
    assert found["spf-broken"].level == "error"
    assert term in found["spf-broken"].dutch


@pytest.mark.parametrize("record", ["v=spf1 a", "v=spf1 +all", "v=spf1 ?all", "v=spf1 all"])
def test_a_record_that_lets_anybody_in_is_a_warning(record: str) -> None:
    assert look(GOOD | {"praktijk.nl": [record]})["spf-open"].level == "warning"


def test_a_term_that_means_nothing_is_an_error() -> None:
    assert look(GOOD | {"praktijk.nl": ["v=spf1 =x -all"]})["spf-broken"].level == "error"


def test_the_usual_selectors_are_tried_and_a_named_one_alone() -> None:
    with DnsServer(GOOD) as server:
        examine(DnsResolver(server.address), Sending(domain="praktijk.nl"))
        assert {f"{each}._domainkey.praktijk.nl" for each in USUAL_SELECTORS} <= set(server.asked)
    found = look(GOOD, "ours")["dkim-missing"]
    assert found.level == "error"
    assert "selector ours" in found.text


def test_mail_in_production_that_nobody_signs_is_an_error() -> None:
    unsigned = {name: texts for name, texts in GOOD.items() if "_domainkey" not in name}
    assert look(unsigned)["dkim-missing"].level == "warning"
    assert look(unsigned, production=True)["dkim-missing"].level == "error"


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
        found = examine(DnsResolver(server.address), Sending(domain="praktijk.nl"))
    assert [each.id for each in found] == ["dns-unreachable"]
    assert found[0].level == "warning"


def test_a_question_without_an_answer_hides_none_of_the_others() -> None:
    found = look(GOOD, refuse="_domainkey.praktijk.nl")
    assert set(found) == {"spf", "dmarc", "mx", "dns-unreachable"}
    assert "DKIM: praktijk.nl" in found["dns-unreachable"].text


@pytest.mark.parametrize("server", ["", "dns.example.nl:53", "127.0.0.1:0", "127.0.0.1:99999", "127.0.0.1:x", "[::1"])
def test_a_name_server_that_cannot_be_one_is_refused(server: str) -> None:
    with pytest.raises(InvalidInputError, match="such as 127"):
        DnsResolver(server)


def test_where_we_sign_the_record_must_hold_our_public_key() -> None:
    name = f"{SELECTOR}._domainkey.praktijk.nl"
    assert look(GOOD | {name: [signer().record]}, signer=signer())["dkim"].level == "ok"
    missing = look(GOOD, signer=signer())["dkim-record-missing"]
    assert missing.level == "error"
    assert signer().record in missing.fix
    assert signer().record in missing.dutch_fix
    other = read_signer(other_pem(), SELECTOR)
    differs = look(GOOD | {name: [other.record]}, signer=signer())["dkim-record-differs"]
    assert (differs.level, signer().record in differs.fix) == ("error", True)
    assert look(GOOD | {name: ["v=DKIM1; p="]}, signer=signer())["dkim-record-differs"].level == "error"


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        ("h=sha1; ", "dkim-record-broken"),
        ("h=sha1:sha256; s=email; t=s; ", "dkim"),
        ("k=ed25519; ", "dkim-record-broken"),
        ("s=tlsrpt; ", "dkim-record-broken"),
        ("t=y:s; ", "dkim-record-testing"),
    ],
)
def test_what_else_the_record_of_our_key_says_counts(extra: str, expected: str) -> None:
    name = f"{SELECTOR}._domainkey.praktijk.nl"
    assert expected in look(GOOD | {name: [f"v=DKIM1; {extra}p={signer().public_key}"]}, signer=signer())


def test_two_records_of_our_key_are_one_too_many() -> None:
    both = [signer().record, f"{signer().record};"]
    name = f"{SELECTOR}._domainkey.praktijk.nl"
    assert "dkim-record-broken" in look(GOOD | {name: both}, signer=signer())


def test_a_key_on_two_lines_of_a_zone_file_is_ours_all_the_same() -> None:
    record = signer().record
    folded = f"{record[:100]} {record[100:]}"
    assert look(GOOD | {f"{SELECTOR}._domainkey.praktijk.nl": [folded]}, signer=signer())["dkim"].level == "ok"


def test_by_a_provider_doctor_reminds_and_looks_under_named_selectors_alone() -> None:
    with DnsServer(GOOD) as server:
        sending = Sending(domain="praktijk.nl", providers=["postmark"], signer=signer())
        found = {each.id: each for each in examine(DnsResolver(server.address), sending)}
        assert not any("_domainkey" in name for name in server.asked)
    assert found["dkim-by-provider"].level == "ok"
    assert "postmark" in found["dkim-by-provider"].text
    named = look(GOOD, "ours", providers=["postmark"])
    assert {"dkim-by-provider", "dkim-missing"} <= set(named)


def test_where_mail_goes_by_smtp_and_by_a_provider_both_are_looked_at() -> None:
    found = look(GOOD, providers=["ses"], servers=["smtp.host.example"], signer=signer())
    assert {"dkim-by-provider", "dkim-record-missing"} <= set(found)


def test_bounces_that_come_back_elsewhere_leave_dmarc_to_dkim() -> None:
    records = GOOD | {"host.example": ["v=spf1 a -all", "MX 0 mail.praktijk.nl."]}
    found = look(records, return_path="host.example", servers=["smtp.host.example"])
    assert found["return-path-elsewhere"].level == "warning"
    assert "return-path-elsewhere" not in look(records, return_path="host.example", signer=signer())
    assert "return-path-elsewhere" not in look(records, return_path="bounce.praktijk.nl")
    strict = records | {"_dmarc.praktijk.nl": ["v=DMARC1; p=none; aspf=s"]}
    assert "return-path-elsewhere" in look(strict, return_path="bounce.praktijk.nl")


def test_the_domain_that_bounces_come_back_to_needs_its_own_spf_and_a_mail_server() -> None:
    found = look(GOOD, return_path="bounce.praktijk.nl", answers=["antwoord.example"])
    assert "bounce.praktijk.nl" in found["spf-missing"].text
    assert (found["mx-missing"].level, "antwoord.example" in found["mx-missing"].text) == ("error", True)
    assert found["spf"].level == "ok", "that of the sender"


def test_a_domain_that_takes_no_mail_at_all_is_an_error() -> None:
    assert look(GOOD | {"praktijk.nl": ["v=spf1 -all", "MX 0 ."]})["mx-none"].level == "error"


def test_a_mail_server_that_is_not_there_counts_as_none() -> None:
    assert look(GOOD | {"praktijk.nl": ["v=spf1 -all", "MX 0 weg.praktijk.nl."]})["mx-missing"].level == "warning"


PUBLIC = "9.9.9.9"
REVERSE = "9.9.9.9.in-addr.arpa"


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        ({REVERSE: ["PTR mail.praktijk.nl."]}, "ptr"),
        ({REVERSE: ["PTR x.host.example.", "PTR mail.praktijk.nl."]}, "ptr"),
        ({REVERSE: ["PTR x.host.example."], "x.host.example": [f"A {PUBLIC}"]}, "ptr"),
        ({REVERSE: ["PTR x.host.example."], "x.host.example": ["A 192.0.2.7"]}, "ptr-missing"),
        ({}, "ptr-missing"),
    ],
)
def test_the_address_of_our_own_mail_server_has_a_name_that_leads_back(
    records: dict[str, list[str]], expected: str
) -> None:
    found = look(GOOD | {"mail.praktijk.nl": [f"A {PUBLIC}"]} | records, servers=["mail.praktijk.nl"])
    assert {each for each in found if each.startswith("ptr")} == {expected}
    assert found[expected].level == ("ok" if expected == "ptr" else "warning")


def test_names_of_private_addresses_and_of_servers_of_others_are_not_asked_for() -> None:
    private = GOOD | {"mail.praktijk.nl": ["A 10.0.0.5"]}
    assert not any(each.startswith("ptr") for each in look(private, servers=["mail.praktijk.nl"]))
    theirs = GOOD | {"smtp.host.example": [f"A {PUBLIC}"]}
    assert not any(each.startswith("ptr") for each in look(theirs, servers=["smtp.host.example", "127.0.0.1"]))
