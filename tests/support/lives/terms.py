"""What staff publish in a test of any life: two sequences of a few steps, and the days on which the practice is closed.

`Terms` keeps what of it was promised: by which hours a mail of each revision goes, who may opt in, what ends a run.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlmodel import col, select

from service.flows.drafts import Draft
from service.store.tables import Revision
from tests.support.drafts import Document, publish, with_practice, with_sequence, with_topic
from tests.support.house import House, shipped
from tests.support.lives.almanac import ALL_DAY, Hours, Stretch

BACK, LEG = "lage-rug", "uitstraling-been"
NAMES = (BACK, LEG)


@dataclass(frozen=True, kw_only=True)
class Step:
    """One follow-up; `twist` is what else stands at it."""

    key: str
    wait: str = "1 day"
    twist: str | None = None

    def document(self, before: list[str]) -> Document:
        """As it stands in the file, behind the steps of these keys."""
        found: Document = {"key": self.key, "wait": self.wait, "template": "hoe-ging-het"}
        match self.twist:
            case "not late":
                found["max_late"] = "1 day"
            case "at":
                found["at"] = "11:00"
            case "only same":
                found["only_if"] = {"answer": {"helped": ["same", "unknown"]}}
            case "variants":
                found["variants"] = {"a": found.pop("template"), "b": "uitnodiging"}
            case "not after" if before:
                found["skip_if"] = {"sent": before[:1]}
        return found


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One sequence as it is to be."""

    steps: tuple[Step, ...] = (Step(key="een"), Step(key="twee"), Step(key="drie", wait="2 days"))
    hours: Hours = ALL_DAY
    single: bool = False
    ends_when_booked: bool = True
    archived: bool = False
    topic: str | None = None  # None: its name

    def write(self, document: Document) -> None:
        """Into the document of the shipped one."""
        keys = [step.key for step in self.steps]
        steps = [step.document(keys[:number]) for number, step in enumerate(self.steps)]
        document["steps"] = [document["steps"][0], *steps]
        document["window"] = self.hours.document()
        document["confirmation"] = "single" if self.single else "double"
        document["exit_on"] = ["booked"] if self.ends_when_booked else []
        document["archived"] = self.archived


@dataclass(kw_only=True)
class Terms:
    """What was published so far."""

    plans: dict[int, Plan] = field(default_factory=dict)  # of each revision of a sequence
    live: dict[str, Plan] = field(default_factory=dict)
    closed: tuple[Stretch, ...] = ()

    def publish(self, house: House, plans: dict[str, Plan], closed: tuple[Stretch, ...], *, move: bool) -> None:
        """All of it at once. What is refused leaves all as it was."""
        publish(house, _draft(plans, closed), move_leads=move)
        with house.services.database.reading() as session:
            newest = select(Revision.id, Revision.name).where(Revision.kind == "sequence").order_by(col(Revision.id))
            ids = {name: number for number, name in session.exec(newest)}
        self.plans |= {ids[name]: plan for name, plan in plans.items()}
        self.live, self.closed = dict(plans), closed

    def topic(self, name: str) -> str:
        """The topic under which a sequence is asked for."""
        return self.live[name].topic or name

    def is_open(self, name: str) -> bool:
        """May somebody opt in to it?"""
        return not self.live[name].archived


def _draft(plans: dict[str, Plan], closed: tuple[Stretch, ...]) -> Draft:
    draft = shipped()
    for name, plan in plans.items():
        draft = with_sequence(plan.write, draft, name)
    if (topic := plans[BACK].topic) is not None:
        draft = with_topic(topic, draft)
    days: list[Any] = [{"from": str(first), "to": str(last)} for first, last in closed]
    return with_practice(draft, closed=days)
