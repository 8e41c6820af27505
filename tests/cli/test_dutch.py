"""Commands that staff use every day answer in Dutch where NURTURE_LANGUAGE is nl (docs/handleiding.md)."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from service.flows import consent
from service.store import leads
from tests.support.commands import Said, nurture
from tests.support.folders import content_copy
from tests.support.house import House, open_house

ANNA = "anna@example.org"
_ENGLISH = re.compile(
    r"\b(the|and|with|since|not|until|nothing|there|was|is sent|held|by|follow-ups|confirmed|consent|kept)\b"
)


class Desk:
    """Staff who read Dutch, beside a house where Anna asked and pressed the button."""

    def __init__(self, house: House, folder: Path) -> None:
        self.house, self.folder = house, folder
        self.content = content_copy(folder)

    def nurture(self, *arguments: str, answers: str = "", **settings: str) -> Said:
        """One command, in Dutch unless told otherwise."""
        here = {
            "language": "nl",
            "content_dir": str(self.content),
            "data_dir": str(self.folder / "data"),
            "database_url": self.house.services.database.url.render_as_string(hide_password=False),
            "mail_url": f"file:{self.folder / 'outbox'}",
            "suppression_key": self.house.services.suppression_key,
        }
        return nurture(*arguments, folder=self.folder, answers=answers, **here | settings)


@pytest.fixture
def desk(template_file: Callable[..., Path], tmp_path: Path) -> Iterator[Desk]:
    """On SQLite alone: test_leads.py runs the same commands on both databases, and words are the same on either."""
    shutil.copyfile(template_file("published"), tmp_path / "nurture.db")
    with open_house(f"sqlite:///{tmp_path}/nurture.db", tmp_path, published=False) as house:
        house.clock.moment = datetime.now(UTC)
        house.opt_in(ANNA, first_name="Anna")
        house.send_due()
        with house.services.database.transaction() as session:
            opt_in = leads.opt_ins(session, house.lead(ANNA).id)[-1]
            consent.confirm(session, house.services, opt_in, {}, house.clock.now())
        yield Desk(house, tmp_path)


def test_the_brake_is_told_in_dutch(desk: Desk) -> None:
    assert desk.nurture("pause", "lage-rug").out == "Dit staat nu stil: lage-rug. Weer laten gaan: nurture resume\n"
    assert "Let op: de vervolgmails van lage-rug staan stil" in desk.nurture("lead", "show", ANNA).out
    assert desk.nurture("pause").out == "Dit staat nu stil: alle vervolgmails. Weer laten gaan: nurture resume\n"
    assert desk.nurture("pause", "--all-mail").out == "Dit staat nu stil: alle mail. Weer laten gaan: nurture resume\n"
    assert desk.nurture("resume").out == "De mail gaat weer.\n"
    refused = desk.nurture("pause", "nek")
    assert refused.err == "er is geen gepubliceerde reeks nek; kies uit: lage-rug, uitstraling-been\n"


def test_an_approval_is_told_in_dutch(desk: Desk) -> None:
    said = desk.nurture("approve", "_veiligheid", "--by", "Dr. A. Vermeer")
    assert said.out == "_veiligheid.md is goedgekeurd door Dr. A. Vermeer. Dit telt na: nurture publish\n"


def test_a_lead_is_shown_without_a_word_of_english(desk: Desk) -> None:
    shown = desk.nurture("lead", "show", ANNA).out
    assert "op de knop gedrukt op" in shown
    assert "Blijft bewaard: de toestemming voor de vervolgmails geldt." in shown
    headings = [line for line in shown.splitlines() if line and not line.startswith((" ", "Lead", "Sinds", "Blijft"))]
    assert headings == [
        *("Aanvragen", "Toestemmingen", "Reeksen", "Mails", "Wat er nog komt, en waarom"),
        "Wat er gebeurde",
    ]
    assert re.search(r"  advies-lage-rug \(advies\): aangenomen; toestemming van .* via formulier\n", shown)
    assert re.search(r"niet verstuurd +eerdere-uitnodiging: alleen als het antwoord op helped is: same\n", shown)
    assert not _ENGLISH.findall(shown)


def test_what_staff_do_to_a_lead_is_told_in_dutch(desk: Desk) -> None:
    said = [
        desk.nurture("lead", *arguments).out
        for arguments in (
            ("replied", ANNA),
            ("resume", ANNA),
            ("resume", ANNA),
            ("booked", ANNA),
            ("booked", ANNA),
            ("stop", ANNA),
            ("stop", ANNA),
        )
    ]
    assert said == [
        "De vervolgmails wachten een week.\n",
        "Loopt weer: lage-rug.\n",
        "Er stond niets stil.\n",
        "Afspraak genoteerd: de vervolgmails stoppen.\n",
        "Er liep al niets meer.\n",
        "Gestopt: er gaat geen vervolgmail meer weg.\n",
        "Er viel niets te stoppen.\n",
    ]
    shown = desk.nurture("lead", "show", ANNA).out
    assert "Krijgt geen vervolgmails, tot een nieuwe druk op de knop in een mail (afgemeld)." in shown
    assert "(afspraak gemaakt)" in shown
    assert (
        desk.nurture("lead", "erase", ANNA, answers="y\n")
        .out.partition("Gewist.")[2]
        .endswith("uiterlijk over 30 dagen.\n")
    )
    assert desk.nurture("lead", "show", ANNA).err.startswith(f"er is geen lead met het adres {ANNA}")


def test_what_waits_for_a_person_is_told_in_dutch(desk: Desk) -> None:
    assert desk.nurture("message", "list").out == "Er wacht niets op jou.\n"
    desk.house.opt_in("bram@example.org", trapped=True)
    held = desk.house.messages("bram@example.org")[0].id
    assert desk.nurture("message", "list").out.splitlines()[0].split() == [
        *("id", "stand", "soort", "lead", "sinds", "stap:", "reden")
    ]
    assert "het veld dat mensen niet zien was ingevuld" in desk.nurture("message", "list").out
    assert "nooit weggegaan" in desk.nurture("message", "resolve", str(held), "--as", "sent").err
    assert desk.nurture("message", "resolve", str(held), "--as", "drop").out == f"Mail {held}: vervallen.\n"
    assert "geen mail met nummer 999" in desk.nurture("message", "resolve", "999", "--as", "drop").err


def test_the_audit_log_is_told_in_dutch_and_filtered_in_either_language(desk: Desk) -> None:
    desk.nurture("pause")
    desk.nurture("resume")
    actions = [line.split()[3] for line in desk.nurture("audit", "--limit", "2").out.splitlines()]
    assert actions == ["weer", "stilgezet"]
    for name in ("stilgezet", "paused"):
        assert "stilgezet" in desk.nurture("audit", "--action", name).out


def test_a_test_mail_is_told_in_dutch(desk: Desk) -> None:
    staff = "praktijk@solidperformance.example"
    said = desk.nurture("send-test", "hoe-ging-het", "--to", staff)
    assert said.out == f"hoe-ging-het aan {staff}: aangenomen (written)\n"


def test_one_command_may_answer_in_another_language(desk: Desk) -> None:
    assert desk.nurture("pause", "--language", "en").out.startswith("Held back: all follow-ups.")
