"""Every stage of an SMTP dialogue, refused for now, refused for good, cut or silent: what becomes of the mail."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from service.mail.mail_url import parse_mail_url
from service.mail.smtp import SmtpTransport
from service.mail.smtp_greeting import Limits
from service.mail.transport import OutboundMail, Outcome, SendResult
from tests.support import smtp_server
from tests.support.outbound import BODY, outbound
from tests.support.smtp_server import Fault, SmtpServer, Stage


@pytest.fixture(autouse=True, params=["one by one", "together"])
def commands(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that takes each command by itself, and one that takes several at once (RFC 2920)."""
    if request.param == "together":
        monkeypatch.setattr(smtp_server, "EXTENSIONS", (*smtp_server.EXTENSIONS, "PIPELINING"))


STAGES: list[Stage] = ["greeting", "ehlo", "mail", "rcpt", "data", "dot"]
BIG = BODY + (b"x" * 998 + b"\r\n") * 15_000  # more than the socket buffers of both sides hold
SILENT = 30.0


def send(server: SmtpServer, *mails: OutboundMail, limits: Limits | None = None) -> list[SendResult]:
    """One after the other over one transport, which is closed at the end."""
    parsed, _ = parse_mail_url(server.url)
    assert parsed is not None

    async def run() -> list[SendResult]:
        transport = SmtpTransport(parsed, limits=limits)
        results = [await transport.send(mail) for mail in mails]
        await transport.close()
        return results

    return asyncio.run(run())


def limit(stage: Stage) -> Limits:
    """Impatient at that stage alone."""
    short = 0.3
    match stage:
        case "greeting":
            return Limits(greeting=short)
        case "data":
            return Limits(data=short)
        case "dot":
            return Limits(dot=short)
        case "body":
            return Limits(block=short)
        case _:
            return Limits(command=short)


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("code", ["451 4.3.0", "421 4.3.2"])
def test_a_passing_refusal_is_tried_again(stage: Stage, code: str) -> None:
    with SmtpServer(faults=[Fault(stage=stage, reply=f"{code} not now")]) as server:
        (result,) = send(server, outbound())
    assert (result.outcome, result.stage, result.code) == (Outcome.RETRY, stage, int(code[:3]))
    assert server.messages == []


@pytest.mark.parametrize("stage", STAGES)
def test_a_final_refusal_is_the_channels_before_a_recipient_was_named_and_the_mails_after(stage: Stage) -> None:
    with SmtpServer(faults=[Fault(stage=stage, reply="550 5.1.1 no such user")]) as server:
        (result,) = send(server, outbound())
    expected = Outcome.INVALID if stage in ("rcpt", "data", "dot") else Outcome.DOWN
    assert (result.outcome, result.stage, result.code) == (expected, stage, 550)
    assert result.hard == (stage in ("rcpt", "dot"))
    assert server.messages == []


@pytest.mark.parametrize("stage", ["greeting", "ehlo", "mail", "rcpt", "data"])
def test_a_cut_before_the_dot_is_retried(stage: Stage) -> None:
    with SmtpServer(faults=[Fault(stage=stage, cut=True)]) as server:
        (result,) = send(server, outbound())
    assert (result.outcome, result.stage, result.code) == (Outcome.RETRY, stage, None)
    assert server.messages == []


def test_a_cut_in_the_middle_of_the_message_is_retried() -> None:
    with SmtpServer(faults=[Fault(stage="body", cut=True)]) as server:
        (result,) = send(server, outbound(data=BIG))
    assert (result.outcome, result.stage) == (Outcome.RETRY, "body")
    assert server.messages == []


@pytest.mark.parametrize("keep", [True, False])
def test_a_cut_after_the_dot_is_unknown_whether_the_mail_was_taken_or_not(keep: bool) -> None:
    with SmtpServer(faults=[Fault(stage="dot", cut=True, keep=keep)]) as server:
        (result,) = send(server, outbound())
    assert (result.outcome, result.stage) == (Outcome.UNKNOWN, "dot")
    assert len(server.messages) == int(keep)


@pytest.mark.parametrize("stage", ["greeting", "ehlo", "mail", "rcpt", "data"])
def test_silence_before_the_dot_is_retried(stage: Stage) -> None:
    with SmtpServer(faults=[Fault(stage=stage, delay=SILENT)]) as server:
        (result,) = send(server, outbound(), limits=limit(stage))
    assert (result.outcome, result.stage, result.code) == (Outcome.RETRY, stage, None)
    assert "did not answer in time" in result.text


def test_a_server_that_stops_reading_gets_no_dot() -> None:
    with SmtpServer(faults=[Fault(stage="body", delay=SILENT)]) as server:
        (result,) = send(server, outbound(data=BIG), limits=limit("body"))
    assert (result.outcome, result.stage) == (Outcome.RETRY, "body")
    assert server.messages == []


def test_silence_after_the_dot_is_unknown() -> None:
    with SmtpServer(faults=[Fault(stage="dot", delay=SILENT)]) as server:
        (result,) = send(server, outbound(), limits=limit("dot"))
    assert (result.outcome, result.stage) == (Outcome.UNKNOWN, "dot")
    assert len(server.messages) == 1


def test_a_late_answer_to_the_dot_is_waited_for_beyond_all_other_limits() -> None:
    patience = Limits(greeting=1, command=1, data=1, block=1)
    with SmtpServer(faults=[Fault(stage="dot", delay=2)]) as server:
        (result,) = send(server, outbound(), limits=patience)
    assert result.outcome is Outcome.ACCEPTED
    assert len(server.messages) == 1


def test_the_limits_are_at_least_those_of_the_standard() -> None:
    limits = Limits()
    assert limits.dot >= 600
    assert limits.greeting >= 300
    assert limits.command >= 300
    assert limits.data >= 120
    assert limits.block >= 180
    assert limits.auth >= 180


def test_a_refusal_in_the_middle_of_the_message_is_heard() -> None:
    with SmtpServer(faults=[Fault(stage="body", reply="552 5.3.4 too big", cut=True)]) as server:
        (result,) = send(server, outbound(data=BIG))
    # The reset that follows may overtake the words; either way nothing was taken, and no dot was written.
    assert result.outcome in (Outcome.INVALID, Outcome.RETRY)
    assert result.stage == "body"
    assert server.messages == []


@pytest.mark.parametrize("reply", ["hello there", "999 what", "354 more please"])
def test_an_answer_that_makes_no_sense_is_unknown_after_the_dot(reply: str) -> None:
    with SmtpServer(faults=[Fault(stage="dot", reply=reply)]) as server:
        (result,) = send(server, outbound())
    assert (result.outcome, result.stage) == (Outcome.UNKNOWN, "dot")


@pytest.mark.parametrize("stage", ["mail", "rcpt", "data"])
def test_an_answer_that_makes_no_sense_before_the_dot_is_retried_on_a_new_connection(stage: Stage) -> None:
    with SmtpServer(faults=[Fault(stage=stage, reply="hello there", times=1)]) as server:
        first, second = send(server, outbound(), outbound())
    assert (first.outcome, first.stage) == (Outcome.RETRY, stage)
    assert second.outcome is Outcome.ACCEPTED
    assert server.connections == 2


def test_two_answers_for_one_command_never_turn_a_refusal_into_a_success() -> None:
    with SmtpServer(faults=[Fault(stage="mail", reply="250 ok\r\n250 ok")]) as server:
        (result,) = send(server, outbound())
    assert result.outcome is not Outcome.ACCEPTED
    assert server.messages == []


def test_a_lost_goodbye_changes_nothing() -> None:
    with SmtpServer(faults=[Fault(stage="quit", cut=True)]) as server:
        (result,) = send(server, outbound())
    assert result.outcome is Outcome.ACCEPTED
    assert len(server.messages) == 1


def test_a_goodbye_without_an_answer_does_not_hold_up_the_stop() -> None:
    with SmtpServer(faults=[Fault(stage="quit", delay=SILENT)]) as server:
        (result,) = send(server, outbound(), limits=Limits(quit=0.2))
    assert result.outcome is Outcome.ACCEPTED


def test_nobody_listening_means_that_the_channel_is_down() -> None:
    with SmtpServer() as server:
        pass
    (result,) = send(server, outbound())
    assert (result.outcome, result.stage, result.scope) == (Outcome.DOWN, "connect", "channel")
    assert result.text == f"The mail server 127.0.0.1:{server.port} refused the connection."


def test_a_name_that_does_not_exist_means_that_the_channel_is_down() -> None:
    parsed, _ = parse_mail_url("smtp://nobody.invalid")
    assert parsed is not None
    result = asyncio.run(SmtpTransport(parsed).send(outbound()))
    assert (result.outcome, result.stage) == (Outcome.DOWN, "connect")
    assert result.text == "The mail server's name nobody.invalid could not be found."


def test_a_cancelled_send_leaves_no_connection_and_the_next_one_works() -> None:
    with SmtpServer(faults=[Fault(stage="dot", delay=SILENT, times=1)]) as server:
        parsed, _ = parse_mail_url(server.url)
        assert parsed is not None

        async def run() -> SendResult:
            transport = SmtpTransport(parsed, connections=1)
            task = asyncio.create_task(transport.send(outbound()))
            await asyncio.to_thread(server.wait_for, 1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            result = await transport.send(outbound())
            await transport.close()
            return result

        assert asyncio.run(run()).outcome is Outcome.ACCEPTED
        assert server.connections == 2


def test_a_server_that_wants_a_mail_whose_recipient_it_refused_gets_none() -> None:
    class Careless(SmtpServer):
        """As RFC 2920 section 3.1 warns of: it says 354 though nobody is left to have the mail."""

        def _data(self, dialogue: Any) -> None:
            dialogue.recipients = dialogue.recipients or ["nobody@test.example"]
            super()._data(dialogue)

    with Careless(faults=[Fault(stage="rcpt", reply="550 5.1.1 no such user", times=1)]) as server:
        refused, taken = send(server, outbound(), outbound())
    assert (refused.outcome, refused.stage, refused.hard) == (Outcome.INVALID, "rcpt", True)
    assert taken.outcome is Outcome.ACCEPTED
    assert len(server.messages) == 1
