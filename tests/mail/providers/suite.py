"""What every provider must do, run for each by a subclass: over a real socket, against its stand-in.

class TestPostmark(ProviderSuite):
    fake = Postmark
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from email.utils import parseaddr
from typing import ClassVar

import pytest

from service.mail.api_transport import ApiTransport
from service.mail.http_client import HttpLimits
from service.mail.mail_url import MailUrl, parse_mail_url
from service.mail.outbound import OutboundMail, Outcome, SendResult
from service.mail.transport import open_transport
from tests.mail.providers.mails import HTML, INVITATION, LINK, NOW, SUBJECT, TEXT, a_mail, with_invitation
from tests.mail.providers.webhook_suite import WebhookSuite
from tests.support.fakes.base import Mail
from tests.support.http_server import HttpFault, Said

BIG = "Een lange regel van een lange mail, die niemand leest. \n" * 150_000  # more than both sockets hold


def url_of(text: str) -> MailUrl:
    """The parsed mail URL."""
    parsed, problems = parse_mail_url(text)
    assert problems == []
    assert parsed is not None
    return parsed


def send(
    url: str, *mails: OutboundMail, limits: HttpLimits | None = None, repeat_after: Sequence[float] = (0, 0)
) -> list[SendResult]:
    """All at once over one transport, which is closed at the end."""
    parsed = url_of(url)
    assert parsed.provider is not None
    assert parsed.account is not None
    provider, account = parsed.provider, parsed.account

    async def run() -> list[SendResult]:
        transport = ApiTransport(provider, account, limits=limits, repeat_after=repeat_after)
        try:
            return list(await asyncio.gather(*(transport.send(mail) for mail in mails)))
        finally:
            await transport.close()

    return asyncio.run(run())


def check(url: str) -> SendResult | None:
    """What the transport's own check says."""

    async def run() -> SendResult | None:
        transport = open_transport(url)
        try:
            return await transport.check()
        finally:
            await transport.close()

    return asyncio.run(run())


class ProviderSuite(WebhookSuite):
    """Sending here, webhooks as every `WebhookSuite`. `fake` is the stand-in's class."""

    def test_the_whole_mail_goes_over_with_its_unsubscribe_headers_plain(self) -> None:
        api, mail = self.fake(), a_mail()
        with api.serve() as server:
            (result,) = send(api.url(server), mail)
        assert result.outcome is Outcome.ACCEPTED, result
        assert (result.provider_id or "").partition("@")[0] == f"{api.name}-1"
        (taken,) = api.mails
        assert taken.to == ["anna@example.nl"]
        assert taken.headers["List-Unsubscribe"] == f"<{LINK}>"
        assert taken.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert taken.headers["Auto-Submitted"] == "auto-generated"
        assert taken.subject == SUBJECT
        assert taken.text.rstrip("\n") == TEXT.rstrip("\n")
        assert taken.html.rstrip("\n") == HTML
        assert "advies@praktijk.example" in taken.sender
        assert "balie@praktijk.example" in str(taken.reply_to)
        assert b"List-Unsubscribe: <" + LINK.encode() + b">\r\n" in (
            taken.raw or b"List-Unsubscribe: <%b>\r\n" % LINK.encode()
        )
        assert taken.raw in (None, mail.data)

    @pytest.mark.parametrize("name", ["Praktijk Zon", "Zoë, Rug & Nek", "Rug, Nek (en meer)", "🙂 Ruggen", ""])
    def test_the_senders_name_is_read_back_as_it_was(self, name: str) -> None:
        api = self.fake()
        with api.serve() as server:
            send(api.url(server), a_mail(name=name))
        (taken,) = api.mails
        assert self.shown_name(taken) == name

    def shown_name(self, mail: Mail) -> str:
        """The sender's name as its reader sees it."""
        return parseaddr(mail.sender)[0] if mail.sender_name is None else mail.sender_name

    def test_the_own_key_goes_along_and_nothing_is_tracked(self) -> None:
        api, mail = self.fake(), a_mail()
        with api.serve() as server:
            send(api.url(server), mail)
        (taken,) = api.mails
        assert taken.key == mail.idempotency_key
        assert taken.tracks is (False if api.provider.capabilities.switches_tracking_off else None)

    def test_an_appointment_goes_along_byte_for_byte(self) -> None:
        api = self.fake()
        with api.serve() as server:
            results = send(api.url(server), a_mail(calendar=INVITATION.decode()), with_invitation(a_mail()))
        assert [result.outcome for result in results] == [Outcome.ACCEPTED] * 2
        for taken in api.mails:
            assert taken.attachments == [("pijncheck.ics", INVITATION)]
            assert taken.text.rstrip("\n") == TEXT.rstrip("\n")

    def test_the_same_mail_is_the_same_request_every_time(self) -> None:
        api, mail = self.fake(), a_mail()
        account = url_of(api.url()).account
        assert account is not None
        assert api.provider.build_request(mail, account) == api.provider.build_request(mail, account)

    def test_a_wrong_key_is_the_channels_fault_and_is_told_without_the_key(self) -> None:
        api = self.fake()
        with api.serve() as server:
            (result,) = send(api.url(server, key="another-key-of-nobody"), a_mail())
            checked = check(api.url(server, key="another-key-of-nobody"))
        for each in (result, checked):
            assert each is not None
            assert (each.outcome, each.scope, each.hard) == (Outcome.DOWN, "channel", False)
            assert "another-key" not in each.text
        assert api.mails == []

    def test_a_key_that_works_is_found_to_work_without_a_mail(self) -> None:
        api = self.fake()
        with api.serve() as server:
            assert check(api.url(server)) is None
        assert api.mails == []
        assert len(server.asked) == 1

    def test_an_address_that_cannot_be_taken_ends_this_mail_alone_and_suppresses_nobody(self) -> None:
        api = self.fake()
        with api.serve() as server:
            bad, good = send(api.url(server), a_mail(api.wrong), a_mail())
        assert (bad.outcome, bad.hard, bad.scope) == (Outcome.INVALID, False, "recipient")
        assert good.outcome is Outcome.ACCEPTED
        assert "wrong" not in bad.text.replace("went wrong", "")

    @pytest.mark.parametrize("domain", ["sender.example", "my-sender.example", "sender-x.example"])
    def test_an_address_with_the_word_for_ours_in_it_stops_nobody_elses_mail(self, domain: str) -> None:
        api = self.fake()
        api.wrong = f"sender@{domain}"
        words = f"unknown domain '{domain}'"
        forms = {"message": words, "Message": words, "ErrorCode": 300, "name": "validation_error", "code": "invalid"}
        about_its_domain = Said(status=422, body=json.dumps(forms).encode())
        with api.serve() as server:
            (result,) = send(api.url(server), a_mail(api.wrong))
            server.faults.append(HttpFault(stage="answer", said=about_its_domain, keep=False))
            (other,) = send(api.url(server), a_mail(api.wrong))
        assert [(each.outcome, each.scope) for each in (result, other)] == [(Outcome.INVALID, "recipient")] * 2

    def test_a_sender_that_cannot_be_taken_loses_no_mail(self) -> None:
        api = self.fake()
        with api.serve(HttpFault(stage="answer", said=api.refuses_sender(), keep=False)) as server:
            (result,) = send(api.url(server), a_mail())
        assert (result.outcome, result.scope) == (Outcome.DOWN, "channel")

    def test_an_address_on_the_providers_own_list_is_suppressed_or_told_later(self) -> None:
        api = self.fake()
        with api.serve() as server:
            (result,) = send(api.url(server), a_mail(api.blocked))
        expected = Outcome.SUPPRESSED if self.tells_blocked else Outcome.ACCEPTED
        assert (result.outcome, result.hard) == (expected, False)
        assert "blocked@" not in result.text

    tells_blocked: ClassVar[bool] = False

    def test_too_many_calls_rest_the_channel_for_as_long_as_is_asked(self) -> None:
        api = self.fake()
        fault = HttpFault(stage="answer", said=api.too_many(), keep=False)
        with api.serve(fault) as server:
            (result,) = send(api.url(server), a_mail())
        assert (result.outcome, result.scope, result.code) == (Outcome.RETRY, "channel", 429)
        asked_for = api.too_many().headers.keys() & {"Retry-After", "retry-after"}
        assert result.retry_after == (timedelta(seconds=7) if asked_for else None)
        assert len(server.asked) == 0

    def test_a_cut_before_the_request_was_read_hands_nothing_over_twice(self) -> None:
        api = self.fake()
        with api.serve(HttpFault(stage="connect", cut=True)) as server:
            (result,) = send(api.url(server), a_mail())
        assert result.outcome in {Outcome.RETRY, Outcome.UNKNOWN}
        assert api.mails == []

    def test_a_cut_in_the_middle_of_the_request_is_tried_again_later(self) -> None:
        api = self.fake()
        with api.serve(HttpFault(stage="body", cut=True)) as server:
            (result,) = send(api.url(server), a_mail(text=BIG))
        assert (result.outcome, result.stage, result.scope) == (Outcome.RETRY, "request", "recipient"), result
        assert api.mails == []

    @pytest.mark.parametrize("kept", [True, False])
    def test_a_cut_after_the_request_is_unknown_unless_a_repeat_is_safe(self, kept: bool) -> None:
        api, mail = self.fake(), a_mail()
        with api.serve(HttpFault(stage="answer", cut=True, keep=kept, times=1)) as server:
            (result,) = send(api.url(server), mail)
        if api.provider.capabilities.repeats_safely:
            assert (result.outcome, len(api.mails)) == (Outcome.ACCEPTED, 1)
            assert {each.key for each in api.mails} == {mail.idempotency_key}
        else:
            assert (result.outcome, result.scope, len(api.mails)) == (Outcome.UNKNOWN, "channel", int(kept))

    def test_a_server_error_after_the_mail_was_taken_is_unknown_unless_a_repeat_is_safe(self) -> None:
        api = self.fake()
        broken = Said(status=503, headers={"Content-Type": "text/html"}, body=b"<h1>503</h1>")
        with api.serve(HttpFault(stage="answer", said=broken, times=1)) as server:
            (result,) = send(api.url(server), a_mail())
        safe = api.provider.capabilities.repeats_safely
        assert result.outcome is (Outcome.ACCEPTED if safe else Outcome.UNKNOWN)
        assert len(api.mails) == 1

    def test_silence_is_unknown_and_a_provider_that_stays_silent_is_asked_no_more_than_thrice(self) -> None:
        api = self.fake()
        with api.serve(HttpFault(stage="answer", delay=30)) as server:
            (result,) = send(api.url(server), a_mail(), limits=HttpLimits(answer=0.2))
        assert (result.outcome, result.scope) == (Outcome.UNKNOWN, "channel")
        assert server.connections == (3 if api.provider.capabilities.repeats_safely else 1)

    def test_a_repeat_after_the_key_was_used_never_makes_a_second_mail(self) -> None:
        api, mail = self.fake(), a_mail()
        if api.provider.capabilities.idempotency_window is None:
            assert api.memory_key.__qualname__.startswith("Fake.")
            return
        with api.serve() as server:
            first, second = (send(api.url(server), mail)[0] for _ in range(2))
            (other,) = send(api.url(server), replace(mail, data=a_mail(text="Een andere mail.\n").data))
        assert first.outcome is Outcome.ACCEPTED
        assert second.outcome is (Outcome.ACCEPTED if api.provider.capabilities.repeats_safely else Outcome.UNKNOWN)
        assert other.outcome is Outcome.UNKNOWN
        assert len(api.mails) == 1

    def test_nobody_listening_means_that_the_channel_is_down(self) -> None:
        api = self.fake()
        with api.serve() as server:
            pass
        (result,) = send(api.url(server), a_mail())
        assert (result.outcome, result.stage, result.scope) == (Outcome.DOWN, "connect", "channel")

    def test_a_redirect_is_not_followed(self) -> None:
        api = self.fake()
        away = Said(status=307, headers={"Location": "http://127.0.0.1:1/elsewhere"})
        with api.serve(HttpFault(stage="answer", said=away, keep=False)) as server:
            (result,) = send(api.url(server), a_mail())
        assert result.outcome is Outcome.DOWN
        assert server.connections == 1

    def test_a_return_path_of_ours_changes_nothing_in_what_it_is_asked(self) -> None:
        api, mail = self.fake(), a_mail()
        with api.serve() as server:
            parsed = url_of(api.url(server))
        assert parsed.provider is not None
        assert parsed.account is not None
        ours = replace(mail, sender="bounces+token@terug.example")
        assert b"terug.example" not in parsed.provider.build_request(ours, parsed.account).body

    @pytest.mark.parametrize(
        "body", [b"", b"\xff\xfe", b"[1,2", b'"yes"', b"[" * 100_000, b"x" * 3_000_000], ids=lambda body: str(len(body))
    )
    def test_a_yes_that_makes_no_sense_is_never_taken_for_a_refusal(self, body: bytes) -> None:
        api = self.fake()
        odd = Said(status=200, headers={"Content-Type": "application/json"}, body=body)
        with api.serve(HttpFault(stage="answer", said=odd)) as server:
            (result,) = send(api.url(server), a_mail(), repeat_after=())
        assert result.outcome in {Outcome.UNKNOWN, Outcome.ACCEPTED}

    def test_connections_are_kept_and_never_more_than_the_places_there_are(self) -> None:
        api = self.fake()
        with api.serve() as server:
            server.latency = 0.01
            results = send(api.url(server) + "&parallel=4", *(a_mail() for _ in range(40)))
        assert {result.outcome for result in results} == {Outcome.ACCEPTED}
        assert len({mail.key for mail in api.mails}) == len(api.mails) == 40
        assert (server.connections, server.most_at_once) == (4, 4)

    def test_a_mail_larger_than_the_provider_takes_is_not_even_tried(self) -> None:
        api = self.fake()
        with api.serve() as server:
            (result,) = send(api.url(server) + "&most_mb=1", a_mail(text=BIG))
        assert (result.outcome, result.stage, server.connections) == (Outcome.INVALID, "build", 0)

    def test_nothing_shows_a_key_or_a_mail(self) -> None:
        api, mail = self.fake(), a_mail()
        parsed = url_of(api.url())
        assert parsed.account is not None
        request = api.provider.build_request(mail, parsed.account)
        shown = repr(parsed) + repr(request) + repr(api.provider.sign(request, parsed.account, NOW))
        for private in filter(None, (api.key, api.secret, mail.recipient, "Zoë")):
            assert private not in shown
