"""What is no fault of grammar but must not go out unnoticed: the rules, each one function with an id of its own.

docs/meldingen.md explains every id to the staff. What concerns several files at once is in `flows/content_lint.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from service.errors import Problem
from service.mail import lint_links, lint_looks, lint_safety, lint_words
from service.mail.written import Body, Head

HEAD_RULES: tuple[Callable[[Head], Iterable[Problem]], ...] = (
    lint_words.encoded_word,
    lint_words.complaint_in_head,
    lint_words.claims_in_head,
    lint_looks.long_subject,
    lint_looks.length_of_preheader,
)

BODY_RULES: tuple[Callable[[Body], Iterable[Problem]], ...] = (
    lint_safety.exercise_outside_its_partial,
    lint_words.claims,
    lint_words.protected_titles,
    lint_words.complaint_in_address,
    lint_links.not_https,
    lint_links.says_nothing,
    lint_links.image_says_nothing,
    lint_links.price_missing,
    lint_looks.several_main_buttons,
    lint_looks.images_alone,
    lint_looks.text_part_empty,
    lint_looks.wide_table,
)

FOOTER_RULES: tuple[Callable[[Body], Iterable[Problem]], ...] = (
    lint_safety.exercise_outside_its_partial,
    lint_words.complaint_in_address,
    lint_links.not_https,
    lint_links.says_nothing,
    lint_links.image_says_nothing,
)
"""Those of the body that are no business of a mail as a whole. Claims and titles are looked for in
`flows/content_lint.py`."""


def lint_head(head: Head) -> list[Problem]:
    """What the rules say of subject, preheader and reason."""
    return [problem for rule in HEAD_RULES for problem in rule(head)]


def lint_body(body: Body) -> list[Problem]:
    """What the rules say of a mail as it reads."""
    return [problem for rule in BODY_RULES for problem in rule(body)]


def lint_footer(footer: Body) -> list[Problem]:
    """What the rules say of what stands beneath every mail."""
    return [problem for rule in FOOTER_RULES for problem in rule(footer)]
