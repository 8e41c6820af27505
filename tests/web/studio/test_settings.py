"""The settings of the studio: practice, closed days, forms, websites, consent, sending mail, and who may do what."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import unescape

import pytest
from httpx2 import Response

from service.domain.staff import Role
from service.flows import consent_texts, practice_editing, refused_origins, studio_settings
from service.flows.studio_settings import StudioSettings
from service.store import events
from service.store.staff_tables import Staff
from service.web.studio.rendering import zone_of
from tests.support import studio
from tests.support.house import House
from tests.support.studio import Desk, words
from tests.support.tours import settings as tour
from tests.support.website import OPT_IN

pytestmark = pytest.mark.files

SITE = "https://www.praktijk-elders.example"
ROOM = "/studio/settings"


@pytest.fixture
def admin(house: House) -> Desk:
    return studio.desk(house, studio.hire(house, studio.GIJS, Role.ADMIN, "Gijs"))


def text_of(house: House, file: str = "practice.yaml") -> str:
    return (house.services.content_dir / file).read_text(encoding="utf-8")


def mark(desk: Desk, path: str) -> str:
    page = desk.see(path).text
    return page.partition('name="mark" value="')[2].partition('"')[0]


def filled_in(house: House, **changes: str) -> dict[str, str]:
    """The form of the practice as it stands, with these changes."""
    facts = practice_editing.facts(text_of(house))
    fields = {path: "\n".join(facts[path]) for path in practice_editing.FACTS if path != "opening_days"}
    return fields | {name.replace("__", "."): value for name, value in changes.items()}


def send_facts(house: House, desk: Desk, **changes: str) -> tuple[int, str]:
    fields: dict[str, str | list[str]] = {**filled_in(house, **changes)}
    fields["opening_days"] = list(practice_editing.facts(text_of(house))["opening_days"])
    fields |= {"form_token": desk.form_token, "mark": mark(desk, f"{ROOM}/practice")}
    answer = desk.client.post(f"{ROOM}/practice", headers=studio.OURS, data=fields)
    return answer.status_code, unescape(answer.text)


def actions(house: House) -> list[str]:
    with house.services.database.reading() as session:
        return [each.action for each in events.audit_log(session, limit=20) if each.action != "published"]


def test_every_page_opens_in_both_languages_and_says_it_in_words(house: House, admin: Desk) -> None:
    english = studio.desk(house, studio.hire(house, studio.FRANK, Role.ADMIN, "Frank", language="en"))
    for name, path in tour.room(house):
        for desk in (admin, english):
            answer = desk.see(path)
            assert answer.status_code == 200, name
            assert "None" not in words(answer), name


def test_a_fact_is_changed_and_changed_back_byte_for_byte(house: House, admin: Desk) -> None:
    before = text_of(house)
    assert send_facts(house, admin, phone="020 555 66 77", links__video_flat="https://v.nl/a")[0] == 303
    changed = text_of(house)
    assert 'phone: "020 555 66 77"' in changed
    assert len(set(changed.splitlines()) - set(before.splitlines())) == 2
    assert send_facts(house, admin, phone="020 000 00 00", links__video_flat="")[0] == 303
    assert text_of(house) == before
    assert actions(house) == ["content saved", "content saved"]


def test_a_line_with_a_comma_in_the_file_stays_one_line_when_something_else_changes(house: House, admin: Desk) -> None:
    file = house.services.content_dir / "practice.yaml"
    titles = 'protected_titles: ["arts, niet praktiserend", fysiotherapeut]'
    file.write_text(text_of(house).replace("protected_titles: []", titles))
    before = text_of(house)
    assert send_facts(house, admin, phone="020 555 66 77")[0] == 303
    assert titles in text_of(house)
    assert len(set(text_of(house).splitlines()) - set(before.splitlines())) == 1
    assert send_facts(house, admin, staff="balie@praktijk.nl, fysio@praktijk.nl")[0] == 303
    assert practice_editing.facts(text_of(house))["staff"] == ("balie@praktijk.nl", "fysio@praktijk.nl")


@pytest.mark.parametrize("mark_at_the_start", [b"", b"\xef\xbb\xbf"])
def test_a_file_written_on_windows_stays_so(house: House, admin: Desk, mark_at_the_start: bytes) -> None:
    file = house.services.content_dir / "practice.yaml"
    file.write_bytes(mark_at_the_start + file.read_bytes().replace(b"\n", b"\r\n"))
    path = f"{ROOM}/days"
    stretch = {"from": "2027-07-26", "to": "2027-08-06", "note": "zomer"}
    assert admin.post(path, year="2027", what="add", mark=mark(admin, path), **stretch).status_code == 303
    after = file.read_bytes()
    assert b"\r\n  - {from: 2027-07-26, to: 2027-08-06, note: zomer}\r\n" in after
    assert after.count(b"\n") == after.count(b"\r\n")
    assert after.startswith(mark_at_the_start + b"#")


def test_a_file_that_cannot_be_read_is_named_with_its_line(house: House, admin: Desk) -> None:
    (house.services.content_dir / "practice.yaml").write_text('name: "Solid\n', encoding="utf-8")
    page = words(admin.see("/studio/settings/practice"))
    assert "zet er een achter de tekst. (practice.yaml, regel 1)" in page


def test_what_is_wrong_stands_at_its_field_and_nothing_is_saved(house: House, admin: Desk) -> None:
    before = text_of(house)
    status, page = send_facts(house, admin, kvk="12", privacy_url="http://x.nl", name="<script>alert(1)</script>")
    assert status == 422
    assert page.count('aria-invalid="true"') == 2
    assert "acht cijfers" in page
    assert "Kijk nog even naar 2 velden" in page
    assert 'value="<script>' in page, "what was typed is still there"
    assert "<script>alert" not in admin.see(f"{ROOM}/practice").text
    assert text_of(house) == before


def test_what_is_wrong_is_said_in_words_of_the_form_that_can_be_followed(house: House, admin: Desk) -> None:
    wrong = {"kvk": "12", "phone": "x", "staff": "x", "privacy_url": "http://x.nl", "booking__kind": "link"}
    _, page = send_facts(house, admin, **wrong, links__video_flat="x", pain_check__price="", name="")
    for told in (
        'Dit kan niet "12" zijn; schrijf acht cijfers, zoals 12345678.',
        'Dit kan niet "x" zijn; schrijf een nummer, zoals 020 123 45 67.',
        'Dit kan niet "x" zijn: dat is geen e-mailadres; schrijf e-mailadressen, zoals balie@praktijk.nl.',
        'Dit kan niet "http://x.nl" zijn: dat is geen https-adres; schrijf een adres dat begint met https://.',
        "Hier is het adres van je afsprakenpagina bij nodig.",
        'Dit kan niet "x" zijn: dat is geen https-adres; schrijf een adres dat begint met https://.',
        "Dit is leeg; schrijf tekst, zoals € 95.",
        "Dit is leeg; schrijf de naam van de praktijk.",
    ):
        assert f'<span class="error">{told}</span>' in page or f'<p class="error">{told}</p>' in page, told
    english = studio.desk(house, studio.hire(house, studio.FRANK, Role.ADMIN, "Frank", language="en"))
    assert 'This cannot be "12"; write eight digits, such as 12345678.' in send_facts(house, english, kvk="12")[1]


def test_whatever_a_fact_holds_it_runs_nothing_and_stays_one_value(house: House, admin: Desk) -> None:
    for value in ("<img src=x onerror=alert(1)>", "{{ 7*7 }}", "a: b # c", "'\"&x *y", "- ja", "%(num)s"):
        assert send_facts(house, admin, name=value)[0] == 303, value
        assert practice_editing.facts(text_of(house))["name"] == (value,)
        page = admin.see(f"{ROOM}/practice").text
        assert "<img" not in page
        assert value in unescape(page)


def test_a_form_that_saw_another_state_of_the_file_overwrites_nothing(house: House, admin: Desk) -> None:
    fields = filled_in(house, name="Nieuw") | {"opening_days": "mon", "mark": "0" * 32}
    before = text_of(house)
    assert admin.post(f"{ROOM}/practice", **fields).status_code == 409
    assert text_of(house) == before


def test_closed_days_come_and_go_and_wait_to_be_published(house: House, admin: Desk) -> None:
    before, year = text_of(house), datetime.now(UTC).year
    path = f"{ROOM}/days"
    seen = mark(admin, path)
    stretch = {"from": f"{year}-07-27", "to": f"{year}-08-07", "note": "<b>zomer</b>"}
    assert admin.post(path, mark=seen, what="add", **stretch).status_code == 303
    page = admin.see(path)
    assert f"27 juli {year} tot en met 7 augustus {year}" in words(page)
    assert "<b>zomer" not in page.text
    assert "Hij geldt zodra je publiceert" in words(page)
    backwards = {"from": f"{year}-08-07", "to": f"{year}-07-27"}
    answer = admin.post(path, mark=mark(admin, path), what="add", **backwards)
    assert (answer.status_code, "Het einde ligt voor het begin." in unescape(answer.text)) == (422, True)
    assert admin.post(path, mark=mark(admin, path), what="remove", **stretch).status_code == 303
    assert text_of(house) == before
    for field in ({"what": "remove", **stretch}, {"what": "holiday", "holiday": "x"}, {"what": "add", "from": "x"}):
        assert admin.post(path, mark=mark(admin, path), **field).status_code == 422, field
    assert admin.see(f"{path}?year=1900").status_code == 422


def test_the_day_that_is_ringed_is_that_of_the_service_as_in_the_demo_whose_clock_is_moved(
    house: House, admin: Desk
) -> None:
    house.clock.advance(days=3)
    today = house.clock.now().astimezone(zone_of(house.services)).date()
    page = admin.see(f"{ROOM}/days").text
    [ringed] = re.findall(r'<td class="\w* today"[^>]*>(\d+)', page)
    assert (int(ringed), f"year={today.year + 1}" in page) == (today.day, True)


def test_who_takes_days_out_of_a_page_of_before_takes_out_those_and_no_others(house: House, admin: Desk) -> None:
    path = f"{ROOM}/days"
    summer, spring = {"from": "2030-07-27", "to": "2030-08-07"}, {"from": "2030-05-01", "to": "2030-05-03"}
    assert admin.post(path, mark=mark(admin, path), what="add", **summer).status_code == 303
    old = mark(admin, path)
    assert admin.post(path, mark=old, what="add", **spring).status_code == 303
    conflict = admin.post(path, mark=old, what="remove", **summer)
    assert conflict.status_code == 409
    held = unescape(conflict.text.partition('name="held" value="')[2].partition('"')[0])
    assert admin.post("/studio/publish/conflict", held=held, choice="mine").status_code == 303
    assert ("2030-05-01" in text_of(house), "2030-07-27" in text_of(house)) == (True, False)


def test_a_website_is_refused_until_an_admin_allows_it_and_again_once_taken_back(house: House, admin: Desk) -> None:
    visitor = admin.client

    def post() -> Response:
        return visitor.post("/api/opt-ins", json=OPT_IN, headers={"Origin": SITE})

    assert post().status_code == 403
    page = admin.see(f"{ROOM}/origins")
    assert SITE in page.text
    assert "Deze is van ons: sta toe" in words(page)
    assert admin.post(f"{ROOM}/origins", what="allow", origin=SITE).status_code == 303
    taken = post()
    assert (taken.status_code, taken.headers["access-control-allow-origin"]) == (202, SITE)
    assert SITE in visitor.get("/forms/lage-rug").headers["content-security-policy"]
    other = visitor.post("/api/opt-ins", json=OPT_IN, headers={"Origin": f"{SITE}.kwaad.example"})
    assert other.status_code == 403, "nothing else loosens"
    assert admin.post(f"{ROOM}/origins", what="take-back", origin=SITE).status_code == 303
    assert post().status_code == 403
    assert actions(house)[:2] == ["origin taken back", "origin allowed"]


def test_another_process_learns_of_it_within_seconds(house: House, admin: Desk) -> None:
    elsewhere = house.with_changes(allowed_here=type(house.services.allowed_here)())
    other = studio.desk(elsewhere).client

    def post() -> Response:
        return other.post("/api/opt-ins", json=OPT_IN, headers={"Origin": SITE})

    assert post().status_code == 403
    admin.post(f"{ROOM}/origins", what="allow", origin=SITE)
    assert elsewhere.services.allowed_here.is_fresh, "no question for each opt-in"
    elsewhere.services.allowed_here.look_again()  # as a few seconds do
    assert post().status_code == 202


@pytest.mark.parametrize(
    "origin",
    [
        "http://a.nl",
        "*",
        "null",
        "https://*.a.nl",
        "https://a.nl/x",
        "https://a.nl 'unsafe'",
        "https://a.nl;x",
        "a.nl",
        "",
    ],
)
def test_only_a_whole_https_origin_can_be_allowed(house: House, admin: Desk, origin: str) -> None:
    assert admin.post(f"{ROOM}/origins", what="allow", origin=origin).status_code == 422
    assert house.services.allowed_here.known(house.services.database) == ()


def test_an_origin_that_anybody_made_up_is_shown_as_text(house: House, admin: Desk) -> None:
    with house.services.database.transaction() as session:
        refused_origins.add(session, {"https://<script>alert(1)</script>": 1}, datetime.now(UTC).date())
    assert "<script>alert" not in admin.see(f"{ROOM}/origins").text


def test_other_words_of_consent_get_a_version_of_their_own(house: House, admin: Desk) -> None:
    path, before = f"{ROOM}/consent/lage-rug", text_of(house, "forms.yaml")
    fields = {"mark": mark(admin, path), "advice": "Ja: <b>graag</b>.", "follow_up": "Ook dat."}
    kept = admin.post(path, **fields, version="2026-1")
    assert kept.status_code == 422
    assert "al gepubliceerd met andere woorden" in words(kept)
    assert text_of(house, "forms.yaml") == before
    assert admin.post(path, **fields, version="2026-9").status_code == 303
    forms, _ = consent_texts.drafted(text_of(house, "forms.yaml"))
    assert forms is not None
    consent = forms.forms["lage-rug"].consent
    assert (consent.advice.version, consent.follow_up.version) == ("2026-9", "2026-9")
    assert consent.advice.text == "Ja: <b>graag</b>."
    assert "staan klaar" not in words(admin.see(f"{ROOM}/consent"))
    assert "Lezers zien ze zodra je publiceert" in words(admin.see(f"{ROOM}/consent"))
    assert "<b>graag" not in admin.see(path).text


def test_control_characters_that_came_along_in_a_paste_are_no_words(house: House, admin: Desk) -> None:
    path = f"{ROOM}/consent/lage-rug"
    fields = {"mark": mark(admin, path), "advice": "Ja:\0 graag\x1b.", "follow_up": "Ook\x7fdat.", "version": "2026-9"}
    assert admin.post(path, **fields).status_code == 303
    forms, _ = consent_texts.drafted(text_of(house, "forms.yaml"))
    assert forms is not None
    consent = forms.forms["lage-rug"].consent
    assert (consent.advice.text, consent.follow_up.text) == ("Ja: graag .", "Ook dat.")


def test_consents_are_counted_by_version_and_their_chain_is_checked(house: House, admin: Desk) -> None:
    house.opt_in()
    house.opt_in("bram@example.org", consent_follow_up=False, form="lage-rug", consent_version="2026-1")
    page = words(admin.see(f"{ROOM}/consent"))
    assert "1 zei ja" in page
    assert "0 vinkten het vakje aan · 0 drukten op de knop in de mail" in page
    assert "Heel: 3 bewijzen." in words(admin.post(f"{ROOM}/consent"))


def test_a_test_of_a_form_makes_a_lead_of_ones_own_address_and_of_no_other(house: House, admin: Desk) -> None:
    path = f"{ROOM}/forms/lage-rug"
    assert admin.post(path, to="vreemd@example.org").status_code == 409
    answer = admin.post(path, to=studio.GIJS, follow_up="yes", **{"answers.leg": "no"})
    assert answer.headers["location"] == f"{path}?tried={house.lead(studio.GIJS).id}"
    assert house.send_due() == 1
    assert len(house.mails(to=studio.GIJS)) == 1
    assert "form tested" in actions(house)
    for _ in range(5):
        last = admin.post(path, to=studio.GIJS)
    assert last.status_code == 429
    assert admin.see(f"{ROOM}/forms/verzonnen").status_code == 404


def test_a_test_mail_leaves_for_ones_own_address_and_tells_what_came_of_it(house: House, admin: Desk) -> None:
    path = f"{ROOM}/transport/mail"
    assert admin.post(path, to="vreemd@example.org", way="mail").status_code == 409
    assert admin.post(path, to=studio.GIJS, way="mail-fallback").status_code == 404
    assert "is aangenomen" in words(admin.post(path, to=studio.GIJS, way="mail"))
    assert [str(mail["Subject"]) for mail in house.mails(to=studio.GIJS)] == ["Testmail van de studio"]
    assert actions(house)[0] == "test mail sent"
    assert house.messages(studio.GIJS) == []


def test_a_webhook_that_is_not_signed_is_counted_and_told_when_there_are_many(house: House) -> None:
    there = house.with_changes(webhook_secrets={"postmark": ("x" * 20,)})
    admin = studio.desk(there, studio.hire(there, studio.GIJS, Role.ADMIN, "Gijs"))
    for source in ("postmark", "verzonnen<script>"):
        admin.client.post(f"/webhooks/mail/{source}", json={})
    assert "In een week is 1 bericht geweigerd" in words(admin.see(f"{ROOM}/transport"))
    assert "verzonnen" not in admin.see(f"{ROOM}/transport").text


def test_what_only_an_admin_may_settle_a_manager_cannot(house: House, admin: Desk) -> None:
    manager = studio.desk(house, studio.hire(house, studio.FRANK, Role.MANAGER, "Frank"))
    editor = studio.desk(house, studio.hire(house, studio.ESRA, Role.EDITOR))
    assert manager.see(ROOM).status_code == 200
    assert editor.see(ROOM).status_code == 403
    assert manager.post(f"{ROOM}/origins", what="allow", origin=SITE).status_code == 403
    assert manager.see(f"{ROOM}/studio").status_code == 403
    assert admin.post(f"{ROOM}/studio", editors_publish="yes").status_code == 303
    with house.services.database.reading() as session:
        assert studio_settings.read(session) == StudioSettings(editors_publish=True)


def test_of_two_admins_at_one_page_neither_undoes_what_the_other_settled(house: House, admin: Desk) -> None:
    path = f"{ROOM}/studio"
    for fields in ({"second_step": "yes"}, {"editors_publish": "yes"}):  # both saw a page on which neither was ticked
        with house.services.database.transaction() as session:
            person = session.get(Staff, 1)
            assert person is not None
            person.totp = "there"
        assert admin.post(path, **fields).status_code == 303
    with house.services.database.reading() as session:
        assert studio_settings.read(session) == StudioSettings(editors_publish=True, second_step=True)
    page = admin.see(path).text
    assert re.findall(r'name="was" value="(\w+)"', page) == ["editors_publish", "second_step"]
    sent = f"form_token={admin.form_token}&was=editors_publish&was=second_step&editors_publish=yes"
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert admin.client.post(path, headers=studio.OURS | form, content=sent).status_code == 303
    with house.services.database.reading() as session:
        assert studio_settings.read(session) == StudioSettings(editors_publish=True)
