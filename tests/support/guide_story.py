"""What the pictures of docs/handleiding.md tell of: one spring in a practice, from real commands on real rows.

Every moment, every answer and every split is fixed, so that a second run tells the same.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from sqlmodel import Session

from service.flows import booking, publishing
from service.flows.drafts import read_draft
from service.store import schema
from service.store.tables import Enrolment, Message
from tests.support import acts
from tests.support.commands import Said, nurture
from tests.support.folders import content_copy
from tests.support.house import SECRET_KEY, House, open_house

_DAYS, _A_DAY = 8, 5
_TEAM = """---
subject: Even voorstellen
preheader: Wie er met je meekijkt, en waar je ons vindt.
reason: "Je krijgt deze mail omdat je ons om het vervolg op je advies vroeg."
---
# Even voorstellen

{% include "_aanhef.md" %}

Je las al een paar mails van ons. Misschien vraag je je af wie ze schrijft. Dat zijn we zelf, met het hele
team van {{ practice.name }}.

We zijn een kleine praktijk. Je spreekt hier steeds dezelfde behandelaar. Die kent je verhaal, dus je hoeft
het niet elke keer opnieuw te vertellen. We nemen de tijd om te kijken en te vragen, en we leggen in gewone
woorden uit wat we zien.

Wil je eerst weten of het bij je past? Bel ons dan gerust op {{ practice.phone }}. Je krijgt een van ons aan
de lijn. Vertel wat je wilt weten, dan zeggen we eerlijk wat we wel en niet voor je kunnen doen. Bellen kost
niets, en je zit nergens aan vast.

Je vindt ons op dit adres: {{ practice.address }}. Er is een wachtkamer waar je rustig kunt zitten, en je kunt
je fiets voor de deur zetten.

{% include "_groet.md" %}

{% include "_pijncheck.md" %}
"""


@dataclass(frozen=True, kw_only=True)
class Desk:
    """Staff at the keyboard, in Dutch: the content they edit, and the house it is published in."""

    house: House
    folder: Path
    content: Path

    def nurture(self, *arguments: str) -> str:
        """What the terminal shows of one command."""
        with patch("service.bootstrap.RealClock", lambda: self.house.clock):
            said = nurture(
                *arguments,
                folder=self.folder,
                language="nl",
                content_dir=str(self.content),
                data_dir=str(self.folder / "data"),
                database_url=self.house.services.database.url.render_as_string(hide_password=False),
                mail_url=f"file:{self.folder / 'outbox'}",
                secret_keys=SECRET_KEY,
                suppression_key=self.house.services.suppression_key,
                mail_from=self.house.services.mail_from,
            )
        return _as_shown(said)

    def edit(self, name: str, old: str, new: str) -> None:
        """Put something else in a file."""
        path = self.content / name
        text = path.read_text(encoding="utf-8")
        if old not in text:
            raise ValueError(f"{old!r} is not in {name}")
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    def publish(self) -> None:
        """Let the files count."""
        draft = read_draft(self.content)
        with self.house.services.database.transaction() as session:
            found = publishing.changes(session, draft)
            publishing.publish(session, self.house.services, draft, found, by="Sanne", now=self.house.clock.now())


@contextmanager
def desk(folder: Path) -> Iterator[Desk]:
    """The shipped content made a practice's own: real facts, approved texts, an invitation in two versions."""
    content = content_copy(folder)
    with open_house(f"sqlite:///{folder}/nurture.db", folder, published=False, content_dir=content) as house:
        schema.migrate(house.services.database)
        found = Desk(house=house, folder=folder, content=content)
        found.edit("practice.yaml", "placeholder: true", "placeholder: false")
        for kind in ("hollow", "flat"):
            found.edit("practice.yaml", f'video_{kind}: ""', f"video_{kind}: https://solidperformance.example/{kind}")
        whole = (content / "email_templates/uitnodiging.md").read_text(encoding="utf-8")
        (content / "email_templates/uitnodiging-kort.md").write_text(_without_the_note(whole), encoding="utf-8")
        found.edit(
            "sequences/lage-rug.yaml",
            "template: uitnodiging\n",
            "variants: {kort: uitnodiging-kort, verhaal: uitnodiging}\n",
        )
        for partial in sorted((content / "email_templates").glob("_*.md")):
            if "needs_approval: true" in partial.read_text(encoding="utf-8"):
                found.nurture("approve", partial.name, "--by", "Dr. A. Vermeer")
        found.publish()
        yield found


def mistakes(desk: Desk) -> str:
    """`check` over two slips of the pen, which are mended afterwards."""
    slips = (
        ("email_templates/hoe-ging-het.md", "Welke zin past bij jou?", "Beste {{ voornaam }}, welke zin past bij jou?"),
        ("sequences/lage-rug.yaml", "wait: 2 days", "wait: 2 dagen"),
        ("email_templates/laatste-bericht.md", "subject: Ons laatste bericht", "subject: Nog steeds last van je rug?"),
    )
    kept = desk.folder / "kept"
    shutil.copytree(desk.content, kept)
    for slip in slips:
        desk.edit(*slip)
    said = desk.nurture("check")
    shutil.rmtree(desk.content)
    kept.rename(desk.content)
    return said


def weeks_of_opt_ins(desk: Desk) -> None:
    """Forty people ask in eight days. Three in four press the button; who got a first mail answers it."""
    house = desk.house
    for day in range(_DAYS):
        for number in range(day * _A_DAY, (day + 1) * _A_DAY):
            house.opt_in(_address(number), first_name="Anna")
            acts.commit(house, _split, house, number)
        house.send_due()
        for number in range(day * _A_DAY, (day + 1) * _A_DAY):
            if number % 4:
                acts.confirm(house, _address(number))
        house.live_through(days=1)
        _answers(house, day - 3)
    house.live_through(days=2)


def a_new_step(desk: Desk) -> str:
    """The plan for one mail more, another wait and a new text, while people are under way."""
    (desk.content / "email_templates/ons-team.md").write_text(_TEAM, encoding="utf-8")
    desk.edit(
        "sequences/lage-rug.yaml",
        "  # Dag 16",
        "  - key: ons-team\n    template: ons-team\n    wait: 2 working days\n\n  # Dag 16",
    )
    desk.edit("email_templates/laatste-bericht.md", "{% include", "Fijn dat je meelas.\n\n{% include")
    return desk.nurture("publish", "lage-rug", "--dry-run")


def results(desk: Desk) -> str:
    """`stats` once everybody got the invitation, and some pressed its button."""
    house = desk.house
    house.live_through(days=20)
    for number in range(_DAYS * _A_DAY):
        invited = acts.follow_ups(house, _address(number)).get("uitnodiging")
        if invited and number % 5 == 1:
            acts.commit(house, _press, house, invited.id)
            acts.booked(house, _address(number))
    house.live_through(days=8)
    return desk.nurture("stats")


def _without_the_note(mail: str) -> str:
    """The invitation without the paragraph about the note that the lead made."""
    return "\n\n".join(each for each in mail.split("\n\n") if not each.startswith("Heb je je briefje"))


def _address(number: int) -> str:
    return f"lead-{number}@example.org"


def _split(session: Session, house: House, number: int) -> None:
    row = session.get_one(Enrolment, acts.enrolment(house, _address(number)).id)
    row.split_id = f"lead-{number}"
    session.add(row)


def _answers(house: House, day: int) -> None:
    """Those who asked on that day have had the question by now."""
    for number in range(day * _A_DAY, (day + 1) * _A_DAY) if day >= 0 else ():
        if number % 4 and number % 3 and "hoe-ging-het" in acts.follow_ups(house, _address(number)):
            acts.answer(
                house, "worse" if number % 13 == 1 else "same" if number % 5 == 2 else "better", _address(number)
            )


def _press(session: Session, house: House, message_id: int) -> None:
    booking.pressed(session, house.services, session.get_one(Message, message_id), house.clock.now())


def _as_shown(said: Said) -> str:
    """Both streams, in the order of `check`: what is wrong, how much, and where to read on."""
    problems: list[str] = []
    after: list[str] = []
    for line in said.err.splitlines():
        (after if line.startswith("Wat betekent dit?") else problems).append(line)
    return "\n".join([*problems, *said.out.splitlines(), *after])
