"""Contrast as WCAG 2.2 counts it, over the colours that reach each text (M11)."""

from __future__ import annotations

import pytest

from service.mail.contrast import pairs, ratio

DARK = "<style>@media (prefers-color-scheme: dark) {{ {} }}</style>"


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [("#000000", "#ffffff", 21), ("#ffffff", "#ffffff", 1), ("#767676", "#ffffff", 4.54), ("#ff0000", "#ffffff", 4.0)],
)
def test_the_ratio_is_that_of_wcag(one: str, other: str, expected: float) -> None:
    assert ratio(one, other) == pytest.approx(expected, abs=0.005)
    assert ratio(other, one) == ratio(one, other)


def seen(html: str, scheme: str = "light") -> set[tuple[str, str]]:
    return {(pair.text, pair.ground) for pair in pairs(html) if pair.scheme == scheme}


def test_a_colour_reaches_down_until_another_takes_over() -> None:
    html = '<div style="color:#111;background-color:#eee"><p>a<b style="color:#222222">b</b></p></div>'
    assert seen(html) == {("#111111", "#eeeeee"), ("#222222", "#eeeeee")}
    assert seen('<td bgcolor="#ABCDEF">x</td>') == {("#000000", "#abcdef")}


def test_hidden_text_and_what_stands_in_the_head_do_not_count() -> None:
    assert seen('<head><title>x</title></head><div style="display:none;color:#999">x</div><p> </p>') == set()


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ("p { color: #aaaaaa }", "#aaaaaa"),
        (".box p { color: #aaaaaa !important }", "#aaaaaa"),
        (".box > p { color: #aaaaaa }", "#000000"),
        (".in > p { color: #aaaaaa }", "#aaaaaa"),
        (".in p.big { color: #aaaaaa } .in p { color: #bbbbbb }", "#aaaaaa"),
        ("p { color: #aaaaaa } p { color: #bbbbbb }", "#bbbbbb"),
        (".other p { color: #aaaaaa }", "#000000"),
    ],
)
def test_in_dark_mode_the_weightiest_rule_wins(rule: str, text: str) -> None:
    html = DARK.format(rule) + '<div class="box"><div class="in"><p class="big">x</p></div></div>'
    assert seen(html, "dark") == {(text, "#ffffff")}
    assert seen(html, "light") == {("#000000", "#ffffff")}
