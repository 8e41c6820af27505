"""Staff at a keyboard: commands run on the database of a house, and what they left in the audit log."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlmodel import select

from service.flows import consent
from service.store import enrolments, leads
from service.store.tables import AuditEntry, Enrolment
from tests.support.commands import Said, nurture
from tests.support.house import House

ANNA = "anna@example.org"


@dataclass(frozen=True, kw_only=True)
class Office:
    """A house, and a keyboard beside it."""

    house: House
    folder: Path

    def nurture(self, *arguments: str, answers: str = "", **settings: str) -> Said:
        """Run a command on the house's database."""
        return nurture(
            *arguments,
            folder=self.folder,
            answers=answers,
            data_dir=str(self.folder / "data"),
            database_url=self.house.services.database.url.render_as_string(hide_password=False),
            mail_url=f"file:{self.folder / 'outbox'}",
            suppression_key=self.house.services.suppression_key,
            **settings,
        )

    def confirmed(self) -> None:
        """Anna asked, got her advice, and confirmed."""
        self.house.opt_in(ANNA, first_name="Anna")
        self.house.send_due()
        with self.house.services.database.transaction() as session:
            opt_in = leads.opt_ins(session, self.house.lead(ANNA).id)[-1]
            consent.confirm(session, self.house.services, opt_in, {}, self.house.clock.now())

    def run(self) -> Enrolment:
        """Anna's run through her sequence."""
        with self.house.services.database.reading() as session:
            return enrolments.of_lead(session, self.house.lead(ANNA).id)[0]

    def audited(self) -> list[tuple[str, str]]:
        """Who did what to leads and messages."""
        with self.house.services.database.reading() as session:
            rows = session.exec(select(AuditEntry)).all()
        assert "@" not in repr([row.details for row in rows])
        return [(row.actor.partition(":")[0], row.action) for row in rows if row.action != "published"]
