"""`nurture doctor`, on an installation that is well and on sick ones."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from service.errors import UnavailableError
from service.flows import self_test
from service.flows.services import Services
from service.mail import dkim, name_service
from service.store import events
from service.store.db import open_database
from tests.support.certificates import make_certificates
from tests.support.commands import Said, nurture
from tests.support.dkim_keys import SELECTOR, rsa_pem, signer
from tests.support.dns_server import DnsServer
from tests.support.house import SECRET_KEY, House, open_house, publish
from tests.support.smtp_server import SmtpServer
from tests.support.tls_front import tls_front
from tests.support.web_servers import serving
from tests.support.website import OPT_IN, opt_in, website

NOBODY = "http://127.0.0.1:9"
"""Where nothing listens (RFC 863, and no longer anywhere)."""
RECORDS = {
    "praktijk.example": ["v=spf1 a -all", "MX 10 mail.praktijk.example."],
    "mail.praktijk.example": ["A 192.0.2.5"],
    "mail._domainkey.praktijk.example": ["v=DKIM1; p=MIIB"],
    "_dmarc.praktijk.example": ["v=DMARC1; p=none"],
}


@pytest.fixture
def unpublished(tmp_path: Path, template_file: Callable[[str], Path]) -> Iterator[House]:
    """An installation on SQLite with the newest schema and nothing in it."""
    database = tmp_path / "nurture.db"
    shutil.copyfile(template_file("migrated"), database)
    with open_house(f"sqlite:///{database}", tmp_path, published=False) as house:
        yield house


@pytest.fixture
def well(unpublished: House) -> House:
    """The same, with the shipped content published."""
    publish(unpublished.services, unpublished.clock.now())
    return unpublished


def doctor(folder: Path, *arguments: str, records: dict[str, list[str]] | None = None, **settings: str) -> Said:
    given = {
        "data_dir": str(folder / "data"),
        "database_url": f"sqlite:///{folder / 'nurture.db'}",
        "mail_url": f"file:{folder / 'outbox'}",
        "mail_from": "Solid Performance <advies@praktijk.example>",
        "base_url": NOBODY,
    }
    with DnsServer(RECORDS if records is None else records) as server:
        return nurture("doctor", "--dns", server.address, *arguments, folder=folder, **(given | settings))


def test_an_installation_that_is_well_passes(well: House, tmp_path: Path) -> None:
    said = doctor(tmp_path, mail_from="advies@praktijk.example")
    assert said.status == 0, said
    lines = said.out.splitlines()
    for each in ("settings", "database", "keys", "clock", "mail", "spf", "dkim", "dmarc", "mx"):
        assert any(line.startswith(f"ok       {each}:") for line in lines), (each, said.out)
    assert "warning  practice-placeholder" in said.out
    assert "error" not in said.out


def test_missing_records_are_warnings_and_no_failure(well: House, tmp_path: Path) -> None:
    said = doctor(tmp_path, records={})
    assert said.status == 0
    assert "warning  spf-missing" in said.out
    assert "Oplossing: Vraag de beheerder van praktijk.example" in said.out


def test_doctor_changes_no_row(well: House, tmp_path: Path) -> None:
    before = well.rows()
    doctor(tmp_path)
    assert well.rows() == before


def test_a_wrong_setting_is_told_and_the_rest_waits(tmp_path: Path) -> None:
    said = doctor(tmp_path, base_url="ftp://x")
    assert said.status == 1
    assert said.out.startswith("error    setting-base-url: NURTURE_BASE_URL:")
    assert "database" not in said.out


def test_a_database_that_cannot_be_reached_is_an_error(tmp_path: Path) -> None:
    said = doctor(tmp_path, database_url=f"sqlite:///{tmp_path / 'nowhere' / 'nurture.db'}")
    assert said.status == 1
    assert "error    database-unreachable: The database cannot be used just now" in said.out
    assert "ok       mail:" in said.out


def test_an_empty_database_is_a_warning(tmp_path: Path) -> None:
    said = doctor(tmp_path)
    assert said.status == 0
    assert "warning  database-empty" in said.out


def test_a_key_in_use_that_is_gone_is_an_error(well: House, tmp_path: Path) -> None:
    with well.services.database.transaction() as session:
        events.set_fact(session, "keys", {"signing": ["another"], "suppression": "another"})
    said = doctor(tmp_path)
    assert said.status == 1
    assert "error    keys-gone: NURTURE_SUPPRESSION_KEY is not the one" in said.out


def test_nothing_published_is_told(unpublished: House, tmp_path: Path) -> None:
    assert "warning  nothing-published" in doctor(tmp_path).out


def test_an_alert_that_stands_is_told(well: House, tmp_path: Path) -> None:
    with well.services.database.transaction() as session:
        events.raise_alert(session, "x", dutch="er is iets", english="there is something", now=well.clock.now())
    said = doctor(tmp_path).out
    assert "warning  alert-x: An alert stands since 2026-03-09 09:00 UTC: there is something." in said
    assert "Oplossing: Los de oorzaak op; de melding verdwijnt dan vanzelf.\n" in said, "what is wrong is told once"


def test_a_mail_server_is_asked_up_to_the_login_and_gets_no_mail(well: House, tmp_path: Path) -> None:
    certificates = make_certificates(tmp_path)
    with SmtpServer(certificates=certificates, login=("praktijk", "geheim")) as server:
        said = doctor(tmp_path, mail_url=server.url)
        assert "ok       mail:" in said.out, said
        assert {"STARTTLS", "AUTH"} <= set(server.commands)
        assert not {"MAIL", "RCPT", "DATA"} & set(server.commands)


def test_a_refused_login_is_an_error_without_the_password(well: House, tmp_path: Path) -> None:
    certificates = make_certificates(tmp_path)
    with SmtpServer(certificates=certificates, login=("praktijk", "geheim")) as server:
        said = doctor(tmp_path, mail_url=server.url.replace("geheim", "verkeerd"))
    assert said.status == 1
    assert "error    mail-unreachable: Mail cannot be handed over:" in said.out
    assert "verkeerd" not in said.out + said.err


def test_a_mail_server_that_is_not_there_is_an_error(well: House, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    said = doctor(tmp_path, mail_url=f"smtp://127.0.0.1:{port}?tls=none")
    assert said.status == 1
    assert "refused the connection" in said.out


def test_an_outbox_that_cannot_be_written_is_an_error(well: House, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    said = doctor(tmp_path, mail_url=f"file:{tmp_path / 'file'}")
    assert said.status == 1
    assert "could not be written" in said.out


def test_a_good_outbox_stays_empty(well: House, tmp_path: Path) -> None:
    doctor(tmp_path)
    assert list((tmp_path / "outbox").iterdir()) == []


def test_a_name_server_by_name_is_refused_in_one_sentence(well: House, tmp_path: Path) -> None:
    said = nurture("doctor", "--dns", "dns.example.nl", folder=tmp_path, data_dir=str(tmp_path / "data"))
    assert said.status == 1
    assert said.err.count("\n") == 1
    assert "is no name server" in said.err


def test_a_schema_of_a_newer_version_is_an_error(well: House, tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'nurture.db'}")
    with database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'ffff'")
    database.close()
    said = doctor(tmp_path)
    assert said.status == 1
    assert "error    database-newer" in said.out


def test_opt_ins_that_all_come_from_one_private_address_fail(well: House, tmp_path: Path) -> None:
    behind = website(well, peer="172.18.0.1")
    for number in range(2):
        opt_in(behind, f"a{number}@example.org")
    assert "opt-ins-from-one-client" not in doctor(tmp_path).out
    opt_in(behind, "a2@example.org")
    said = doctor(tmp_path)
    assert said.status == 1
    assert "error    opt-ins-from-one-client" in said.out
    assert "Zet het netwerk van je proxy in NURTURE_TRUSTED_PROXIES" in said.out
    assert "172.18.0.1" not in said.out
    named = doctor(tmp_path, trusted_proxies="10.9.0.0/16").out
    assert "10.9.0.0/16 (NURTURE_TRUSTED_PROXIES) does not hold its address" in named


@pytest.mark.parametrize("peer", ["172.18.0.2", "203.0.113.5"])
def test_opt_ins_from_several_addresses_or_from_outside_are_well(well: House, tmp_path: Path, peer: str) -> None:
    for number in range(4):
        opt_in(website(well, peer="172.18.0.1"), f"a{number}@example.org")
    opt_in(website(well, peer=peer), "b@example.org")
    said = doctor(tmp_path)
    assert (said.status, "opt-ins-from-one-client" in said.out) == (0, False)


def test_a_website_that_was_refused_is_named_until_the_setting_is_mended(well: House, tmp_path: Path) -> None:
    headers = {"Origin": "https://www.praktijk-elders.example"}
    assert website(well).post("/api/opt-ins", json=OPT_IN, headers=headers).status_code == 403
    said = doctor(tmp_path)
    assert said.status == 0
    assert "warning  origin-refused: Posts of the opt-in form from https://www.praktijk-elders.example" in said.out
    assert "zet het adres in NURTURE_ALLOWED_ORIGINS" in said.out
    assert "origin-refused" not in doctor(tmp_path, allowed_origins=headers["Origin"]).out


def test_it_speaks_the_language_of_the_setting_and_of_the_option(well: House, tmp_path: Path) -> None:
    dutch = doctor(tmp_path, records={}, language="nl").out
    assert "let op   spf-missing: praktijk.example heeft geen SPF-record." in dutch
    assert "Oplossing: Vraag de beheerder van praktijk.example" in dutch
    assert "Fix:" not in dutch
    assert doctor(tmp_path, "--language", "nl", records={}).out == dutch
    english = doctor(tmp_path, "--language", "en", records={}, language="nl").out
    assert "warning  spf-missing: praktijk.example has no SPF record" in english
    assert "Fix: Ask whoever keeps the DNS of praktijk.example" in english
    assert "Oplossing: Vraag de beheerder van praktijk.example" in english, "for whoever has to do it"


def test_everything_is_looked_at_in_one_run_and_everything_well(
    well: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a mail server that wants a log-in, signed by us, the website behind TLS, and a lead's way out pressed."""
    certificates = make_certificates(tmp_path / "tls", days=60)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.ca))
    records = RECORDS | {f"{SELECTOR}._domainkey.praktijk.example": [signer().record]}
    with (
        SmtpServer(certificates=certificates, login=("praktijk", "geheim")) as server,
        serving(well) as url,
        tls_front(certificates, int(url.rpartition(":")[2])) as base_url,
    ):
        before = well.rows()
        said = doctor(
            tmp_path,
            records=records,
            mail_url=server.url,
            base_url=base_url,
            dkim_key=rsa_pem(),
            dkim_selector=SELECTOR,
            secret_keys=SECRET_KEY,
            suppression_key=well.services.suppression_key,
        )
        assert well.rows() == before
        assert server.messages == []
    assert said.status == 0, said
    told = [line for line in said.out.splitlines() if not line.startswith(" ")]
    found = {line.split()[1].rstrip(":"): line.split()[0] for line in told}
    assert (found.pop("practice-placeholder"), found.pop("bounces-unread")) == ("warning", "warning")
    assert set(found.values()) == {"ok"}, said.out
    looked = "settings database keys clock mail mail-certificate certificate base-url one-click spf dkim dmarc mx"
    assert set(found) == set(looked.split())
    assert "geheim" not in said.out + said.err


def test_a_fault_in_each_part_hides_none_of_the_others(well: House, tmp_path: Path) -> None:
    with well.services.database.transaction() as session:
        events.set_fact(session, "keys", {"signing": ["another"], "suppression": "another"})
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    said = doctor(
        tmp_path,
        records={
            "praktijk.example": ["v=spf1 include:weg.example -all", "MX 0 ."],
            "_dmarc.praktijk.example": ["v=DMARC1"],
        },
        mail_url=f"smtp://127.0.0.1:{port}?tls=none",
        mail_fallback_url="postmark://TOKEN@default?base=http://127.0.0.1:9",
        dkim_key=rsa_pem(),
        dkim_selector=SELECTOR,
    )
    assert said.status == 1
    errors = {line.split()[1].rstrip(":") for line in said.out.splitlines() if line.startswith("error")}
    assert errors == {
        "keys-gone",
        "mail-unreachable",
        "mail-fallback-unreachable",
        "spf-broken",
        "dkim-record-missing",
        "dmarc-broken",
        "mx-none",
    }
    assert f"v=DKIM1; k=rsa; p={signer().public_key}" in said.out
    assert "PRIVATE" not in said.out + said.err
    for name in ("webhook-secret-missing", "bounces-unread", "base-url-unreachable", "dkim-by-provider"):
        assert f" {name}: " in said.out, said.out


def test_where_nothing_can_be_reached_it_says_so_and_ends(
    well: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(name_service, "_SECONDS", 0.3)
    given = {
        "data_dir": str(tmp_path / "data"),
        "database_url": f"sqlite:///{tmp_path / 'nurture.db'}",
        "base_url": NOBODY,
    }
    said = nurture("doctor", "--dns", "127.0.0.1:9", folder=tmp_path, mail_url=f"file:{tmp_path / 'outbox'}", **given)
    assert said.status == 0, said
    assert said.out.count("dns-unreachable") == 1
    assert "base-url-unreachable" in said.out


def test_a_signature_that_leaves_the_way_out_uncovered_fails(
    well: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    signing = partial(doctor, tmp_path, dkim_key=rsa_pem(), dkim_selector=SELECTOR)
    assert "dkim-uncovered" not in signing().out
    monkeypatch.setattr(dkim, "COVERED", [name for name in dkim.COVERED if name != "List-Unsubscribe-Post"])
    said = signing()
    assert said.status == 1
    assert "error    dkim-uncovered" in said.out


def test_a_signing_key_that_cannot_be_used_is_told_as_a_setting(tmp_path: Path) -> None:
    said = doctor(tmp_path, dkim_key="geen sleutel", dkim_selector=SELECTOR)
    assert said.status == 1
    assert said.out.startswith("error    setting-dkim-key: NURTURE_DKIM_KEY: it holds no private key")


def test_a_look_that_something_is_in_the_way_of_hides_none_that_come_after(
    well: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(services: Services) -> None:
        raise UnavailableError("the database cannot be used just now: database is locked", "de database is bezet")

    monkeypatch.setattr(self_test, "press_now", locked)
    with serving(well) as url:
        said = doctor(tmp_path, base_url=url)
    assert said.status == 1
    assert "error    not-looked-at: Something of the NURTURE_BASE_URL could not be looked at: The database" in said.out
    assert "ok       spf:" in said.out
