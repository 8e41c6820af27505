"""One SMTP connection: any number of mails, one after the other."""

from __future__ import annotations

import asyncio
import contextlib
import re
import time

from service.mail.lines import Lines
from service.mail.mail_url import MailUrl
from service.mail.outbound import OutboundMail, Outcome, SendResult
from service.mail.smtp_greeting import SILENT, Greeted, HandOverError, Limits
from service.mail.smtp_line import LineError, Reply, SmtpLine
from service.mail.smtp_replies import broken, judge

_BLOCK = 64 * 1024
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class SmtpConnection:
    """A connection that is ready for MAIL. Whoever holds it calls `quit` or `drop`."""

    def __init__(self, server: MailUrl, limits: Limits, greeted: Greeted) -> None:
        self.mails = 0
        self.last_used = time.monotonic()
        self.needs_reset = False
        self._server = server
        self._limits = limits
        self._extensions = greeted.extensions
        self._line = SmtpLine(greeted.transport)

    @property
    def is_open(self) -> bool:
        """Whether the connection still stood when the event loop last looked."""
        return self._line.is_open

    async def hand_over(self, mail: OutboundMail) -> SendResult:
        """MAIL, RCPT, DATA and the bytes. Raises HandOverError when there is no usable answer at some stage.

        A refusal is returned, and the connection stays usable after `reset`; after an error it is to be dropped.
        """
        private = (mail.recipient, mail.sender, *mail.recipient.split("@"), self._server.user, self._server.password)
        self.mails += 1
        self._line.forget()
        self.needs_reset = True
        commands = self._commands(mail)
        together = "pipelining" in self._extensions  # RFC 2920: their replies come together, too
        if together:
            self._say("mail", *commands.values())
        refusal: SendResult | None = None
        for stage, line in commands.items():
            if not together:
                self._say(stage, line)
            try:
                reply = await self._reply(stage, self._limits.data if stage == "data" else self._limits.command)
            except HandOverError:
                if refusal is None:
                    raise
                self.drop()  # what it said before stands
                break
            taken = reply.code == 354 if stage == "data" else 200 <= reply.code < 300
            if refusal is None and not taken:
                refusal = self._judge(stage, reply, private)
                if not together or not self._line.is_open:
                    return refusal
            elif refusal is not None and stage == "data" and taken:
                self.drop()  # it takes a mail whose sender or recipient it refused: it gets none, and no dot
        if refusal is not None:
            return refusal
        reply = await self._message(mail.lines, private)
        self.needs_reset = False  # the dot's answer ends the transaction, whatever it is (RFC 5321 section 4.1.1.4)
        return self._judge("dot", reply, private)

    def _commands(self, mail: OutboundMail) -> dict[str, str]:
        options = ""
        if "size" in self._extensions:  # RFC 1870
            options += f" SIZE={len(mail.data)}"
        if "8bitmime" in self._extensions and not mail.lines.are_ascii:
            options += " BODY=8BITMIME"
        return {
            "mail": f"MAIL FROM:<{mail.sender}>{options}",
            "rcpt": f"RCPT TO:<{mail.recipient}>",
            "data": "DATA",
        }

    async def reset(self) -> bool:
        """Whether the connection still answers and is free of an old transaction (RSET)."""
        try:
            self._line.forget()
            self._say("reset", "RSET")
            reply = await self._reply("reset", self._limits.reset)
        except HandOverError:
            return False
        self.needs_reset = False
        return reply.code == 250

    def leave(self) -> None:
        """QUIT without waiting for the answer, for a connection that only grew old."""
        with contextlib.suppress(LineError):
            self._line.write(b"QUIT\r\n")
        self._line.close()

    async def quit(self) -> None:
        """Say goodbye and close; a goodbye without an answer changes nothing."""
        with contextlib.suppress(HandOverError):
            self._say("quit", "QUIT")
            await self._reply("quit", self._limits.quit)
        self.drop()

    def drop(self) -> None:
        """Close at once, whatever was still to be written."""
        self._line.drop()

    async def _message(self, lines: Lines, private: tuple[str, ...]) -> Reply:
        """Write the message with its dot, and return the dot's answer.

        Up to the dot nothing can have been taken; from the moment the kernel has it nobody knows until the answer
        comes. The dot goes with the last block, in one write: where the line breaks before the kernel has taken all
        of that, no dot left. The server is heard between the blocks: one that refuses half-way gets no dot.
        """
        for number, block in enumerate(_blocks(lines.with_dot())):
            if number:
                await asyncio.sleep(0)  # look whether the server has gone
            if self._line.has_more:
                raise await self._objection(private)
            try:
                self._line.write(block)
                await self._line.written(self._limits.block)
            except LineError as error:
                raise HandOverError(broken(stage="body", text=str(error))) from error
            except TimeoutError as error:
                raise HandOverError(broken(stage="body", text=SILENT)) from error
        if not self._line.has_left:
            raise await self._objection(private)
        return await self._reply("dot", self._limits.dot)

    async def _objection(self, private: tuple[str, ...]) -> HandOverError:
        """What the server said, or that it went, before it had the whole message: the connection is to be dropped."""
        return HandOverError(self._judge("body", await self._reply("body", self._limits.block), private))

    def _say(self, stage: str, *lines: str) -> None:
        """Write commands, in one go. ValueError for one that holds what would end it early."""
        if _CONTROL.search("".join(lines)):
            raise ValueError("a command holds a control character")
        try:
            self._line.write("\r\n".join((*lines, "")).encode())
        except LineError as error:
            raise HandOverError(broken(stage=stage, text=str(error))) from error

    async def _reply(self, stage: str, seconds: float) -> Reply:
        try:
            return await self._line.reply(seconds)
        except TimeoutError as error:
            raise HandOverError(broken(stage=stage, text=SILENT)) from error
        except LineError as error:
            raise HandOverError(broken(stage=stage, text=str(error))) from error

    def _judge(self, stage: str, reply: Reply, private: tuple[str, ...]) -> SendResult:
        result = judge(stage=stage, code=reply.code, text=reply.text, private=private)
        refused = 400 <= reply.code < 600 and reply.code != 421
        if not refused and result.outcome is not Outcome.ACCEPTED:
            self.drop()  # the server is leaving (421), or the two sides are out of step
        return result


def _blocks(data: bytes) -> list[bytes]:
    return [data[start : start + _BLOCK] for start in range(0, len(data), _BLOCK)]
