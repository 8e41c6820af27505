"""A new topic from an old one, its checklist, and a sequence that takes nobody new in."""

from __future__ import annotations

import re

import pytest

from service.errors import InvalidInputError, RefusedError
from service.flows import publishing, sequence_archive
from service.flows.content import read_content
from service.flows.drafts import read_draft
from tests.support import acts
from tests.support.house import House
from tests.support.studio import desk, hire, words
from tests.support.website import website
from tests.web.studio.test_sequences import file_of, seen, text_of

pytestmark = pytest.mark.files

HERE = "/studio/sequences/lage-rug"


def publish(house: House) -> None:
    draft = read_draft(house.services.content_dir)
    assert not draft.errors
    with house.services.database.transaction() as session:
        found = publishing.changes(session, draft)
        publishing.publish(session, house.services, draft, found, by="test", now=house.clock.now())


def test_a_topic_is_copied_whole_and_leads_to_its_checklist(house: House) -> None:
    here = desk(house, hire(house))
    done = here.post(f"{HERE}/copy", name="nek", title="Nekklachten")
    assert (done.status_code, done.headers["location"]) == (303, "/studio/sequences/nek/checklist")
    content = read_content(house.services.content_dir)
    assert not [each for each in content.problems if each.severity == "error"]
    assert content.sequences["nek"].title == "Nekklachten"
    assert content.forms is not None
    assert content.forms.forms["nek"].topic == "nek"
    assert (house.services.content_dir / "sequences" / "nek.checklist.md").exists()
    page = words(here.see("/studio/sequences/nek/checklist"))
    assert "✓ De reeks en haar mails hebben geen fouten" in page
    assert "✓ Een formulier leidt naar deze reeks In orde. Formulier nek" in page
    assert "! Een zorgverlener heeft elke medische tekst goedgekeurd" in page
    assert "! De reeks is gepubliceerd Nog niet." in page
    assert "Wat je daar plakt, staat bij formulier nek. Het stuurt die naam mee." in page
    assert "krijgt ook deze naam" in words(here.see(f"{HERE}/copy"))
    assert "Nekklachten Nog nooit gepubliceerd" in words(here.see("/studio/sequences"))


def test_forms_written_on_windows_stay_so_when_a_form_comes_and_when_it_goes(house: House) -> None:
    forms = house.services.content_dir / "forms.yaml"
    before = b"\xef\xbb\xbf" + forms.read_bytes().replace(b"\n", b"\r\n")
    forms.write_bytes(before)
    here = desk(house, hire(house))
    assert here.post(f"{HERE}/copy", name="nek", title="Nekklachten").status_code == 303
    grown = forms.read_bytes()
    assert grown.startswith(before.rstrip())
    assert grown.count(b"\n") == grown.count(b"\r\n")
    page = here.see("/studio/sequences/nek/archive").text
    marks = dict(re.findall(r'name="(seen\w*)" value="([0-9a-f]+)"', page))
    assert here.post("/studio/sequences/nek/archive", what="archive", **marks).status_code == 303
    assert forms.read_bytes().rstrip() == before.rstrip()


def test_a_copy_that_cannot_be_leaves_the_folder_as_it_was(house: House) -> None:
    here = desk(house, hire(house))

    def folder() -> dict[str, bytes]:
        found = house.services.content_dir
        return {str(each): each.read_bytes() for each in found.rglob("*") if each.is_file() and each.name[0] != "."}

    before = folder()
    for name, title in (("", "Nek"), ("Nek!", "Nek"), ("lage-rug", "Nek"), ("nek", " "), ("../nek", "Nek")):
        answer = here.post(f"{HERE}/copy", name=name, title=title)
        assert answer.status_code == 422, name
        assert 'class="error"' in answer.text
    taken = here.post(f"{HERE}/copy", name="forms", title="Nek")
    assert "Er is nog niets bewaard" in words(taken)
    assert "is al de naam van een ander onderdeel" in words(taken)
    file_of(house, "kapot").write_text("title: [", encoding="utf-8")
    assert here.post(f"{HERE}/copy", name="nek", title="Nek").status_code == 422
    file_of(house, "kapot").unlink()
    assert folder() == before


@pytest.mark.parametrize("title", ["Nek\u00adklachten", "\u200bNek", "\U0001f469\u200d\u2695\ufe0f Nek"])
def test_an_invisible_character_in_a_title_is_told_as_one(house: House, title: str) -> None:
    here = desk(house, hire(house))
    for page in ("copy", "rules"):
        answer = here.post(f"{HERE}/{page}", name="nek", title=title)
        assert answer.status_code == 422
        assert "In de titel staat een onzichtbaar teken" in answer.text
        assert "een titel." not in words(answer)


def test_no_copy_takes_the_name_of_what_is_live_without_a_file(house: House) -> None:
    here, folder = desk(house, hire(house)), house.services.content_dir
    for path in [*folder.glob("sequences/uitstraling-been*"), *folder.glob("email_templates/*uitstraling-been*")]:
        path.unlink()
    forms = folder / "forms.yaml"
    forms.write_text(forms.read_text(encoding="utf-8").replace(", chooses_topic: uitstraling-been", ""))
    answer = here.post(f"{HERE}/copy", name="uitstraling-been", title="Iets anders")
    assert answer.status_code == 422
    assert "Er is al een reeks met deze naam gepubliceerd." in answer.text
    assert not file_of(house, "uitstraling-been").exists()


def test_nobody_new_enters_an_archived_sequence_and_who_is_under_way_gets_the_rest(house: House) -> None:
    acts.confirmed(house)
    house.tick()
    here = desk(house, hire(house))
    page = here.see("/studio/sequences/uitstraling-been/archive")
    assert "lage-rug" in page.text
    copy = here.post(f"{HERE}/copy", name="nek", title="Nek")
    assert copy.status_code == 303
    archive = {"seen": seen(here, f"{HERE}/archive"), "seen_forms": _seen_forms(here.see(f"{HERE}/archive").text)}
    done = here.post(f"{HERE}/archive", what="archive", **archive)
    assert (done.status_code, done.headers["location"]) == (303, f"{HERE}?done=archived")
    assert "topic: lage-rug\narchived: true\n" in text_of(house)
    assert "Gearchiveerd" in here.see("/studio/sequences").text
    content = read_content(house.services.content_dir)
    assert content.forms is not None
    assert list(content.forms.forms) == ["nek"]
    publish(house)
    refused = website(house).post(
        "/api/opt-ins", json={"email": "bram@example.org", "topic": "lage-rug", "consent_advice": True}
    )
    assert refused.status_code == 422
    with pytest.raises(InvalidInputError):
        house.opt_in("bram@example.org")
    before = len(house.mails("anna@example.org"))
    house.live_through(days=40)
    assert len(house.mails("anna@example.org")) > before + 4
    assert "bij Publiceren zet je een eerdere versie van de formulieren terug" in words(here.see(f"{HERE}/archive"))
    reopened = here.post(f"{HERE}/archive", what="reopen", seen=seen(here, f"{HERE}/archive"))
    assert reopened.status_code == 303
    assert "archived" not in text_of(house)
    publish(house)
    house.opt_in("bram@example.org")


def _seen_forms(page: str) -> str:
    return page.partition('name="seen_forms" value="')[2].partition('"')[0]


def test_the_last_form_stays_and_a_changed_one_is_not_written_over(house: House) -> None:
    here = desk(house, hire(house))
    only = here.post(f"{HERE}/archive", what="archive", seen=seen(here, f"{HERE}/archive"), seen_forms="x")
    assert only.status_code == 422
    assert "Dit is het enige formulier" in only.text
    there = "/studio/sequences/uitstraling-been"
    forms = house.services.content_dir / "forms.yaml"
    marks = {"seen": seen(here, f"{there}/archive"), "seen_forms": _seen_forms(here.see(f"{there}/archive").text)}
    forms.write_text(forms.read_text(encoding="utf-8") + "# van een ander\n", encoding="utf-8")
    before = forms.read_text(encoding="utf-8")
    assert here.post(f"{there}/archive", what="archive", **marks).status_code == 409
    assert forms.read_text(encoding="utf-8") == before
    assert "archived" not in text_of(house, "uitstraling-been")
    marks["seen_forms"] = _seen_forms(here.see(f"{there}/archive").text)
    assert here.post(f"{there}/archive", what="archive", **marks).status_code == 303
    assert forms.read_text(encoding="utf-8") == before.replace(", chooses_topic: uitstraling-been", "")
    assert here.post(f"{there}/archive", what="verzonnen", **marks).status_code == 422


def test_before_archiving_one_sees_which_forms_go_and_what_is_left_without_any(house: House) -> None:
    here = desk(house, hire(house))
    page = words(here.see(f"{HERE}/archive"))
    assert "verdwijnen, met alle antwoorden erin: lage-rug" in page
    assert "geen formulier meer naar deze onderwerpen. Maak daar eerst een voor: uitstraling-been" in page
    assert "leidt een antwoord hierheen" not in page
    other = words(here.see("/studio/sequences/uitstraling-been/archive"))
    assert "leidt een antwoord hierheen. Dat antwoord blijft, en leidt hier niet meer heen: lage-rug" in other
    assert "verdwijnen, met alle antwoorden" not in other
    assert "geen formulier meer" not in other


def test_nothing_is_archived_while_nobody_can_tell_which_forms_lead_there(house: House) -> None:
    here = desk(house, hire(house))
    forms = house.services.content_dir / "forms.yaml"
    forms.write_text(forms.read_text(encoding="utf-8").replace("    button: Stuur mij het advies\n", "", 1))
    there = "/studio/sequences/uitstraling-been"
    marks = {"seen": seen(here, f"{there}/archive"), "seen_forms": _seen_forms(here.see(f"{there}/archive").text)}
    answer = here.post(f"{there}/archive", what="archive", **marks)
    assert answer.status_code == 422
    assert "In forms.yaml staat een fout." in words(answer)
    assert "archived" not in text_of(house, "uitstraling-been")


def test_a_form_that_leads_to_an_archived_sequence_is_an_error_in_the_folder(house: House) -> None:
    text = text_of(house).replace("topic: lage-rug", "topic: lage-rug\narchived: true")
    file_of(house).write_text(text, encoding="utf-8")
    found = [each for each in read_content(house.services.content_dir).problems if each.severity == "error"]
    assert [(each.id, each.file, each.line) for each in found] == [("form-archived-topic", "forms.yaml", 9)]


def test_a_sequence_that_was_never_archived_is_the_same_revision_as_before(house: House) -> None:
    sequence = read_content(house.services.content_dir).sequences["lage-rug"]
    assert "archived" not in sequence.model_dump(mode="json")
    assert sequence.model_copy(update={"archived": True}).model_dump(mode="json")["archived"] is True


def test_forms_keep_their_bytes_but_for_what_led_there(house: House) -> None:
    text = (house.services.content_dir / "forms.yaml").read_text(encoding="utf-8")
    assert sequence_archive.forms_without(text, "niets") == text
    with pytest.raises(RefusedError):
        sequence_archive.forms_without(text, "lage-rug")
