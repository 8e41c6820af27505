"""A new topic, copied from another: it works at once, takes no approval along, and is written whole or not at all."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest

from service.errors import NotFoundError, NurtureError, ProblemsError, RefusedError
from service.flows import new_topic
from service.flows.content import read_content
from service.flows.drafts import read_draft
from service.flows.whole_files import replace_file
from service.mail.approvals import approval, approve
from service.mail.words import COMPLAINT
from service.web.snippets import Place, snippets
from tests.support import acts, drafts
from tests.support.folders import content_copy
from tests.support.house import open_house, part

APPROVED = ("_oefening-brug.md", "_oefening-wandelen.md", "_veiligheid.md")


@pytest.fixture
def content(tmp_path: Path) -> Path:
    return content_copy(tmp_path)


def texts(folder: Path) -> Mapping[str, str]:
    """Every file beneath the folder with its text."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in files}


def start(
    folder: Path, name: str = "nek", source: str = "lage-rug", *, topic: str = "", title: str = "Nek: en schouder"
) -> None:
    """Prepare and write it."""
    new_topic.write(folder, new_topic.prepare(folder, name, source=source, topic=topic or name, title=title))


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped content with the topic nek in it, copied from lage-rug; only to be looked at."""
    folder = content_copy(tmp_path_factory.mktemp("started"))
    for name in APPROVED:
        path = folder / "email_templates" / name
        path.write_text(approve(path.read_text(encoding="utf-8"), by="Dr. A. Vermeer", on=date(2026, 3, 2)))
    start(folder)
    return folder


def test_an_opt_in_for_the_new_topic_gets_its_advice_and_then_its_follow_ups(
    migrated_database_url: str, started: Path, tmp_path: Path
) -> None:
    draft = read_draft(started)
    assert draft.errors == []
    with open_house(migrated_database_url, tmp_path, content_dir=started) as house:
        assert drafts.publish(house, draft) >= 2
        acts.confirmed(house, topic="nek")
        house.live_through(days=3)
        sent = [(each.template, each.state) for each in house.messages()]
        mails = house.mails()
    assert sent == [("advies-nek", "accepted"), ("hoe-ging-het-nek", "accepted")]
    for mail in mails:
        for url in re.findall(r"https?://[^\s\"<>]+", part(mail, "plain") + part(mail, "html")):
            assert not COMPLAINT.search(url)
            assert not re.search(r"\bnek\b", url), "a link tells nobody what it is about"


@pytest.mark.parametrize("title", [">-\n  Lage\n  rug", "|\n  Lage rug\n", "'Lage rug'   # de naam"])
def test_a_title_is_replaced_however_it_is_written(content: Path, title: str) -> None:
    path = content / "sequences/lage-rug.yaml"
    path.write_text(path.read_text().replace("title: Lage rugpijn", f"title: {title}"))
    start(content, title="Nek")
    assert read_content(content).sequences["nek"].title == "Nek"


def test_files_of_staff_keep_every_byte_and_every_comment(content: Path, started: Path) -> None:
    before, after = texts(content), texts(started)
    assert after["forms.yaml"].startswith(before["forms.yaml"].rstrip())
    untouched = set(before) - {"forms.yaml", *(f"email_templates/{name}" for name in APPROVED)}
    assert all(after[name] == before[name] for name in untouched)
    comments = [line for line in before["sequences/lage-rug.yaml"].splitlines() if line.lstrip().startswith("#")]
    kept = after["sequences/nek.yaml"]
    assert all(line.replace("simulate lage-rug", "simulate nek") in kept for line in comments)


def test_the_new_sequence_has_the_same_steps_with_mails_of_its_own(started: Path) -> None:
    sequences = read_content(started).sequences
    new, old = sequences["nek"], sequences["lage-rug"]
    assert (new.title, new.topic) == ("Nek: en schouder", "nek")
    assert [(step.key, step.wait) for step in new.steps] == [(step.key, step.wait) for step in old.steps]
    assert not set(new.templates()) & set(old.templates()), "to change a mail here changes none there"


def test_no_answer_of_the_copied_form_leads_to_another_topic(started: Path) -> None:
    forms = read_content(started).forms
    assert forms
    assert forms.forms["nek"].topics() == ("nek",)
    assert forms.forms["lage-rug"].topics() == ("lage-rug", "uitstraling-been")
    assert forms.forms["nek"].consent == forms.forms["lage-rug"].consent


def test_a_copied_text_has_no_approval_and_a_shared_one_keeps_its_own(started: Path) -> None:
    folder = started / "email_templates"

    def state(name: str) -> str:
        return approval((folder / name).read_text(encoding="utf-8")).state

    assert state("_oefening-brug-nek.md") == "missing"
    assert [state(name) for name in APPROVED] == ["approved"] * 3
    advice = (folder / "advies-nek.md").read_text(encoding="utf-8")
    for partial in ("_oefening-brug-nek.md", "_oefening-wandelen.md", "_veiligheid.md"):
        assert f'{{% include "{partial}" %}}' in advice
    assert not (folder / "_veiligheid-nek.md").exists()


def test_the_checklist_names_every_text_there_is_to_adapt(content: Path, started: Path) -> None:
    text = (started / "sequences/nek.checklist.md").read_text(encoding="utf-8")
    for file in set(texts(started)) - set(texts(content)):
        if file.startswith("email_templates/"):
            assert f"- [ ] `{file}`" in text
    forms = read_content(started).forms
    assert forms
    pasted = snippets(forms.forms["nek"], Place(base_url="https://mail.example.nl", privacy_url="https://example.nl"))
    assert '<input type="hidden" name="form" value="nek">' in pasted.plain
    assert 'name="topic"' not in pasted.plain
    assert "`nurture snippets nek` zien:\n      het stuurt `form` mee met de waarde `nek`." in text
    assert "`topic`" not in text
    for words in ("nurture check", "simulate nek", "send-test advies-nek", "nurture publish", "`version`", "`nek`"):
        assert words in text


def test_a_copy_can_be_copied_again_with_variants_and_another_topic(started: Path, tmp_path: Path) -> None:
    content = tmp_path / "content"
    shutil.copytree(started, content)
    path = content / "sequences/nek.yaml"
    text = path.read_text(encoding="utf-8").replace(
        "template: uitnodiging-nek\n", "variants: {a: uitnodiging-nek, b: laatste-bericht-nek}\n"
    )
    path.write_text(text, encoding="utf-8")
    start(content, "knie", source="nek", topic="knie-vraag")
    sequence = read_content(content).sequences["knie"]
    assert sequence.topic == "knie-vraag"
    step = sequence.step("uitnodiging")
    assert step
    assert step.variants == {"a": "uitnodiging-knie", "b": "laatste-bericht-knie"}
    assert (content / "email_templates/_oefening-brug-nek-knie.md").exists()


@pytest.mark.parametrize(
    ("name", "source", "topic", "error", "dutch"),
    [
        ("lage-rug", "lage-rug", "nek", RefusedError, "er is al een reeks lage-rug"),
        ("nek", "lage-rug", "uitstraling-been", RefusedError, "er is al een topic uitstraling-been"),
        ("nek", "schouder", "nek", NotFoundError, "reeks schouder bestaat niet; kies uit: lage-rug, uitstraling-been"),
        ("Nek", "lage-rug", "nek", RefusedError, "'Nek' kan niet"),
        ("../nek", "lage-rug", "nek", RefusedError, "'../nek' kan niet"),
        ("nek", "lage-rug", "nek " * 20, RefusedError, "kan niet"),
        ("", "lage-rug", "nek", RefusedError, "'' kan niet"),
    ],
)
def test_a_name_that_is_taken_or_none_is_refused_and_nothing_written(
    content: Path, name: str, source: str, topic: str, error: type[NurtureError], dutch: str
) -> None:
    before = texts(content)
    with pytest.raises(error) as caught:
        start(content, name, source, topic=topic)
    assert caught.value.dutch.startswith(dutch) or dutch in caught.value.dutch
    assert texts(content) == before


def test_a_mail_that_is_there_already_is_never_written_over(content: Path) -> None:
    (content / "email_templates/advies-nek.md").write_text(
        (content / "email_templates/advies-lage-rug.md").read_text(encoding="utf-8"), encoding="utf-8"
    )
    before = texts(content)
    with pytest.raises(RefusedError, match=r"email_templates/advies-nek\.md"):
        start(content)
    assert texts(content) == before


def test_content_with_an_error_is_mended_first(content: Path) -> None:
    path = content / "email_templates/uitnodiging.md"
    path.write_text(path.read_text(encoding="utf-8") + "\n{{ voornaam }}\n", encoding="utf-8")
    before = texts(content)
    with pytest.raises(ProblemsError):
        start(content)
    assert texts(content) == before


def test_whichever_file_cannot_be_written_all_of_them_are_taken_back(
    content: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = new_topic.prepare(content, "nek", source="lage-rug", topic="nek", title="Nek")
    before, write = texts(content), replace_file
    for fails_at in found.files:

        def until(path: Path, text: str, last: str = fails_at) -> None:
            if path == content / last:
                raise OSError(28, "No space left on device", str(path))
            write(path, text)

        monkeypatch.setattr("service.flows.new_topic.replace_file", until)
        with pytest.raises(RefusedError, match="nothing was written"):
            new_topic.write(content, found)
        assert texts(content) == before, fails_at


def test_two_mails_whose_names_differ_by_the_topic_alone_stay_two(content: Path) -> None:
    mails, sequence = content / "email_templates", content / "sequences" / "lage-rug.yaml"
    text = sequence.read_text(encoding="utf-8")
    for old, new in (("niets-te-zien", "zitten"), ("zitten-staan-tillen", "zitten-lage-rug")):
        shutil.copy(mails / f"{old}.md", mails / f"{new}.md")
        text = text.replace(f"template: {old}\n", f"template: {new}\n")
    sequence.write_text(text, encoding="utf-8")
    start(content)
    named = {step.key: step.template for step in read_content(content).sequences["nek"].steps}
    assert (named["niets-te-zien"], named["zitten-staan-tillen"]) == ("zitten-nek", "zitten-lage-rug-nek")
    for old, new in (("niets-te-zien", "zitten-nek"), ("zitten-staan-tillen", "zitten-lage-rug-nek")):
        assert _subject(mails / f"{old}.md") == _subject(mails / f"{new}.md")


def _subject(path: Path) -> list[str]:
    return [line for line in path.read_text(encoding="utf-8").split("\n") if line.startswith("subject:")]
