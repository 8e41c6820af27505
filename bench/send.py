"""How fast due mail leaves: follow-ups from the first claim to the last settled, beside django-post_office.

Both hand the same mails to the same smtp-sink on loopback, each from one process, in turns, on the same engines: mails
with tokens of their own, filled in as they are sent. What is not the same is said in bench/RESULTS.md. With them takes
its turns smtp-source, which hands over mails of that size and knows no ledger. Run by `make bench`; a quick look:
`python -m bench.send --mails 1000`.
"""

from __future__ import annotations

import argparse
import asyncio
import email
import email.policy
import gc
import json
import resource
import secrets
import subprocess
import tempfile
import time
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy.engine import make_url
from sqlmodel import col, func, select, update

from bench.databases import Fresh, engines, migrated
from bench.quiet import logging_to_nowhere
from bench.sampling import sampled
from bench.sink import any_sink, from_source
from service.cli import SELDOM
from service.cli.running import keep_what_is_loaded
from service.flows.building import build
from service.flows.drafts import Draft
from service.flows.sending import Sender
from service.mail.transport import OutboundMail, Outcome, SendResult, Transport, open_transport
from service.store.tables import Message
from tests.support.crowd import MODEL, gather
from tests.support.drafts import publish, with_sequence
from tests.support.house import House, open_house, part, shipped
from tests.support.mails import compiled

ROOT = Path(__file__).resolve().parents[1]
_SHORT = (
    "Hoi{% if first_name %} {{ first_name }}{% endif %}.\n\n[Plan een afspraak]({{ booking_url }})"  # 12 kB of a mail
)
_FIRST = "hoe-ging-het"
PEER, SOURCE = "django-post_office", "smtp-source"
BOUNDS = {PEER: "goal 10, floor 5", SOURCE: "goal 0.8, floor 0.4"}
SIZE = 12_600  # bytes of one of our mails
_TOO_LONG = 600  # seconds
PEER_PYTHON = ROOT / "build/bench-venv/bin/python"


@dataclass(frozen=True, kw_only=True)
class Sent:
    """One run: how many mails the sender counted as accepted, in how many seconds, and the bytes of one.

    `processor` is the seconds that its own process had a processor for; PostgreSQL's are not in it.
    """

    mails: int
    seconds: float
    processor: float
    size: int

    @property
    def rate(self) -> float:
        """Mails a second."""
        return self.mails / self.seconds


def main() -> None:
    """Print each run, and for each engine the ratio of the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mails", type=int, default=20_000, help="due in each run")
    parser.add_argument("--rounds", type=int, default=2, help="runs of each; who goes first alternates")
    parser.add_argument("--engines", nargs="+", choices=["sqlite", "postgres"], default=["sqlite", "postgres"])
    parser.add_argument("--no-peer", action="store_true", help="measure the service alone")
    parser.add_argument("--profile", action="store_true", help="say what the time goes into; slows the service down")
    given = parser.parse_args()
    with_peer = not given.no_peer and not given.profile
    if with_peer and not PEER_PYTHON.exists():
        raise SystemExit("django-post_office is not there; run: make bench (or give --no-peer)")
    with logging_to_nowhere(), engines(given.engines) as found:
        for name, fresh in found.items():
            runs: dict[str, list[Sent]] = {
                who: [] for who in (("nurture", PEER, SOURCE) if with_peer else ("nurture",))
            }
            for number in range(given.rounds):
                for who in reversed(runs) if number % 2 else runs:
                    sent = _run(who, fresh, given.mails, profile=given.profile)
                    if sent is None:
                        continue
                    runs[who].append(sent)
                    print(
                        f"{name:<11} {who:<19} {sent.mails} mails of {sent.size} bytes in {sent.seconds:6.1f} s"
                        f"   {sent.rate:6.0f} a second"
                        f"   {1000 * sent.processor / sent.mails:5.2f} ms of a processor each",
                        flush=True,
                    )
            rates = {who: median(each.rate for each in its) for who, its in runs.items() if its}
            for who, bounds in BOUNDS.items():
                if who in rates:
                    print(f"{name:<11} nurture sends {rates['nurture'] / rates[who]:.2f} x what {who} does   {bounds}")


def _run(who: str, fresh: Fresh, mails: int, *, profile: bool) -> Sent | None:
    """One run on a database of its own. SystemExit unless the sink took every mail once. None: it is not here."""
    with any_sink() as sink, fresh() as url, tempfile.TemporaryDirectory() as folder:
        if who == SOURCE:
            sent = _straight(mails, sink.port)
            if sent is None:
                return None
        elif who == "nurture":
            sent = ours(migrated(url), Path(folder), mails=mails, mail_url=sink.url, profile=profile)
        else:
            sent = _theirs(url, Path(folder), mails=mails, port=sink.port)
        if not sent.mails == sink.taken() == mails:
            raise SystemExit(f"{who}: {mails} were due, {sent.mails} accepted, {sink.taken()} came")
        return sent


def _straight(mails: int, port: int) -> Sent | None:
    worked = _children_worked()
    seconds = from_source(mails, SIZE, port)
    if seconds is None:
        return None
    return Sent(mails=mails, seconds=seconds, processor=_children_worked() - worked, size=SIZE)


def _children_worked() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def ours(database_url: str, folder: Path, *, mails: int, mail_url: str, profile: bool = False) -> Sent:
    """Send this many due follow-ups, each of its own lead, from an empty database with the newest schema.

    The clock that runs is the sender's alone: the mails are planned before, as the planning tick would have done.
    """
    with open_house(database_url, folder) as house:
        publish(house, _with_short_mail())
        gather(house, mails - 1)  # and the one it was copied from
        _have_tokens_of_their_own(house)
        size = len(_one_mail(house))
        gc.set_threshold(SELDOM)
        keep_what_is_loaded()  # both as a worker does
        worked = time.process_time()
        with sampled(house.services.database.engine, mails) if profile else nullcontext():
            seconds = asyncio.run(_send(house, mails, mail_url))
        worked = time.process_time() - worked
        return Sent(mails=_accepted(house), seconds=seconds, processor=worked, size=size)


class _Last:
    """A transport that tells when so many mails were taken."""

    def __init__(self, transport: Transport, mails: int) -> None:
        self.name, self.capacity, self.remembers = transport.name, transport.capacity, transport.remembers
        self.check, self.close = transport.check, transport.close
        self.came = asyncio.Event()
        self._hand_over, self._left = transport.send, mails

    async def send(self, mail: OutboundMail) -> SendResult:
        """As the transport does."""
        result = await self._hand_over(mail)
        self._left -= result.outcome is Outcome.ACCEPTED
        if not self._left:
            self.came.set()
        return result


async def _send(house: House, mails: int, mail_url: str) -> float:
    """As a worker does, until all are taken and that is written. Returns the seconds."""
    transport = _Last(open_transport(mail_url), mails)
    sender = Sender(house.services, transport)
    began = time.perf_counter()
    running = asyncio.create_task(sender.run())
    try:
        async with asyncio.timeout(_TOO_LONG):
            await transport.came.wait()
    finally:
        sender.stop()
        await running
        await transport.close()
    return time.perf_counter() - began


def _accepted(house: House) -> int:
    """Follow-ups whose outcome is written; the model's advice went to a folder."""
    with house.services.database.reading() as session:
        return session.exec(select(func.count()).where(Message.kind == "follow_up", Message.state == "accepted")).one()


def _with_short_mail() -> Draft:
    """The shipped content, whose first follow-up says next to nothing: what is left is layout, footer and links."""
    short = compiled(_SHORT).model_copy(update={"name": _FIRST})
    draft = replace(shipped(), mails={**shipped().mails, _FIRST: short})
    return with_sequence(lambda _document: None, draft, as_written=True)


def _have_tokens_of_their_own(house: House) -> None:
    """The crowd's mails are copies of one; in a real one no two have an address in common."""
    with house.services.database.transaction() as session:
        for number, content in session.execute(select(Message.id, Message.content)).all():
            own = {name: _without_token(value) + secrets.token_urlsafe(36) for name, value in _links(content).items()}
            session.execute(update(Message).where(col(Message.id) == number).values(content=content | own))


def _links(content: dict[str, Any]) -> dict[str, str]:
    return {name: value for name, value in content.items() if isinstance(value, str) and value.startswith("http")}


def _without_token(link: str) -> str:
    return link.rpartition("/")[0] + "/"


def _one_mail(house: House) -> bytes:
    with house.services.database.transaction() as session:
        message = session.exec(select(Message).where(Message.kind == "follow_up").limit(1)).one()
        return build(session, house.services, message, house.clock.now()).data


def _theirs(database_url: str, folder: Path, *, mails: int, port: int) -> Sent:
    """The same mail, as many times, from django-post_office's queue; in its own process and environment."""
    with tempfile.TemporaryDirectory() as aside, open_house(migrated(f"sqlite:///{aside}/one.db"), folder) as house:
        publish(house, _with_short_mail())
        gather(house, 0)
        mail = email.message_from_bytes(_one_mail(house), policy=email.policy.default)
        links = _links(house.messages(MODEL)[-1].content)
    task = {
        "database": _for_django(database_url),
        "port": port,
        "mails": mails,
        "values": {name: _without_token(link) for name, link in links.items()},
        "sender": str(mail["From"]),
        "subject": str(mail["Subject"]),
        "headers": {
            name: _open(str(mail[name]), links)
            for name in ("List-Unsubscribe", "List-Unsubscribe-Post", "Auto-Submitted")
        },
        "text": _open(part(mail, "plain"), links),
        "html": _open(part(mail, "html"), links),
    }
    done = subprocess.run(
        [str(PEER_PYTHON), str(ROOT / "bench/peer.py")],
        input=json.dumps(task),
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{PEER} failed: {done.stderr}")
    return Sent(**json.loads(done.stdout))


def _open(text: str, links: dict[str, str]) -> str:
    """With the names of its links, as a template of Django's, where they are."""
    for name, link in links.items():
        text = text.replace(link, f"{{{{ {name} }}}}")
    return text


def _for_django(database_url: str) -> dict[str, Any]:
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite":
        # As the service has it: the journal's default would cost django-post_office more.
        pragmas = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL"
        options = {"init_command": pragmas, "transaction_mode": "IMMEDIATE"}
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": url.database, "OPTIONS": options}
    host = url.query["host"]
    return {"ENGINE": "django.db.backends.postgresql", "NAME": url.database, "USER": url.username, "HOST": host}


if __name__ == "__main__":
    main()
