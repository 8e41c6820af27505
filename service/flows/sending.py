"""Due mail out: claim, compose, hand over, settle by token. No transaction is open during I/O."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any, TypeVar

import structlog
from sqlmodel import Session

from service.domain.mailbox import parse_mailbox
from service.errors import NurtureError, UnavailableError, trace
from service.flows import alerts, brake, settling
from service.flows.handover import HandOver, begin
from service.flows.services import Services
from service.mail.compose import MailHeaders, MailValues, compose
from service.mail.transport import OutboundMail, Outcome, SendResult, Transport
from service.store import outbox
from service.store.db import real_now
from service.store.tables import Message

GROUP = 8  # mails in one hand-over transaction
GROUPS = 4  # at once: at most 32 attempts are open in a worker
_HEARTBEAT_SECONDS = 5.0
_DOWN_SECONDS = (5, 15, 60, 300)  # how long the channel rests after a fault of ours, growing
_T = TypeVar("_T")
log = structlog.get_logger()


class Sender:
    """Sends what is due, until nothing is. Bound to one event loop; any number of senders may share a database."""

    def __init__(self, services: Services, transport: Transport) -> None:
        self._services = services
        self._transport = transport
        self._lease = secrets.token_hex(16)
        self._faults = 0
        self._was_up = False  # until a mail was taken: the alert of a sender before this one may still stand
        self._rests_until = 0.0
        self._stopping = False

    async def send_due(self) -> int:
        """Hand over everything that is due now. Returns how many advices and follow-ups were accepted."""
        if asyncio.get_running_loop().time() < self._rests_until:
            return 0
        beat = asyncio.create_task(self._heartbeat())
        try:
            # After a fault of ours one small group probes the channel before the rest follows.
            groups = 1 if self._faults else GROUPS
            return sum(await _all_done([self._send_groups() for _ in range(groups)]))
        finally:
            beat.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await beat

    def stop(self) -> None:
        """Begin no further hand-over; what is in flight is finished."""
        self._stopping = True

    async def give_back(self) -> None:
        """Return every lease without an open attempt: another worker may have it at once."""
        await self._write(lambda session: outbox.give_back(session, self._lease))

    async def _send_groups(self) -> int:
        accepted = 0
        while not self._stopping and asyncio.get_running_loop().time() >= self._rests_until:
            ids = await self._write(self._claim)
            if not ids:
                break
            accepted += await self._send_group(ids)
        return accepted

    def _claim(self, session: Session) -> list[int]:
        return outbox.claim(
            session,
            token=self._lease,
            now=self._services.clock.now(),
            real_now=real_now(session),
            limit=1 if self._faults else GROUP,
            paused=brake.state(session),
        )

    async def _send_group(self, ids: list[int]) -> int:
        now = self._services.clock.now()
        mails = await self._write(lambda session: self._compose_all(session, ids, now))
        begun = await self._write(
            lambda session: begin(session, self._services, list(mails), self._lease, now, real_now(session))
        )
        return sum(await _all_done([self._hand_over(each, mails[each.message.id]) for each in begun]))

    def _compose_all(self, session: Session, ids: list[int], now: datetime) -> dict[int, OutboundMail]:
        """The bytes of each mail. One that cannot be built is held and told; the others go on (ACCEPTANCE M6)."""
        mails = {}
        for message in outbox.leased(session, ids, self._lease):
            try:
                mails[message.id] = build(session, self._services, message, now)
            except UnavailableError:
                raise
            except (NurtureError, ValueError, KeyError) as error:
                outbox.release(message, "held", "deze mail kan niet worden gemaakt")
                alerts.tell(
                    session,
                    f"mail-broken:{message.template}",
                    dutch=f"Mail “{message.template}” kan niet worden gemaakt en wordt vastgehouden.",
                    english=f"the mail {message.template} cannot be built and is held ({type(error).__name__})",
                    now=now,
                )
                log.error("mail held", message=message.id, template=message.template, error=type(error).__name__)
        return mails

    async def _hand_over(self, handed: HandOver, mail: OutboundMail) -> bool:
        try:
            result = await self._transport.send(mail)
        except Exception as error:
            # A transport never raises; where one does, nobody knows how far it came.
            log.error("transport failed", message=handed.message.id, error=trace(error))
            result = SendResult(outcome=Outcome.UNKNOWN, stage="transport", text=type(error).__name__)
        await self._settle(handed.token, result)
        await self._note_channel(result)
        return result.outcome is Outcome.ACCEPTED and handed.message.kind != "service"

    async def _settle(self, token: str, result: SendResult) -> None:
        """Keep at it while the database is away: only a crash may leave the outcome unwritten."""
        delay = 0.1
        while True:
            try:
                await self._write(
                    lambda session: settling.settle(
                        session, self._services, token, result, self._services.clock.now(), real_now(session)
                    )
                )
                if settling.is_our_fault(result):
                    await self._write(lambda session: self._tell_down(session, result))
            except UnavailableError:
                await asyncio.sleep(delay)
                delay = min(delay * 2, 5.0)
            else:
                return

    def _tell_down(self, session: Session, result: SendResult) -> None:
        said = f"{result.stage}{f' {result.code}' if result.code else ''}: {result.text}"
        alerts.tell(
            session,
            "channel-down",
            dutch=f"De mail gaat nu niet de deur uit ({said}). Er gaat niets verloren; we proberen het steeds opnieuw.",
            english=f"mail cannot be handed over ({said}); nothing is lost, we keep trying",
            now=self._services.clock.now(),
        )

    async def _note_channel(self, result: SendResult) -> None:
        if settling.is_our_fault(result):
            time = asyncio.get_running_loop().time()
            if time >= self._rests_until:  # the mails in flight together all fail of one fault
                self._rests_until = time + _DOWN_SECONDS[min(self._faults, len(_DOWN_SECONDS) - 1)]
                self._faults += 1
        elif self._faults or not self._was_up:
            self._faults = 0
            self._was_up = True
            await self._write(lambda session: alerts.mended(session, "channel-down", self._services.clock.now()))

    async def _heartbeat(self) -> None:
        while True:
            await asyncio.sleep(_HEARTBEAT_SECONDS)
            try:
                await self._write(lambda session: outbox.renew(session, self._lease, real_now(session)))
            except UnavailableError as error:
                log.warning("heartbeat failed", reason=error.english)

    async def _write(self, work: Callable[[Session], _T]) -> _T:
        """One transaction, off the loop: waiting for the writer must not hold up a mail in flight."""

        def run() -> _T:
            with self._services.database.transaction() as session:
                return work(session)

        return await asyncio.to_thread(run)


async def _all_done(work: list[Coroutine[Any, Any, int]]) -> list[int]:
    """Wait for all of them, also when one fails: what is in flight is settled before the failure is told."""
    done = await asyncio.gather(*work, return_exceptions=True)
    for each in done:
        if isinstance(each, BaseException):
            raise each
    return [each for each in done if isinstance(each, int)]


def build(session: Session, services: Services, message: Message, now: datetime) -> OutboundMail:
    """The exact bytes of a message: the same at every attempt, Date being the first hand-over's."""
    compiled = services.published.mail(session, message.revision_id, message.template)
    practice = services.published.practice(session, message.practice_revision_id)
    values = MailValues(practice=practice.model_dump(mode="json"), **message.content)
    sender = parse_mailbox(message.mail_from)
    headers = MailHeaders(
        message_id=message.message_id,
        date=message.first_handed_at or now,
        boundary=message.boundary,
        mail_from=sender,
        reply_to=parse_mailbox(message.reply_to) if message.reply_to else None,
        to=message.recipient,
        unsubscribe_url=values.unsubscribe_url or None,
    )
    return OutboundMail(
        sender=sender.address,
        recipient=message.recipient,
        data=compose(compiled, values, headers),
        message_id=message.message_id,
        idempotency_key=message.public_id,
    )
