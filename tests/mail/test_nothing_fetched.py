"""No mail follows its reader: no pixel, no wrapped link, no image but the practice's own (M10)."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest

from service.mail.compose import render
from tests.support.house import shipped
from tests.support.mails import compiled, layouts, said, values
from tests.support.shipped_mails import BASE, shipped_mails

MAILS = shipped_mails()
_FETCHES = {"src", "srcset", "background", "poster", "data", "ping", "action"}
_OURS = re.compile(
    re.escape(BASE)
    + r"/(?:[abcup]/[A-Za-z-]+(?:\?answer=(?:better|same|worse))?|studio(?:/results\?weeks=4|/leads/\d+)?)"
)


class _Reader(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.fetched: list[tuple[str, str]] = []
        self.links: list[tuple[str, str]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.fetched += [(tag, name) for name, _ in attrs if name in _FETCHES]
        self.fetched += [(tag, "tag")] if tag in {"img", "link", "script", "iframe", "object", "form"} else []
        self.links += [(tag, value or "") for name, value in attrs if name == "href"]


@pytest.mark.parametrize("name", MAILS)
def test_a_shipped_mail_fetches_nothing(name: str) -> None:
    html = MAILS[name].html
    assert _Reader(html).fetched == []
    assert not re.search(r"url\s*\(|@import|@font-face", html)


@pytest.mark.parametrize("name", MAILS)
def test_a_link_of_a_shipped_mail_leads_straight_to_what_it_names(name: str) -> None:
    practice = shipped().content.practice
    assert practice is not None
    own = {practice.privacy_url, *(address for _, address in practice.links if address)}
    links = _Reader(MAILS[name].html).links
    assert links or name in {"dienst-melding", "dienst-antwoord", "dienst-account"}
    for tag, target in links:
        assert tag == "a"
        assert urlsplit(target).scheme == "tel" or target in own or _OURS.fullmatch(target), target


def test_a_link_is_sent_as_it_was_written() -> None:
    target = "https://praktijk.example/artikel?deel=2&stap=3#kop"
    rendered = render(compiled(f"[Lees ons artikel]({target})"), values())
    assert ("a", target) in _Reader(rendered.html).links
    assert target in rendered.text


@pytest.mark.parametrize(
    "image", ["![x](https://teller.example/p.gif)", "![x](http://teller.example/p.gif)", "![x](//teller.example/p.gif)"]
)
def test_an_image_from_elsewhere_is_refused(image: str) -> None:
    assert any("image" in line or "afbeelding" in line for line in said(f"Tekst.\n\n{image}")), said(image)


def test_the_logo_is_the_one_image_and_comes_from_where_the_practice_says() -> None:
    body = "{% if practice.logo %}\n![{{ practice.name }}]({{ practice.logo }})\n{% endif %}\n\nTekst."
    html = render(compiled(body), values(logo="https://praktijk.example/logo.png")).html
    assert re.findall(r'<img[^>]*src="([^"]+)"', html) == ["https://praktijk.example/logo.png"]


@pytest.mark.parametrize(
    ("there", "instead"),
    [
        (
            '<mj-section padding="0" />',
            '<mj-section padding="0" background-color="#fff url(https://teller.example/p)" />',
        ),
        ('<mj-section padding="0" />', '<mj-section padding="0" border="1px solid red;color:red" />'),
        ("p { margin: 0 0 16px }", "p { background: image-set('https://teller.example/p' 1x) }"),
        ("p { margin: 0 0 16px }", "p { background: url(https://teller.example/p) }"),
    ],
)
def test_a_layout_that_fetches_something_is_refused_wherever_it_says_so(there: str, instead: str) -> None:
    frame = layouts()["layouts/standaard.mjml"]
    assert there in frame
    more = {"layouts/standaard.mjml": frame.replace(there, instead, 1)}
    assert any("fetch nothing" in line for line in said("Tekst.", more=more))
