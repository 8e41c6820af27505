"""Drafts that are not saved, made by one warm process: bombs waste that one, and nobody waits for ever."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import nullcontext

import pytest

from service.errors import UnavailableError
from service.flows import samples
from service.flows.content_desk import ContentDesk
from service.flows.drafts import Draft, read_draft
from service.flows.previews import Previews
from service.mail.compose import MailValues
from service.mail.workshop import Limits
from tests.support import compiling
from tests.support.house import BASE_URL, ROOT

HEAD = (
    '---\nsubject: "Hoi {{ practice.name }}"\npreheader: Een regel die lang genoeg is om te tonen\nreason: Zo.\n---\n'
)
SLOW = "|a|b|\n|-|-|\n" + "|a|b|\n" * 5000
PATIENT = Limits(seconds=60)


@pytest.fixture(autouse=True)
def _each_starts_its_process(monkeypatch: pytest.MonkeyPatch) -> None:
    compiling.forget(monkeypatch)


@pytest.fixture(scope="module")
def draft() -> Draft:
    return read_draft(ROOT)


@pytest.fixture(scope="module")
def values(draft: Draft) -> MailValues:
    practice = samples.practice_of(draft)
    assert practice is not None
    url = f"{BASE_URL}/u/x"
    given = ("confirm_url", "booking_url", "unsubscribe_url", "preferences_url", "answer_url_base")
    return MailValues(practice=practice, first_name="Anna", **dict.fromkeys(given, url))


@pytest.fixture
def previews() -> Iterator[Previews]:
    made = Previews(limits=PATIENT)
    yield made
    made.close()


def test_a_text_is_made_and_filled_in_amid_the_other_files(
    previews: Previews, draft: Draft, values: MailValues
) -> None:
    text = HEAD + '# Kop\n\n{% include "_aanhef.md" %}\n\n**Nieuw** woord.\n'
    first = previews.of(draft, ROOT, "hoe-ging-het", text, values)
    assert first.rendered is not None
    assert first.rendered.subject == "Hoi Solid Performance"
    assert "Hallo Anna" in first.rendered.text
    assert ">Nieuw</strong>" in first.rendered.html
    nameless = values.model_copy(update={"first_name": None})
    second = previews.of(draft, ROOT, "hoe-ging-het", text, nameless)
    assert second.rendered is not None
    assert "Hallo," in second.rendered.text


def test_what_is_wrong_is_told_by_file_and_line(previews: Previews, draft: Draft, values: MailValues) -> None:
    found = previews.of(draft, ROOT, "nieuw", HEAD + "# Kop\n\n{{ voornaam }}\n", values)
    assert found.rendered is None
    [wrong] = [each for each in found.problems if each.severity == "error"]
    assert (wrong.file, wrong.line) == ("email_templates/nieuw.md", 8)


def test_a_partial_is_shown_in_a_mail_that_has_it_or_by_itself(
    previews: Previews, draft: Draft, values: MailValues
) -> None:
    inside = previews.of(draft, ROOT, "_groet", "Tot snel, zeggen wij.\n", values, inside="hoe-ging-het")
    assert inside.rendered is not None
    assert "Tot snel, zeggen wij." in inside.rendered.text
    assert "Het gaat beter" in inside.rendered.text
    alone = previews.of(draft, ROOT, "_nieuw", "Los blok met {{ eigen }}.\n", values)
    assert {each.file for each in alone.problems} == {"email_templates/_nieuw.md"}


def test_a_bomb_ends_in_a_problem_and_the_next_text_is_made(draft: Draft, values: MailValues) -> None:
    previews = Previews(limits=Limits(seconds=0.3))
    slow = HEAD + "# Kop\n\n" + SLOW
    for _ in range(4):  # a folder is given up after three: one's own preview is not
        found = previews.of(draft, ROOT, "traag", slow, values)
        assert [each.id for each in found.problems] == ["mail.too-slow"]
        assert not previews.is_warm
    previews._limits = PATIENT
    assert previews.of(draft, ROOT, "goed", HEAD + "# Kop\n\nHoi.\n", values).rendered is not None
    previews.close()


def test_whoever_comes_while_another_is_served_is_told_to_wait(draft: Draft, values: MailValues) -> None:
    previews = Previews(limits=PATIENT, wait=0.01)
    with previews._turn(), pytest.raises(UnavailableError, match="somebody else"):
        previews.of(draft, ROOT, "goed", HEAD + "# Kop\n\nHoi.\n", values)
    previews.close()


def test_a_process_that_nobody_needs_is_let_go(draft: Draft) -> None:
    previews = Previews(limits=PATIENT, idle=0.01)
    previews.warm()
    held = previews._held.timer
    assert isinstance(held, threading.Timer)
    held.join(20)
    assert not previews.is_warm
    assert previews.of(draft, ROOT, "goed", HEAD + "# Kop\n\nHoi.\n", None).mail is not None
    previews.close()


def test_a_saved_folder_is_compiled_by_the_warm_process_or_where_it_is_cold_or_busy_by_another(draft: Draft) -> None:
    previews = Previews(limits=PATIENT)
    with previews.lent() as cold:
        pass
    previews.warm()
    with previews.lent() as warm, previews.lent() as beside:
        assert len({cold.pid, warm.pid, beside.pid}) == 3
    with previews.lent() as again:
        assert again.pid == warm.pid
        desk = ContentDesk(ROOT, lambda: nullcontext(again))
        assert desk.draft().parts == draft.parts
    assert previews.is_warm
    previews.close()


def test_a_bomb_in_a_saved_file_ends_the_warm_process_and_no_preview_is_given_up_for_it(draft: Draft) -> None:
    previews = Previews(limits=Limits(seconds=0.3))
    previews.warm()
    with previews.lent() as workshop:
        workshop.folder({**draft.content.templates, "traag.md": HEAD + "# Kop\n\n" + SLOW})
        _, problems = workshop.mail("traag")
    assert [each.id for each in problems] == ["mail.too-slow"]
    assert not previews.is_warm
