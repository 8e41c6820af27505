"""A layout whose colours can be read, with styles that mail programs know (M11)."""

from __future__ import annotations

import pytest

from service.mail.compile import compile_mail
from tests.support.mails import HEAD, layouts

FRAME = "layouts/standaard.mjml"


def found(old: str, new: str) -> list[tuple[str, str, str]]:
    sources = layouts()
    assert old in sources[FRAME]
    sources[FRAME] = sources[FRAME].replace(old, new, 1)
    problems = compile_mail("proef", {**sources, "proef.md": HEAD + "# Kop\n\nTekst."})[1]
    return [(p.id, p.message, (sources[FRAME].split("\n")[(p.line or 1) - 1])) for p in problems]


def test_the_shipped_layout_raises_no_finding() -> None:
    assert found("<mjml", "<mjml") == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("p { margin: 0 0 16px }", "p { margin: 0 0 16px; color: #999999 }", "text of #999999 on #ffffff (light mode)"),
        (".klein a.button { color: #ffffff }", "", "text of #4d5b58 on #1f5f5b (light mode)"),
        ("line-height: 20px; color: #4d5b58 }", "line-height: 20px; color: #aaaaaa }", "on #faf7f2 (light mode)"),
        (".content a, .content a.quiet { color: #9bdad2", ".content a, .content a.quiet { color: #333333", "dark mode"),
        (".footer div, .footer p, .footer a { color: #b4c4c1", ".x { color: #b4c4c1", "#4d5b58 on #111d1c (dark mode)"),
    ],
)
def test_a_colour_that_cannot_be_read_on_its_ground_warns(old: str, new: str, message: str) -> None:
    problems = found(old, new)
    assert {each[0] for each in problems} == {"mail.contrast"}
    assert any(message in each[1] for each in problems), problems


def test_a_poor_contrast_names_the_line_of_the_colour() -> None:
    (problem,) = found("a.quiet { color: #4d5b58 }", "a.quiet { color: #a0a0a0 }")[:1]
    assert "a.quiet { color: #a0a0a0 }" in problem[2]


@pytest.mark.parametrize(
    "style",
    [
        "position: absolute",
        "display: flex",
        "display:grid",
        "color: var(--main)",
        "width: calc(100% - 2px)",
        "animation: x 1s",
        "background-image: none",
        "background: linear-gradient(#fff, #eee)",
        "width: 50vw",
        "font-size: 2rem",
        "color: rebeccapurple",
        "color: rgb(10, 20, 30)",
    ],
)
def test_a_style_that_mail_programs_leave_out_warns_on_its_line(style: str) -> None:
    problems = found("hr { margin", f"hr {{ {style}; margin")
    assert {each[0] for each in problems} == {"mail.layout-style"}
    assert all(style.split(":", maxsplit=1)[0] in each[2] for each in problems)


@pytest.mark.parametrize("style", ["text-transform: uppercase", "background-position: top", "max-width: 100px"])
def test_a_style_that_only_looks_like_one_of_them_does_not_warn(style: str) -> None:
    assert found("hr { margin", f"hr {{ {style}; margin") == []


@pytest.mark.parametrize(
    "tag",
    ["<form></form>", "<video></video>", "<svg></svg>", "<script></script>", '<link href="x" />', "<iframe></iframe>"],
)
def test_what_mail_programs_drop_is_no_part_of_a_layout(tag: str) -> None:
    assert "mail.layout" in [each[0] for each in found("<mj-head>", f"<mj-head><mj-raw>{tag}</mj-raw>")]
