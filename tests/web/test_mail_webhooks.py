"""`POST /webhooks/mail/{provider}`: the same cases for every provider, with its own events (ACCEPTANCE F2)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session, select

from service.domain.feedback import Feedback
from service.domain.lead import SuppressionReason
from service.errors import UnavailableError
from service.flows import feedback
from service.mail.providers import PROVIDERS
from service.mail.providers.values import Event, Hook
from service.mail.transport import Outcome, SendResult
from service.store import suppressions
from service.store.db import Database, open_database
from service.store.tables import FeedbackEvent, Message
from service.web import mail_webhooks
from service.web.bodies import LARGEST_EVENT
from tests.support import acts
from tests.support.fakes.base import Fake
from tests.support.fakes.brevo import Brevo
from tests.support.fakes.lettermint import Lettermint
from tests.support.fakes.mailgun import Mailgun
from tests.support.fakes.ses import CERTIFICATE, TOPIC, Ses, sealed
from tests.support.hooks import FAKES, Sample, caller, sample, samples
from tests.support.house import House

every_provider = pytest.mark.parametrize("fake", FAKES, ids=lambda fake: str(fake.name))
STATES = {
    "accepted": "accepted",
    "delivered": "delivered",
    "deferred": "accepted",
    "hard_bounce": "bounced",
    "soft_bounce": "bounced",
    "rejected": "bounced",
    "failed": "bounced",
    "complained": "complained",
    "unsubscribed": "delivered",
}
"""What the advice, which was accepted, is after an event; after any other it is as before."""
SUPPRESSES = {
    "hard_bounce": SuppressionReason.HARD_BOUNCE,
    "complained": SuppressionReason.COMPLAINT,
    "unsubscribed": SuppressionReason.UNSUBSCRIBE,
}
FORGOTTEN = {"opened", "clicked"}


def advised(house: House, address: str = acts.ANNA) -> Message:
    """The advice of a new lead, taken by the provider."""
    house.opt_in(address)
    house.send_due()
    return acts.advice(house, address)


def reasons(house: House, address: str) -> set[SuppressionReason]:
    hmac = house.services.hmac(address)
    with house.services.database.reading() as session:
        return {each.reason for each in suppressions.of(session, [hmac]).get(hmac, [])}


def kept(house: House) -> list[FeedbackEvent]:
    with house.services.database.reading() as session:
        return list(session.exec(select(FeedbackEvent)))


@every_provider
def test_every_kind_of_event_of_the_provider_does_what_it_means(house: House, fake: type[Fake]) -> None:
    calling = caller(house, fake)
    told = {f"lead{number}@example.org": each for number, each in enumerate(one_of_each(fake))}
    for address in told:
        house.opt_in(address)
    house.send_due()
    for number, (address, each) in enumerate(told.items()):
        message, before = acts.advice(house, address), len(kept(house))
        answer = calling.post(each.about(message, number=number))
        assert (answer.status_code, answer.json()) == (200, {"status": "taken"}), each.name
        counted = [kind for kind in each.kinds if kind not in FORGOTTEN]
        assert len(kept(house)) - before == len(counted), each.name
        kind = counted[0] if counted else "none"
        assert acts.advice(house, address).state == STATES.get(kind, "accepted"), each.name
        assert reasons(house, address) == ({SUPPRESSES[kind]} if kind in SUPPRESSES else set()), each.name


def counted(rows: dict[str, list[tuple[object, ...]]]) -> dict[str, list[tuple[object, ...]]]:
    """All of it but how many were refused, which staff see."""
    return rows | {"fact": [each for each in rows["fact"] if each[0] != "refused_webhooks"]}


@every_provider
def test_missing_wrong_and_old_signatures_get_one_answer_and_change_nothing(house: House, fake: type[Fake]) -> None:
    message = advised(house)
    body = sample(fake, "hard_bounce").about(message)
    calling, closed = caller(house, fake), caller(house, fake, secrets=())
    genuine, before = calling.signed(body), house.rows()
    calls = [
        Hook(headers={}, body=body),
        Hook(headers={}, body=b"\xff no JSON"),
        replace(genuine, headers={**genuine.headers, "authorization": "Basic eDp5"}, body=genuine.body + b"\n ")
        if fake.name not in {"mailgun", "ses"}
        else Hook(headers={}, body=body),
        calling.signed(body, secret="whsec_Z3Vlc3NlZA=="),
    ]
    oldest = calling.fake.provider.capabilities.oldest_signature
    if oldest is not None:
        calls.append(calling.signed(body, ago=oldest + timedelta(minutes=1)))
    answers = [calling.send(each) for each in calls] + [closed.send(genuine)]
    assert [each.status_code for each in answers] == [401] * len(answers)
    assert len({(each.text, tuple(sorted(each.headers.items()))) for each in answers}) == 1
    assert counted(house.rows()) == counted(before)
    assert calling.send(genuine).status_code == 200
    assert acts.advice(house).state == "bounced"


@every_provider
def test_any_of_several_secrets_will_do(house: House, fake: type[Fake]) -> None:
    message, calling = advised(house), caller(house, fake)
    for number, secret in enumerate(calling.fake.secrets()):
        body = sample(fake, "delivered").about(message, number=number)
        assert calling.post(body, secret=secret).status_code == 200
    assert acts.advice(house).state == "delivered"


@every_provider
def test_the_same_event_again_is_a_no_op(house: House, fake: type[Fake]) -> None:
    calling, message = caller(house, fake), advised(house)
    body = sample(fake, "hard_bounce").about(message)
    assert calling.post(body).status_code == 200
    before = house.rows()
    house.clock.advance(hours=1)
    assert calling.post(body).status_code == 200
    assert house.rows() == before


@every_provider
def test_events_in_another_order_end_in_the_same_state(house: House, fake: type[Fake]) -> None:
    calling = caller(house, fake)
    kinds = [kind for kind in ("delivered", "hard_bounce", "soft_bounce", "complained") if _has(fake, kind)]
    ends = []
    for address, order in (("anna@example.org", kinds), ("bram@example.org", kinds[::-1])):
        message = advised(house, address)
        for kind in order:
            assert calling.post(sample(fake, kind).about(message)).status_code == 200
        after = acts.advice(house, address)
        ends.append((after.state, after.reason, reasons(house, address), acts.enrolment(house, address).state))
    assert ends[0] == ends[1]
    assert ends[0][0] == "complained"


@every_provider
def test_an_event_that_nobody_knows_is_kept_and_answered_200(house: House, fake: type[Fake]) -> None:
    calling, message = caller(house, fake), advised(house)
    first = sample(fake, "delivered")
    words = {"delivered", "message.delivered", "email.delivered", "Delivery"}
    body = first.about(message).decode()
    for word in words:
        body = body.replace(f'"{word}"', '"brand_new_event"')
    assert calling.post(body.encode()).status_code == 200
    (event,) = kept(house)
    assert event.kind == "unknown"
    assert acts.advice(house).state == "accepted"


@every_provider
def test_more_than_1_mb_is_refused_and_1_mb_is_read(house: House, fake: type[Fake]) -> None:
    calling, message = caller(house, fake), advised(house)
    genuine, before = calling.signed(sample(fake, "delivered").about(message)), house.rows()
    large = replace(genuine, body=genuine.body + b" " * (LARGEST_EVENT - len(genuine.body)))
    assert calling.send(replace(large, body=large.body + b" ")).status_code == 413
    assert house.rows() == before
    blanks = LARGEST_EVENT - len(genuine.body) - 5_000
    if fake.name not in {"ses", "mailgun"}:  # whose stand-ins write the body anew
        body = sample(fake, "delivered").about(message) + b" " * blanks
        assert calling.post(body).status_code == 200
        assert acts.advice(house).state == "delivered"


@every_provider
def test_an_own_key_that_is_none_of_ours_changes_nothing(house: House, fake: type[Fake]) -> None:
    calling, message = caller(house, fake), advised(house)
    before = house.rows()
    assert calling.post(sample(fake, "complained").about(message, own_key="A" * 22)).status_code == 200
    assert {name for name, rows in house.rows().items() if rows != before[name]} == {"feedback_event"}


@every_provider
def test_a_mail_is_known_by_the_providers_own_id_too(house: House, fake: type[Fake]) -> None:
    calling, message = caller(house, fake), advised(house)
    told = sample(fake, "hard_bounce")
    (event,) = calling.fake.provider.parse(calling.signed(told.about(message)))
    (attempt,) = acts.attempts(house, message)

    def give(session: Session) -> None:
        session.merge(attempt).provider_id = event.provider_id

    acts.commit(house, give)
    assert calling.post(told.about(message, own_key="A" * 22)).status_code == 200
    assert acts.advice(house).state == "bounced"


@every_provider
def test_a_fault_of_ours_asks_for_the_event_again_as_this_provider_wants_it(
    house: House, fake: type[Fake], monkeypatch: pytest.MonkeyPatch
) -> None:
    calling, message = caller(house, fake), advised(house)
    body, before = sample(fake, "complained").about(message), house.rows()

    def away(_self: Database, **_: object) -> Iterator[Session]:
        raise UnavailableError("away")

    def defect(*_: object) -> bool:
        raise RuntimeError("of ours")

    for what in ("transaction", "reading"):
        with monkeypatch.context() as patch:
            patch.setattr(Database, what, away)
            answer = calling.post(body)
        assert answer.status_code == calling.fake.provider.capabilities.retry_code
        assert answer.headers["retry-after"] == "5"
    with monkeypatch.context() as patch:
        patch.setattr(feedback, "apply", defect)
        assert calling.post(body).status_code == calling.fake.provider.capabilities.retry_code
    assert house.rows() == before
    assert calling.post(body).status_code == 200
    assert acts.advice(house).state == "complained"


@pytest.mark.parametrize("fake", [each for each in FAKES if each is not Mailgun], ids=lambda fake: str(fake.name))
def test_a_genuine_call_that_nobody_can_read_is_refused_and_staff_are_told(house: House, fake: type[Fake]) -> None:
    """But for Mailgun, whose signature stands in the body: one that cannot be read has none."""
    calling = caller(house, fake)
    too_deep = b"[" * 50_000  # for every Python: 3.13 reads ten times as deep as 3.11
    bodies = [too_deep] if fake is Ses else [b"", b"[1]", b"\xff", too_deep]
    for body in bodies:
        answer = calling.post(body)
        assert (answer.status_code, answer.json()["code"]) == (422, "unreadable-event")
    assert acts.alerts(house) == [f"webhook-unreadable:{fake.name}"]


@every_provider
def test_an_event_without_a_name_is_of_a_form_that_nobody_here_knows(house: House, fake: type[Fake]) -> None:
    """A no of another form would else pass for an event that means nothing, and nobody would hear of it."""
    calling, message = caller(house, fake), advised(house)
    body = sample(fake, "complained").about(message)
    for name in (b'"event"', b'"type"', b'"RecordType"', b'"eventType"', b'"notificationType"'):
        body = body.replace(name, b'"somethingNew"')
    assert calling.post(body).status_code == 422
    assert acts.alerts(house) == [f"webhook-unreadable:{fake.name}"]


@pytest.mark.parametrize("strange", [None, "x", [], {}, {"eventName": "spam"}])
def test_one_of_many_events_that_nobody_can_read_hides_no_other(house: House, strange: object) -> None:
    """Brevo throws all of them away on whatever is not 2xx, 429 or a time-out."""
    calling = caller(house, Brevo)
    told = sample(Brevo, "complained")
    names = [f"lead{number}@example.org" for number in range(2)]
    first, second = (json.loads(told.about(advised(house, name))) for name in names)
    assert calling.post(json.dumps([first, strange, second]).encode()).status_code == 422
    assert [acts.advice(house, name).state for name in names] == ["complained", "complained"]
    assert acts.alerts(house) == ["webhook-unreadable:brevo"]


def test_a_provider_that_we_do_not_know_is_not_there(house: House) -> None:
    calling = caller(house, Lettermint)
    assert calling.client.post("/webhooks/mail/sparkpost", content=b"{}").status_code == 404
    assert calling.client.get("/webhooks/mail/lettermint").status_code == 405


@pytest.mark.parametrize("number", range(3))
def test_the_same_event_to_several_processes_at_once_counts_once(house: House, number: int) -> None:
    message = advised(house)
    body = sample(Lettermint, "hard_bounce").about(message, number=number)
    url = house.services.database.url.render_as_string(hide_password=False)
    with ExitStack() as stack, ThreadPoolExecutor(4) as pool:
        callers = []
        for _ in range(4):
            database = open_database(url)
            stack.callback(database.close)
            callers.append(caller(house.with_changes(database=database), Lettermint))
        hook = callers[0].signed(body)
        answers = list(pool.map(lambda calling: calling.send(hook), callers))
    assert [each.status_code for each in answers] == [200] * 4
    assert len(kept(house)) == 1
    assert len([row for row in house.rows()["timeline"] if "hard_bounce" in row]) == 1


def test_one_event_of_many_that_we_fail_at_keeps_back_no_other(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    calling = caller(house, Brevo)
    told = sample(Brevo, "delivered")
    names = [f"lead{number}@example.org" for number in range(3)]
    batch = [json.loads(told.about(advised(house, name))) for name in names]
    poison, real = acts.advice(house, names[1]).public_id, feedback.apply

    def apply(session: Session, services: object, news: Feedback, now: datetime) -> bool:
        if news.tie.public_id == poison:
            raise RuntimeError("of ours")
        return real(session, house.services, news, now)

    with monkeypatch.context() as patch:
        patch.setattr(feedback, "apply", apply)
        assert calling.post(json.dumps(batch).encode()).status_code == 429
    assert [acts.advice(house, name).state for name in names] == ["delivered", "accepted", "delivered"]
    assert calling.post(json.dumps(batch).encode()).status_code == 200
    assert acts.advice(house, names[1]).state == "delivered"


def test_a_subscription_of_ours_is_confirmed_and_nobody_elses(house: House) -> None:
    calling = caller(house, Ses)
    visit = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=abc"

    def asked(topic: str, url: str = visit) -> Hook:
        envelope = {
            "Type": "SubscriptionConfirmation",
            "MessageId": f"id-{topic[-4:]}",
            "Message": "You have chosen to subscribe to the topic.",
            "Token": "abc",
            "TopicArn": topic,
            "SubscribeURL": url,
            "Timestamp": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "SignatureVersion": "2",
            "SigningCertURL": CERTIFICATE,
        }
        return sealed(envelope)

    assert calling.send(asked("arn:aws:sns:eu-west-1:999999999999:theirs")).status_code == 401
    assert calling.sns.asked == []  # who is not ours has us fetch nothing at all
    assert calling.send(replace(asked(TOPIC), body=asked(TOPIC).body.replace(b"abc", b"abd"))).status_code == 401
    assert visit not in calling.sns.asked
    assert calling.send(asked(TOPIC, "https://evil.example/?x")).status_code == 200
    assert not [url for url in calling.sns.asked if "evil" in url]
    assert calling.send(asked(TOPIC)).status_code == 200
    assert calling.sns.asked.count(visit) == 1
    calling.sns.status = 500
    assert calling.send(asked(TOPIC)).status_code == 503


@pytest.mark.parametrize(
    ("said", "state", "suppressed"),
    [
        ("550 5.1.1 no such user", "het adres bestaat niet", {SuppressionReason.HARD_BOUNCE}),
        ("550 5.7.1 blocked for its reputation", "geweigerd om de inhoud", set()),
        ("552 5.2.2 mailbox full", "vol of nam het nu niet aan", set()),
        ("action: failed", "het adres bestaat niet", {SuppressionReason.HARD_BOUNCE}),
    ],
)
def test_a_hard_bounce_of_a_provider_is_the_leads_only_where_the_server_does_not_say_otherwise(
    house: House, said: str, state: str, suppressed: set[SuppressionReason]
) -> None:
    calling, message = caller(house, Mailgun), advised(house)
    body = json.loads(sample(Mailgun, "hard_bounce").about(message))
    body["event-data"]["delivery-status"]["message"] = said
    assert calling.post(json.dumps(body).encode()).status_code == 200
    assert state in (acts.advice(house).reason or "")
    assert reasons(house, acts.ANNA) == suppressed


def test_a_soft_bounce_for_our_reputation_does_not_count_towards_a_mailbox_that_is_gone(house: House) -> None:
    calling, message = caller(house, Brevo), advised(house)
    body = json.loads(sample(Brevo, "soft_bounce").about(message))
    assert calling.post(json.dumps(body | {"reason": "554 5.7.1 looks like spam"}).encode()).status_code == 200
    assert [each.kind for each in kept(house)] == ["rejected"]


def test_an_event_that_is_faster_than_the_answer_to_its_call_is_asked_for_again(house: House) -> None:
    """By the provider's own id alone it is known once that answer is written; SES's notifications hold no tag."""
    calling = caller(house, Ses)
    house.opt_in()
    (handed,) = acts.hand_over(house, "worker")
    inner = json.loads(sample(Ses, "complained").about(acts.advice(house)))
    inner["mail"].pop("tags", None)
    inner["complaint"]["timestamp"] = datetime.now(UTC).isoformat()
    body = json.dumps(inner).encode()
    before = house.rows()
    assert calling.post(body).status_code == 503
    assert house.rows() == before
    taken = SendResult(outcome=Outcome.ACCEPTED, stage="answer", code=200, provider_id=inner["mail"]["messageId"])
    now = house.clock.now()
    acts.commit(house, acts.settle, house.services, handed, taken, now, datetime.now(UTC))
    assert calling.post(body).status_code == 200
    assert acts.advice(house).state == "complained"


def test_an_event_of_before_what_is_being_handed_over_now_is_not_asked_for_again(house: House) -> None:
    calling = caller(house, Ses)
    house.opt_in()
    acts.hand_over(house, "worker")
    inner = json.loads(sample(Ses, "complained").about(acts.advice(house)))
    inner["mail"].pop("tags", None)
    inner["complaint"]["timestamp"] = (datetime.now(UTC) - timedelta(minutes=2)).isoformat()
    assert calling.post(json.dumps(inner).encode()).status_code == 200
    assert [each.kind for each in kept(house)] == ["unknown"]


def test_an_event_that_our_reading_fails_at_is_told_and_does_not_come_again_for_days(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    calling, message = caller(house, Lettermint), advised(house)

    def fails(_hook: Hook) -> list[Event]:
        raise TypeError("nobody foresaw this")

    broken = replace(PROVIDERS["lettermint"], parse=fails)
    monkeypatch.setattr(mail_webhooks, "PROVIDERS", {"lettermint": broken})
    assert calling.post(sample(Lettermint, "delivered").about(message)).status_code == 422
    assert acts.alerts(house) == ["webhook-unreadable:lettermint"]


def test_a_time_that_no_calendar_has_is_no_fault_of_ours(house: House) -> None:
    calling = caller(house, Ses)
    body = json.dumps({"TopicArn": TOPIC, "Timestamp": "0001-01-01T00:00:00+23:59", "Signature": "", "Type": "x"})
    assert calling.send(Hook(headers={}, body=body.encode())).status_code == 401


def test_who_opened_what_is_never_kept(house: House) -> None:
    calling, message = caller(house, Lettermint), advised(house)
    before = house.rows()
    for kind in ("opened", "clicked"):
        assert calling.post(sample(Lettermint, kind).about(message)).status_code == 200
    assert house.rows() == before


def test_every_answer_stands_in_the_api_description(house: House) -> None:
    described = caller(house.with_changes(demo=True), Lettermint).client.get("/openapi.json").json()
    answers = described["paths"]["/webhooks/mail/{provider}"]["post"]["responses"]
    assert {"200", "401", "404", "413", "422", "429", "503"} <= set(answers)


def one_of_each(fake: type[Fake]) -> list[Sample]:
    found: dict[tuple[str, ...], Sample] = {}
    for each in samples(fake):
        found.setdefault(each.kinds, each)
    return list(found.values())


def _has(fake: type[Fake], kind: str) -> bool:
    return any(each.kinds == (kind,) for each in samples(fake))
