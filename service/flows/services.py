"""What every flow works with, built once by `bootstrap`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import TYPE_CHECKING

from service.domain.clock import Clock
from service.domain.limits import OptInLimits
from service.domain.retries import DEFAULT_RETRIES, Retries
from service.domain.send_limits import NO_LIMITS, SendLimits
from service.flows.allowed_origins import AllowedOrigins
from service.flows.pace import Pace
from service.flows.published import Published
from service.mail.links import Keyring, address_hmac
from service.mail.mailbox_url import MailboxUrl
from service.mail.transport import Transport
from service.store.db import Database

if TYPE_CHECKING:
    from service.flows.doctor_mail import Way
    from service.mail.dkim import DkimSigner


@dataclass(frozen=True, kw_only=True)
class Retention:
    """How long things are kept: a lead without an active follow-up consent (ACCEPTANCE C6), one whose mails are over,
    what happened, and backups (P3, P1)."""

    after_advice: timedelta = timedelta(days=14)
    after_opt_in: timedelta = timedelta(days=28)
    after_last_mail: timedelta = timedelta(days=183)
    events: timedelta = timedelta(days=90)
    backups: timedelta = timedelta(days=30)


class Bell:
    """Rung when something became due; the sender of this process, if there is one, listens."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[], None]] = []

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` at each ring, from the ringing thread. Returns the way to stop."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def ring(self) -> None:
        """Something is due now."""
        for listener in list(self._listeners):
            listener()


@dataclass(frozen=True, kw_only=True)
class Services:
    """The parts of one running installation. `open_transport` gives a new one each time: it belongs to a loop.

    So does `open_fallback`, where there is a second way out.
    """

    database: Database
    clock: Clock
    keyring: Keyring
    suppression_key: str
    base_url: str
    mail_from: str
    reply_to: str | None
    content_dir: Path
    limits: OptInLimits
    open_transport: Callable[[], Transport]
    open_fallback: Callable[[], Transport] | None = None
    ways: tuple[Way, ...] = field(default=(), repr=False)  # the same two ways out, as far as they are told of and tried
    dkim: DkimSigner | None = None  # signs what leaves by SMTP
    retries: Retries = DEFAULT_RETRIES
    send_limits: SendLimits = NO_LIMITS
    retention: Retention = Retention()
    alert_to: tuple[str, ...] = ()
    alert_url: str | None = None
    heartbeat_url: str | None = None
    self_test: bool = False  # press our own one-click link each day
    weekly_mail: bool = False  # tell the owner of each week
    allowed_origins: tuple[str, ...] = ()  # of other sites that may post the opt-in form, by the settings
    allowed_here: AllowedOrigins = field(default_factory=AllowedOrigins)  # and those that an admin added
    webhook_secrets: Mapping[str, tuple[str, ...]] = field(
        default_factory=dict, repr=False
    )  # source -> any one verifies
    bounce_mailbox: MailboxUrl | None = None  # where mail that cannot be delivered comes back to
    reply_mailbox: MailboxUrl | None = None  # where leads' answers arrive
    mail_dir: Path | None = None  # where the file transport writes; None for every other transport
    backlog_limit: int = 100  # follow-ups that may go by themselves after a stretch in which nothing could leave
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = ()  # whose word on a client's address is believed
    proof_of_work: bool = False  # opt-ins carry one, or wait for a person
    answer_pace: timedelta = timedelta(0)  # an opt-in is answered at a whole one of these after it came
    opt_in_secrets: tuple[str, ...] = field(default=(), repr=False)  # any of them signs a server's opt-in
    demo: bool = False
    production: bool = False
    bell: Bell = field(default_factory=Bell)
    published: Published = field(default_factory=Published)
    pace: Pace = field(default_factory=Pace)

    def hmac(self, address: str) -> str:
        """What stands for an address in the list of suppressions."""
        return address_hmac(self.suppression_key, address)

    def client_key(self, client: str) -> str:
        """What stands for a client's network or address where opt-ins are counted; tells nobody which."""
        return address_hmac(self.suppression_key, f"client {client}")

    def staff_key(self, what: str) -> str:
        """What stands for somebody's address, or for a network, where tries to log in are counted."""
        return address_hmac(self.suppression_key, f"staff {what}")

    def domain_key(self, address: str) -> str:
        """What stands for the domain of an address where it is limited or turned us away; tells nobody which."""
        return _domain_key(self.suppression_key, address.rpartition("@")[2].lower())


@lru_cache(maxsize=4096)  # most mail goes to a few
def _domain_key(key: str, domain: str) -> str:
    return address_hmac(key, f"@{domain}")
