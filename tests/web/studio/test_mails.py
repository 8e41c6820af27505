"""Writing mails in the studio: what there is, saving, a new one, one that goes, a clinician's yes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from service.domain.staff import Role
from service.flows import publishing
from service.flows.content_desk import ContentDesk
from service.flows.drafts import read_draft
from service.mail.approvals import approval, approve, without_approval
from service.store import events
from tests.support import saves, studio
from tests.support.house import House
from tests.support.studio import ESRA, FRANK, Desk, desk, hire

pytestmark = pytest.mark.files

MAIL = "/studio/mails/hoe-ging-het"


def file(house: House, name: str) -> Path:
    return house.services.content_dir / "email_templates" / f"{name}.md"


def mark(there: Desk, path: str) -> str:
    """Of the file as its page shows it."""
    found = re.search(r'name="mark" value="([0-9a-f]+)"', there.see(path).text)
    assert found is not None
    return found[1]


def publish(house: House) -> None:
    with house.services.database.transaction() as session:
        draft = read_draft(house.services.content_dir)
        found = publishing.changes(session, draft)
        publishing.publish(session, house.services, draft, found, by="studio:1", now=house.clock.now())


def actions(house: House) -> list[str]:
    with house.services.database.reading() as session:
        return [each.action for each in events.audit_log(session, limit=9)]


def card(page: str, name: str) -> str:
    """What the first card of a mail says."""
    found = re.search(rf'<a href="/studio/mails/{name}">.*?</li>\n</ul>', page, re.DOTALL)
    assert found is not None, name
    return " ".join(re.sub(r"<[^>]+>", " ", found[0]).split())


def test_two_mails_of_one_subject_are_told_apart_by_their_tabs(house: House) -> None:
    there = desk(house, hire(house))
    pages = [there.see(f"/studio/mails/{name}").text for name in ("advies-lage-rug", "advies-uitstraling-been")]
    titles = [re.findall("<title>(.*?)</title>", page) for page in pages]
    assert titles[0] == ["Je gratis advies: begin vandaag · advies lage rug · Studio"]
    assert titles[1] != titles[0]


def test_what_went_wrong_is_named_in_the_tab_as_on_the_page(house: House) -> None:
    there = desk(house, hire(house))
    for path, named in (("/studio/mails/geen", "Deze pagina is er niet"), ("/studio/staff", "Dit mag je niet")):
        page = there.see(path).text
        assert f"<title>{named} · Studio</title>" in page
        assert f"<h1>{named}</h1>" in page


def test_each_mail_stands_as_a_card_that_says_how_it_stands(house: House) -> None:
    there = desk(house, hire(house))
    page = there.see("/studio/mails").text
    assert "Staat live" in card(page, "hoe-ging-het")
    assert "12 teksten wachten op goedkeuring" in card(page, "advies-lage-rug")
    assert page.index('id="reeks-lage-rug"') < page.index("advies-lage-rug") < page.index('id="service"')
    text = file(house, "hoe-ging-het").read_text()
    file(house, "hoe-ging-het").write_text(text.replace("Welke zin", "Wat"))
    file(house, "tips").write_text("---\nsubject: Tips\npreheader: x\nreason: y\n---\n# Tips\n\n{{ voornaam }}\n")
    file(house, "_groet").write_text("Tot snel.\n")
    page = there.see("/studio/mails").text
    assert "Veranderd, nog niet gepubliceerd" in card(page, "hoe-ging-het")
    assert "1 fout" in card(page, "tips")
    assert "Veranderd, nog niet gepubliceerd" in card(page, "_groet")
    file(house, "tips").unlink()
    publish(house)
    assert "Staat live" in card(there.see("/studio/mails").text, "hoe-ging-het")


def test_saving_a_mail_writes_its_file_and_nothing_else_of_it(house: House) -> None:
    there = desk(house, hire(house))
    before = file(house, "hoe-ging-het").read_text()
    body = before.split("---\n", 2)[2].replace("Welke zin past bij jou?", "Wat past bij jou? {{ practice.name }}")
    answer = there.post(
        MAIL, tab="text", mark=mark(there, MAIL), subject="Hoe is het nu?", body=body.replace("\n", "\r\n")
    )
    assert (answer.status_code, answer.headers["location"]) == (303, f"{MAIL}?done=saved")
    saved = file(house, "hoe-ging-het").read_text()
    assert saved == before.replace("subject: Hoe ging de eerste stap?", "subject: Hoe is het nu?").replace(
        "Welke zin past bij jou?", "Wat past bij jou? {{ practice.name }}"
    )
    assert actions(house)[0] == "content saved"
    page = there.see(f"{MAIL}?done=saved").text
    assert 'value="Hoe is het nu?"' in page
    assert "Opgeslagen als concept" in page
    same = there.post(MAIL, tab="text", mark=mark(there, MAIL), subject="Hoe is het nu?", body=body)
    assert same.headers["location"] == f"{MAIL}?done=same"
    assert actions(house).count("content saved") == 1


def test_a_subject_left_empty_is_told_as_the_field_is_called(house: House) -> None:
    there = desk(house, hire(house))
    there.post(MAIL, tab="text", mark=mark(there, MAIL), subject="", body="# Kop\n")
    assert 'subject: ""' in file(house, "hoe-ging-het").read_text()
    page = there.see(MAIL).text
    assert "Het onderwerp is leeg. Vul dit in." in page
    assert "ontbreekt" not in page


def test_the_source_is_the_whole_file(house: House) -> None:
    there = desk(house, hire(house))
    page = there.see(f"{MAIL}?tab=source").text
    assert "reason: &#34;Je krijgt deze mail" in page
    text = file(house, "hoe-ging-het").read_text() + "\nEen regel erbij.\n"
    answer = there.post(MAIL, tab="source", mark=mark(there, MAIL), source=text)
    assert answer.headers["location"] == f"{MAIL}?done=saved&tab=source"
    assert file(house, "hoe-ging-het").read_text() == text


def test_a_file_that_changed_meanwhile_is_not_written_over(house: House) -> None:
    there = desk(house, hire(house))
    old = mark(there, MAIL)
    file(house, "hoe-ging-het").write_text("van een ander\n")
    answer = there.post(MAIL, tab="source", mark=old, source="van mij\n")
    assert answer.status_code == 409
    assert file(house, "hoe-ging-het").read_text() == "van een ander\n"


def test_a_head_that_cannot_be_read_can_be_mended_in_the_source(house: House) -> None:
    there = desk(house, hire(house))
    file(house, "hoe-ging-het").write_text("---\nsubject: {{\n---\n# Kop\n")
    page = there.see(MAIL).text
    assert 'name="source"' in page
    assert 'name="subject"' not in page
    assert "De regels boven in dit bestand zijn niet te lezen" in page


def test_a_file_in_an_old_code_is_shown_and_never_saved_back(house: House) -> None:
    there = desk(house, hire(house))
    file(house, "hoe-ging-het").write_bytes("---\nsubject: caf\xe9\n---\n# Kop\n".encode("cp1252"))
    answer = there.post(MAIL, tab="text", mark=mark(there, MAIL), subject="café", body="# Kop\n")
    assert answer.status_code == 409
    assert b"\xe9" in file(house, "hoe-ging-het").read_bytes()


def test_what_the_page_does_not_know_is_refused(house: House) -> None:
    there = desk(house, hire(house))
    for path in (
        f"{MAIL}?tab=x",
        f"{MAIL}?done=x",
        f"{MAIL}?sort=x",
        f"{MAIL}/preview?look=../x",
        "/studio/mails?done=x",
    ):
        assert there.see(path).status_code == 422, path


NOT_THERE = ("geen", "..%2Fpractice", "layouts%2Fstandaard", "_geen", "x" * 200, "%00", "%C3%A9", "practice.yaml")


def test_a_mail_that_is_not_there_is_not_found_on_any_page(house: House) -> None:
    there = desk(house, hire(house, FRANK, Role.MANAGER))
    fields = {"tab": "text", "body": "x", "by": "x", "revision": "1", "to": "1"}
    for mail in (f"/studio/mails/{name}" for name in NOT_THERE):
        for path in ("", "/preview", "/history", "/history/1"):
            assert there.see(f"{mail}{path}").status_code == 404, mail + path
        for path in ("", "/preview", "/check", "/test", "/restore", "/approve", "/delete"):
            assert there.post(f"{mail}{path}", **fields).status_code == 404, mail + path


def test_a_new_mail_is_empty_or_a_copy_and_overwrites_nothing(house: House) -> None:
    there = desk(house, hire(house))
    answer = there.post("/studio/mails/-/new", title="Tips voor thuis", copy="")
    assert answer.headers["location"] == "/studio/mails/tips-voor-thuis?done=made"
    assert "subject: Tips voor thuis\n" in file(house, "tips-voor-thuis").read_text()
    assert "Dit is je nieuwe mail" in there.see(answer.headers["location"]).text
    taken = there.post("/studio/mails/-/new", title="Tips voor thuis", copy="hoe-ging-het")
    assert taken.status_code == 422
    assert "Kies een andere naam" in taken.text
    there.post("/studio/mails/-/new", title="Kopie", copy="hoe-ging-het")
    assert file(house, "kopie").read_bytes() == file(house, "hoe-ging-het").read_bytes()
    there.post("/studio/mails/-/new", title="Wandelen kort", copy="_oefening-wandelen")
    assert file(house, "_wandelen-kort").exists()
    for copied in ("geen", "../practice", "layouts/standaard"):
        assert there.post("/studio/mails/-/new", title="Iets", copy=copied).status_code == 422
    assert not file(house, "iets").exists()


def test_only_what_nothing_uses_can_be_taken_away(house: House) -> None:
    there = desk(house, hire(house))
    for name in ("hoe-ging-het", "_groet", "_veiligheid", "dienst-melding"):
        path = f"/studio/mails/{name}"
        assert "Weghalen" not in there.see(path).text
        assert there.post(f"{path}/delete", mark=mark(there, path)).status_code == 409
        assert file(house, name).exists()
    there.post("/studio/mails/-/new", title="Tips", copy="")
    path = "/studio/mails/tips"
    assert there.post(f"{path}/delete", mark="0" * 32).status_code == 409
    assert there.post(f"{path}/delete", mark=mark(there, path)).headers["location"] == "/studio/mails?done=deleted"
    assert not file(house, "tips").exists()


def test_a_manager_writes_an_approval_down_and_it_lapses_with_the_text(house: House) -> None:
    editor, manager = desk(house, hire(house, ESRA)), desk(house, hire(house, FRANK, Role.MANAGER, "Frank"))
    path = "/studio/mails/_stopregel"
    assert "Een manager kan de goedkeuring vastleggen" in editor.see(path).text
    assert editor.post(f"{path}/approve", by="Dr. A. Vermeer", mark=mark(editor, path)).status_code == 403
    assert "Deze tekst goedkeuren" in manager.see(path).text
    old = mark(manager, path)
    body = file(house, "_stopregel").read_text()
    assert manager.post(f"{path}/approve", by="  ", mark=old).status_code == 409
    assert manager.post(f"{path}/approve", by="Dr. A. Vermeer", mark=old).status_code == 303
    approved = file(house, "_stopregel").read_text()
    assert approval(approved).state == "approved"
    assert approved.endswith(body.split("---\n", 2)[2])
    assert actions(house)[:2] == ["approved", "content saved"]
    assert "Goedgekeurd door Dr. A. Vermeer" in studio.words(manager.see(path))
    assert manager.post(f"{path}/approve", by="Een ander", mark=old).status_code == 409
    assert approval(approved + "Nog een regel.\n").state == "lapsed"
    groet = "/studio/mails/_groet"
    assert manager.post(f"{groet}/approve", by="Dr. A. Vermeer", mark=mark(manager, groet)).status_code == 409


def test_no_text_is_approved_that_was_not_on_the_page(house: House) -> None:
    manager = desk(house, hire(house, FRANK, Role.MANAGER, "Frank"))
    path, own = "/studio/mails/_oefening-brug", file(house, "_oefening-brug")
    old = mark(manager, path)
    own.write_text(own.read_text().replace("twee keer 8", "twintig keer 80"))
    answer = manager.post(f"{path}/approve", by="Dr. A. Vermeer", mark=old)
    assert answer.status_code == 409
    assert "De tekst is veranderd sinds je hem zag." in studio.words(answer)
    assert 'name="held"' not in answer.text, "there is nothing to choose between"
    assert approval(own.read_text()).state == "missing"


def test_every_way_to_an_approval_is_noted_as_one(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    manager = desk(house, hire(house, FRANK, Role.MANAGER, "Frank"))
    path, own = "/studio/mails/_stopregel", file(house, "_stopregel")
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(ContentDesk, "writable", False)
        refused = manager.post(f"{path}/approve", by="Dr. A. Vermeer", mark=mark(manager, path))
    held = refused.text.partition('name="held" value="')[2].partition('"')[0]
    assert (refused.status_code, "approved" in actions(house)) == (409, False)
    assert manager.post("/studio/publish/conflict", held=held, choice="mine").status_code == 303
    assert approval(own.read_text()).state == "approved"
    assert actions(house)[:2] == ["approved", "content saved"]
    other = approve(f"{own.read_text()}Nog een regel.\n", by="Dr. B. de Wit", on=house.clock.now().date())
    assert manager.post(path, tab="source", source=other, mark=mark(manager, path)).status_code == 303
    with house.services.database.reading() as session:
        noted = [each.details for each in events.audit_log(session, limit=9, action="approved")]
    assert noted == [{"partial": "_stopregel.md", "by": name} for name in ("Dr. B. de Wit", "Dr. A. Vermeer")]
    odd = approve(f"{other}Nog een.\n", by="Dr. C", on=house.clock.now().date()).replace("by: Dr. C", r'by: "Dr.\0C"')
    assert manager.post(path, tab="source", source=odd, mark=mark(manager, path)).status_code == 303


def test_an_exercise_can_be_approved_though_its_head_does_not_ask_for_it(house: House) -> None:
    manager = desk(house, hire(house, FRANK, Role.MANAGER, "Frank"))
    path, text = "/studio/mails/_oefening-brug", file(house, "_oefening-brug")
    text.write_text(text.read_text().replace("needs_approval: true\n", ""))
    page = manager.see(path).text
    assert "Een behandelaar moet deze tekst nog goedkeuren" in page
    assert "Deze tekst goedkeuren" in page
    assert manager.post(f"{path}/approve", by="Dr. A. Vermeer", mark=mark(manager, path)).status_code == 303
    assert approval(text.read_text()).state == "approved"


def test_an_approved_version_is_put_back_by_an_editor_also_over_what_a_colleague_saved(house: House) -> None:
    path, own = "/studio/mails/_stopregel", file(house, "_stopregel")
    own.write_text(approve(own.read_text(), by="Dr. A. Vermeer", on=house.clock.now().date()))
    publish(house)
    approved = own.read_text()
    editor = desk(house, hire(house, ESRA))
    own.write_text(f"{without_approval(approved)}Nog een regel.\n")
    old = mark(editor, path)
    own.write_text(f"{without_approval(approved)}Een regel van Frank.\n")
    page = editor.see(f"{path}/history").text
    revision = re.findall(r'name="revision" value="(\d+)"', page)[0]
    conflict = editor.post(f"{path}/restore", revision=revision, mark=old)
    assert conflict.status_code == 409
    held = conflict.text.partition('name="held" value="')[2].partition('"')[0]
    assert editor.post("/studio/publish/conflict", held=held, choice="mine").status_code == 303
    assert own.read_text() == approved


def test_an_approval_leaves_the_line_ends_and_nobody_approves_what_is_no_utf_8(house: House) -> None:
    manager = desk(house, hire(house, FRANK, Role.MANAGER, "Frank"))
    path, text = "/studio/mails/_stopregel", file(house, "_stopregel")
    text.write_bytes(text.read_bytes().replace(b"\n", b"\r\n"))
    assert manager.post(f"{path}/approve", by="Dr. A. Vermeer", mark=mark(manager, path)).status_code == 303
    assert approval(text.read_bytes().decode()).state == "approved"
    assert text.read_bytes().count(b"\n") == text.read_bytes().count(b"\r\n")
    old = text.read_bytes() + b"caf\xe9\r\n"
    text.write_bytes(old)
    assert manager.post(f"{path}/approve", by="Dr. A. Vermeer", mark=mark(manager, path)).status_code == 409
    assert manager.post("/studio/mails/-/new", title="Regel", copy="_stopregel").status_code == 422
    assert text.read_bytes() == old


def test_a_mail_may_be_called_what_a_page_of_the_room_is_called(house: House) -> None:
    there = desk(house, hire(house))
    text = file(house, "hoe-ging-het").read_text()
    for name in ("media", "new"):
        file(house, name).write_text(text)
    for name in ("media", "new"):
        assert f'action="/studio/mails/{name}"' in there.see(f"/studio/mails/{name}").text
    assert there.see("/studio/mails/-/media").status_code == 200


def test_an_editor_types_no_approval_and_keeps_the_one_that_is_there(house: House) -> None:
    editor = desk(house, hire(house, ESRA))
    path, own = "/studio/mails/_stopregel", file(house, "_stopregel")
    before = own.read_text()
    day = house.clock.now().date()

    def save(text: str) -> int:
        return editor.post(path, tab="source", source=text, mark=mark(editor, path)).status_code

    assert save(approve(f"{before}Nog een regel.\n", by="Dr. A. Vermeer", on=day)) == 403
    assert own.read_text() == before
    own.write_text(approve(before, by="Dr. A. Vermeer", on=day))
    assert save(f"{own.read_text()}Nog een regel.\n") == 303
    assert approval(own.read_text()).state == "lapsed"
    assert save(approve(own.read_text(), by="Dr. A. Vermeer", on=day)) == 403
    assert "approved" not in actions(house)
    assert save(without_approval(own.read_text())) == 303
    assert approval(own.read_text()).state == "missing"


def test_what_an_editor_typed_below_an_approval_is_not_lost_where_this_process_never_saw_what_it_began_with(
    house: House,
) -> None:
    editor = desk(house, hire(house, ESRA))
    path, own = "/studio/mails/_stopregel", file(house, "_stopregel")
    own.write_text(approve(own.read_text(), by="Dr. A. Vermeer", on=house.clock.now().date()))
    old, typed = mark(editor, path), f"{own.read_text()}Een uur werk.\n"
    own.write_text(f"{own.read_text()}Van een ander.\n")
    saves.desk_of(editor.client.app)._known.clear()  # as after a restart, or in another process
    answer = editor.post(path, tab="source", source=typed, mark=old)
    assert answer.status_code == 409
    assert "Een uur werk." in answer.text
    assert 'name="held"' in answer.text, "and theirs stands beside it"
