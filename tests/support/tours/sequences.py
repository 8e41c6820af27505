"""The pages of the sequences: as they stand, with something wrong in one, and on the calendar over a holiday."""

from __future__ import annotations

from collections.abc import Iterator

from tests.support.house import House

BROKEN = "gebroken"
"""A sequence with an error at a step, a condition nobody can read, and a title that would run if it could."""


def pages(house: House) -> Iterator[tuple[str, str]]:
    """Each page by a name."""
    house.opt_in("anna@example.org")
    shipped = house.services.content_dir / "sequences" / "lage-rug.yaml"
    text = shipped.read_text(encoding="utf-8").replace("title: Lage rugpijn", 'title: "<script>alert(1)</script>"')
    text = text.replace("topic: lage-rug", f"topic: {BROKEN}").replace("wait: 2 days", "wait: 2 dagen")
    text = text.replace("only_if: {answer: {helped: [same]}}", "only_if: {weer: mooi}")
    shipped.with_name(f"{BROKEN}.yaml").write_text(text, encoding="utf-8")
    here = "/studio/sequences"
    yield "sequences", here
    yield "sequence", f"{here}/lage-rug?done=saved"
    yield "sequence-broken", f"{here}/{BROKEN}"
    yield "sequence-step", f"{here}/lage-rug/steps/eerdere-uitnodiging"
    yield "sequence-step-odd", f"{here}/{BROKEN}/steps/eerdere-uitnodiging"
    yield "sequence-advice", f"{here}/lage-rug/steps/advies"
    yield "sequence-new-step", f"{here}/lage-rug/new-step?after=check"
    yield "sequence-rules", f"{here}/lage-rug/rules"
    yield "sequence-text", f"{here}/{BROKEN}/text"
    yield "sequence-calendar", f"{here}/lage-rug/calendar?on=2026-12-18&at=17:00&answer=leg%3Dno&event=booked&after=9"
    yield "sequence-calendar-broken", f"{here}/{BROKEN}/calendar"
    yield "sequence-copy", f"{here}/lage-rug/copy"
    yield "sequence-checklist", f"{here}/lage-rug/checklist"
    yield "sequence-archive", f"{here}/lage-rug/archive"
