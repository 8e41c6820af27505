"""A mail poured into its mould has the bytes that rendering all of it for that lead would give."""

from __future__ import annotations

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.mail.compiled import CompiledMail
from service.mail.compose import HeldMailError, MailValues, Mould, render
from service.mail.lines import Lines, has_dot
from service.mail.mime import build
from tests.support.house import shipped
from tests.support.mails import HEAD, compiled, headers, practice

PRINTED = (
    "Hoi{% if first_name %} {{ first_name }}{% endif %}, ë. "
    "[Afspraak]({{ booking_url }}) [Ja]({{ answer_url('better') }})"
)
LOOKED_AT = [
    "Hoi{% if first_name %} {{ first_name|upper }}{% endif %}.",
    "Hoi {{ (first_name or 'jij')|lower }}.",
    "{% if first_name == 'Anna' %}Dag Anna{% else %}Dag{% endif %}",
    "Hoi {{ first_name or 'jij' }}.",
    "{% if first_name and answers.posture == 'flat' %}Plat, {{ first_name }}{% elif first_name %}Anders{% endif %}",
    "{{ first_name if first_name else 'jij' }}",
    "{% if first_name is none %}Niemand{% endif %}",
]
MOULDS = {mail: Mould(shipped().mails[mail], practice()) for mail in ("advies-lage-rug", "hoe-ging-het", "uitnodiging")}
TOKENS = st.text(string.ascii_letters + string.digits + "-_", min_size=1, max_size=60)
NAMES = st.sampled_from(["Anna", "Zoë", "D'Arcy", "J.", "字", "Anne-Marie van der Berg", "A\u0301", ""]) | st.none()


def both(mould: Mould, mail: CompiledMail, given_values: MailValues) -> tuple[bytes, bytes]:
    head = headers(link=given_values.unsubscribe_url or "")
    rendered = render(mail, given_values)
    whole = build(subject=rendered.subject, text=rendered.text, html=rendered.html, headers=head)
    poured = mould.compose(given_values, head)
    assert isinstance(poured, Lines)
    assert Lines.of(bytes(poured)) == poured, "it promises to be lines"
    assert poured.is_plain == (poured.isascii() and not has_dot(poured)), "and that none of them needs a second look"
    return poured, whole


def filled(name: str | None, token: str, posture: str = "flat", *others: str) -> MailValues:
    """With this token in each link, or others in some of them."""
    base = "https://mail.example"
    c, b, u, p, a = (*others, *[token] * (5 - len(others)))
    return MailValues(
        practice=practice(),
        first_name=name,
        answers={"posture": posture},
        confirm_url=f"{base}/c/{c}",
        booking_url=f"{base}/b/{b}",
        unsubscribe_url=f"{base}/u/{u}",
        preferences_url=f"{base}/p/{p}",
        answer_url_base=f"{base}/a/{a}",
    )


@settings(max_examples=60)
@given(name=NAMES, token=TOKENS, posture=st.sampled_from(["flat", "hollow", "unknown"]))
def test_a_shipped_mail_has_the_bytes_that_rendering_it_for_this_lead_gives(
    name: str | None, token: str, posture: str
) -> None:
    draft = shipped()
    for mail in ("advies-lage-rug", "hoe-ging-het", "uitnodiging"):
        poured, rendered = both(MOULDS[mail], draft.mails[mail], filled(name, token, posture))
        assert poured == rendered


@settings(max_examples=60)
@given(tokens=st.lists(TOKENS, min_size=5, max_size=5), name=NAMES)
def test_wherever_the_lengths_of_tokens_have_their_lines_broken_the_bytes_are_the_same(
    tokens: list[str], name: str | None
) -> None:
    body = (
        "ëëëëëëëëë. [Ja]({{ answer_url('better') }}) [Nee]({{ answer_url('same') }}) "
        "{% if first_name %}{{ first_name }}{% endif %} "
        "[Afspraak]({{ booking_url }}) [Afspraak]({{ booking_url }})"
    )
    mail = compiled(body)
    poured, rendered = both(Mould(mail, practice()), mail, filled(name, "", "flat", *tokens))
    assert poured == rendered


@pytest.mark.parametrize("body", [PRINTED, *LOOKED_AT])
def test_whatever_a_template_does_with_a_value_each_lead_has_her_own(body: str) -> None:
    mail = compiled(body, head=HEAD.replace("Begin vandaag", "'Dag {{ first_name or \"jij\" }}'"))
    mould = Mould(mail, practice())
    for name in ("Anna", "Bram", "D'Arcy", "Anna"):
        for token in ("een", "twee"):
            poured, rendered = both(mould, mail, filled(name, token))
            assert poured == rendered


@pytest.mark.parametrize(
    "body",
    [
        ".nl is van ons.",
        "Hoi{% if first_name %} {{ first_name }}{% endif %}.\\\n.nl",
        f"{'a' * 75}.nl",
        f"[{'a' * 75}]({{{{ booking_url }}}}).{'b' * 75}.nl",
    ],
)
def test_a_line_that_begins_with_a_dot_is_known_wherever_it_comes_from(body: str) -> None:
    mail = compiled(body)
    whole = [both(Mould(mail, practice()), mail, filled("Anna", "x" * length)) for length in range(1, 80)]
    assert all(poured == rendered for poured, rendered in whole)
    assert any(has_dot(poured) for poured, _ in whole), "no line of any of them begins so"


def test_what_a_mould_keeps_is_nobodys_own() -> None:
    for body in (PRINTED, *LOOKED_AT):
        mould = Mould(compiled(body), practice())
        given_values = filled("Annabella", "T0K3N")
        mould.compose(given_values, headers(link=given_values.unsubscribe_url or ""))
        assert not {name for name in ("Annabella", "ANNABELLA", "T0K3N") if name in repr(vars(mould))}


def test_an_address_that_ends_in_no_token_is_filled_in_whole() -> None:
    mail = compiled(PRINTED)
    mould = Mould(mail, practice())
    for end in ("?a=1&b=2", "%20", "~x"):
        poured, rendered = both(mould, mail, filled("Anna", f"token{end}"))
        assert poured == rendered


def test_a_value_that_is_nothing_but_a_token_is_not_taken_for_one_that_is_missing() -> None:
    mail = compiled("Hoi.{% if booking_url %} Daar: {{ booking_url }}{% endif %}")
    mould = Mould(mail, practice())
    for value in ("", "T0K3N", "", "B00K"):
        poured, rendered = both(mould, mail, filled(None, "een").model_copy(update={"booking_url": value}))
        assert poured == rendered
        assert (b"Daar" in poured) == bool(value)


def test_a_value_that_is_missing_holds_the_mail_of_that_lead_alone() -> None:
    mould = Mould(compiled("[Afspraak]({{ booking_url }})"), practice())
    good, bad = filled("Anna", "een"), filled("Bram", "twee").model_copy(update={"booking_url": ""})
    head = headers(link=good.unsubscribe_url or "")
    mould.compose(good, head)
    with pytest.raises(HeldMailError):
        mould.compose(bad, headers(link=bad.unsubscribe_url or ""))
    assert b"/b/een" in mould.compose(good, head)


def test_conditions_that_turn_out_in_many_ways_are_each_filled_in_rightly() -> None:
    mail = compiled("{% if answers.posture == 'p7' %}Zeven{% else %}Anders{% endif %}")
    mould = Mould(mail, practice())
    for number in (*range(150), 7):
        poured, rendered = both(mould, mail, filled("Anna", "een", f"p{number}"))
        assert poured == rendered
        assert (b"Zeven" in poured) == (number == 7)
