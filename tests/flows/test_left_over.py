"""What nothing uses: mails, partials, images, answers; and nothing that is used after all."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from service.flows.content import Content
from service.flows.content_lint import lint_content
from service.flows.drafts import SAFETY, SERVICE_MAILS
from service.flows.left_over import left_over
from tests.support.house import shipped

USED = (SAFETY, *SERVICE_MAILS)


def with_templates(**files: str) -> Content:
    content = shipped().content
    return replace(content, templates={**content.templates, **{f"{name}.md": text for name, text in files.items()}})


def found(content: Content, images: tuple[str, ...] = ()) -> list[tuple[str, str, int | None]]:
    return [(each.id, each.file, each.line) for each in left_over(content, used=USED, images=images)]


def test_a_mail_that_no_sequence_sends_warns() -> None:
    assert found(with_templates(oud="Tekst.")) == [("mail.unused", "email_templates/oud.md", 1)]


def test_a_partial_that_no_mail_includes_warns_also_when_another_lost_one_includes_it() -> None:
    lost = with_templates(_a='{% include "_b.md" %}', _b="Tekst.")
    assert found(lost) == [
        ("mail.unused", "email_templates/_a.md", 1),
        ("mail.unused", "email_templates/_b.md", 1),
    ]


def test_a_partial_within_a_partial_is_used_and_one_in_a_comment_is_not() -> None:
    first = shipped().content.templates["_groet.md"]
    assert found(with_templates(_groet=first + '\n{% include "_b.md" %}', _b="Tekst.")) == []
    assert found(with_templates(_groet=first + '\n{# {% include "_b.md" %} #}', _b="Tekst.")) == [
        ("mail.unused", "email_templates/_b.md", 1)
    ]


def test_a_broken_sequence_makes_no_mail_look_left_over() -> None:
    content = shipped().content
    assert found(replace(content, sequences={"lage-rug": content.sequences["lage-rug"]})) == []


def test_an_image_that_no_mail_and_no_practice_file_names_warns() -> None:
    content = with_templates(_groet="![Ons team in de praktijk](media/team.png)")
    assert found(content, ("team.png", "oud/kast.png")) == [("media.unused", "media/oud/kast.png", None)]


@pytest.mark.parametrize(
    ("name", "warns"), [("sport", True), ("posture", False), ("helped", False)], ids=["unused", "in a mail", "a button"]
)
def test_an_answer_that_nothing_uses_warns_since_it_need_not_be_asked(name: str, warns: bool) -> None:
    content = shipped().content
    assert content.forms is not None
    document: dict[str, Any] = content.forms.model_dump(mode="json")
    document["forms"]["lage-rug"]["questions"][1]["name"] = name
    forms = type(content.forms).model_validate(document)
    wanted = [("form-unused-answer", "forms.yaml", 24)] if warns else []
    assert found(replace(content, forms=forms)) == wanted


@pytest.mark.parametrize(("name", "opening"), [("oud", "{#"), ("layouts/oud", "<!--"), ("layouts/oud", "<mj-style")])
def test_what_is_opened_a_hundred_thousand_times_and_never_closed_comes_to_an_end(name: str, opening: str) -> None:
    content = with_templates(**{name: opening * 100_000})
    assert (f"email_templates/{name}.md" in {each.file for each in left_over(content, used=USED, images=())}) == (
        name == "oud"
    )
    assert lint_content(content, {}) == lint_content(shipped().content, {})
