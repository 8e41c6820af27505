"""Who cannot prove to be the agenda changes nothing: the same cases for every source (ACCEPTANCE F2)."""

from __future__ import annotations

import urllib.request
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.booking_events import BadSignatureError, BookingChange, OtherEvent
from service.errors import InvalidInputError
from tests.support.agendas import AGENDAS, FIRST_AT, SECRET, STARTS_AT, Agenda, as_body
from tests.support.house import ROOT

NOW = FIRST_AT + timedelta(minutes=1)
TIMED = [agenda for agenda in AGENDAS.values() if agenda.timed]
every_agenda = pytest.mark.parametrize("agenda", AGENDAS.values(), ids=list(AGENDAS))
every_timed_agenda = pytest.mark.parametrize("agenda", TIMED, ids=[each.name for each in TIMED])


def signed(agenda: Agenda, body: bytes, *, secret: str = SECRET, at: datetime = NOW) -> dict[str, str]:
    return agenda.signed(body, secret=secret, at=at)


@every_agenda
def test_a_genuine_event_is_taken(agenda: Agenda) -> None:
    body = as_body(agenda.booked(token="T" * 48))
    event = agenda.receive(signed(agenda, body), body, [SECRET], NOW)
    assert isinstance(event, BookingChange)
    assert (event.kind, event.at, event.starts_at) == ("booked", FIRST_AT, STARTS_AT)
    assert (event.address, event.reference) == ("anna@example.org", "T" * 48)


@every_agenda
def test_every_secret_of_the_list_verifies_so_that_one_can_be_replaced(agenda: Agenda) -> None:
    body = as_body(agenda.booked())
    for secret in ("new", "old"):
        assert agenda.receive(signed(agenda, body, secret=secret), body, ["new", "old"], NOW)
    with pytest.raises(BadSignatureError):
        agenda.receive(signed(agenda, body, secret="older"), body, ["new", "old"], NOW)


@every_agenda
def test_without_a_secret_nothing_verifies(agenda: Agenda) -> None:
    body = as_body(agenda.booked())
    with pytest.raises(BadSignatureError):
        agenda.receive(signed(agenda, body, secret=""), body, [], NOW)


@every_agenda
def test_a_missing_header_is_refused(agenda: Agenda) -> None:
    body = as_body(agenda.booked())
    with pytest.raises(BadSignatureError):
        agenda.receive({}, body, [SECRET], NOW)


@every_agenda
def test_a_body_that_was_changed_by_one_byte_is_refused(agenda: Agenda) -> None:
    body = as_body(agenda.booked())
    header = signed(agenda, body)
    for changed in (body + b" ", body.replace(b"anna", b"anne"), b""):
        with pytest.raises(BadSignatureError):
            agenda.receive(header, changed, [SECRET], NOW)


@every_agenda
@given(header=st.text())
def test_whatever_stands_in_the_header_is_refused_and_nothing_worse(agenda: Agenda, header: str) -> None:
    body = as_body(agenda.booked())
    with pytest.raises(BadSignatureError):
        agenda.receive({agenda.header: header}, body, [SECRET], NOW)


@every_agenda
def test_an_old_event_is_refused_though_its_signature_is_genuine(agenda: Agenda) -> None:
    body = as_body(agenda.booked())
    header = signed(agenda, body)
    later = NOW + (timedelta(minutes=4) if agenda.timed else timedelta(days=8))
    with pytest.raises(BadSignatureError):
        agenda.receive(header, body, [SECRET], later)


@every_timed_agenda
def test_a_signature_of_the_future_is_refused(agenda: Agenda) -> None:
    body = as_body(agenda.booked())
    with pytest.raises(BadSignatureError):
        agenda.receive(signed(agenda, body, at=NOW + timedelta(minutes=4)), body, [SECRET], NOW)


@every_timed_agenda
def test_the_time_is_signed_with_the_body(agenda: Agenda) -> None:
    body = as_body(agenda.booked())
    old = signed(agenda, body, at=NOW - timedelta(hours=1))[agenda.header]
    fresh = f"t={int(NOW.timestamp())}," + old.partition(",")[2]
    with pytest.raises(BadSignatureError):
        agenda.receive({agenda.header: fresh}, body, [SECRET], NOW)
    with pytest.raises(BadSignatureError):
        agenda.receive({agenda.header: f"{old},t={int(NOW.timestamp())}"}, body, [SECRET], NOW)


@every_timed_agenda
def test_two_signatures_are_taken_where_one_is_genuine(agenda: Agenda) -> None:
    body = as_body(agenda.booked())
    both = signed(agenda, body)[agenda.header] + ",v1=" + "0" * 64
    assert agenda.receive({agenda.header: both}, body, [SECRET], NOW)


@every_agenda
@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'"x"', b"\xff", b"[" * 100_000, b'{"a": NaN}', b'{"event": 1, "triggerEvent": 1}'],
    ids=["nothing", "half", "list", "null", "text", "no-utf-8", "deep", "nan", "other"],
)
def test_rubbish_with_a_genuine_signature_is_told_apart(agenda: Agenda, body: bytes) -> None:
    with pytest.raises(InvalidInputError) as refused:
        agenda.receive(signed(agenda, body), body, [SECRET], NOW)
    assert refused.value.fields


@every_agenda
def test_fields_that_are_missing_are_all_named_and_nothing_of_the_rest_is_repeated(agenda: Agenda) -> None:
    payload = agenda.booked(email="geheim@example.org", uid="a b")
    body = as_body(payload)
    with pytest.raises(InvalidInputError) as refused:
        agenda.receive(signed(agenda, body), body, [SECRET], NOW)
    assert len(refused.value.fields) == 1
    assert "geheim" not in repr((refused.value.fields, refused.value.english, refused.value.dutch))


@every_agenda
def test_an_event_of_another_type_is_kept_by_its_type_alone(agenda: Agenda) -> None:
    body = as_body(agenda.unknown())
    event = agenda.receive(signed(agenda, body), body, [SECRET], NOW)
    assert isinstance(event, OtherEvent)
    assert event.type in {"MEETING_ENDED", "invitee_no_show.created", "arrived"}
    assert len(event.key) == 64


@every_agenda
def test_a_type_that_is_no_word_is_not_kept(agenda: Agenda) -> None:
    payload = agenda.unknown()
    payload["triggerEvent" if agenda.name == "calcom" else "event"] = "anna@example.org\x00"
    body = as_body(payload)
    event = agenda.receive(signed(agenda, body), body, [SECRET], NOW)
    assert event.type == "?"


@every_agenda
def test_an_event_has_one_key_however_it_is_written_down_and_another_event_another(agenda: Agenda) -> None:
    def key(body: bytes) -> str:
        return agenda.receive(signed(agenda, body), body, [SECRET], NOW).key

    body = as_body(agenda.booked())
    assert key(body) == key(body.replace(b": ", b":  "))
    others = [agenda.booked(at=FIRST_AT + timedelta(seconds=1)), agenda.booked(uid="other"), agenda.cancelled()]
    assert len({key(body), *(key(as_body(each)) for each in others)}) == 4


def test_a_moment_without_its_offset_or_of_another_age_is_refused() -> None:
    agenda = AGENDAS["generic"]
    for moment in ("2026-03-10T09:00:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "gisteren", 1e300):
        body = as_body(agenda.booked() | {"at": moment})
        with pytest.raises(InvalidInputError) as refused:
            agenda.receive(signed(agenda, body), body, [SECRET], NOW)
        assert [each.pointer for each in refused.value.fields] == ["/at"]


def test_moving_an_appointment_names_the_one_it_moved_from() -> None:
    for agenda, first in ((AGENDAS["calcom"], "old"), (AGENDAS["generic"], "old")):
        kind = {"trigger": "BOOKING_RESCHEDULED"} if agenda.name == "calcom" else {"event": "rescheduled"}
        body = as_body(agenda.booked(uid="new", moved_from="old", **kind))
        event = agenda.receive(signed(agenda, body), body, [SECRET], NOW)
        assert isinstance(event, BookingChange)
        assert (event.kind, event.booking, event.replaces) == ("booked", "new", first)
    agenda = AGENDAS["calendly"]
    body = as_body(agenda.cancelled(rescheduled=True))
    gone = agenda.receive(signed(agenda, body), body, [SECRET], NOW)
    assert isinstance(gone, BookingChange)
    assert gone.kind == "moved"


def test_the_example_of_the_documentation_is_taken_as_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    text = (ROOT / "docs/booking.md").read_text(encoding="utf-8")
    code = text.partition("```python\n")[2].partition("```")[0]
    sent: list[urllib.request.Request] = []
    monkeypatch.setattr(urllib.request, "urlopen", sent.append)
    exec(compile(code.replace("<jouw adres>", "praktijk.example"), "docs/booking.md", "exec"), {})
    [request] = sent
    assert isinstance(request.data, bytes)
    headers = {name.lower(): value for name, value in request.header_items()}
    event = AGENDAS["generic"].receive(headers, request.data, ["<geheim>"], datetime.now(UTC))
    assert isinstance(event, BookingChange)
    assert (event.kind, event.booking, event.address) == ("booked", "4711", "anna@example.org")
