"""The layout: linted, fetching nothing, and fit to be read by everybody (M10, M11)."""

from __future__ import annotations

import re

import pytest

from service.mail.compile import compile_mail
from service.mail.compose import render
from tests.support.mails import HEAD, compiled, layouts, values

FRAME = "layouts/standaard.mjml"


def problems_with(old: str, new: str) -> list[str]:
    sources = layouts()
    assert old in sources[FRAME]
    sources[FRAME] = sources[FRAME].replace(old, new, 1)
    return [str(problem) for problem in compile_mail("proef", {**sources, "proef.md": HEAD + "# Kop\n\nTekst."})[1]]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "<mj-column>",
            "<mj-colum>",
            "the tag `<mj-colum>` is unknown or not allowed in a layout. Did you mean mj-column?",
        ),
        ('<mj-text css-class="content"', '<mj-text css-clas="content"', "Did you mean css-class?"),
        (
            "<mj-column>",
            '<mj-column><mj-image src="https://a.nl/p.gif" />',
            "the tag `<mj-image>` is unknown or not allowed",
        ),
        ("<mj-column>", '<mj-column><mj-raw><img src="https://a.nl/p.gif"></mj-raw>', "the tag `<img>` is unknown"),
        ("<mj-head>", '<mj-head><mj-font name="X" href="https://a.nl/x.css" />', "the tag `<mj-font>` is unknown"),
        ("<mj-head>", "<mj-head><mj-raw><script></script></mj-raw>", "the tag `<script>` is unknown"),
        ("<mj-column>", '<mj-column><mj-button href="https://a.nl">x</mj-button>', "goes to one link variable only"),
        (":root {", "@import 'x'; :root {", "a style sheet may fetch nothing"),
        (":root {", ".x { background: url(https://a.nl/x) } :root {", "a style sheet may fetch nothing"),
        ("p { margin: 0 0 16px }", "p > b { margin: 0 }", "the inlined style `p > b` is too clever"),
        ("</mj-column>", "", "closes nothing here"),
        ("{{ practice.name }}", "{{ practice.naam }}", "`practice.naam` is unknown"),
        ("{{ practice.name }}", "{{ self }}", "`self` is unknown"),
    ],
)
def test_a_mistake_in_a_layout_is_named(old: str, new: str, message: str) -> None:
    found = problems_with(old, new)
    assert any(line.startswith("email_templates/layouts/standaard.mjml:") and message in line for line in found), found


def shown() -> str:
    body = (
        "Tekst met een [link](https://a.nl).\n\n[Ja]({{ confirm_url }}){.button}\n\n"
        "::: veiligheid\n## Lees\n\nx\n:::\n\n::: kader\nx\n:::\n\n| a | b |\n|---|---|\n| c | d |\n"
    )
    return render(compiled(body), values()).html


def test_a_mail_fetches_nothing_from_anywhere() -> None:
    html = shown()
    assert not re.search(r"<(?:img|script|iframe|link|object|video|form)\b|\bsrc=|@import|@font-face|url\(", html)


def test_a_mail_says_its_language_has_one_heading_and_marks_its_layout_tables() -> None:
    html = shown()
    assert '<html lang="nl"' in html
    assert html.count("<h1") == 1
    visible = re.sub(r"<!--.*?-->", "", html, flags=re.DOTALL)
    tables = re.findall(r"<table[^>]*>", visible)
    data = [table for table in tables if 'role="presentation"' not in table]
    assert len(tables) > 6
    assert len(data) == 1, "the one table of the mail's own"
    assert 'scope="col"' in visible


def test_a_mail_knows_dark_mode_and_small_screens_and_hides_its_preheader() -> None:
    html = shown()
    assert '<meta name="color-scheme" content="light dark"' in html
    assert "prefers-color-scheme: dark" in html
    assert "max-width: 480px" in html
    assert re.search(r'<div style="display:none[^"]*">Een eerste stap voor thuis.', html)
