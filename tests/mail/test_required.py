"""What the law wants in each mail to a lead, in both parts, or it can be neither published nor sent (C7)."""

from __future__ import annotations

import pytest

from service.mail.compile import compile_mail
from service.mail.compose import HeldMailError, compose, render
from tests.support.mails import HEAD, UNSUBSCRIBE, compiled, headers, layouts, practice, values

FOOTER = "layouts/standaard.footer.md"
REASON = "Je krijgt deze mail omdat je om het advies vroeg."


def test_each_mail_shows_sender_address_kvk_reason_and_a_way_out_in_html_and_text() -> None:
    rendered = render(compiled("Tekst."), values())
    for part in (rendered.html[rendered.html.index("<body") :], rendered.text):
        for shown in ("Solid Performance", "Voorbeeldstraat 1, 1234 AB Voorbeeldstad", "00000000", REASON, UNSUBSCRIBE):
            assert shown in part


@pytest.mark.parametrize(
    ("old", "name"),
    [
        ("**{{ practice.name }}**\\\n", "practice.name"),
        ("{{ practice.address }}\\\n", "practice.address"),
        ("KvK {{ practice.kvk }}\\\n", "practice.kvk"),
        ("[Geen mails meer ontvangen]({{ unsubscribe_url }})", "unsubscribe_url"),
        ("{{ reason }}", "reason"),
    ],
)
@pytest.mark.parametrize("how", ["left out", "in a branch", "in a comment"])
def test_a_footer_without_one_of_them_cannot_be_published(old: str, name: str, how: str) -> None:
    sources = layouts()
    assert old in sources[FOOTER]
    less = {
        "left out": "",
        "in a branch": "{% if practice.logo %}" + old.rstrip("\\\n") + "{% endif %}\n",
        "in a comment": "",
    }
    sources[FOOTER] = sources[FOOTER].replace(old, less[how])
    if how == "in a comment":
        frame = sources["layouts/standaard.mjml"]
        hidden = "{{ " + name + " }}"
        sources["layouts/standaard.mjml"] = frame.replace("<mj-body", f"<!-- {hidden} --><mj-body")
    mail, problems = compile_mail("proef", {**sources, "proef.md": HEAD + "# Kop\n\nTekst."})
    assert mail is None
    assert any(p.id == "mail.required" and f"{{{{ {name} }}}}" in p.message for p in problems), [
        str(p) for p in problems
    ]


@pytest.mark.parametrize("key", ["name", "address", "kvk"])
def test_a_practice_without_one_of_them_holds_the_mail(key: str) -> None:
    for empty in ("", " ", None):
        with pytest.raises(HeldMailError):
            render(compiled("Tekst."), values().model_copy(update={"practice": practice() | {key: empty}}))


def test_a_mail_to_a_lead_needs_one_and_the_same_link_in_head_and_body() -> None:
    mail = compiled("Tekst.")
    with pytest.raises(HeldMailError):
        compose(mail, values(), headers(link="https://mail.example/u/" + "B" * 48))
    with pytest.raises(HeldMailError):
        compose(mail, values().model_copy(update={"unsubscribe_url": None}), headers())


def test_a_mail_to_the_practice_goes_to_no_lead() -> None:
    mail = compiled("Tekst.", head=HEAD.replace("reason:", "audience: practice\nreason:"))
    with pytest.raises(HeldMailError, match="how to unsubscribe"):
        compose(mail, values(), headers())
    assert compose(mail, values().for_practice(), headers()._replace(unsubscribe_url=None))


@pytest.mark.parametrize("name", ["confirm_url", "booking_url", "preferences_url", "answer_url_base"])
def test_a_value_that_is_missing_at_send_time_holds_the_mail(name: str) -> None:
    mail = compiled('[a]({{ confirm_url }}) [b]({{ booking_url }}) [c]({{ answer_url("same") }})')
    with pytest.raises(HeldMailError):
        render(mail, values().model_copy(update={name: None}))


def test_a_field_that_the_practice_lacks_holds_the_mail() -> None:
    mail = compiled("Prijs: {{ practice.pain_check.price }}")
    lacking = {key: value for key, value in practice().items() if key != "pain_check"}
    for given in (lacking, lacking | {"pain_check": {}}, lacking | {"pain_check": {"price": ""}}):
        with pytest.raises(HeldMailError):
            render(mail, values().model_copy(update={"practice": given}))


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Zoë", "Hoi Zoë,"), (None, "Hoi,"), ("", "Hoi,"), ("  ", "Hoi,"), ("www.kwaad.nl", "Hoi,"), ("a@b.nl", "Hoi,")]
    + [
        (name, "Hoi,")
        for name in ("R2D2", "<b>Jan</b>", "x" * 41, "Jan\r\nBcc: a", "=?utf-8?q?a?=", "https://a", "Jan\u2028")
    ],
)
def test_a_salutation_has_a_name_or_does_without(name: str | None, expected: str) -> None:
    rendered = render(compiled("Hoi{% if first_name %} {{ first_name }}{% endif %},"), values(first_name=name))
    assert f"\n{expected}\n" in rendered.text
    assert f">{expected}</p>" in rendered.html
