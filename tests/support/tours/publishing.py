"""What there is to see of publishing: a draft with something of everything in it, and what was published before."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from service.store import sequences
from tests.support import acts
from tests.support.drafts import Document, publish, with_sequence
from tests.support.house import House


def publishing(house: House) -> Iterator[tuple[str, str]]:
    """Nothing to publish, a plan with people in it, an error in a file, and revisions to look at and to go back to."""
    folder = house.services.content_dir
    with ThreadPoolExecutor() as beside:  # a browser's own loop runs in this thread
        beside.submit(under_way, house).result()
    yield "publish-nothing", "/studio/publish"
    sequence, mail = folder / "sequences" / "lage-rug.yaml", folder / "email_templates" / "uitnodiging.md"
    before = sequence.read_text(), mail.read_text()
    edited = before[0].replace("wait: 4 days", "wait: 6 days", 1)
    sequence.write_text(edited.replace("title: Lage rugpijn", "title: Lage rug"))
    mail.write_text(before[1] + "\nBel gerust als je ergens over twijfelt.\n")
    yield "publish", "/studio/publish"
    sequence.write_text(before[0].replace("wait: 2 days", "wait: gisteren", 1))
    yield "publish-errors", "/studio/publish"
    sequence.write_text(before[0])
    mail.write_text(before[1])
    publish(house, with_sequence(slower), by="studio:1", move_leads=True)
    yield "publish-history", "/studio/publish/history"
    yield "publish-revision", f"/studio/publish/history/lage-rug/{live(house)}"
    yield "publish-back", f"/studio/publish/history/lage-rug/{live(house, 1)}/back"
    yield "published", f"/studio/publish?done={live(house)}"


def under_way(house: House) -> None:
    """Three leads, in the third day of lage-rug."""
    for name in ("anna", "bram", "esra"):
        acts.confirmed(house, f"{name}@tour.example")
    house.live_through(days=3)


def slower(document: Document) -> None:
    """One step later."""
    document["steps"][2]["wait"] = "5 days"


def live(house: House, back: int = 0) -> int:
    """The number of lage-rug's live revision, or of one before it."""
    with house.services.database.reading() as session:
        return sequences.noted(session, "lage-rug")[back].id
