"""What is written out to paste into a website."""

from __future__ import annotations

from service.domain.forms import Option, Question
from service.web.snippets import Place, snippets
from tests.support.sample_pages import FORM

AT = Place(base_url="https://mail.example.nl", privacy_url="https://www.example.nl/privacy")


def test_each_names_our_address_and_the_form() -> None:
    found = snippets(FORM, AT)
    assert found.consent_version == "2026-1"
    for text in (found.script, found.button, found.iframe, found.link):
        assert "https://mail.example.nl/" in text
        assert "lage-rug" in text
    assert 'data-mode="button"' in found.button
    assert 'href="https://www.example.nl/privacy"' in found.plain


def test_the_plain_form_has_every_question_and_both_texts_and_the_page_where_it_is_known() -> None:
    found = snippets(FORM, AT).plain
    for question in FORM.questions:
        assert question.label in found
        for option in question.options:
            assert f'name="answers.{question.name}" value="{option.value}"' in found
    assert FORM.consent.advice.text in found
    assert FORM.consent.follow_up.text in found
    assert "source_url" not in found
    page = Place(**{**vars(AT), "page_url": "https://www.example.nl/artikel"})
    assert 'name="source_url" value="https://www.example.nl/artikel"' in snippets(FORM, page).plain


def test_words_of_staff_stay_words() -> None:
    options = (Option(value="a", label="<b>"), Option(value="b", label='"'))
    form = FORM.model_copy(
        update={"title": '"><script>', "questions": (Question(name="q", label="1 < 2 & 3", options=options),)}
    )
    for text in vars(snippets(form, AT)).values():
        assert "<script>" not in text.replace("\n<script>\naddEventListener", "")
        assert "<b>" not in text
        assert "1 < 2" not in text
