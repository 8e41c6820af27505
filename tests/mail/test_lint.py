"""The rules together: each is asked, and all that they find is told at once (S1)."""

from __future__ import annotations

import inspect
from types import ModuleType

import pytest

from service.mail import lint_links, lint_looks, lint_safety, lint_words
from service.mail.lint import BODY_RULES, HEAD_RULES
from tests.support.mails import HEAD, tried


@pytest.mark.parametrize("module", [lint_links, lint_looks, lint_safety, lint_words], ids=lambda each: each.__name__)
def test_no_rule_is_written_and_never_asked(module: ModuleType) -> None:
    listed: dict[str, tuple[object, ...]] = {"Head": HEAD_RULES, "Body": BODY_RULES}
    for name, function in inspect.getmembers(module, inspect.isfunction):
        kinds = [parameter.annotation for parameter in inspect.signature(function).parameters.values()]
        if function.__module__ == module.__name__ and not name.startswith("_") and kinds in (["Head"], ["Body"]):
            assert function in listed[kinds[0]], name


def test_everything_that_is_wrong_is_told_at_once_each_on_its_line_and_in_both_languages() -> None:
    head = HEAD.replace("Begin vandaag", "Pijn? " + "a" * 40).replace("Een eerste stap voor thuis. Je", "Je")
    body = (
        "Gegarandeerd goed, zegt de fysiotherapeut.\n\n"
        "Klik [hier](http://a.nl/rug).\n\n"
        "[Ja]({{ confirm_url }}){.button}\n\n"
        "[Graag]({{ booking_url }}){.button}\n"
    )
    problems = tried(body, head=head)[1]
    assert sorted((problem.line, problem.id.removeprefix("mail.")) for problem in problems) == [
        (1, "buttons"),
        (1, "price-missing"),
        (2, "complaint-word"),
        (2, "subject-long"),
        (3, "preheader-length"),
        (8, "claim"),
        (8, "title"),
        (10, "complaint-word"),
        (10, "link-http"),
        (10, "link-text"),
    ]
    assert all(problem.dutch and problem.dutch != problem.message for problem in problems)
