"""`POST /api/opt-ins`: what is taken, what is refused, and in which words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from service.domain.screening import Held
from tests.support.house import House, part
from tests.support.website import BROWSER, OPT_IN, opt_in

FORM = {"email": "anna@example.org", "form": "lage-rug", "consent_advice": "on"}


def pointers(answer: Any) -> set[str]:
    return {each["pointer"] for each in answer.json()["errors"]}


def test_an_opt_in_is_accepted_and_its_advice_leaves(house: House, client: TestClient) -> None:
    rung: list[bool] = []
    house.services.bell.listen(lambda: rung.append(True))
    answer = client.post("/api/opt-ins", json=OPT_IN | {"first_name": "Anna", "answers": {"posture": "hollow"}})
    assert (answer.status_code, answer.json()) == (202, {"status": "accepted"})
    assert rung
    assert house.send_due() == 1
    assert "Anna" in part(house.mails("anna@example.org")[0], "plain")
    assert house.lead().answers == {"posture": "hollow"}


@pytest.mark.parametrize("ticked", ["on", "true", "1"])
def test_a_form_post_is_taken_urlencoded_and_as_multipart(house: House, client: TestClient, ticked: str) -> None:
    fields = FORM | {"consent_advice": ticked, "answers.posture": "flat", "answers.leg": "", "first_name": ""}
    assert client.post("/api/opt-ins", data=fields).json() == {"status": "accepted"}
    multipart = {name: (None, value) for name, value in (fields | {"email": "bram@example.org"}).items()}
    assert client.post("/api/opt-ins", files=multipart).json() == {"status": "accepted"}
    assert house.lead("anna@example.org").answers == house.lead("bram@example.org").answers == {"posture": "flat"}


def test_the_answer_about_the_leg_chooses_the_topic(house: House, client: TestClient) -> None:
    client.post("/api/opt-ins", data=FORM | {"answers.leg": "yes"})
    assert house.messages()[0].sequence == "uitstraling-been"


def test_a_browser_goes_on_to_the_thank_you_page_and_no_address_travels_along(client: TestClient) -> None:
    answer = client.post("/api/opt-ins", data=FORM, headers=BROWSER)
    assert (answer.status_code, answer.headers["location"]) == (303, "/bedankt?form=lage-rug")
    bare = {"email": "bram@example.org", "topic": "lage-rug", "consent_advice": "1"}
    assert client.post("/api/opt-ins", data=bare, headers=BROWSER).headers["location"] == "/bedankt"


def test_a_browser_is_told_on_a_page_what_is_wrong_and_led_back_to_its_form(client: TestClient) -> None:
    answer = client.post("/api/opt-ins", data=FORM | {"email": "geen adres"}, headers=BROWSER)
    assert answer.status_code == 422
    assert answer.headers["content-type"].startswith("text/html")
    assert "E-mailadres" in answer.text
    assert 'href="/forms/lage-rug"' in answer.text
    lost = client.post("/api/opt-ins", data=FORM | {"form": "//elders.example"}, headers=BROWSER)
    assert "elders" not in lost.text


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"email": "geen adres"}, {"/email"}),
        ({"email": "a@b.example\r\nBcc: x@y.example"}, {"/email"}),
        ({"email": "zoë@example.org"}, {"/email"}),
        ({"email": "a" * 250 + "@example.org"}, {"/email"}),
        ({"email": None}, {"/email"}),
        ({"topic": "bestaat-niet"}, {"/topic"}),
        ({"topic": None}, {"/topic"}),
        ({"form": "bestaat-niet"}, {"/form"}),
        ({"consent_advice": False}, {"/consent_advice"}),
        ({"consent_advice": "true"}, {"/consent_advice"}),
        ({"consent_follow_up": 1}, {"/consent_follow_up"}),
        ({"answers": {"posture": "scheef"}}, {"/answers/posture"}),
        ({"answers": {"a~/b": "x"}}, {"/answers/a~0~1b"}),
        ({"answers": {"posture": 3}}, {"/answers/posture"}),
        ({"answers": {f"q{n}": "x" for n in range(21)}}, {"/answers"}),
        ({"answers": ["hollow"]}, {"/answers"}),
        ({"first_name": "a" * 201}, {"/first_name"}),
        ({"source_url": "javascript:alert(1)"}, {"/source_url"}),
        ({"source_url": "https://example.org/" + "a" * 2000}, {"/source_url"}),
        ({"consent_version": "nooit"}, {"/consent_version"}),
        ({"consent_version": "2026\u0000"}, {"/consent_version"}),
        ({"next": "https://elders.example"}, {"/next"}),
        ({"onbekend": 1, "ook": 2, "email": "nee", "topic": "nee"}, {"/onbekend", "/ook", "/email", "/topic"}),
    ],
)
def test_each_field_that_cannot_be_taken_is_named_all_at_once(
    house: House, client: TestClient, fields: dict[str, object], expected: set[str]
) -> None:
    before = house.rows()
    answer = client.post("/api/opt-ins", json=OPT_IN | fields)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert pointers(answer) == expected
    assert answer.json()["detail"] == "Er klopt iets niet in het formulier."
    assert all(each["detail"] for each in answer.json()["errors"])
    assert house.rows() == before


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"",
        b"[]",
        b'"tekst"',
        b"null",
        b"\xff\xfe",
        b'{"email": NaN}',
        b'{"email": "a@example.org", "email": "b@example.org"}',
        b"[" * 8_000,
        b'{"a":' * 2_500 + b"1" + b"}" * 2_500,
        json.dumps({"answers": {"a": {"b": {"c": {"d": {"e": 1}}}}}}).encode(),
        b'{"email": ' + b"9" * 9_000 + b"}",
    ],
)
def test_json_that_cannot_be_read_is_refused(client: TestClient, body: bytes) -> None:
    answer = client.post("/api/opt-ins", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["status"] == 422


@pytest.mark.parametrize(("levels", "pointer"), [(5, "/answers/posture"), (6, "")])
def test_json_of_five_levels_is_read_and_of_six_is_not(client: TestClient, levels: int, pointer: str) -> None:
    """Neither can be taken, but of what was read the field is named."""
    nested: Any = "hollow"
    for _ in range(levels - 2):
        nested = [nested]
    answer = client.post("/api/opt-ins", json=OPT_IN | {"answers": {"posture": nested}})
    assert answer.status_code == 422
    assert [each["pointer"] for each in answer.json()["errors"]] == [pointer]


def test_half_a_character_is_refused(client: TestClient) -> None:
    body = b'{"email":"a@example.org","topic":"lage-rug","consent_advice":true,"first_name":"\\ud800"}'
    answer = client.post("/api/opt-ins", content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, pointers(answer)) == (422, {"/first_name"})


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/x-www-form-urlencoded", b"email=%ff%fe"),
        ("application/x-www-form-urlencoded", b"&".join(b"f%d=1" % n for n in range(200))),
        ("application/x-www-form-urlencoded", b"email=a%40example.org&email=b%40example.org"),
        ("multipart/form-data", b"--x\r\n\r\n"),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data; name=email\r\n\r\na@b.nl"),
        ("multipart/form-data; boundary=x", b"--x\r\nkapot"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="f"; filename="f.txt"\r\n\r\ninhoud\r\n--x--\r\n',
        ),
    ],
)
def test_a_form_that_cannot_be_read_is_refused(client: TestClient, kind: str, body: bytes) -> None:
    answer = client.post("/api/opt-ins", content=body, headers={"Content-Type": kind})
    assert answer.status_code == 422


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", ""])
def test_another_type_is_unsupported(client: TestClient, kind: str) -> None:
    answer = client.post("/api/opt-ins", content=b"{}", headers={"Content-Type": kind})
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported-type")


def test_more_than_16_kb_is_too_large_whatever_is_said_of_its_length(house: House, client: TestClient) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(1_000):
            yield b" " * 1_000

    before = house.rows()
    headers = {"Content-Type": "application/json"}
    assert client.post("/api/opt-ins", content=b" " * 70_000, headers=headers).status_code == 413
    assert client.post("/api/opt-ins", content=endless(), headers=headers).status_code == 413
    largest = json.dumps(OPT_IN).encode().ljust(16 * 1024)
    assert client.post("/api/opt-ins", content=largest + b" ", headers=headers).status_code == 413
    assert house.rows() == before
    assert client.post("/api/opt-ins", content=largest, headers=headers).status_code == 202


def test_the_same_idempotency_key_is_one_opt_in(house: House, client: TestClient) -> None:
    for _ in range(3):
        assert client.post("/api/opt-ins", json=OPT_IN, headers={"Idempotency-Key": "k-1"}).status_code == 202
    assert len(house.messages()) == 1
    assert len(house.rows()["opt_in"]) == 1
    long = client.post("/api/opt-ins", json=OPT_IN, headers={"Idempotency-Key": "k" * 201})
    assert (long.status_code, pointers(long)) == (422, {""})


def test_a_field_nobody_sees_holds_the_advice_for_staff(house: House, client: TestClient) -> None:
    opt_in(client, leave_empty="http://spam.example")
    assert [(message.state, message.reason) for message in house.messages()] == [("held", Held.HONEYPOT)]


def test_what_later_versions_will_read_is_accepted_now(client: TestClient) -> None:
    opt_in(client, altcha="abc", form_token="def", source_url="https://praktijk.example/artikel", consent_version="")


def test_nothing_is_taken_by_get(client: TestClient) -> None:
    answer = client.get("/api/opt-ins", params=FORM)
    assert (answer.status_code, answer.headers["allow"]) == (405, "OPTIONS, POST")


def test_a_name_that_is_no_text_is_refused_wherever_it_stands(client: TestClient) -> None:
    for body in (rb'{"\ud800": 1}', rb'{"email": "anna@example.org", "answers": {"\ud800": "flat"}}'):
        answer = client.post("/api/opt-ins", content=body, headers={"Content-Type": "application/json"})
        assert (answer.status_code, pointers(answer)) == (422, {""})
