"""A whole run in which all goes wrong that can: logs, figures and error pages tell of nobody (ACCEPTANCE E6).

The service runs as a process of its own, with an SMTP server that quotes recipients in its refusals, and with defects
put in whose text is what they failed on. Then everything it wrote is searched.
"""

from __future__ import annotations

import email
import email.policy
import re
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.support.running import Running, http, installation, link_in, wait_for
from tests.support.smtp_server import Fault, SmtpServer

ANNA, REFUSED, DEFECT = (f"{name}@herkenbaar.example" for name in ("zonnebloem.van.dale", "dahlia", "kapot"))
BLOCKED = "klaver@elders-herkenbaar.example"
NETWORK = "203.0.113.99"
ENV = {
    "NURTURE_SECRET_KEYS": "tekensleutel-die-niemand-mag-zien-0123456789abcdef",
    "NURTURE_SUPPRESSION_KEY": "hashsleutel-die-niemand-mag-zien-0123456789abcdef",
    "NURTURE_ALERT_TO": "meldpunt@herkenbaar.example",
    "NURTURE_ALERT_URL": "http://127.0.0.1:9/hook?key=haakgeheim",
    "NURTURE_ALLOWED_ORIGINS": "https://website.example",
    "NURTURE_TRUSTED_PROXIES": "127.0.0.1",
    "NURTURE_OPT_IN_LIMITS": "network=100000/h",
}
LOGIN = ("postbusnaam", "postbusgeheim")
PERSONAL = re.compile(
    r"herkenbaar|zonnebloem|dahlia|klaver|kapot@|98765432|tuinieren|hollow|203\.0\.113|"
    r"niemand-mag-zien|haakgeheim|postbus|/[cupbadr]/[A-Za-z0-9_-]{20}|traceback",
    re.IGNORECASE,
)
# Runs the command with defects in it: a database error with values, one that quotes an opt-in, a tick that fails.
PROGRAM = """
import sys
from sqlalchemy import text
from service.flows import answers, signup
from service.flows.reaping import Reaper

def record(session, services, message, *_rest):
    session.execute(text("INSERT INTO lead (address) VALUES (:value)"), {"value": message.recipient})

def register_all(session, services, asked, now, take=signup.register_all):
    if any(each.email.startswith("kapot") for each in asked):
        raise ValueError(asked)
    return take(session, services, asked, now)

def reap(self, services, take=Reaper.reap, failed=[]):
    if not failed:
        failed.append(True)
        raise RuntimeError("zonnebloem.van.dale@herkenbaar.example")
    return take(self, services)

answers.record, signup.register_all, Reaper.reap = record, register_all, reap
from service.cli import main
main()
"""


@dataclass(kw_only=True)
class Told:
    """A service, its mail server, and of every answer that was an error the status and what it says."""

    running: Running
    server: SmtpServer
    errors: list[tuple[int, str]] = field(default_factory=list)

    def ask(
        self,
        status: int,
        method: str,
        path: str,
        *,
        data: object = None,
        form: dict[str, str] | None = None,
        **headers: str,
    ) -> None:
        """A request that must be answered so; errors are kept, once as a problem and once as a page."""
        url = path if path.startswith("http") else self.running.url + path
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        for accept in ("*/*", "text/html"):
            sent = {"Accept": accept, "X-Forwarded-For": NETWORK, **named}
            answer = http(method, url, data=data, form=form, headers=sent)
            assert answer.status == status, (method, path, answer.status, answer.text, self.running.logs())
            if status >= 400:
                back = urlsplit(url).path  # the way back to the form is the address that was asked for
                self.errors.append((status, answer.text.replace(f'href="{back}"', "")))

    def mails(self, to: str) -> list[EmailMessage]:
        """What the server took for one address, oldest first."""
        found = [each.data for each in self.server.messages if each.recipients == (to,)]
        return [email.message_from_bytes(data, policy=email.policy.default) for data in found]


def everything_goes_wrong(told: Told) -> None:
    """One lead from opt-in to erasing, another who is refused, and requests that are no requests."""
    running = told.running
    where = f"https://website.example/artikel?mail={ANNA}"
    answers = {"posture": "hollow"}
    assert running.opt_in(ANNA, first_name="Zonnebloem", answers=answers, source_url=where).status == 202
    assert running.opt_in(REFUSED, first_name="Dahlia").status == 202
    assert running.opt_in(BLOCKED).status == 202
    wait_for(lambda: running.logs().count("attempt settled") == 3, "three advices refused")
    running.clock(advance="PT10M")
    advice = wait_for(lambda: told.mails(ANNA), "the advice")[0]
    told.ask(200, "GET", f"{link_in(advice, 'c')}?mail={ANNA}")
    told.ask(200, "POST", link_in(advice, "c"), form={"answers.posture": "hollow"})
    while len(told.mails(ANNA)) < 2:
        running.clock(to="next")
    mail = told.mails(ANNA)[1]
    told.ask(500, "POST", link_in(mail, "a"), form={"answer": "worse"})
    told.ask(500, "POST", "/api/opt-ins", form={"email": DEFECT, "topic": "lage-rug", "consent_advice": "on"})
    told.ask(422, "POST", link_in(mail, "b"), form={"action": "request", "phone": "tuinieren 98765432"})
    told.ask(422, "POST", link_in(mail, "b"), form={"action": "request", "email": f"{ANNA}@", "note": "tuinieren\x00"})
    told.ask(200, "POST", link_in(mail, "b"), form={"action": "request", "phone": "06 98765432", "note": "tuinieren"})
    told.ask(422, "POST", link_in(mail, "p"), form={"action": ANNA})
    for letter in "cubpa":
        told.ask(404, "GET", f"/{letter}/{ANNA}")
        told.ask(404, "POST", f"{link_in(mail, 'u').replace('/u/', f'/{letter}/')}x", form={"mail": ANNA})
    told.ask(404, "GET", f"/leads/{ANNA}?naam=Zonnebloem")
    told.ask(405, "DELETE", link_in(mail, "u"))
    wrong = {"email": f"{ANNA}@", "topic": "tuinieren", "consent_advice": "tuinieren", "answers.posture": "hollow"}
    told.ask(422, "POST", "/api/opt-ins", form=wrong | {"first_name": "Zonnebloem" * 100, "source_url": ANNA})
    told.ask(422, "POST", "/api/opt-ins", data=[ANNA])
    told.ask(415, "POST", "/api/opt-ins", data=ANNA, Content_Type="text/plain")
    told.ask(413, "POST", "/api/opt-ins", data=ANNA * 1_000)
    told.ask(403, "POST", "/api/opt-ins", data={"email": ANNA}, Origin="https://herkenbaar.example")
    boundary = f"multipart/form-data; boundary={ANNA}"
    told.ask(422, "POST", "/api/opt-ins", data=f"--{ANNA}\r\n{ANNA}", Content_Type=boundary)
    told.ask(200, "POST", link_in(mail, "u"), form={"List-Unsubscribe": "One-Click"})
    erased = running.cli("lead", "erase", ANNA, "--yes")
    assert erased.returncode == 0, erased.stderr
    told.ask(200, "GET", link_in(mail, "u"))
    running.clock(advance="P20D")


def test_logs_figures_and_error_pages_tell_of_nobody(database_url: str, tmp_path: Path) -> None:
    refusal = Fault(stage="rcpt", reply=f"550 5.1.1 <{REFUSED}>: Dahlia is unknown here", recipient=REFUSED)
    later = Fault(stage="dot", reply=f"451 4.3.0 {ANNA} is greylisted for {LOGIN[0]}", recipient=ANNA, times=1)
    blocked = Fault(stage="rcpt", reply=f"550 5.7.1 <{BLOCKED}> Klaver has blocked you", recipient=BLOCKED)
    with (
        SmtpServer(faults=[refusal, later, blocked], login=LOGIN) as server,
        installation(tmp_path, database_url, **ENV, NURTURE_MAIL_URL=server.url) as running,
    ):
        running.launch("serve", "--port", str(running.port), program=PROGRAM)
        wait_for(lambda: http("GET", f"{running.url}/readyz").status == 200, f"ready; log:\n{running.logs()}")
        wait_for(lambda: "tick failed" in running.logs(), "a tick")
        told = Told(running=running, server=server)
        everything_goes_wrong(told)
        figures = http("GET", f"{running.url}/metrics").text
    logs = running.logs()
    for event in ("attempt settled", "request failed", "IntegrityError at ", "ValueError at ", "alert webhook failed"):
        assert event in logs, event
    assert 'route="/u/{token}"' in figures
    assert {status for status, _ in told.errors} == {403, 404, 405, 413, 415, 422, 500}
    written = {"log": logs, "figures": figures}
    written |= {f"error {number}, {status}": text for number, (status, text) in enumerate(told.errors)}
    found = {where: line for where, text in written.items() for line in text.splitlines() if PERSONAL.search(line)}
    assert not found


@pytest.mark.parametrize("text", [ANNA, "Zonnebloem", "06 98765432", f"from {NETWORK}", ENV["NURTURE_SECRET_KEYS"]])
def test_the_search_would_find_it(text: str) -> None:
    assert PERSONAL.search(f'{{"event": "request", "path": "{text}"}}')
