"""The sequences in the studio: how each stands, where leads wait, and each edit as it ends up in the file."""

from __future__ import annotations

import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest

from service.flows import publishing
from service.flows.drafts import read_draft
from service.store import enrolments, events
from tests.support import acts, studio
from tests.support.house import House
from tests.support.studio import Desk, desk, hire, words

pytestmark = pytest.mark.files

HERE = "/studio/sequences/lage-rug"


def file_of(house: House, name: str = "lage-rug") -> Path:
    return house.services.content_dir / "sequences" / f"{name}.yaml"


def text_of(house: House, name: str = "lage-rug") -> str:
    return file_of(house, name).read_text(encoding="utf-8")


def seen(here: Desk, path: str = HERE) -> str:
    """The mark of the file, as the page carries it."""
    found = re.search(r'name="seen" value="([0-9a-f]+)"', here.see(path).text)
    assert found
    return found[1]


def the_form(here: Desk, path: str) -> dict[str, str]:
    """The fields of the form of a step as the browser would send them, one value each."""
    page = here.see(path).text
    fields = dict(re.findall(r'<input type="(?:text|hidden)"[^>]*? name="([^"]+)" value="([^"]*)"', page))
    for name, options in re.findall(r'<select id="[^"]+" name="([^"]+)"[^>]*>(.*?)</select>', page, re.DOTALL):
        chosen = re.search(r"<option(?: value=\"([^\"]*)\")? selected>([^<]*)", options)
        fields[name] = (chosen[1] or chosen[2]) if chosen else ""
    fields |= dict(re.findall(r'type="(?:radio|checkbox)" name="([^"]+)" value="([^"]*)" checked', page))
    return {name: value for name, value in fields.items() if name != "form_token"}


def changed_lines(before: str, after: str) -> list[str]:
    old = before.split("\n")
    return [line for line in after.split("\n") if line not in old]


def test_the_list_shows_each_sequence_with_its_days_its_state_and_who_is_under_way(house: House) -> None:
    house.opt_in()
    file_of(house).write_text(text_of(house).replace("wait: 2 days", "wait: 5 days"), encoding="utf-8")
    copy = text_of(house, "uitstraling-been").replace("topic: uitstraling-been", "topic: nek")
    file_of(house, "nek").write_text(copy, encoding="utf-8")
    file_of(house, "kapot").write_text("title: [", encoding="utf-8")
    page = words(desk(house, hire(house)).see("/studio/sequences"))
    assert "Lage rugpijn Concept wijkt af van wat live staat" in page
    assert "dag 0 advies dag 5 hoe-ging-het dag 8 check" in page
    assert "1 persoon is onderweg" in page
    assert "kapot Nog nooit gepubliceerd 1 fout Deze reeks is pas te tekenen" in page


def test_a_sequence_without_a_file_is_shown_as_live_and_cannot_be_opened(house: House) -> None:
    file_of(house, "uitstraling-been").unlink()
    here = desk(house, hire(house))
    assert "Staat live, maar het bestand is weg" in here.see("/studio/sequences").text
    assert here.see("/studio/sequences/uitstraling-been").status_code == 404


def test_the_timeline_says_when_for_whom_and_how_many_wait(house: House) -> None:
    for name in ("anna", "bram"):
        house.opt_in(f"{name}@example.org")
    house.send_due()
    acts.confirm(house, "anna@example.org")
    house.tick()
    page = words(desk(house, hire(house)).see(HERE))
    assert "2 dagen na de druk op de knop in het advies, op een werkdag tussen 08:30 en 19:00" in page
    assert "1 persoon heeft nog niet op de knop in het advies gedrukt" in page
    assert re.search(r"Hoe ging de eerste stap\?.{0,200}1 persoon wacht op deze mail heet hoe-ging-het", page)
    assert "Alleen als het antwoord op “Hoe ging het? (knoppen in de mail)” is: hetzelfde" in page
    assert "Niet als verstuurd is: “Nog weinig verschil?”" in page
    assert "Wie een pijncheck boekt, krijgt geen mails meer uit deze reeks" in page


def test_counts_of_runs_go_by_sequence_state_and_step(house: House) -> None:
    house.opt_in()
    house.opt_in("bram@example.org", answers={"leg": "yes"}, form="lage-rug", topic=None)
    with house.services.database.reading() as session:
        assert enrolments.waiting(session) == {
            "lage-rug": {("awaiting_confirmation", "hoe-ging-het"): 1},
            "uitstraling-been": {("awaiting_confirmation", "hoe-ging-het"): 1},
        }


def test_what_is_wrong_stands_at_its_step(house: House) -> None:
    text = text_of(house).replace("wait: 3 days", "wait: 3 dagen", 1)
    text = text.replace("skip_if: {sent: [eerdere-uitnodiging]}", "skip_if: {sent: [bestaat-niet]}")
    file_of(house).write_text(text, encoding="utf-8")
    cards = desk(house, hire(house)).see(HERE).text.split('<li class="step')
    wrong = [re.findall(r'data-step="([^"]+)"', card)[0] for card in cards if "is-error" in card]
    assert wrong == ["check", "uitnodiging"]
    line = text.split("\n").index("    wait: 3 dagen") + 1
    assert f"regel {line}" in cards[3]


def test_a_step_is_changed_and_only_its_own_lines_are(house: House) -> None:
    here = desk(house, hire(house))
    before, form = text_of(house), the_form(here, f"{HERE}/steps/hoe-ging-het")
    assert form["wait"] == "2"
    assert form["max_late"] == "4"
    done = here.post(f"{HERE}/steps/hoe-ging-het", **form | {"wait": "3", "wait_unit": "working_days", "at": "09:00"})
    assert done.status_code == 303
    assert done.headers["location"] == f"{HERE}?done=saved#stap-hoe-ging-het"
    assert changed_lines(before, text_of(house)) == ["    wait: 3 working days", '    at: "09:00"']
    form = the_form(here, f"{HERE}/steps/hoe-ging-het")
    here.post(f"{HERE}/steps/hoe-ging-het", **form | {"wait": "2", "wait_unit": "days", "at": ""})
    assert text_of(house) == before
    with house.services.database.reading() as session:
        [entry, *_] = events.audit_log(session, limit=1)
    assert (entry.action, entry.details["files"]) == ("content saved", ["sequences/lage-rug.yaml"])


@pytest.mark.parametrize("key", ["advies", "hoe-ging-het", "eerdere-uitnodiging", "uitnodiging", "laatste"])
def test_a_form_that_is_sent_as_it_came_changes_no_byte(house: House, key: str) -> None:
    here = desk(house, hire(house))
    before = file_of(house).read_bytes()
    assert here.post(f"{HERE}/steps/{key}", **the_form(here, f"{HERE}/steps/{key}")).status_code == 303
    rules = dict[str, str | list[str]](the_form(here, f"{HERE}/rules")) | {"form_token": here.form_token}
    rules["day"] = ["mon", "tue", "wed", "thu", "fri"]
    assert here.client.post(f"{HERE}/rules", headers=studio.OURS, data=rules).status_code == 303
    assert file_of(house).read_bytes() == before


def test_windows_line_ends_and_a_mark_at_the_start_stay(house: House) -> None:
    there = file_of(house)
    there.write_bytes(b"\xef\xbb\xbf" + there.read_bytes().replace(b"\n", b"\r\n"))
    before = there.read_bytes()
    here = desk(house, hire(house))
    here.post(f"{HERE}/move", seen=seen(here), key="check", to="1")
    moved = there.read_bytes()
    assert moved.startswith(b"\xef\xbb\xbf")
    assert moved.count(b"\n") == moved.count(b"\r\n")
    assert moved != before
    here.post(f"{HERE}/move", seen=seen(here), key="check", to="2")
    assert there.read_bytes() == before


def test_variants_and_conditions_come_from_the_form_into_the_file(house: House) -> None:
    here = desk(house, hire(house))
    form = the_form(here, f"{HERE}/steps/check") | {
        "kind": "variants",
        "variant_1": "kort",
        "variant_template_1": "check-lage-rug",
        "variant_2": "lang",
        "variant_template_2": "check-uitstraling-been",
        "only_if_answer": "leg=no",
        "only_if_sent": "hoe-ging-het",
        "skip_if_replied": "true",
        "skip_if_at_least": "10",
        "skip_if_month": "dec",
    }
    assert here.post(f"{HERE}/steps/check", **form).status_code == 303
    written = text_of(house)
    for owed in (
        "    variants: {kort: check-lage-rug, lang: check-uitstraling-been}\n",
        '    only_if: {answer: {leg: ["no"]}, sent: [hoe-ging-het]}\n',
        "    skip_if: {replied: true, days_since_opt_in: {at_least: 10}, month: [dec]}\n",
    ):
        assert owed in written
    again = the_form(here, f"{HERE}/steps/check")
    assert again["kind"] == "variants"
    assert again["variant_2"] == "lang"
    assert again["skip_if_at_least"] == "10"


def test_everything_wrong_in_a_form_is_told_at_once_and_nothing_is_written(house: House) -> None:
    here = desk(house, hire(house))
    before, form = text_of(house), the_form(here, f"{HERE}/steps/check")
    wrong = {"wait": "nul", "at": "25:00", "max_late": "-1", "only_if_at_least": "9", "only_if_at_most": "3"}
    answer = here.post(f"{HERE}/steps/check", **form | wrong)
    assert answer.status_code == 422
    assert re.findall(r'class="error" id="(\w+)-wrong"', answer.text) == ["wait", "at", "max_late", "only_if_at_most"]
    assert set(re.findall(r'href="#(\w+)-wrong"', answer.text)) == {"wait", "at", "max_late", "only_if_at_most"}, (
        "two of these say the same, so the list leads to each"
    )
    for typed in ("nul", "25:00", "-1"):
        assert f'value="{typed}"' in answer.text
    late = here.post(f"{HERE}/steps/check", **form | {"at": "07:00"})
    assert "07:00 valt buiten het venster" in late.text
    assert 'id="at-wrong"' in late.text
    unknown = here.post(f"{HERE}/steps/check", **form | {"only_if_answer": "weer=mooi", "only_if_sent": "laatste"})
    assert "niets vraagt naar het antwoord <code>weer</code>" in unknown.text
    assert here.post(f"{HERE}/steps/check", **form | {"template": "../practice"}).status_code == 422
    assert here.post(f"{HERE}/steps/check", **form | {"wait": "9999"}).status_code == 422
    assert text_of(house) == before


def test_a_condition_may_ask_for_follow_ups_and_not_for_the_advice(house: House) -> None:
    here = desk(house, hire(house))
    before, form = text_of(house), the_form(here, f"{HERE}/steps/check")
    page = here.see(f"{HERE}/steps/check").text
    assert re.findall(r'name="only_if_sent" value="([^"]+)"', page) == ["hoe-ging-het"]
    wrong = here.post(f"{HERE}/steps/check", **form | {"only_if_sent": "advies"})
    assert "<code>advies</code> is het advies" in wrong.text
    assert 'name="only_if_sent" value="advies" checked' in wrong.text
    assert text_of(house) == before


def test_a_condition_that_the_form_cannot_show_is_left_alone(house: House) -> None:
    file_of(house).write_text(text_of(house).replace("{answer: {helped: [same]}}", "{weer: mooi}"), encoding="utf-8")
    here = desk(house, hire(house))
    path = f"{HERE}/steps/eerdere-uitnodiging"
    assert "{weer: mooi}" in here.see(path).text
    assert here.post(path, **the_form(here, path) | {"wait": "2"}).status_code == 303
    assert "    wait: 2 days\n    only_if: {weer: mooi}\n" in text_of(house)


def test_a_new_step_comes_where_it_was_asked_and_goes_again_without_a_trace(house: House) -> None:
    here = desk(house, hire(house))
    before = text_of(house)
    path = f"{HERE}/new-step"
    form = the_form(here, f"{path}?after=check") | {"template": "uitnodiging", "key": "extra", "wait": "1"}
    assert form["after"] == "check"
    assert here.post(path, **form).status_code == 303
    assert "    wait: 3 days\n\n  - key: extra\n    template: uitnodiging\n    wait: 1 day\n\n  # Dag 8" in text_of(
        house
    )
    assert here.post(path, **form | {"seen": seen(here)}).status_code == 422
    assert here.post(f"{HERE}/steps/extra/remove", seen=seen(here)).status_code == 303
    assert text_of(house) == before


def test_a_key_of_another_mail_is_refused_whatever_the_form_says(house: House) -> None:
    here = desk(house, hire(house))
    here.post(f"{HERE}/steps/check/remove", seen=seen(here))
    without = text_of(house)
    assert "key: check" not in without
    form = the_form(here, f"{HERE}/new-step?after=advies") | {"template": "zitten-staan-tillen", "key": "check"}
    answer = here.post(f"{HERE}/new-step", **form)
    assert answer.status_code == 422
    assert "de naam <code>check</code> hoort bij een andere mail" in answer.text
    other = the_form(here, f"{HERE}/steps/niets-te-zien") | {"template": "uitstraling-been-onbekend"}
    assert here.post(f"{HERE}/steps/niets-te-zien", **other).status_code == 422
    swapped = the_form(here, f"{HERE}/steps/niets-te-zien") | {"template": "check-lage-rug"}
    assert here.post(f"{HERE}/steps/niets-te-zien", **swapped).status_code == 422
    assert text_of(house) == without


def test_steps_move_with_their_comments_and_never_before_what_they_look_at(house: House) -> None:
    here = desk(house, hire(house))
    before = text_of(house)
    assert here.post(f"{HERE}/move", seen=seen(here), key="laatste", to="3").status_code == 303
    keys = re.findall(r"  - key: (\S+)", text_of(house))
    assert keys[2:5] == ["check", "laatste", "niets-te-zien"]
    assert "  # Dag 27: nog een korte uitnodiging, en het einde van de reeks.\n  - key: laatste\n" in text_of(house)
    here.post(f"{HERE}/move", seen=seen(here), key="laatste", to="8")
    assert text_of(house) == before
    refused = here.post(f"{HERE}/move", seen=seen(here), key="uitnodiging", to="2")
    assert refused.status_code == 422
    assert "komt later, of is deze stap zelf" in refused.text
    for key, to in (("advies", "3"), ("check", "0"), ("check", "99"), ("check", "x"), ("check", "-1")):
        assert here.post(f"{HERE}/move", seen=seen(here), key=key, to=to).status_code == 422, (key, to)
    assert here.post(f"{HERE}/move", seen=seen(here), key="geen", to="2").status_code == 404
    looked_at = here.post(f"{HERE}/steps/eerdere-uitnodiging/remove", seen=seen(here))
    assert looked_at.status_code == 422
    assert "er is geen stap <code>eerdere-uitnodiging</code>" in looked_at.text
    assert here.post(f"{HERE}/steps/advies/remove", seen=seen(here)).status_code == 422
    assert text_of(house) == before


def test_a_file_that_changed_meanwhile_is_not_written_over(house: House) -> None:
    here = desk(house, hire(house))
    form, mark = the_form(here, f"{HERE}/steps/check"), seen(here)
    rules, page = the_form(here, f"{HERE}/rules"), the_form(here, f"{HERE}/text")
    file_of(house).write_text(text_of(house) + "# van een ander\n", encoding="utf-8")
    before = text_of(house)
    answers = {
        "step": here.post(f"{HERE}/steps/check", **form | {"wait": "9"}),
        "new": here.post(f"{HERE}/new-step", **form | {"after": "check", "key": "extra"}),
        "move": here.post(f"{HERE}/move", seen=mark, key="check", to="3"),
        "remove": here.post(f"{HERE}/steps/laatste/remove", seen=mark),
        "rules": here.post(f"{HERE}/rules", **rules | {"day": "mon", "title": "Anders"}),
        "text": here.post(f"{HERE}/text", seen=page["seen"], text=before.replace("3 days", "4 days")),
        "no mark": here.post(f"{HERE}/move", key="check", to="3"),
    }
    assert {name: each.status_code for name, each in answers.items()} == dict.fromkeys(answers, 409)
    assert text_of(house) == before


def test_the_rules_of_a_sequence_are_changed_in_their_own_places(house: House) -> None:
    here = desk(house, hire(house))
    before, form = text_of(house), the_form(here, f"{HERE}/rules")
    assert (form["from"], form["to"], form["confirmation"], form["again"]) == ("08:30", "19:00", "double", "180")
    changed = form | {"title": "Rug: <b>laag</b>", "day": "mon", "from": "09:00", "to": "12:00", "again": "90"}
    changed.pop("holidays")
    changed.pop("booked")
    assert here.post(f"{HERE}/rules", **changed).status_code == 303
    assert changed_lines(before, text_of(house)) == [
        'title: "Rug: <b>laag</b>"',
        'window: {days: [mon], from: "09:00", to: "12:00", skip_holidays: false}',
        "exit_on: []               # wie een pijncheck boekt, krijgt geen mails meer uit deze reeks",
        "again_after: 90 days",
    ]
    assert "<b>laag" not in here.see(HERE).text
    wrong = here.post(f"{HERE}/rules", **changed | {"title": " ", "from": "19:00", "to": "8", "again": "0", "day": "x"})
    assert re.findall(r'id="(\w+)-wrong"', wrong.text) == ["title", "day", "to", "again"]
    assert '<fieldset class="panel" aria-describedby="day-wrong">' in wrong.text
    closes = here.post(f"{HERE}/rules", **changed | {"seen": seen(here, f"{HERE}/rules"), "from": "13:00"})
    assert closes.status_code == 422


def test_the_text_is_saved_as_it_is_typed_and_with_errors_only_by_who_insists(house: House) -> None:
    here = desk(house, hire(house))
    before = text_of(house)
    assert "\n".join(before.split("\n")[:3]).replace('"', "&#34;") in here.see(f"{HERE}/text").text
    broken = before.replace("wait: 2 days", "wait: twee").replace("template: check-lage-rug", "template: nergens")
    refused = here.post(f"{HERE}/text", seen=seen(here), text=broken.replace("\n", "\r\n"))
    assert refused.status_code == 422
    assert "regel 31" in refused.text
    assert "email_templates/nergens.md bestaat niet" in refused.text
    assert "wait: twee" in refused.text
    assert text_of(house) == before
    assert here.post(f"{HERE}/text", seen=seen(here), text=broken, anyway="1").status_code == 303
    assert text_of(house) == broken
    fine = before.replace("wait: 2 days", "wait: 4 days")
    assert here.post(f"{HERE}/text", seen=seen(here), text=fine.replace("\n", "\r\n")).status_code == 303
    assert text_of(house) == fine
    renamed = fine.replace("key: check", "key: ander")
    assert "schrijf <code>key: check</code>" in here.post(f"{HERE}/text", seen=seen(here), text=renamed).text


def test_a_file_that_is_written_oddly_is_left_to_be_changed_as_text(house: House) -> None:
    odd = text_of(house).replace("wait: 2 days", "wait: &w 2 days").replace("wait: 3 days", "wait: *w")
    file_of(house).write_text(odd, encoding="utf-8")
    here = desk(house, hire(house))
    answer = here.post(f"{HERE}/steps/check", **the_form(here, f"{HERE}/steps/check") | {"wait": "9"})
    assert answer.status_code == 422
    assert "Wijzig het als tekst" in answer.text
    assert text_of(house) == odd
    file_of(house).write_bytes(b"title: \xff\xfe")
    assert here.see(HERE).status_code == 409
    file_of(house).write_text("title: [", encoding="utf-8")
    assert "Er zijn geen stappen te tonen" in here.see(HERE).text
    assert here.see(f"{HERE}/rules").status_code == 200
    assert here.see(f"{HERE}/calendar").status_code == 200


def test_a_key_left_empty_by_hand_is_filled_in_on_the_page(house: House) -> None:
    before = text_of(house)
    key, wait, rest = before.partition("    wait: 2 days\n")
    file_of(house).write_text(f"{key}    wait:\n    at:\n{rest}", encoding="utf-8")
    here = desk(house, hire(house))
    form = the_form(here, f"{HERE}/steps/hoe-ging-het") | {"wait": "2", "max_late": "9"}
    assert here.post(f"{HERE}/steps/hoe-ging-het", **form).status_code == 303
    assert text_of(house) == f"{key}{wait}    at:\n{rest.replace('max_late: 4 days', 'max_late: 9 days', 1)}"


def test_a_condition_that_a_colleague_took_out_meanwhile_cannot_be_kept(house: House) -> None:
    here = desk(house, hire(house))
    form = the_form(here, f"{HERE}/steps/hoe-ging-het") | {"only_if_keep": "1", "wait": "veel"}
    refused = here.post(f"{HERE}/steps/hoe-ging-het", **form)
    assert (refused.status_code, "Vul een heel getal in" in refused.text) == (422, True)


def test_an_error_that_stands_there_already_keeps_nobody_from_moving_a_step(house: House) -> None:
    file_of(house).write_text(text_of(house).replace("wait: 2 days", "wait: twee"), encoding="utf-8")
    here = desk(house, hire(house))
    assert here.post(f"{HERE}/move", seen=seen(here), key="hoe-ging-het", to="3").status_code == 303
    assert re.findall(r"  - key: (\S+)", text_of(house))[3] == "hoe-ging-het"
    mended = the_form(here, f"{HERE}/steps/hoe-ging-het") | {"wait": "2"}
    assert here.post(f"{HERE}/steps/hoe-ging-het", **mended).status_code == 303
    assert "wait: twee" not in text_of(house)


def test_a_folder_that_is_empty_or_not_there_is_a_page_that_says_so(house: House) -> None:
    shutil.rmtree(house.services.content_dir / "sequences")
    here = desk(house, hire(house))
    assert "Staat live, maar het bestand is weg" in here.see("/studio/sequences").text
    shutil.rmtree(house.services.content_dir)
    page = here.see("/studio/sequences")
    assert page.status_code == 200
    assert "de map" in page.text
    assert here.see(HERE).status_code == 404


def test_what_is_not_there_is_not_found(house: House) -> None:
    here = desk(house, hire(house))
    for path in (
        "/studio/sequences/geen",
        "/studio/sequences/geen/text",
        "/studio/sequences/..%2Fpractice",
        "/studio/sequences/lage-rug.checklist",
        f"{HERE}/steps/geen",
        f"{HERE}/steps/%3Cscript%3E",
        f"{HERE}/new-step?after=geen",
        f"{HERE}/mails/dienst-aanvraag",
        f"{HERE}/mails/_veiligheid",
    ):
        assert here.see(path).status_code == 404, path
    assert here.see(f"{HERE}?done=iets").status_code == 422


NASTY = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "{{ 7*7 }}{% for x in y %}",
    "</textarea><svg onload=alert(1)>",
    "javascript:alert(1)",
)


class Running(HTMLParser):
    """Collects what of a page would run, or load something that is not ours."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        ours = (given.get("src") or "").startswith(("/static/", "/studio/"))
        if tag in {"script", "iframe", "img", "object"} and not ours:
            self.found.append(tag)
        self.found += [name for name in given if name.startswith(("on", "style", "srcdoc"))]
        self.found += [str(given[name]) for name in ("href", "src", "action") if "script:" in (given.get(name) or "")]


def test_whatever_stands_in_a_file_runs_nothing_on_any_page(house: House) -> None:
    here = desk(house, hire(house, studio.GIJS))
    text = text_of(house, "uitstraling-been")
    for number, each in enumerate(NASTY):
        quoted = "'" + each.replace("'", "''") + "'"
        nasty = re.sub(r"title: .*", f"title: {quoted}", text).replace("topic: uitstraling-been", f"topic: {quoted}")
        nasty = nasty.replace("key: check", f"key: {quoted}").replace("template: uitnodiging", f"template: {quoted}")
        nasty = nasty.replace("sent: [eerdere-uitnodiging]", f"sent: [{quoted}]")
        file_of(house, f"naar-{number}").write_text(nasty.replace("[same]", f"[{quoted}]"), encoding="utf-8")
    paths = ["/studio/sequences"]
    for number in range(len(NASTY)):
        there = f"/studio/sequences/naar-{number}"
        paths += [there, *(f"{there}/{page}" for page in ("rules", "text", "copy", "archive", "checklist", "calendar"))]
        paths += [f"{there}/steps/eerdere-uitnodiging", f"{there}/steps/uitnodiging"]
    for path in paths:
        page = here.see(path)
        assert page.status_code == 200, path
        looking = Running()
        looking.feed(page.text)

        assert not looking.found, path
        assert ">49" not in page.text, path


def test_a_mail_is_drawn_in_a_frame_that_runs_nothing(house: House) -> None:
    answer = desk(house, hire(house)).see(f"{HERE}/mails/hoe-ging-het")
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("sandbox ")
    assert "allow-scripts" not in policy
    assert "default-src 'none'" in policy
    assert "Anna" in answer.text


def test_what_the_studio_wrote_is_what_gets_published(house: House) -> None:
    here = desk(house, hire(house))
    here.post(f"{HERE}/steps/check", **the_form(here, f"{HERE}/steps/check") | {"wait": "6"})
    draft = read_draft(house.services.content_dir)
    assert not draft.errors
    with house.services.database.transaction() as session:
        found = publishing.changes(session, draft, ["lage-rug"])
        publishing.publish(session, house.services, draft, found, by="test", now=house.clock.now())
    page = words(here.see(HERE))
    assert "Staat live" in page
    assert "6 dagen na de vorige mail" in page


def test_variants_that_were_named_by_hand_keep_their_names_when_something_else_changes(house: House) -> None:
    hand = "    variants: {A: uitnodiging, Lange versie: laatste-bericht}\n"
    file_of(house).write_text(text_of(house).replace("    template: uitnodiging\n", hand, 1), encoding="utf-8")
    here, before = desk(house, hire(house)), text_of(house)
    path = f"{HERE}/steps/uitnodiging"
    fields = the_form(here, path)
    assert here.post(path, **fields | {"wait": "6"}).status_code == 303
    assert changed_lines(before, text_of(house)) == ["    wait: 6 days"]
    wrong = here.post(path, **the_form(here, path) | {"variant_1": "Nieuwe Naam"})
    assert wrong.status_code == 422
    assert "Een naam heeft kleine letters, cijfers en streepjes." in wrong.text
