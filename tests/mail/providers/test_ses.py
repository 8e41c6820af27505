"""Ses: the suite of every provider, and what is its own: signatures by SigV4, envelopes and certificates of SNS."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from service.mail.outbound import Outcome
from service.mail.providers import PROVIDERS
from service.mail.providers.certificates import public_key
from service.mail.providers.sigv4 import signed_headers
from service.mail.providers.values import EventKind, Hook, HttpAnswer, HttpRequest
from tests.mail.providers.suite import ProviderSuite
from tests.support.fakes.ses import CERTIFICATE, TOPIC, Ses, certificate, sealed

PROVIDER = PROVIDERS["ses"]
NOW = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)  # the certificate is made meanwhile
AWS_EXAMPLE = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)


class TestSes(ProviderSuite):
    fake = Ses
    words = ("Delivery",)

    def now(self) -> datetime:
        """The stand-in for SNS has a certificate of today."""
        return NOW

    @pytest.mark.parametrize("version", ["1", "2"])
    def test_both_versions_of_the_signature_are_known(self, version: str) -> None:
        hook = Ses().hook(self._body(), TOPIC, NOW, version=version)
        assert self._fits(hook, [TOPIC], NOW)


@pytest.mark.parametrize(
    ("sort", "kind"),
    [
        ("abuse", EventKind.COMPLAINED),
        ("fraud", EventKind.COMPLAINED),
        (None, EventKind.COMPLAINED),
        ("not-spam", EventKind.UNKNOWN),
        ("auth-failure", EventKind.UNKNOWN),
        ("virus", EventKind.UNKNOWN),
    ],
)
def test_a_report_that_no_reader_wished_for_is_no_complaint(sort: str | None, kind: EventKind) -> None:
    complaint = {"complainedRecipients": [{"emailAddress": "anna@example.nl"}], "complaintFeedbackType": sort}
    said = {"eventType": "Complaint", "complaint": complaint, "mail": {"messageId": "1"}}
    hook = Hook(headers={}, body=json.dumps({"Type": "Notification", "Message": json.dumps(said)}).encode())
    assert [event.kind for event in PROVIDER.parse(hook)] == [kind]


def confirmation(**changes: str) -> Hook:
    """SNS asks whether we want the topic's events."""
    said = {
        "Type": "SubscriptionConfirmation",
        "MessageId": "165545c9-2a5c-472c-8df2-7ff2be2b3b1b",
        "Token": "2336412f37fb687f5d51e6e2425e",
        "TopicArn": TOPIC,
        "Message": "You have chosen to subscribe to the topic.",
        "SubscribeURL": "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=2336412f37fb",
        "Timestamp": NOW.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "SignatureVersion": "2",
        "SigningCertURL": CERTIFICATE,
    }
    return sealed(said | changes)


# "get-vanilla", "post-vanilla" and "get-vanilla-query-order-key-case" of Amazon's own test suite for it
@pytest.mark.parametrize(
    ("method", "query", "signature"),
    [
        ("GET", "", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        ("POST", "", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
        ("GET", "?Param2=value2&Param1=value1", "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"),
    ],
)
def test_signatures_are_those_of_amazons_own_examples(method: str, query: str, signature: str) -> None:
    request = HttpRequest(method=method, url=f"https://example.amazonaws.com/{query}", headers={})
    signed = signed_headers(
        request,
        key="AKIDEXAMPLE",
        secret="wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
        region="us-east-1",
        service="service",
        now=AWS_EXAMPLE,
    )
    assert signed["Authorization"].endswith(f"SignedHeaders=host;x-amz-date, Signature={signature}")


def test_a_confirmation_is_asked_for_at_sns_alone_and_only_when_it_is_genuine() -> None:
    hook = confirmation()
    assert PROVIDER.verify(hook, [TOPIC], NOW)
    assert PROVIDER.confirm_url(hook) == json.loads(hook.body)["SubscribeURL"]
    assert [event.kind for event in PROVIDER.parse(hook)] == [EventKind.UNKNOWN]
    elsewhere = confirmation(SubscribeURL="https://sns.eu-west-1.amazonaws.com.example.nl/?Action=x")
    assert PROVIDER.confirm_url(elsewhere) is None
    assert PROVIDER.confirm_url(Ses().hook(b"{}", TOPIC, NOW)) is None


def test_the_topic_of_another_account_is_refused_however_well_it_is_signed() -> None:
    assert not PROVIDER.verify(confirmation(TopicArn=TOPIC.replace("123456789012", "999999999999")), [TOPIC], NOW)


@pytest.mark.parametrize(
    "url",
    [
        CERTIFICATE.replace("https", "http"),
        CERTIFICATE.replace(".com/", ".com.example.nl/"),
        CERTIFICATE.replace("https://", "https://example.nl/"),
        CERTIFICATE.replace(".com/", ".com@example.nl/"),
        CERTIFICATE.replace(".com/", ".com:8443/"),
        CERTIFICATE.replace("sns.", "s3."),
        CERTIFICATE.replace("sns.", "SNS.").replace(".com/", ".com\\@example.nl/"),
        CERTIFICATE.replace("sns.eu-west-1.amazonaws.com", "127.0.0.1"),
        CERTIFICATE.replace("sns.eu-west-1.amazonaws.com", "[::1"),
        f"{CERTIFICATE}#a",
        CERTIFICATE.replace(".pem", ".txt"),
        CERTIFICATE.replace("-0123", "-01 23"),
        "",
    ],
)
def test_no_certificate_is_fetched_from_anywhere_but_sns(url: str) -> None:
    body = json.dumps({"SigningCertURL": url}).encode()
    assert PROVIDER.certificate_url(Hook(headers={}, body=body)) is None


@pytest.mark.parametrize(
    "url",
    [
        "https://sns.eu-west-1.amazonaws.com/?Action=GetEndpointAttributes&EndpointArn=arn&x=.pem",
        "https://sns.eu-west-1.amazonaws.com/x.pem?Action=GetEndpointAttributes",
        "https://sns.eu-west-1.amazonaws.com/x.pem",
        f"{CERTIFICATE}?Action=GetEndpointAttributes",
        f"{CERTIFICATE}?",
        CERTIFICATE.replace("/Simple", "/x/Simple"),
        CERTIFICATE.replace("/Simple", "/x/../Simple"),
    ],
)
def test_what_the_api_of_sns_answers_is_no_certificate_for_it_can_hold_anybodys(url: str) -> None:
    body = json.dumps({"SigningCertURL": url}).encode()
    assert PROVIDER.certificate_url(Hook(headers={}, body=body)) is None


def test_the_certificate_of_sns_is_fetched() -> None:
    assert PROVIDER.certificate_url(confirmation()) == CERTIFICATE


@pytest.mark.parametrize(
    "pem", [None, b"", b"-----BEGIN CERTIFICATE-----\nMAo=\n-----END CERTIFICATE-----\n", b"x" * 99]
)
def test_without_a_certificate_nothing_is_genuine(pem: bytes | None) -> None:
    assert not PROVIDER.verify(replace(confirmation(), certificate=pem), [TOPIC], NOW)


def test_a_certificate_that_has_ended_proves_nothing() -> None:
    later = NOW + timedelta(days=3)
    hook = confirmation(Timestamp=later.strftime("%Y-%m-%dT%H:%M:%S.000Z"))
    assert not PROVIDER.verify(hook, [TOPIC], later)
    key = public_key(certificate())
    assert key is not None
    assert key.begins <= NOW <= key.ends < later


@pytest.mark.parametrize("kind", ["ec", "rsa:1024"])
def test_a_certificate_without_a_long_rsa_key_is_none(kind: str, tmp_path: Path) -> None:
    more = ["-pkeyopt", "ec_paramgen_curve:P-256"] if kind == "ec" else []
    command = ["openssl", "req", "-x509", "-newkey", kind, *more, "-nodes", "-days", "2", "-subj", "/CN=x"]
    subprocess.run(
        [*command, "-keyout", str(tmp_path / "key"), "-out", str(tmp_path / "pem")], check=True, capture_output=True
    )
    assert public_key((tmp_path / "pem").read_bytes()) is None


def test_a_signature_with_rubbish_behind_its_hash_is_none() -> None:
    """The padding must fill the block: a checker that only looks for the hash can be fooled with an exponent of 3."""
    key = public_key(certificate())
    assert key is not None
    for forged in (b"", b"\x00" * 256, b"\x01" * 256, b"\xff" * 256, b"\x01" * 255, b"\x01" * 257):
        assert not key.signed(b"text", forged, hash_name="sha256", now=NOW)


@pytest.mark.parametrize(
    ("status", "name", "message", "outcome"),
    [
        (429, "TooManyRequestsException", "Maximum sending rate exceeded.", Outcome.RETRY),
        (400, "ThrottlingException", "Daily message quota exceeded.", Outcome.RETRY),
        (400, "AccountSuspendedException", "", Outcome.DOWN),
        (400, "SendingPausedException", "", Outcome.DOWN),
        (400, "LimitExceededException", "", Outcome.DOWN),
        (400, "MailFromDomainNotVerifiedException", "", Outcome.DOWN),
        (400, "MessageRejected", "Email address is not verified. The following identities failed", Outcome.DOWN),
        (400, "MessageRejected", "Content was refused", Outcome.INVALID),
        (404, "NotFoundException", "Configuration set does not exist.", Outcome.DOWN),
        (403, "AccessDeniedException", "", Outcome.DOWN),
        (400, "BadRequestException", "", Outcome.INVALID),
        (500, "InternalFailure", "", Outcome.UNKNOWN),
        (503, "ServiceUnavailable", "", Outcome.UNKNOWN),
    ],
)
def test_each_exception_is_somebodys_fault(status: int, name: str, message: str, outcome: Outcome) -> None:
    headers, said = {"x-amzn-errortype": f"{name}:http://internal.amazon.com/"}, {"message": message}
    by_header = HttpAnswer(status=status, headers=headers, body=json.dumps(said).encode())
    said["__type"] = f"com.amazonaws.sesv2#{name}"
    by_body = HttpAnswer(status=status, body=json.dumps(said).encode())
    for answer in (by_header, by_body):
        result = PROVIDER.read_response(answer)
        assert (result.outcome, result.hard) == (outcome, False)
    waits = result.retry_after == timedelta(minutes=10)
    assert waits == ("quota" in message)
